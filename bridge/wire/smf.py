"""Standard MIDI files: a section's notes to the bytes of `section.mid`, and back.

Lives here: pure bytes, the same for the same notes. A first track holds one tempo and one metre and ends where the
section ends; then comes a track a part, named after it. The writer is our own and uses no running status: certificates
rest on its bytes, so no library's next version may change them. The reader is mido's.

    >>> from sessions.music import Note, Part, bars_of, parse_request
    >>> request = parse_request({"bars": 1, "parts": "drums,bass", "bpm": 93.7})
    >>> data = to_smf(request, bars_of({Part.BASS: [Note(0, 960, 36, 100)]}, request), "take-1")
    >>> score = from_smf(data)
    >>> score.bpm, str(score.meter), score.notes[Part.BASS]
    (93.7, '4/4', (Note(start=0, length=960, pitch=36, velocity=100),))
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from sessions.errors import Code, Refused
from sessions.music.beats import HIGHEST_BPM, LOWEST_BPM, TICKS_PER_BEAT, Meter, exact_bpm
from sessions.music.notes import Bars, Note, bars_of, notes_of, untangled
from sessions.music.parts import NOTE_PARTS, Part

if TYPE_CHECKING:
    import mido

    from sessions.music.section import Request

__all__ = ["LARGEST_FILE_BYTES", "Score", "from_smf", "to_smf"]

LARGEST_FILE_BYTES = 4 << 20
"""The largest file that is read: the longest section with sixteen notes a beat in each part takes a quarter of it."""

LONGEST_NAME = 120
"""Characters of a file's name that its first track keeps."""

HIGHEST_PROGRAM = 127
US_PER_MINUTE = 60_000_000
CLOCKS_PER_WHOLE = 96

TRACK_NAME, TEMPO, METRE, END_OF_TRACK = 0x03, 0x51, 0x58, 0x2F
NOTE_OFF, NOTE_ON, PROGRAM = 0x80, 0x90, 0xC0


@dataclass(frozen=True, slots=True)
class Score:
    """What one of our own files holds: notes by part, tempo, metre, and the section's end in ticks."""

    name: str
    bpm: float
    meter: Meter
    total_ticks: int
    notes: Mapping[Part, tuple[Note, ...]]


def to_smf(request: Request, bars: Bars, name: str, programs: Mapping[Part, int] | None = None) -> bytes:
    """The section as a type-1 file: the same bytes for the same arguments.

    `programs` are General MIDI programs from 0, by part; a part without one says none. Where notes of one part
    overlap on a pitch, the earlier one ends where the next begins. Raises ValueError for notes outside the request
    and for programs that are none.
    """
    notes = bars_of({part: notes_of(bars, part) for part in {part for part, _ in bars}}, request)
    parts = request.note_parts
    heading = (1, 1 + len(parts), TICKS_PER_BEAT)
    return b"".join(
        [
            _chunk(b"MThd", *(number.to_bytes(2, "big") for number in heading)),
            _conductor(request, name),
            *(_track(part, notes_of(notes, part), request.total_ticks, (programs or {}).get(part)) for part in parts),
        ]
    )


def from_smf(data: bytes) -> Score:
    """Reads a file of ours back. Raises Refused for anything else."""
    if len(data) > LARGEST_FILE_BYTES:
        advice = f"send at most {LARGEST_FILE_BYTES}"
        raise Refused(Code.TOO_LARGE, f"file: {len(data)} bytes are too many for a section; {advice}")
    import mido  # loaded when first used: the process that keeps time never reads files

    try:
        file = mido.MidiFile(file=BytesIO(data), charset="utf-8")
    except Exception as error:  # mido raises a dozen kinds, some of them its own bugs, at damaged bytes
        raise _foreign("it can't be read as MIDI") from error
    if file.type != 1 or file.ticks_per_beat != TICKS_PER_BEAT or not file.tracks:
        raise _foreign(f"it is not of type 1 with {TICKS_PER_BEAT} ticks a beat")
    name, bpm, meter, total_ticks = _read_conductor(file.tracks[0])
    notes: dict[Part, tuple[Note, ...]] = {}
    for track in file.tracks[1:]:
        if track.name not in NOTE_PARTS or Part(track.name) in notes:
            raise _foreign("its tracks are not named after parts")
        notes[Part(track.name)] = _read_track(track)
        if any(note.end > total_ticks for note in notes[Part(track.name)]):
            raise _foreign("a note goes on after its end")
    return Score(name, bpm, meter, total_ticks, notes)


def _conductor(request: Request, name: str) -> bytes:
    meter = request.meter
    tempo_us = round(US_PER_MINUTE / exact_bpm(request.bpm))
    metre = bytes([meter.n, meter.d.bit_length() - 1, CLOCKS_PER_WHOLE // meter.d, 8])  # the last: 32nds in a quarter
    return _chunk(
        b"MTrk",
        _meta(0, TRACK_NAME, name[:LONGEST_NAME].encode("utf-8", "replace")),
        _meta(0, TEMPO, tempo_us.to_bytes(3, "big")),
        _meta(0, METRE, metre),
        _meta(request.total_ticks, END_OF_TRACK, b""),
    )


def _track(part: Part, notes: Iterable[Note], total_ticks: int, program: int | None) -> bytes:
    events: list[tuple[int, int, int, int]] = []
    for note in untangled(notes):
        events.append((note.start, NOTE_ON, note.pitch, note.velocity))
        events.append((note.end, NOTE_OFF, note.pitch, 0))
    written = [_meta(0, TRACK_NAME, part.value.encode())]
    if program is not None:
        if not 0 <= program <= HIGHEST_PROGRAM:
            raise ValueError(f"program {program} is none of General MIDI's")
        written.append(bytes([0, PROGRAM | part.channel, program]))
    now = 0
    for tick, kind, pitch, velocity in sorted(events):  # at one tick, what ends (0x80) goes before what begins (0x90)
        written.append(_length(tick - now) + bytes([kind | part.channel, pitch, velocity]))
        now = tick
    return _chunk(b"MTrk", *written, _meta(total_ticks - now, END_OF_TRACK, b""))


def _chunk(kind: bytes, *contents: bytes) -> bytes:
    body = b"".join(contents)
    return kind + len(body).to_bytes(4, "big") + body


def _meta(ticks: int, kind: int, data: bytes) -> bytes:
    return _length(ticks) + bytes([0xFF, kind]) + _length(len(data)) + data


def _length(value: int) -> bytes:
    """A variable-length quantity: seven bits a byte, the highest first, all but the last marked."""
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))


def _read_conductor(track: mido.MidiTrack) -> tuple[str, float, Meter, int]:
    tempos = [message.tempo for message in track if message.type == "set_tempo"]
    meters = [(message.numerator, message.denominator) for message in track if message.type == "time_signature"]
    if len(tempos) != 1 or len(meters) != 1 or tempos[0] == 0:
        raise _foreign("its first track has not one tempo and one metre")
    try:
        meter = Meter(*meters[0])
    except ValueError:
        raise _foreign("its metre is none of ours") from None
    # A microsecond a beat is finer than a thousandth of a bpm up to 244 bpm, so the tempo comes back exact.
    bpm = float(exact_bpm(US_PER_MINUTE / tempos[0]))
    if not LOWEST_BPM <= bpm <= HIGHEST_BPM:
        raise _foreign("its tempo is none of ours")
    return track.name, bpm, meter, sum(message.time for message in track)


def _read_track(track: mido.MidiTrack) -> tuple[Note, ...]:
    notes: list[Note] = []
    sounding: dict[int, tuple[int, int]] = {}
    now = 0
    for message in track:
        now += message.time
        if message.type == "note_on" and message.velocity and message.note not in sounding:
            sounding[message.note] = now, message.velocity
        elif message.type in {"note_on", "note_off"}:
            start, velocity = sounding.pop(message.note, (now, 0))
            if start == now:
                raise _foreign("a note ends before it begins, or begins twice")
            notes.append(Note(start, now - start, message.note, velocity))
    if sounding:
        raise _foreign("a note never ends")
    return tuple(sorted(notes))


def _foreign(reason: str) -> Refused:
    return Refused(Code.BAD_VALUE, f"file: this is no section of ours, {reason}; give a section.mid as it was written")
