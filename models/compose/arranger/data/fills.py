"""Fills: what drummers play into the next phrase, by family, and rolls that build.

Lives here: data alone, in the notation of grooves. A fill stands on the last beats of a bar; its first number is the energy
from which on it is played.

    >>> [len(fill.groove.lines[0].pattern.marks) > 0 for fill in FILLS["rock"]][0]
    True
"""

from __future__ import annotations

from dataclasses import dataclass

from models.compose.arranger.idiom import Groove, groove

__all__ = ["FILLS", "ROLLS", "Fill"]


@dataclass(frozen=True, slots=True)
class Fill:
    """A fill of as many beats as its patterns have, from a level of energy on."""

    level: float
    groove: Groove

    @property
    def beats(self) -> int:
        """Beats that it takes."""
        return max(line.pattern.beats for line in self.groove.lines)


def _fill(level: float, text: str) -> Fill:
    return Fill(level, groove(text))


FILLS: dict[str, tuple[Fill, ...]] = {
    "none": (),
    "soft": (
        _fill(0.0, "rim x.o.    kick x..."),
        _fill(0.0, "snare ..xx   kick x..."),
        _fill(0.3, "snare x.o.|..gx   low ....|x.x.   kick x...|...."),
        _fill(0.5, "snare x.xx|....   high ....|x...   mid ....|..x.   low ....|...x   kick x...|x..."),
    ),
    "rock": (
        _fill(0.0, "snare X.xx   kick x..."),
        _fill(0.0, "snare x.x.   low ..x.  kick x..."),
        _fill(0.2, "snare X.xx|....   high ....|X.x.   floor ....|..xx   kick x...|x..."),
        _fill(
            0.35,
            """
            snare    XoXo|....|....
            high     ....|XxXx|....
            low      ....|....|Xx..
            floor    ....|....|..Xx
            kick     x...|x...|x...
        """,
        ),
        _fill(
            0.5,
            """
            snare    XxXx|....|....|X.X.
            high     ....|XxXx|....|....
            mid      ....|....|Xx..|....
            floor    ....|....|..Xx|....
            kick     x...|x...|x...|x.x.
        """,
        ),
    ),
    "metal": (
        _fill(0.0, "snare XxXx   kick xxxx"),
        _fill(0.2, "snare XxXx|....   high ....|Xx..   floor ....|..Xx   kick xoxo|xoxo"),
        _fill(
            0.4,
            """
            snare    XxXx|....|....|XxXx
            high     ....|XxXx|....|....
            floor    ....|....|XxXx|....
            kick     xoxo|xoxo|xoxo|xoxo
        """,
        ),
    ),
    "funk": (
        _fill(0.0, "snare X.gx   kick ..x."),
        _fill(0.1, "snare Xg.x|.gXx   kick ..x.|x..."),
        _fill(0.3, "snare X.gX|g.Xg|....   high ....|....|X.x.   floor ....|....|..xX   kick ..x.|..x.|x..."),
        _fill(
            0.5,
            """
            snare    XgXg|XgX.|....|..XX
            open     ....|...x|....|....
            high     ....|....|XxX.|....
            floor    ....|....|...x|X...
            kick     x...|..x.|x...|x...
        """,
        ),
    ),
    "electronic": (
        _fill(0.0, "clap X.x.   hat x.xx"),
        _fill(0.1, "snare ..xx|x.xx   kick x...|...."),
        _fill(0.3, "snare x.x.|x.xx   clap X...|X.X.   kick x...|...."),
        _fill(0.5, "snare x...|x.x.|x.xx|XxXx   kick X...|X...|....|....   clap ....|X...|....|X..."),
    ),
    "breaks": (
        _fill(0.0, "snare X.xX   kick ..x."),
        _fill(0.1, "snare X..X|.XxX   kick ..x.|x..."),
        _fill(0.35, "snare X..x|..X.|x..X|XxXx   kick ..X.|x...|..x.|x..."),
        _fill(0.55, "snare XxX.|X.Xx|.XxX|XxXz   kick ...x|..x.|x...|x...   crash ....|....|....|..x."),
    ),
    "trap": (
        _fill(0.0, "hat zxzx   clap x..."),
        _fill(0.1, "hat xzxz|zzzz   snare ....|x.xx"),
        _fill(0.4, "snare ....|..x.|x.xx|zzzz   kick X...|...."),
    ),
    "hip-hop": (
        _fill(0.0, "snare X.gx   kick ..x."),
        _fill(0.2, "snare X..x|.xXx   kick ..x.|x...   open ....|...."),
        _fill(0.4, "snare x.gx|X...   high ....|..x.   low ....|...X   kick X.x.|x..."),
    ),
    "reggae": (
        _fill(0.0, "rim x.xx   kick ...."),
        _fill(0.1, "timbale X.xx|X...   kick ....|..x."),
        _fill(0.3, "snare X.xx|xx..   timbale ....|..Xx   kick x...|...."),
    ),
    "latin": (
        _fill(0.0, "timbale X.xx   kick x..."),
        _fill(0.15, "timbale X.xX|x.X.   timbale-low ....|...x   kick x...|..x."),
        _fill(0.4, "timbale XxX.|X.xX|....   timbale-low ....|....|XxX.   conga ....|....|...x   kick x...|..x.|x..."),
    ),
    "jazz": (
        _fill(0.0, "snare ..x.   kick x..."),
        _fill(0.1, "snare x.x.|x.X.   kick ....|..x."),
        _fill(0.3, "snare X.x.|..x.|X.x.   high ....|x...|....   kick ....|....|..X."),
        _fill(
            0.5,
            """
            snare    X.x.|X...|....|X.x.
            high     ....|..x.|X...|....
            floor    ....|....|..X.|....
            kick     x...|....|x...|..X.
        """,
        ),
    ),
}

ROLLS: tuple[Groove, ...] = (
    groove("snare x...|x...|x...|x...|x.x.|x.x.|x.x.|x.x."),
    groove("snare x.x.|x.x.|x.x.|x.x.|xoxo|xoxo|xxxx|xxxx"),
)
"""What builds before a chorus or a drop: the bar but one, and the last two beats of a bar or all of it, swelling."""
