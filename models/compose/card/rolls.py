"""Piano rolls of sections as one picture: SVG, written by hand, so that a page shows it without any program.

Lives here: where a note lies in the picture, and the few shapes that it takes. Time goes from left to right, pitch from bottom to
top, a colour a part, louder notes stronger; drums lie below, a line a sound.

    >>> from sessions.music.beats import Meter
    >>> roll = Roll("one note", {Part.BASS: (Note(0, 960, 36, 90),)}, Meter(4, 4), 1)
    >>> picture([roll]).startswith("<svg ")
    True
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from sessions.music.beats import Meter
from sessions.music.notes import Note
from sessions.music.parts import NOTE_PARTS, Part

__all__ = ["Roll", "picture"]

COLOURS = {Part.DRUMS: "#6b7280", Part.BASS: "#2563eb", Part.HARMONY: "#16a34a", Part.MELODY: "#dc2626"}
WIDTH, LEFT, TOP, GAP = 960, 8, 22, 16
STAFF_HEIGHT, DRUM_LINE = 150, 4
LINES = 16
"""Sounds of drums that get a line of their own, the most frequent ones."""
LOUD = 80
"""Velocity from which a note is drawn strongly."""


@dataclass(frozen=True, slots=True)
class Roll:
    """A section to draw, with a title."""

    title: str
    notes: Mapping[Part, tuple[Note, ...]]
    meter: Meter
    bars: int


def picture(rolls: Sequence[Roll]) -> str:
    """The rolls one below the other, with a legend."""
    shapes, top = [_legend()], TOP + GAP
    for roll in rolls:
        body, height = _roll(roll)
        shapes.append(f'<g transform="translate({LEFT},{top})">{body}</g>')
        top += height + GAP
    size = f'width="{WIDTH + 2 * LEFT}" height="{top}" viewBox="0 0 {WIDTH + 2 * LEFT} {top}"'
    style = "<style>text{font:12px sans-serif;fill:#374151}.q{opacity:.55}</style>"
    body = "\n".join(shapes)
    back = '<rect width="100%" height="100%" fill="#fff"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{style}{back}\n{body}\n</svg>\n'


def _legend() -> str:
    places = enumerate(NOTE_PARTS)
    return "".join(
        f'<rect x="{LEFT + 90 * n}" y="8" width="14" height="8" fill="{COLOURS[part]}"/>'
        f'<text x="{LEFT + 18 + 90 * n}" y="16">{part}</text>'
        for n, part in places
    )


def _roll(roll: Roll) -> tuple[str, int]:
    """A roll's shapes and height."""
    scale = WIDTH / (roll.bars * roll.meter.ticks_per_bar)
    pitches = [note.pitch for part, notes in roll.notes.items() if part is not Part.DRUMS for note in notes]
    low, high = min(pitches, default=60), max(pitches, default=60)
    row = min(STAFF_HEIGHT / (high - low + 1), 6.0)
    kinds = _drum_lines(roll.notes.get(Part.DRUMS, ()))
    staff = round(row * (high - low + 1)) if pitches else 0
    height = TOP + staff + (len(kinds) * DRUM_LINE + 6 if kinds else 0)
    shapes = [f'<text x="0" y="14">{escape(roll.title)}</text>']
    for bar in range(roll.bars + 1):
        x = f"{bar * roll.meter.ticks_per_bar * scale:.1f}"
        shapes.append(f'<path d="M{x} {TOP}V{height}" stroke="#e5e7eb"/>')
    for part, notes in roll.notes.items():
        thick = DRUM_LINE - 1 if part is Part.DRUMS else max(row - 0.6, 1.0)
        for strong in (False, True):
            lines = [
                f"M{note.start * scale:.1f} {y:.1f}h{max(_length(part, note) * scale - 0.8, 1.2):.1f}"
                for note in notes
                if (note.velocity >= LOUD) == strong and (y := _height(part, note, kinds, low, row, staff)) is not None
            ]
            if lines:
                faint = "" if strong else ' class="q"'
                stroke = f'stroke="{COLOURS[part]}" stroke-width="{thick:.1f}"'
                shapes.append(f'<path{faint} {stroke} d="{"".join(lines)}"/>')
    return "".join(shapes), height


def _length(part: Part, note: Note) -> int:
    return 120 if part is Part.DRUMS else note.length


def _height(part: Part, note: Note, kinds: Mapping[int, int], low: int, row: float, staff: int) -> float | None:
    if part is not Part.DRUMS:
        return TOP + staff - (note.pitch - low + 0.5) * row
    return TOP + staff + 6 + kinds[note.pitch] * DRUM_LINE + 2 if note.pitch in kinds else None


def _drum_lines(notes: Sequence[Note]) -> dict[int, int]:
    """The line of each drum, the kick lowest."""
    counts: dict[int, int] = {}
    for note in notes:
        counts[note.pitch] = counts.get(note.pitch, 0) + 1
    most = sorted(counts, key=lambda pitch: -counts[pitch])[:LINES]
    return {pitch: line for line, pitch in enumerate(sorted(most, reverse=True))}
