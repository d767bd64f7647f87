"""Progressions: what chords do in each family of styles, by what the section is for.

Lives here: data alone. Roman numerals name degrees of the key's own scale, whatever its mode; upper and lower case are for the
reader, the scale decides. One chord to a unit (mostly a bar), `+` where two share it; `ø` keeps a diminished chord that would
else be replaced by its neighbour. The turns are those that charts and song books are full of: long tonics in verses, four-chord
loops in choruses, IV at the start of bridges, half closes before what comes next.

    >>> PROGRESSIONS["song"]["major"]["peak"][0]
    'I V vi IV'
"""

from __future__ import annotations

__all__ = ["FAMILY_ROLES", "MODAL", "PROGRESSIONS"]

FAMILY_ROLES = ("home", "peak", "lift", "away", "open", "close")
"""What a progression is for: verses and loops, choruses and drops, what leads up, bridges, intros, outros."""

_Table = dict[str, dict[str, tuple[str, ...]]]

_SONG: _Table = {
    "major": {
        "home": ("I V vi IV", "I vi IV V", "I I IV IV", "vi IV I V", "I IV vi V", "I iii IV V", "I IV I V", "I ii IV I",
                 "I V IV IV", "I I vi vi IV IV V V"),
        "peak": ("I V vi IV", "IV I V vi", "vi IV I V", "I IV vi V", "IV V vi I", "I V IV V", "IV V I vi", "I iii vi IV"),
        "lift": ("ii IV V V", "IV IV V V", "vi V IV V", "ii iii IV V", "vi vi IV V", "IV V vi V"),
        "away": ("IV IV I I", "vi iii IV I", "IV V iii vi", "vi vi V V", "ii vi ii V", "IV I ii V"),
        "open": ("I I IV IV", "I IV I IV", "vi IV I V", "I V vi IV", "I I I I"),
        "close": ("IV I IV I", "I IV I IV", "vi IV V I", "IV V I I", "I V IV I"),
    },
    "minor": {
        "home": ("i VI III VII", "i i VI VII", "i VII VI VII", "i iv VI v", "i III VII iv", "i v VI VII", "i i iv iv"),
        "peak": ("VI VII i i", "i VI III VII", "VI III VII i", "i III VI VII", "iv VI i VII"),
        "lift": ("iv iv VI VII", "VI VI VII VII", "iv v VI VII", "III iv VI VII"),
        "away": ("III VII iv VI", "VI VI III III", "iv i iv VII", "VI iv III VII"),
        "open": ("i i VI VI", "i VI i VI", "i i i i", "i VII VI VII"),
        "close": ("i VI i VI", "VI VII i i", "iv i iv i", "i VII VI i"),
    },
}  # fmt: skip

_DANCE: _Table = {
    "major": {
        "home": ("vi IV I V", "I vi IV V", "ii V I vi", "IV V vi vi", "I IV ii V"),
        "peak": ("vi IV I V", "IV V vi I", "I V vi IV", "IV I V vi", "vi V IV V"),
        "lift": ("ii ii IV V", "IV IV V V", "vi vi V V"),
        "away": ("IV IV vi vi", "ii vi IV V", "vi iii IV IV"),
        "open": ("vi vi IV IV", "I I vi vi", "IV V vi vi"),
        "close": ("IV I IV I", "vi IV I I", "IV V I I"),
    },
    "minor": {
        "home": ("i VI III VII", "i i VI VII", "i VII VI VII", "i iv VI v", "VI VII i i", "i iv i iv", "iv VII III VI"),
        "peak": ("VI VII i i", "i VI III VII", "VI VII i III", "iv VI i VII", "i III VII VI"),
        "lift": ("iv iv VI VII", "VI VI VII VII", "VI iv VII VII"),
        "away": ("VI VI i i", "iv VII III VI", "III VII VI VI"),
        "open": ("i i VI VI", "i i i VII", "VI VII i i"),
        "close": ("VI VII i i", "i VI i i", "iv i iv i"),
    },
}

_DRONE: _Table = {
    "major": {
        "home": ("I I I I", "I I I IV", "I I vi vi", "I IV I I"),
        "peak": ("I I IV IV", "I I vi IV", "I IV I V"),
        "lift": ("I I IV V", "vi vi V V"),
        "away": ("IV IV I I", "vi vi IV IV"),
        "open": ("I I I I", "I I I IV"),
        "close": ("I I I I", "IV I I I"),
    },
    "minor": {
        "home": ("i i i i", "i i i VII", "i i VI i", "i i iv i", "i i VI VII"),
        "peak": ("i i VI VI", "i i i VII", "i VI i VII", "i i iv VI"),
        "lift": ("i i VI VII", "VI VI VII VII"),
        "away": ("VI VI i i", "iv iv i i", "VI VII i i"),
        "open": ("i i i i", "i i i VII"),
        "close": ("i i i i", "VI i i i"),
    },
}

_DARK: _Table = {
    "major": {
        "home": ("I vi IV IV", "vi IV I V", "I I vi vi", "vi vi IV V"),
        "peak": ("vi IV I V", "vi V IV V", "I V vi IV"),
        "lift": ("IV IV V V", "vi V IV V"),
        "away": ("IV vi I V", "iii IV vi vi"),
        "open": ("vi vi IV IV", "I I vi vi"),
        "close": ("vi IV I I", "IV I IV I"),
    },
    "minor": {
        "home": ("i i VI VI", "i VI i VII", "i iv i VI", "i i VI VII", "i VI iv v", "i VII VI v"),
        "peak": ("i VI III VII", "i i VI VII", "VI VII i i", "i III VI VII", "i VI iv VII"),
        "lift": ("VI VI VII VII", "iv VI VII VII", "iv iv v v"),
        "away": ("VI III VII i", "iv VI i v", "III VII iv iv"),
        "open": ("i i VI VI", "i i i i", "i VI i VI"),
        "close": ("VI VII i i", "i VI i i", "iv VI i i"),
    },
}

_SOUL: _Table = {
    "major": {
        "home": ("I vi ii V", "ii V I I", "I IV iii ii", "vi ii V I", "IV iii vi ii+V", "I iii IV V"),
        "peak": ("IV iii ii V", "ii V iii vi", "IV V iii vi", "I IV ii V"),
        "lift": ("ii iii IV V", "IV IV ii V"),
        "away": ("iii vi ii V", "IV iii ii I", "vi ii vi V"),
        "open": ("I IV I IV", "ii V I vi", "IV iii ii V"),
        "close": ("ii V I I", "IV I IV I"),
    },
    "minor": {
        "home": ("i iv i v", "i VI iv v", "i i iv iv", "iv v i i", "i VII VI v", "VI v i i", "i III iv VI"),
        "peak": ("iv VII III VI", "VI v i i", "i iv VII III", "VI VII i v"),
        "lift": ("iv iv v v", "VI iv v v"),
        "away": ("VI III iv v", "iv VII III VI", "III VI iv v"),
        "open": ("i iv i iv", "i i VI v", "VI v i i"),
        "close": ("iv v i i", "VI v i i", "iv i iv i"),
    },
}

_JAZZ: _Table = {
    "major": {
        "home": ("ii V I vi", "I vi ii V", "I IV iii vi ii V I ii+V", "ii V I I", "I+vi ii+V iii+vi ii+V", "iii vi ii V",
                 "I I ii V iii vi ii V"),
        "peak": ("ii V I I ii V I vi", "iii vi ii V", "IV iii ii+V I", "ii V iii vi ii V I I"),
        "lift": ("ii iii IV V", "ii ii V V", "vi ii ii V"),
        "away": ("IV IV I I vi vi ii V", "iii iii vi vi ii ii V V", "vi ii iii vi"),
        "open": ("I vi ii V", "ii V ii V", "I+vi ii+V I+vi ii+V"),
        "close": ("ii V I I", "iii vi ii+V I", "IV iii ii+V I"),
    },
    "minor": {
        "home": ("i iv VII III", "i VI iiø v", "i i iv iv", "iiø v i i", "i iv i v", "iv VII III VI iiø v i i"),
        "peak": ("iv VII III VI iiø v i i", "i iv VII III VI iiø v i", "iiø v i VI"),
        "lift": ("iv iv v v", "VI VI iiø v", "iiø iiø v v"),
        "away": ("iv VII III VI", "III III VI VI iiø iiø v v", "VI iv iiø v"),
        "open": ("i VI iiø v", "i iv i iv", "i i i i"),
        "close": ("iiø v i i", "iv v i i", "VI iiø+v i i"),
    },
}  # fmt: skip

_SWING: _Table = {
    "major": {
        "home": ("I vi ii V", "I IV I V", "I I IV IV I I V I", "I+vi ii+V I+vi ii+V", "I I ii V"),
        "peak": ("I I IV IV I vi ii+V I", "IV IV I I ii V I I", "I vi ii V"),
        "lift": ("ii ii V V", "IV IV V V"),
        "away": ("iii iii vi vi ii ii V V", "IV IV I I", "vi vi ii V"),
        "open": ("I vi ii V", "I I V V", "ii V ii V"),
        "close": ("ii V I I", "IV I ii+V I", "I vi ii+V I"),
    },
    "minor": _JAZZ["minor"],
}

_ROCK: _Table = {
    "major": {
        "home": ("I IV I V", "I I IV V", "I V IV IV", "I IV V IV", "I I I IV", "I V vi IV", "I vi IV V"),
        "peak": ("I V vi IV", "I IV V IV", "IV I V V", "V IV I I", "I V IV V"),
        "lift": ("IV IV V V", "vi vi IV V", "ii IV V V"),
        "away": ("vi V IV V", "IV IV I I", "vi IV vi V", "IV I IV V"),
        "open": ("I I IV IV", "I IV I IV", "I I I I"),
        "close": ("IV I IV I", "V IV I I", "I IV I I"),
    },
    "minor": {
        "home": ("i VII VI VII", "i i VI VII", "i III VII iv", "i VII iv iv", "i i VII VI", "i v VI VII"),
        "peak": ("VI VII i i", "i VI III VII", "i III VI VII", "VI III VII i"),
        "lift": ("VI VI VII VII", "iv iv VII VII"),
        "away": ("III VII VI iv", "iv iv i i", "VI III iv VII"),
        "open": ("i i VII VII", "i i i i", "i VI VII i"),
        "close": ("VI VII i i", "VII VI i i", "iv VII i i"),
    },
}

_METAL: _Table = {
    "major": {
        "home": ("I I IV V", "I V vi IV", "I vi IV V", "vi IV V I"),
        "peak": ("I V vi IV", "vi IV I V", "IV V vi V"),
        "lift": ("IV IV V V", "vi vi V V"),
        "away": ("vi iii IV V", "ii IV vi V"),
        "open": ("I I IV V", "vi vi IV V"),
        "close": ("IV V I I", "vi IV I I"),
    },
    "minor": {
        "home": ("i i VI VII", "i i i VII", "i VI VII i", "i III VI VII", "i VII VI v", "i iv VI VII"),
        "peak": ("VI VII i i", "i VI III VII", "i v VI III", "VI VII i III"),
        "lift": ("iv iv VI VII", "VI VI VII VII"),
        "away": ("iv VI iv VII", "VI iv i VII", "III VII iv VI"),
        "open": ("i i i i", "i i VI VII"),
        "close": ("VI VII i i", "iv VII i i"),
    },
}

_VAMP: _Table = {
    "major": {
        "home": ("I IV I IV", "I I IV IV", "I I ii ii", "ii V ii V", "I I I IV+V"),
        "peak": ("IV V I I", "ii V I vi", "IV IV I I", "IV iii ii V"),
        "lift": ("ii iii IV V", "IV IV V V"),
        "away": ("IV IV ii V", "vi vi ii V", "iii vi ii V"),
        "open": ("I I I I", "I IV I IV"),
        "close": ("IV I IV I", "I IV I I"),
    },
    "minor": {
        "home": ("i iv i iv", "i i iv iv", "i i i VII", "i VII i VII", "i i i iv+v", "i i VI VII"),
        "peak": ("iv iv i i", "VI VII i i", "iv VII III VI", "i iv VI v"),
        "lift": ("iv iv v v", "VI VI VII VII"),
        "away": ("VI VI iv v", "III iv VI VII", "iv VII i i"),
        "open": ("i i i i", "i iv i iv"),
        "close": ("iv i iv i", "VI VII i i"),
    },
}

_REGGAE: _Table = {
    "major": {
        "home": ("I IV I V", "I I IV V", "I IV I IV", "I vi IV V", "I ii I ii", "I V IV V"),
        "peak": ("I V vi IV", "I IV V IV", "I vi ii V", "IV V I I"),
        "lift": ("IV IV V V", "ii ii V V"),
        "away": ("vi vi IV V", "ii V ii V", "IV I IV V"),
        "open": ("I IV I IV", "I I V V"),
        "close": ("IV I IV I", "I IV V I"),
    },
    "minor": {
        "home": ("i iv i iv", "i i VII VII", "i VII i VII", "i iv i v", "i VI i v", "i i iv v"),
        "peak": ("i VII VI v", "VI VII i i", "i iv VII III"),
        "lift": ("iv iv v v", "VI VI VII VII"),
        "away": ("VI VII VI VII", "iv v iv v", "III VII VI v"),
        "open": ("i iv i iv", "i i i i"),
        "close": ("iv v i i", "iv i iv i"),
    },
}

_LATIN: _Table = {
    "major": {
        "home": ("I IV V IV", "I I V V V V I I", "ii V I vi", "I vi ii V", "I+IV V+IV I+IV V+IV"),
        "peak": ("I IV V IV", "ii V I I", "IV V I I", "I V V I"),
        "lift": ("ii ii V V", "IV V IV V"),
        "away": ("vi ii V I", "IV iii ii V", "iii vi ii V"),
        "open": ("I IV V IV", "I V I V"),
        "close": ("ii V I I", "IV V I I"),
    },
    "minor": {
        "home": ("i iv v iv", "i VII VI v", "iv v i i", "i iv VII III", "i i v v v v i i", "i+iv v+iv i+iv v+iv"),
        "peak": ("i iv v i", "VI VII i i", "iv VII III VI", "i VII VI v"),
        "lift": ("iv iv v v", "VI v VI v"),
        "away": ("iv VII III VI", "VI iv v v", "III VII iv v"),
        "open": ("i iv v iv", "i v i v"),
        "close": ("iv v i i", "VI v i i"),
    },
}

_BALLAD: _Table = {
    "major": {
        "home": ("I V vi IV", "I iii IV V", "I vi IV V", "I V vi iii IV I IV V", "I IV vi V", "I iii vi IV"),
        "peak": ("IV V iii vi ii V I I", "I V vi IV", "IV I V vi", "vi IV I V", "IV V I vi"),
        "lift": ("ii iii IV V", "vi iii IV V", "IV IV V V"),
        "away": ("vi iii IV I", "ii vi IV V", "IV iii ii V"),
        "open": ("I IV I IV", "I V vi IV", "I iii IV V"),
        "close": ("IV I IV I", "ii V I I", "vi IV V I"),
    },
    "minor": {
        "home": ("i VI III VII", "i v VI iv", "i iv VII III", "i VII VI v", "i III iv VI"),
        "peak": ("VI VII i III", "VI III VII i", "iv VII III VI", "i VI III VII"),
        "lift": ("iv v VI VII", "iv iv VII VII"),
        "away": ("III VII iv i", "VI iv III VII", "iv i VI VII"),
        "open": ("i VI i VI", "i iv i iv", "i VI III VII"),
        "close": ("iv i iv i", "VI VII i i"),
    },
}

_AMBIENT: _Table = {
    "major": {
        "home": ("I IV I IV", "I iii IV IV", "I vi IV I", "I ii I IV", "I V IV I", "vi IV I I"),
        "peak": ("IV I vi V", "I IV vi V", "IV V I I"),
        "lift": ("IV IV V V", "ii IV V V"),
        "away": ("vi iii IV I", "ii IV vi vi", "IV iii ii IV"),
        "open": ("I I IV IV", "I I I I"),
        "close": ("IV IV I I", "vi IV I I"),
    },
    "minor": {
        "home": ("i VI i VI", "i III VI VI", "i VII VI VI", "i iv i VI", "i v VI VI"),
        "peak": ("VI VII i i", "VI III i VII", "i VI III VII"),
        "lift": ("iv iv VI VII", "VI VI VII VII"),
        "away": ("III VI iv iv", "VI III VII i"),
        "open": ("i i VI VI", "i i i i"),
        "close": ("VI VI i i", "iv VI i i"),
    },
}

PROGRESSIONS: dict[str, _Table] = {
    "song": _SONG, "dance": _DANCE, "drone": _DRONE, "dark": _DARK, "soul": _SOUL, "jazz-loop": _SOUL, "jazz": _JAZZ,
    "swing": _SWING, "rock": _ROCK, "metal": _METAL, "vamp": _VAMP, "reggae": _REGGAE, "latin": _LATIN, "ballad": _BALLAD,
    "ambient": _AMBIENT,
}  # fmt: skip
"""Family of styles, then major or minor, then what the progression is for."""

MODAL: dict[str, tuple[str, ...]] = {
    "dorian": ("i IV i IV", "i ii i IV", "i VII IV i", "i i IV IV", "i III IV i", "i v IV i"),
    "phrygian": ("i II i II", "i i II i", "i II III II", "i vii II i", "i VI II i", "i i i II"),
    "lydian": ("I II I II", "I I II II", "I II vi I", "I V II I", "I II iii II", "vi II I I"),
    "mixolydian": ("I VII IV I", "I I VII VII", "I IV VII I", "I VII I VII", "I v IV I", "I VII IV IV"),
    "locrian": ("i II i II", "i i VI II", "i V i II", "i iii II V", "i VI V II"),
    "harmonic minor": ("i iv V i", "i VI V V", "i i V i", "iv V i VI", "i iv VI V", "VI V i i"),
    "melodic minor": ("i IV V i", "i ii V i", "i IV i V", "i i IV V", "ii V i IV"),
    "major pentatonic": ("I vi I V", "I ii vi I", "I V vi ii", "I I vi vi"),
    "minor pentatonic": ("i VII i iv", "i III VII i", "i i VII VII", "i iv III VII", "i v VII i"),
    "blues": ("i i iv i", "i iv i VII", "i III iv i", "i i i VII", "i VII iv i"),
}
"""Turns that show what is special in a mode; major and minor need none."""
