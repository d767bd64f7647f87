"""Random music for properties: metres, keys, chords, requests and their notes."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from sessions.music import CONTROLS, MODES, NOTE_PARTS, STYLES, Chord, Chords, Key, Kind, Meter, Note, Part, Request
from sessions.music.beats import METER_UNITS
from sessions.music.pitches import LETTERS, pitch_class

NAMES = [letter + accidental for letter in LETTERS for accidental in ("", "#", "b")]
QUALITIES = [
    "",
    "m",
    "7",
    "maj7",
    "m7b5",
    "dim7",
    "aug",
    "sus4",
    "9sus4",
    "13",
    "m11",
    "mmaj7",
    "69",
    "(b5)",
    "7b9#11",
    "5",
    "add9",
]

bpms = st.integers(40_000, 240_000).map(lambda thousandths: thousandths / 1000)
meters = st.builds(Meter, st.integers(1, 16), st.sampled_from(METER_UNITS))
keys = st.builds(
    lambda name, mode: Key(pitch_class(name), mode, name), st.sampled_from(NAMES), st.sampled_from(list(MODES))
)


@st.composite
def chord_values(draw: st.DrawFn) -> Chord:
    root, bass = draw(st.sampled_from(NAMES)), draw(st.none() | st.sampled_from(NAMES))
    quality = draw(st.sampled_from(QUALITIES))
    return Chord(pitch_class(root), quality, pitch_class(bass) if bass else None, root, bass or "")


lengths = st.none() | st.integers(80, 4000).map(lambda threes: 3 * threes)
progressions = st.lists(st.tuples(chord_values(), lengths), min_size=1, max_size=8).map(
    lambda steps: Chords(tuple(steps))
)


@st.composite
def field_sets(draw: st.DrawFn, *, most_bars: int = 64) -> dict[str, Any]:
    """Fields of a request that is possible, some of them left out."""
    parts = draw(st.lists(st.sampled_from(list(Part)), min_size=1, unique=True))
    full: dict[str, Any] = {
        "kind": draw(st.sampled_from(list(Kind))).value,
        "style": draw(st.sampled_from(STYLES)),
        "bars": draw(st.integers(1, most_bars)),
        "bpm": draw(bpms),
        "meter": str(draw(meters)),
        "key": str(draw(keys)),
        "chords": str(draw(progressions)),
        "parts": ",".join(parts),
        "energy": draw(st.floats(0, 1)),
        "density": draw(st.floats(0, 1, width=32)),
        "prompt": draw(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=40)),
        "seed": draw(st.integers(0, 2**32 - 1)),
        "temperature": draw(st.floats(0, 2)),
        "like": draw(st.sampled_from(["", "nightdrive:0.7,demos/track-3@8-16:0.3", "demos/My song"])),
        "context": draw(st.sampled_from(["", "take-3", "take-1 vary", "take-2 bars 1"])),
        "at": draw(st.sampled_from(["now", "next-bar", "next-4", "never", "beat 12.5"])),
        "stems": 1 if Part.TEXTURE in parts else draw(st.integers(0, 1)),
        "renderer": draw(st.sampled_from(["auto", "sampler", "musicgen"])),
        "rate": draw(st.sampled_from([44_100, 48_000, 96_000])),
        "tail": draw(st.sampled_from(["auto", "cut", "loop", "ring"])),
        "band": draw(st.integers(1, 3)),
    }
    for control in CONTROLS:
        if control.part in parts:
            full[control.field.name] = "C2-C5" if control.name == "range" else draw(st.integers(1, 1))
    kept = draw(st.sets(st.sampled_from(list(full))))
    return {name: value for name, value in full.items() if name in kept or name in {"parts", "stems", "bars"}}


@st.composite
def played(draw: st.DrawFn, request: Request, *, most: int = 12) -> dict[Part, list[Note]]:
    """Some notes for each part of a request; they may overlap and go on past its end."""
    note = st.builds(
        Note, st.integers(0, request.total_ticks - 1), st.integers(1, 20_000), st.integers(0, 127), st.integers(1, 127)
    )
    return {part: draw(st.lists(note, max_size=most)) for part in NOTE_PARTS if part in request.parts}
