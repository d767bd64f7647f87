"""The vocabulary of music that all rooms share: beats, notes, parts, keys, chords, styles, sections, the transport.

Lives here: exact values and their texts, made from the standard library alone. No files, clocks, chance or network;
nothing about members, models or sound. Whatever a text from outside gets wrong is a `Refused` that names the field
and says what to do.

    >>> from sessions.music import parse_request
    >>> request = parse_request({"style": "jazz", "bars": 4, "meter": "3/4", "chords": "Dm7 G7 Cmaj7"})
    >>> request.total_ticks, [str(span.chord) for span in request.spans]
    (11520, ['Dm7', 'G7', 'Cmaj7', 'Dm7'])
"""

from sessions.music.beats import (
    HIGHEST_BPM,
    LOWEST_BPM,
    TICKS_PER_BEAT,
    Meter,
    beats_of,
    exact_bpm,
    frames_of,
    seconds_of,
    ticks_of,
)  # fmt: skip
from sessions.music.chords import Chord, Chords, Span
from sessions.music.fields import CONTROLS, FIELDS, Control, Field
from sessions.music.keys import MODES, Key
from sessions.music.kinds import Kind, Renderer
from sessions.music.notes import Bars, Note, bars_of, notes_of, read_note, untangled
from sessions.music.parts import NOTE_PARTS, PITCHED_PARTS, Part, format_parts, parse_parts
from sessions.music.pitches import format_range, parse_range, pitch_name
from sessions.music.prompt import read_prompt
from sessions.music.references import At, AtKind, Context, ContextMode, Reference, format_references, parse_references
from sessions.music.section import Request, parse_request
from sessions.music.styles import ALIASES, STYLE_TABLE, STYLES, Style, read_style
from sessions.music.transport import Transport

__all__ = [
    "ALIASES",
    "CONTROLS",
    "FIELDS",
    "HIGHEST_BPM",
    "LOWEST_BPM",
    "MODES",
    "NOTE_PARTS",
    "PITCHED_PARTS",
    "STYLES",
    "STYLE_TABLE",
    "TICKS_PER_BEAT",
    "At",
    "AtKind",
    "Bars",
    "Chord",
    "Chords",
    "Context",
    "ContextMode",
    "Control",
    "Field",
    "Key",
    "Kind",
    "Meter",
    "Note",
    "Part",
    "Reference",
    "Renderer",
    "Request",
    "Span",
    "Style",
    "Transport",
    "bars_of",
    "beats_of",
    "exact_bpm",
    "format_parts",
    "format_range",
    "format_references",
    "frames_of",
    "notes_of",
    "parse_parts",
    "parse_range",
    "parse_references",
    "parse_request",
    "pitch_name",
    "read_note",
    "read_prompt",
    "read_style",
    "seconds_of",
    "ticks_of",
    "untangled",
]
