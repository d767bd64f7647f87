"""Chord qualities: what follows the root in a chord symbol, read into intervals and one canonical spelling.

Lives here: the grammar. A triad (`m`, `dim`, `aug`, or major), an extension (`6 69 7 9 11 13`, `maj7` and so on), a
suspension (`sus2`, `sus4`), then changes (`b5 #9 add11 no3`, in brackets or not). Roots, bass notes and lengths are
in `chords`.

    >>> read_quality("min7(b5)")
    Quality(name='m7b5', intervals=(0, 3, 6, 10))
    >>> read_quality("7#9").intervals
    (0, 4, 7, 10, 15)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Quality", "read_quality"]

MOST_REMEMBERED = 1024
"""Qualities kept after reading; a longer memory would let a stranger fill it."""

_MAJOR = "major|maj|Maj|ma|M|Δ"
_QUALITY = re.compile(
    rf"(?P<triad>{_MAJOR}|minor|min|mi|m|-|dim|°|o|ø|aug|\+)?"
    rf"(?P<major>{_MAJOR})?"
    r"(?P<extension>69|6|7|9|11|13)?"
    r"(?P<sus>sus2|sus4|sus)?"
    r"(?P<changes>(?:[b#+-](?:5|9|11|13)|add[b#]?(?:2|4|6|9|11|13)|(?:no|omit)[35]|alt)*)"
)
_CHANGE = re.compile(r"(add[b#]?|[b#+-]|no|omit)(\d\d?)")
_TRIADS = {
    **dict.fromkeys(_MAJOR.split("|"), "maj"),
    **dict.fromkeys(("minor", "min", "mi", "m", "-"), "m"),
    **dict.fromkeys(("dim", "°", "o"), "dim"),
    **dict.fromkeys(("aug", "+"), "aug"),
    "ø": "ø",
}
_WHOLE_WORDS = {"2": "sus2", "4": "sus4", "alt": "7alt", "Δ": "maj7"}
_WITH_SEVENTH = {"7", "9", "11", "13"}

# In the order of the canonical spelling: the degree that a change stands on and its semitones; None takes the degree away.
_CHANGES: dict[str, tuple[int, int | None]] = {
    "b5": (5, 6), "#5": (5, 8), "b9": (9, 13), "#9": (9, 15), "#11": (11, 18), "b13": (13, 20),
    "add9": (9, 14), "add11": (11, 17), "add13": (13, 21), "no3": (3, None), "no5": (5, None),
}  # fmt: skip
_SAME_CHANGE = {"add2": "add9", "add4": "add11", "add6": "add13"}
_ALTERED = ("b5", "#5", "b9", "#9")


@dataclass(frozen=True, slots=True)
class Quality:
    """A canonical name and its semitones above the root, by degree."""

    name: str
    intervals: tuple[int, ...]


@lru_cache(maxsize=MOST_REMEMBERED)
def read_quality(text: str) -> Quality | None:
    """The quality that a text writes, or None where it writes none.

    >>> read_quality("M7").name, read_quality("ø").name, read_quality("madd9no5").name, read_quality("m7sus4")
    ('maj7', 'm7b5', 'madd9no5', None)
    """
    text = re.sub(r"\(([^()]*)\)", r"\1", text.replace("♭", "b").replace("♯", "#"))
    if text == "5":
        return Quality("5", (0, 7))
    match = _QUALITY.fullmatch(_WHOLE_WORDS.get(text, text))
    if match is None:
        return None
    triad, extension = _TRIADS.get(match["triad"] or "", ""), match["extension"] or ""
    sus = "sus4" if match["sus"] == "sus" else match["sus"] or ""
    changes = {_change(sign, degree) for sign, degree in _CHANGE.findall(match["changes"].replace("alt", "b5#5b9#9"))}
    seventh_is_major = match["major"] is not None
    if triad == "maj" and not seventh_is_major:
        triad, seventh_is_major = "", extension in _WITH_SEVENTH
    elif triad == "ø":
        triad, extension = "m", extension or "7"
        changes.add("b5")
    if not _agree(triad, extension, sus, changes, seventh_is_major=seventh_is_major):
        return None
    degrees = _degrees(triad, extension, sus, seventh_is_major=seventh_is_major)
    said = _apply(changes, degrees)
    name = triad + ("maj" if seventh_is_major else "") + extension + sus
    tail = "alt" if said == _ALTERED and name == "7" else "".join(said)
    if not name and tail[:1] in {"b", "#"}:  # else the root would take the accidental: Cb5 is Cb's power chord
        tail = f"({said[0]})" + "".join(said[1:])
    return Quality(name + tail, tuple(semitones for degree in sorted(degrees) for semitones in sorted(degrees[degree])))


def _change(sign: str, degree: str) -> str:
    sign = {"+": "#", "-": "b", "omit": "no", "add#": "#", "addb": "b"}.get(sign, sign)
    return _SAME_CHANGE.get(sign + degree, sign + degree)


def _agree(triad: str, extension: str, sus: str, changes: set[str], *, seventh_is_major: bool) -> bool:
    fifth_is_altered = triad in {"dim", "aug"}
    return not (
        triad == "maj"
        or (seventh_is_major and (extension not in _WITH_SEVENTH or triad == "dim"))
        or (triad == "dim" and extension not in {"", "7"})
        or (sus and (triad or "no3" in changes))
        or (fifth_is_altered and changes & {"b5", "#5"})
        or ("no5" in changes and changes & {"b5", "#5"})
        or not changes <= _CHANGES.keys()
    )


def _degrees(triad: str, extension: str, sus: str, *, seventh_is_major: bool) -> dict[int, set[int]]:
    third = {"sus2": 2, "sus4": 5}.get(sus, 3 if triad in {"m", "dim"} else 4)
    degrees = {1: {0}, 3: {third}, 5: {{"dim": 6, "aug": 8}.get(triad, 7)}}
    if extension in _WITH_SEVENTH:
        degrees[7] = {11 if seventh_is_major else 9 if triad == "dim" else 10}
    if extension in {"6", "69"}:
        degrees[7] = {9}
    if extension in {"69", "9", "11", "13"}:
        degrees[9] = {14}
    if extension == "11":
        degrees[11] = {17}
        if third == 4:  # as it is played: a major third grates under its eleventh
            del degrees[3]
    if extension == "13":
        degrees[13] = {21}
    return degrees


def _apply(changes: set[str], degrees: dict[int, set[int]]) -> tuple[str, ...]:
    """Works the changes into the degrees; returns those that changed something, in canonical order."""
    natural = {degree: set(semitones) for degree, semitones in degrees.items()}
    said = []
    for name, (degree, semitones) in _CHANGES.items():
        if name not in changes:
            continue
        if semitones is None:
            if degrees.pop(degree, None) is None:
                continue
        elif name.startswith("add") and any(semitones % 12 == s % 12 for group in degrees.values() for s in group):
            continue
        else:
            kept = degrees.get(degree, set()) - (set() if name.startswith("add") else natural.get(degree, set()))
            degrees[degree] = kept | {semitones}
        said.append(name)
    return tuple(said)
