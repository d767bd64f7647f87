"""Styles: what each is called, how fast it goes, how it swings, which mode it lives in.

Lives here: pure data and one reader. How a style sounds is written by composers, who may rely on every name in
`STYLES`.

    >>> style = read_style("Drum & Bass")
    >>> style.name, style.bpm, style.mode
    ('dnb', 174.0, 'minor')
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sessions.errors import Code, Refused
from sessions.music.values import nearest, shown

__all__ = ["ALIASES", "STYLES", "STYLE_TABLE", "Style", "read_style"]


@dataclass(frozen=True, slots=True)
class Style:
    """One style.

    `swing` is how far the second note of a pair is late: 0 is straight, 1 a full triplet. The pair is two notes of
    `swing_ticks`: eighths are 480, sixteenths 240.
    """

    name: str
    bpm: float
    mode: str
    character: str
    aliases: tuple[str, ...] = ()
    swing: float = 0.0
    swing_ticks: int = 240


_TABLE = (
    Style("house", 124.0, "minor", "A kick on every beat, open hats between, warm stabs and a rolling bass.",
          ("four on the floor", "deep house", "tech house", "edm", "club", "garage"), 0.15),
    Style("techno", 132.0, "phrygian", "Driving and hypnotic: a steady kick, a low pulse, small changes.",
          ("minimal", "acid", "trance", "industrial")),
    Style("dubstep", 140.0, "minor", "Half-time drums with the snare on three, a wobbling bass, much space.",
          ("brostep", "riddim", "half time", "bass music")),
    Style("dnb", 174.0, "minor", "Fast breakbeats over long, deep bass notes.",
          ("drum and bass", "drum n bass", "drum'n'bass", "d'n'b", "d and b", "d n b", "jungle", "breakbeat")),
    Style("trap", 140.0, "minor", "Half-time claps, rattling hats, long sliding 808 bass.",
          ("808", "drill")),
    Style("hip-hop", 90.0, "minor", "A laid-back beat with a heavy backbeat and a short loop.",
          ("hiphop", "rap", "boom bap", "r and b", "rnb", "r n b"), 0.35),
    Style("lo-fi", 78.0, "dorian", "Dusty, swung drums under soft seventh chords.",
          ("lofi", "lo fi hip hop", "lofi hip hop", "chillhop", "chill"), 0.5),
    Style("pop", 112.0, "major", "Clear four-chord harmony, a steady beat, a tune to sing.",
          ("synthpop", "synth pop", "electropop", "folk", "country")),
    Style("rock", 124.0, "mixolydian", "Backbeat drums, driving eighths, power chords.",
          ("indie", "indie rock", "punk", "rock and roll", "rock n roll", "grunge")),
    Style("metal", 160.0, "phrygian", "Double kicks, low riffs, fifths and semitones.",
          ("heavy metal", "thrash", "hardcore", "djent")),
    Style("funk", 104.0, "dorian", "Syncopated sixteenths, ghost notes, the one on the bass.",
          ("funky", "soul"), 0.2),
    Style("disco", 118.0, "minor", "A kick on every beat, octave bass, offbeat hats, bright chords.",
          ("nu disco", "italo disco")),
    Style("reggae", 76.0, "major", "One-drop drums, chords on the offbeat, a bass that sings.",
          ("dub", "ska", "dancehall", "rocksteady"), 0.3, 480),
    Style("latin", 100.0, "minor", "Clave patterns, tumbao bass, montuno chords.",
          ("salsa", "bossa nova", "bossa", "samba", "reggaeton", "mambo", "cumbia")),
    Style("jazz", 120.0, "dorian", "A ride cymbal, walking bass, seventh chords with tensions.",
          ("bebop", "cool jazz", "modal jazz", "fusion"), 0.7, 480),
    Style("swing", 160.0, "major", "Big-band shuffle: walking bass, riffs, the hat on two and four.",
          ("big band", "shuffle", "blues", "boogie"), 1.0, 480),
    Style("ballad", 70.0, "major", "Slow and tender: broken chords, long notes, quiet drums.",
          ("slow ballad", "power ballad", "piano ballad", "love song")),
    Style("ambient", 80.0, "lydian", "Long chords, few events, hardly a beat.",
          ("drone", "soundscape", "atmospheric", "new age")),
)  # fmt: skip

STYLE_TABLE = {style.name: style for style in _TABLE}
STYLES = tuple(STYLE_TABLE)
"""The canonical names, one for each style."""


def plain_words(text: str) -> str:
    """A text reduced to what names are compared by: lower case, single blanks, `&` and `+` as `and`.

    >>> plain_words("Drum & Bass"), plain_words("Lo-Fi")
    ('drum and bass', 'lo fi')
    """
    words = re.sub(r"[&+]", " and ", text.lower().replace("’", "'"))
    return " ".join(re.split(r"[\s_-]+", words.strip()))


ALIASES = {plain_words(word): style.name for style in _TABLE for word in (style.name, *style.aliases)}
"""Every name of a style, its canonical one too, in `plain_words`, to the canonical name."""


def read_style(text: str) -> Style:
    """The style that a text names. Raises Refused, naming the field `style`."""
    word = plain_words(text)
    found = ALIASES.get(word)
    if found:
        return STYLE_TABLE[found]
    # The longest style inside "dark dubstep" is a better guess than whatever looks alike.
    inside = sorted((alias for alias in ALIASES if f" {alias} " in f" {word} "), key=len)
    guess = inside[-1] if inside else nearest(word, ALIASES)
    meant = f"did you mean {ALIASES[guess]}? " if guess else ""
    advice = f"{meant}Ask for one of {', '.join(STYLES)}, and say the rest in the prompt"
    raise Refused(Code.BAD_VALUE, f"style: {shown(text)} is no style here; {advice}")
