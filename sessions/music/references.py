"""References: what a section should be like, what it follows on, and when it sounds.

Lives here: three short texts of a request. `like` names music in catalogs with weights, `context` names a take and
what to do with it, `at` names a moment. Whether the named things exist is for others to say.

    >>> [str(reference) for reference in parse_references("nightdrive:0.7, demos/track-3@8-16:0.3")]
    ['nightdrive:0.7', 'demos/track-3@8-16:0.3']
    >>> Context.parse("take-3 bars 5-6"), At.parse("beat 12.5").ticks
    (Context(take='take-3', mode=<ContextMode.BARS: 'bars'>, first=5, last=6), 12000)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from sessions.errors import Code, Refused
from sessions.music.beats import TICKS_PER_BEAT, ticks_of
from sessions.music.values import decimal, number, shown

__all__ = ["At", "AtKind", "Context", "ContextMode", "Reference", "format_references", "parse_references"]

MOST_REFERENCES = 16
LONGEST_PATH = 200
"""Characters of a reference's path inside its catalog."""

LATEST_BEAT = 10_000_000
"""The last beat that `at` can name: four weeks at the fastest tempo."""

LAST_BAR = 9999
"""The last bar that a reference to recorded music can name."""

LAST_TAKE_BAR = 64
"""The last bar that a take can have."""

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_REFERENCE = re.compile(r"([^:@,]+?)(?:@(\d{1,4})(?:-(\d{1,4}))?)?(?::([^:@,]+))?", re.ASCII)
_CONTEXT = re.compile(
    r"([A-Za-z0-9_.-]{1,64})(?: (continue|accompany|vary|bars (\d{1,4})(?: ?- ?(\d{1,4}))?))?", re.ASCII
)
_BEAT = re.compile(r"beat (\S+)")


@dataclass(frozen=True, slots=True)
class Reference:
    """A catalog, or one piece in it, or some bars of that piece, with a weight above 0 and up to 1."""

    name: str
    path: str = ""
    bars: tuple[int, int] | None = None
    weight: float = 1.0

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Reads `demos/track-3@8-16:0.3`. Raises Refused, naming the field `like`."""
        match = _REFERENCE.fullmatch(text.strip())
        name, _, path = (match[1].strip() if match else "").partition("/")
        if match is None or not _NAME.fullmatch(name) or name in {".", ".."}:
            advice = "write CATALOG or CATALOG/PIECE, perhaps with @BARS and :WEIGHT, such as demos/track-3@8-16:0.3"
            raise Refused(Code.BAD_VALUE, f"like: {shown(text.strip())} is no reference; {advice}")
        if "/" in match[1] and not _is_safe(path):
            raise Refused(Code.BAD_VALUE, f"like: {shown(path)} is no piece's name; write it as the catalog lists it")
        bars = None
        if match[2]:
            bars = int(match[2]), int(match[3] or match[2])
            if not 1 <= bars[0] <= bars[1]:
                raise Refused(
                    Code.BAD_VALUE, f"like: bars {bars[0]}-{bars[1]} are none; bars count from 1, the first one first"
                )
        weight = round(number("like", match[4].strip()), 6) if match[4] else 1.0
        if not 0 < weight <= 1:
            raise Refused(
                Code.BAD_VALUE, f"like: the weight {shown(match[4])} is out of range; give more than 0 and at most 1"
            )
        return cls(name, path, bars, weight)

    def __str__(self) -> str:
        piece = f"/{self.path}" if self.path else ""
        bars = f"@{self.bars[0]}-{self.bars[1]}" if self.bars else ""
        weight = f":{decimal(self.weight)}" if self.weight != 1 else ""
        return f"{self.name}{piece}{bars}{weight}"


def parse_references(text: str) -> tuple[Reference, ...]:
    """Reads a list of references. Raises Refused, naming the field `like`."""
    words = text.split(",")
    if len(words) > MOST_REFERENCES:
        raise Refused(Code.TOO_MANY, f"like: {len(words)} references are too many; send at most {MOST_REFERENCES}")
    return tuple(Reference.parse(word) for word in words)


def format_references(references: tuple[Reference, ...]) -> str:
    """References as a field carries them."""
    return ",".join(map(str, references))


class ContextMode(StrEnum):
    """What to do with the take that a section follows."""

    CONTINUE = "continue"
    ACCOMPANY = "accompany"
    VARY = "vary"
    BARS = "bars"


@dataclass(frozen=True, slots=True)
class Context:
    """A take and what to do with it; `bars` are written anew from bar `first` to bar `last`, both included."""

    take: str
    mode: ContextMode = ContextMode.CONTINUE
    first: int | None = None
    last: int | None = None

    @classmethod
    def parse(cls, text: str) -> Context:
        """Reads `take-3 bars 5-6`, or `take-3` to continue it. Raises Refused, naming the field `context`."""
        match = _CONTEXT.fullmatch(" ".join(text.split()))
        if match is None or match[1] in set(ContextMode):
            advice = "name a take and continue, accompany, vary or bars, such as take-3 bars 5-6"
            raise Refused(Code.BAD_VALUE, f"context: {shown(text.strip())} is no context; {advice}")
        if match[3] is None:
            return cls(match[1], ContextMode(match[2] or "continue"))
        first, last = int(match[3]), int(match[4] or match[3])
        if not 1 <= first <= last <= LAST_TAKE_BAR:
            advice = f"bars count from 1 to {LAST_TAKE_BAR}, the first one first"
            raise Refused(Code.BAD_VALUE, f"context: bars {first}-{last} are none; {advice}")
        return cls(match[1], ContextMode.BARS, first, last)

    def __str__(self) -> str:
        return f"{self.take} {self.mode}" + (f" {self.first}-{self.last}" if self.mode is ContextMode.BARS else "")


class AtKind(StrEnum):
    """The kinds of moments at which a take can start."""

    NOW = "now"
    NEXT_BAR = "next-bar"
    NEXT_4 = "next-4"
    BEAT = "beat"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class At:
    """A moment on the transport; only a beat has `ticks`, its position."""

    kind: AtKind = AtKind.NEVER
    ticks: int | None = None

    @classmethod
    def beat(cls, ticks: int) -> At:
        """The moment at a position of the transport in ticks."""
        return cls(AtKind.BEAT, ticks)

    @classmethod
    def parse(cls, text: str) -> At:
        """Reads `now`, `next-bar`, `next-4`, `beat 12.5` or `never`. Raises Refused, naming the field `at`."""
        word = " ".join(text.lower().split())
        if word in set(AtKind) - {AtKind.BEAT}:
            return cls(AtKind(word))
        match = _BEAT.fullmatch(word)
        if match is None:
            raise Refused(
                Code.BAD_VALUE,
                f"at: {shown(text.strip())} is no moment; ask for now, next-bar, next-4, beat 12.5 or never",
            )
        beat = number("at", match[1])
        if not 0 <= beat <= LATEST_BEAT:
            raise Refused(Code.BAD_VALUE, f"at: beat {shown(beat)} is out of range; ask for 0 to {LATEST_BEAT}")
        return cls.beat(ticks_of(beat))

    def __str__(self) -> str:
        # Three decimals of a beat are finer than a tick, so reading them back finds the same tick.
        return self.kind.value if self.ticks is None else f"beat {decimal(self.ticks / TICKS_PER_BEAT, 3)}"


def _is_safe(path: str) -> bool:
    steps = path.split("/")
    return (
        len(path) <= LONGEST_PATH
        and "\\" not in path
        and path.isprintable()
        and all(step.strip() == step and step not in {"", ".", ".."} for step in steps)
    )
