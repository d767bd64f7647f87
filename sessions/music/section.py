"""A section request: what somebody wants to hear, complete and checked.

Lives here: the request as a value, and the one way to make it from the fields of a client. The fields themselves are
a table in `fields`. Who may ask for what, and what becomes of it, is for others to say.

    >>> request = parse_request({"kind": "drop", "prompt": "dark dubstep in F#m", "bass.density": 0.4})
    >>> request.style, request.bpm, str(request.key), request.control(Part.BASS, "density")
    ('dubstep', 140.0, 'F#m', 0.4)
    >>> parse_request(request.to_fields()) == request
    True
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from sessions.errors import Code, Refused
from sessions.music.beats import Meter, exact_bpm, frames_of, seconds_of
from sessions.music.chords import Chords, Span
from sessions.music.fields import BANDS, CONTROL_TABLE, CONTROLS, FIELD_TABLE, FIELDS, LOOSELY, RATES, Control, Field
from sessions.music.hints import read_hints
from sessions.music.keys import Key
from sessions.music.kinds import Author, Kind, Renderer, Tail
from sessions.music.parts import NOTE_PARTS, Part, format_parts
from sessions.music.pitches import parse_range
from sessions.music.references import At, Context, ContextMode, Reference, format_references
from sessions.music.styles import STYLE_TABLE
from sessions.music.values import nearest, shown

__all__ = ["CONTROLS", "FIELDS", "Control", "Field", "Kind", "Renderer", "Request", "parse_request"]

WORD = 64
"""Characters of a text whose meaning is kept."""

_STYLE_OF_KIND = {
    Kind.INTRO: "ambient", Kind.VERSE: "pop", Kind.PRECHORUS: "pop", Kind.CHORUS: "pop", Kind.BRIDGE: "ballad",
    Kind.DROP: "dubstep", Kind.BREAKDOWN: "techno", Kind.OUTRO: "ambient", Kind.LOOP: "house",
}  # fmt: skip

# The tonics that put each style's mode on the white keys.
_TONIC_OF_MODE = {"major": 0, "dorian": 2, "phrygian": 4, "lydian": 5, "mixolydian": 7, "minor": 9}

# What people call the fields elsewhere.
_OTHER_NAMES = {
    "tempo": "bpm", "metre": "meter", "time_signature": "meter", "signature": "meter", "scale": "key", "genre": "style",
    "length": "bars", "instruments": "parts", "tracks": "parts", "text": "prompt", "description": "prompt", "when": "at",
    "progression": "chords", "references": "like", "reference": "like", "take": "context", "type": "kind",
    "sample_rate": "rate", "samplerate": "rate", "sr": "rate", "end": "tail", "ending": "tail", "players": "band",
}  # fmt: skip

_OTHER_CONTROLS = {"volume": "level", "gain": "level", "reverb": "space", "room": "space", "octave": "range"}

_FROM_PARENT = ("kind", "style", "bars", "bpm", "meter", "key", "chords", "energy", "density", "rate")
_FROM_TABLE = {field.name: field.read(field.default) for field in FIELDS if field.default not in {None, ""}}


@dataclass(frozen=True, slots=True)
class Request:
    """A complete section request; made by `parse_request` alone, which has checked every field."""

    kind: Kind
    style: str
    bars: int
    bpm: float
    meter: Meter
    key: Key
    chords: Chords | None
    parts: tuple[Part, ...]
    energy: float
    density: float
    controls: tuple[tuple[str, float | str], ...]
    prompt: str
    seed: int
    temperature: float
    like: tuple[Reference, ...]
    context: Context | None
    strength: float
    strict: bool
    composer: Author
    at: At
    stems: bool
    renderer: Renderer
    rate: int
    tail: Tail
    band: int | None

    @property
    def ticks_per_bar(self) -> int:
        """Ticks in each bar."""
        return self.meter.ticks_per_bar

    @property
    def total_ticks(self) -> int:
        """Ticks in the section."""
        return self.bars * self.meter.ticks_per_bar

    @property
    def seconds(self) -> Fraction:
        """The section's length in seconds, exact."""
        return seconds_of(self.total_ticks, self.bpm)

    @property
    def note_parts(self) -> tuple[Part, ...]:
        """The parts asked for that have notes."""
        return tuple(part for part in self.parts if part.has_notes)

    @property
    def spans(self) -> tuple[Span, ...]:
        """Where each asked chord sounds; empty where the harmony is the composer's."""
        return self.chords.over(self.bars, self.meter) if self.chords else ()

    @property
    def plays(self) -> int:
        """Which of the style's bands plays, from 1: the one asked for, else one by the seed."""
        return self.band or 1 + self.seed % BANDS

    @property
    def ends(self) -> Tail:
        """What becomes of what would sound on at the end: never `auto`."""
        if self.tail is not Tail.AUTO:
            return self.tail
        return {Kind.LOOP: Tail.LOOP, Kind.OUTRO: Tail.RING}.get(self.kind, Tail.CUT)

    @property
    def varies(self) -> bool:
        """Whether this is a variation of another take."""
        return self.context is not None and self.context.mode is ContextMode.VARY

    def frames(self, rate: int) -> int:
        """The length of each stem at `rate` frames a second."""
        return frames_of(self.total_ticks, self.bpm, rate)

    def control(self, part: Part, name: str) -> float | str | None:
        """A control's value, None where it was not asked for."""
        return dict(self.controls).get(f"{part}.{name}")

    def pitch_range(self, part: Part) -> tuple[int, int] | None:
        """The lowest and highest pitch asked for a part."""
        value = self.control(part, "range")
        return parse_range(value.removeprefix(LOOSELY)) if isinstance(value, str) else None

    def range_is_loose(self, part: Part) -> bool:
        """Whether a few notes of a part may leave the range asked for."""
        return str(self.control(part, "range") or "").startswith(LOOSELY)

    def to_fields(self) -> dict[str, str | int | float]:
        """The request as a flat object of plain fields; reading it gives the same request."""
        fields: dict[str, str | int | float | None] = {
            "kind": self.kind.value,
            "style": self.style,
            "bars": self.bars,
            "bpm": self.bpm,
            "meter": str(self.meter),
            "key": str(self.key),
            "chords": str(self.chords) if self.chords else None,
            "parts": format_parts(self.parts),
            "energy": self.energy,
            "density": self.density,
            **dict(self.controls),
            "prompt": self.prompt or None,
            "seed": self.seed,
            "temperature": self.temperature,
            "like": format_references(self.like) or None,
            "context": str(self.context) if self.context else None,
            "strength": self.strength if self.varies else None,
            "strict": None if self.strict else 0,
            "composer": None if self.composer is Author.AUTO else self.composer.value,
            "at": str(self.at),
            "stems": int(self.stems),
            "renderer": self.renderer.value,
            "rate": None if self.rate == RATES[0] else self.rate,
            "tail": None if self.tail is Tail.AUTO else self.tail.value,
            "band": self.band,
        }
        return {name: value for name, value in fields.items() if value is not None}


def parse_request(
    fields: Mapping[str, object],
    *,
    parts: Sequence[Part] = NOTE_PARTS,
    bpm: float | None = None,
    meter: Meter | None = None,
    seed: int = 0,
    parent: Request | None = None,
) -> Request:
    """The request that a client's fields mean.

    A field that is not given comes from the prompt, else from `parent` (the request of the take that `context`
    names), else from the session (`parts` that the asker may ask for, its `bpm`, `meter` and a fresh `seed`), else
    from the table. Raises Refused, naming the field.
    """
    given = {name: _value(name, value) for name, value in fields.items()}
    controls = tuple((name, given[name]) for name in CONTROL_TABLE if given.get(name) is not None)
    said = {name: value for name, value in given.items() if name in FIELD_TABLE and value is not None}
    context: Context | None = said.get("context")
    said = _hints(said.get("prompt", ""), context, _in_order(parts), controls) | said
    own_bpm = None if bpm is None else float(exact_bpm(bpm))
    session = {"parts": _in_order(parts) or NOTE_PARTS, "meter": meter, "seed": seed, "bpm": own_bpm}
    layers: tuple[Mapping[str, Any], ...] = (_FROM_TABLE, session, _inherited(parent, context, _in_order(parts)), said)
    values = {name: value for layer in layers for name, value in layer.items() if value is not None}
    if context and context.last and parent is None and "bars" not in said:
        values["bars"] = max(values["bars"], context.last)
    style = STYLE_TABLE[values.get("style") or _STYLE_OF_KIND[values["kind"]]]
    request = Request(
        kind=values["kind"],
        style=style.name,
        bars=values["bars"],
        bpm=values.get("bpm", style.bpm),
        meter=values["meter"],
        key=values.get("key") or Key(_TONIC_OF_MODE[style.mode], style.mode),
        chords=values.get("chords"),
        parts=values["parts"],
        energy=values["energy"],
        density=values["density"],
        controls=controls,
        prompt=values.get("prompt", ""),
        seed=values["seed"],
        temperature=values["temperature"],
        like=values.get("like", ()),
        context=context,
        strength=values["strength"],
        strict=bool(values["strict"]),
        composer=values["composer"],
        at=values["at"],
        stems=bool(values["stems"]),
        renderer=values["renderer"],
        rate=values["rate"],
        tail=values["tail"],
        band=values.get("band"),
    )
    _refuse_contradictions(request)
    return request


def _value(name: str, value: object) -> Any:
    return _of_text(name, value) if type(value) is str and len(value) <= WORD else _field(name).read(value)


@lru_cache(maxsize=1024)
def _of_text(name: str, text: str) -> Any:
    """What a word or two mean in a field: few are said, again and again, by who asks and by a log that is read back."""
    return _field(name).read(text)


def _field(name: str) -> Field:
    if name in FIELD_TABLE:
        return FIELD_TABLE[name]
    if name in CONTROL_TABLE:
        return CONTROL_TABLE[name].field
    heading = shown(name).strip("'")
    if name.startswith(f"{Part.TEXTURE}."):
        advice = "the texture is a stem without notes, of which level and space can be set; leave it out"
        raise Refused(Code.UNKNOWN_FIELD, f"{heading}: {advice}")
    part, _, control = name.lower().partition(".")
    other = f"{part}.{_OTHER_CONTROLS.get(control, '')}"
    guess = _OTHER_NAMES.get(name.lower()) or (other if other in CONTROL_TABLE else None)
    guess = guess or nearest(name, [*FIELD_TABLE, *CONTROL_TABLE])
    meant = f"did you mean {guess}?" if guess else "see the capabilities for the fields that there are"
    raise Refused(Code.UNKNOWN_FIELD, f"{heading}: there is no such field; {meant}")


def _hints(
    prompt: str, context: Context | None, allowed: tuple[Part, ...], controls: tuple[tuple[str, float | str], ...]
) -> dict[str, Any]:
    """What the prompt says that the fields can hold and that contradicts no field: free text is never refused."""
    hints = dict(read_hints(prompt).taken)
    if "parts" in hints:
        meant = {*hints["parts"], *(CONTROL_TABLE[name].part for name, _ in controls)}
        hints["parts"] = tuple(part for part in allowed if part in meant) or None
    if context and context.mode is not ContextMode.CONTINUE:  # it has the bars and the metre of its take
        hints = {name: value for name, value in hints.items() if name not in {"bars", "meter"}}
    return hints


def _inherited(parent: Request | None, context: Context | None, allowed: tuple[Part, ...]) -> dict[str, Any]:
    """What a section takes over from the one that it follows; an accompaniment has the parts that are missing there."""
    if parent is None:
        return {}
    accompanies = context is not None and context.mode is ContextMode.ACCOMPANY
    parts = tuple(part for part in allowed if (part in parent.parts) != accompanies)
    return {name: getattr(parent, name) for name in _FROM_PARENT} | {"parts": parts or None, "band": parent.plays}


def _in_order(parts: Sequence[Part]) -> tuple[Part, ...]:
    return tuple(part for part in Part if part in parts)


def _refuse_contradictions(request: Request) -> None:
    for name, _ in request.controls:
        part = CONTROL_TABLE[name].part
        if part not in request.parts:
            advice = f"add {part} to parts, or leave {name} out"
            raise Refused(
                Code.BAD_VALUE, f"{name}: {part} is not among the parts {format_parts(request.parts)}; {advice}"
            )
    if Part.TEXTURE in request.parts and not request.stems:
        raise Refused(
            Code.BAD_VALUE, "stems: the texture is a stem alone; ask for stems 1, or leave texture out of parts"
        )
    if request.strength != _FROM_TABLE["strength"] and not request.varies:
        advice = "it says how far vary strays; add a context such as take-1 vary, or leave strength out"
        raise Refused(Code.BAD_VALUE, f"strength: {advice}")
    context = request.context
    if context and context.last and context.last > request.bars:
        bars = f"bars {context.first}-{context.last} go beyond the section's {request.bars}"
        raise Refused(
            Code.BAD_VALUE, f"context: {bars}; name bars from 1 to {request.bars}, or ask for bars {context.last}"
        )
