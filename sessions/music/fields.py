"""The fields of a section request, as a table.

Lives here: what can be asked for, with types, ranges, choices and a sentence each; and the controls of single parts.
`section` interprets the table, the capabilities show it, the OSC schemas mirror it. Adding a field is adding a row.

    >>> field = FIELD_TABLE["bars"]
    >>> field.type, field.low, field.high, field.read("8")
    ('i', 1, 64, 8)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sessions.errors import Code, Refused
from sessions.music import values
from sessions.music.beats import HIGHEST_BPM, LOWEST_BPM, Meter
from sessions.music.chords import Chords
from sessions.music.keys import Key
from sessions.music.kinds import Author, Kind, Renderer, Tail
from sessions.music.parts import NOTE_PARTS, PITCHED_PARTS, Part, format_parts, parse_parts
from sessions.music.pitches import format_range, parse_range
from sessions.music.references import At, Context, parse_references
from sessions.music.styles import STYLES, read_style

__all__ = [
    "BANDS", "CONTROLS", "CONTROL_TABLE", "FIELDS", "FIELD_TABLE", "LONGEST_PROMPT", "LONGEST_TEXT", "LOOSELY", "RATES",
    "Control", "Field",
]  # fmt: skip

LONGEST_TEXT = 200
"""Characters of most texts of a request."""

LONGEST_PROMPT = 2000
LONGEST_CHORDS = 4096
LONGEST_LIKE = 4096

HIGHEST_SEED = 2**32 - 1
MOST_BARS = 64
HIGHEST_TEMPERATURE = 2.0
RATES = (44_100, 48_000, 96_000)
"""Frames a second that stems can have."""

BANDS = 3
"""Bands that each style has: other players of the same parts."""

LOOSELY = "~"
"""Before a range: most notes lie in it, not all."""

_SHARES = {
    "density": "this part's density, from few notes to many",
    "velocity": "how hard this part plays, from soft to hard",
    "interest": "how much this part's rhythm changes, from even to restless",
    "syncopation": "how often this part plays off the beat, from never to mostly",
}
"""The controls that every part with notes has, from 0 to 1."""

_SOUND = {
    "level": "how loud this part is in the mix, 12 dB less to 12 dB more; 0.5 is the style's",
    "space": "how much room is around this part, from none to a hall; 0.5 is the style's",
}
"""The controls that every stem has, from 0 to 1."""

_RANGE_DOC = "lowest and highest note, a fifth apart at least, such as C2-C4 (C4 is middle C); ~C2-C4 lets a few out"
_LEAP_DOC = "how this part moves, from steps to leaps"

_YES_NO: dict[object, int] = {True: 1, False: 0, "true": 1, "false": 0}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a request.

    `type` is OSC's: `s` text, `i` whole number, `f` number. `default` is None where the value is worked out from
    others or left empty; `doc` says how. `read_text` makes of a text what a `Request` holds.
    """

    name: str
    type: str
    doc: str
    default: str | int | float | None = None
    low: float | None = None
    high: float | None = None
    choices: tuple[str | int, ...] = ()
    longest: int = LONGEST_TEXT
    decimals: int = 6
    read_text: Callable[[str], Any] = str
    may_be_empty: bool = False
    is_yes_or_no: bool = False

    def read(self, value: object) -> Any:
        """What a value from outside means here; None for an empty text where that is allowed. Raises Refused."""
        if self.type == "s":
            return self._read_text(values.text(self.name, value, self.longest))
        if self.is_yes_or_no and isinstance(value, bool | str):
            value = _YES_NO.get(value.lower() if isinstance(value, str) else value, value)
        number: int | float
        if self.type == "i":
            number = values.whole(self.name, value)
            if self.choices and number not in self.choices:
                advice = f"ask for {', '.join(map(str, self.choices))}"
                raise Refused(Code.BAD_VALUE, f"{self.name}: {values.shown(number)} is not to be had; {advice}")
        else:
            number = round(values.number(self.name, value), self.decimals)
        low, high = self.low or 0, self.high or 0
        if not low <= number <= high:
            advice = f"ask for {values.decimal(low)} to {values.decimal(high)}"
            raise Refused(Code.BAD_VALUE, f"{self.name}: {values.shown(number)} is out of range; {advice}")
        return number

    def describe(self) -> dict[str, Any]:
        """The field as the capabilities show it; what does not apply is left out."""
        facts = {"name": self.name, "type": self.type, "default": self.default, "low": self.low, "high": self.high}
        return {
            **{name: fact for name, fact in facts.items() if fact is not None},
            **({"choices": list(self.choices)} if self.choices else {}),
            **({"longest": self.longest} if self.type == "s" and not self.choices else {}),
            "doc": self.doc,
        }

    def _read_text(self, text: str) -> Any:
        if text:
            return self.read_text(text)
        if self.may_be_empty:
            return None
        raise Refused(Code.BAD_VALUE, f"{self.name}: it is empty; leave the field out for its default")


@dataclass(frozen=True, slots=True)
class Control:
    """A control of one part; its field is named `PART.CONTROL`."""

    part: Part
    name: str
    field: Field


def _choice(name: str, choices: type[Kind] | type[Author] | type[Renderer] | type[Tail]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        word = text.lower().replace("-", "").replace(" ", "")
        if word in set(choices):
            return choices(word)
        guess = values.nearest(word, list(choices))
        meant = f"did you mean {guess}? " if guess else ""
        raise Refused(
            Code.BAD_VALUE, f"{name}: {values.shown(text)} is none; {meant}Ask for one of {', '.join(choices)}"
        )

    return read


FIELDS: tuple[Field, ...] = (
    Field("kind", "s", "what the section is in a piece", Kind.LOOP.value, choices=tuple(Kind),
          read_text=_choice("kind", Kind)),
    Field("style", "s", "a style by name; by default one that suits the kind", choices=STYLES,
          read_text=lambda text: read_style(text).name),
    Field("bars", "i", "length in bars", 8, 1, MOST_BARS),
    Field("bpm", "f", "quarters a minute, to three decimals; by default the session's tempo, else the style's",
          None, LOWEST_BPM, HIGHEST_BPM, decimals=3),
    Field("meter", "s", "metre n/d, n 1-16, d 2 4 8 16; by default the session's", "4/4", read_text=Meter.parse),
    Field("key", "s", "note and mode, such as Am, F#, C dorian; by default on the white keys, in the style's mode",
          read_text=Key.parse),
    Field("chords", "s", "Am F C G (one a bar, repeating), Am/2 F/2 (in beats), Am/C (bass note); by default the composer's",
          longest=LONGEST_CHORDS, read_text=Chords.parse, may_be_empty=True),
    Field("parts", "s", "parts separated by commas; by default all with notes that the asker may ask for",
          format_parts(NOTE_PARTS), read_text=parse_parts),
    Field("energy", "f", "from calm, 0, to full, 1", 0.5, 0, 1),
    Field("density", "f", "from few notes, 0, to many, 1", 0.5, 0, 1),
    Field("prompt", "s", "free text; style, tempo, key, metre, bars, kind and parts are read from it where no field says them",
          "", longest=LONGEST_PROMPT, may_be_empty=True),
    Field("seed", "i", "the same request with the same seed gives the same music; by default a fresh one",
          None, 0, HIGHEST_SEED),
    Field("temperature", "f", "how far the composer strays from the likeliest", 1.0, 0, HIGHEST_TEMPERATURE),
    Field("like", "s", "references with weights: nightdrive:0.7,demos/track-3@8-16:0.3",
          longest=LONGEST_LIKE, read_text=parse_references, may_be_empty=True),
    Field("context", "s", "a take, and continue, accompany, vary or bars 5-6",
          read_text=Context.parse, may_be_empty=True),
    Field("strength", "f", "how far vary strays from its take, from hardly, 0, to wholly, 1", 0.5, 0, 1),
    Field("strict", "i", "1 keeps every pitched note in the key or on the chords asked for; 0 lets others pass", 1, 0, 1,
          is_yes_or_no=True),
    Field("composer", "s", "what writes the notes: auto is the transformer where its weights are here, else the arranger",
          Author.AUTO.value,
          choices=tuple(Author), read_text=_choice("composer", Author)),
    Field("at", "s", "when the take plays: now, next-bar, next-4, beat N or never", "never", read_text=At.parse),
    Field("stems", "i", "1 for audio stems, 0 for notes alone", 1, 0, 1, is_yes_or_no=True),
    Field("renderer", "s", "what makes the stems", Renderer.AUTO.value, choices=tuple(Renderer),
          read_text=_choice("renderer", Renderer)),
    Field("rate", "i", "frames a second of the stems", RATES[0], RATES[0], RATES[-1], choices=RATES),
    Field("tail", "s", "what would sound on at the end: cut, or folded into the start so that it loops, or rung out before the "
          "end; auto is loop for a loop, ring for an outro, else cut", Tail.AUTO.value, choices=tuple(Tail),
          read_text=_choice("tail", Tail)),
    Field("band", "i", "which of the style's bands plays; by default the one of the take that context names, else by the seed",
          None, 1, BANDS),
)  # fmt: skip

FIELD_TABLE = {field.name: field for field in FIELDS}


def _controls() -> tuple[Control, ...]:
    rows: list[tuple[Part, str, Field]] = []
    for part in NOTE_PARTS:
        for name, doc in _SHARES.items():
            rows.append((part, name, Field(f"{part}.{name}", "f", doc, None, 0, 1)))
        if part in PITCHED_PARTS:
            name = f"{part}.range"
            rows.append((part, "range", Field(name, "s", _RANGE_DOC, read_text=_range_reader(name))))
            rows.append((part, "leap", Field(f"{part}.leap", "f", _LEAP_DOC, None, 0, 1)))
    rows.append((Part.HARMONY, "polyphony", Field("harmony.polyphony", "i", "most notes sounding at once", None, 1, 6)))
    for part in Part:
        for name, doc in _SOUND.items():
            rows.append((part, name, Field(f"{part}.{name}", "f", doc, None, 0, 1)))
    return tuple(Control(*row) for row in rows)


def _range_reader(name: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        loose = text.strip().startswith(LOOSELY)
        return (LOOSELY if loose else "") + format_range(*parse_range(text.strip().removeprefix(LOOSELY), name))

    return read


CONTROLS: tuple[Control, ...] = _controls()
CONTROL_TABLE = {control.field.name: control for control in CONTROLS}
