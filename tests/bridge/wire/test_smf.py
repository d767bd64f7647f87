from __future__ import annotations

import doctest
import warnings
from io import BytesIO
from typing import Any

import mido
import pretty_midi
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bridge.wire.smf
from bridge.wire.smf import LARGEST_FILE_BYTES, from_smf, to_smf
from sessions.errors import Code, Refused
from sessions.music import Bars, Meter, Note, Part, Request, bars_of, notes_of, parse_request, untangled
from tests.sessions.music.strategies import bpms, field_sets, meters, played

EDGES = [
    {"bars": bars, "meter": meter, "bpm": bpm} for bars in (1, 64) for meter in ("1/16", "4/4", "16/2") for bpm in (40, 93.7, 240)
]  # fmt: skip


def a_note_a_bar(request: Request) -> Bars:
    bar = request.ticks_per_bar
    notes = [Note(at * bar, bar, 36 + at % 12, 1 + at) for at in range(request.bars)]
    return bars_of(dict.fromkeys(request.note_parts, notes), request)


def check(request: Request, bars: Bars, data: bytes) -> None:
    """The contract's `section.mid`, as mido reads it."""
    file = mido.MidiFile(file=BytesIO(data), charset="utf-8")
    assert (file.type, file.ticks_per_beat) == (1, 960)
    first, *tracks = file.tracks
    assert [message.type for message in first] == ["track_name", "set_tempo", "time_signature", "end_of_track"]
    assert first[1].tempo == round(60_000_000 / request.bpm)
    assert (first[2].numerator, first[2].denominator) == (request.meter.n, request.meter.d)
    assert sum(message.time for message in first) == request.total_ticks
    assert [track.name for track in tracks] == list(request.note_parts)
    for part, track in zip(request.note_parts, tracks, strict=True):
        now, sounding, read = 0, {}, []
        for message in track:
            now += message.time
            if message.type in {"note_on", "note_off"}:
                assert (
                    message.channel
                    == (9 if part is Part.DRUMS else part.channel)
                    != (9 if part is not Part.DRUMS else -1)
                )
            if message.type == "note_on":
                assert message.note not in sounding
                sounding[message.note] = now, message.velocity
            elif message.type == "note_off":
                start, velocity = sounding.pop(message.note)
                read.append(Note(start, now - start, message.note, velocity))
        assert not sounding
        assert now == request.total_ticks
        assert tuple(sorted(read)) == untangled(notes_of(bars, part))


@given(st.data(), field_sets())
def test_a_section_s_file(data: st.DataObject, fields: dict[str, Any]) -> None:
    request = parse_request(fields)
    bars = bars_of(data.draw(played(request)), request)
    written = to_smf(request, bars, data.draw(st.text(max_size=130)))
    check(request, bars, written)
    score = from_smf(written)
    assert (score.bpm, score.meter, score.total_ticks) == (request.bpm, request.meter, request.total_ticks)
    assert dict(score.notes) == {part: untangled(notes_of(bars, part)) for part in request.note_parts}


@pytest.mark.parametrize("fields", EDGES, ids=str)
def test_the_shortest_and_the_longest(fields: dict[str, Any]) -> None:
    request = parse_request(fields)
    bars = a_note_a_bar(request)
    written = to_smf(request, bars, "take-1")
    check(request, bars, written)
    assert from_smf(written).bpm == request.bpm


@pytest.mark.parametrize("fields", EDGES, ids=str)
def test_pretty_midi_hears_the_same(fields: dict[str, Any]) -> None:
    request = parse_request(fields)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # it finds a fast file's many ticks worth a word
        heard = pretty_midi.PrettyMIDI(BytesIO(to_smf(request, a_note_a_bar(request), "take-1")))
    assert [instrument.name for instrument in heard.instruments] == list(request.note_parts)
    assert [instrument.is_drum for instrument in heard.instruments] == [
        part is Part.DRUMS for part in request.note_parts
    ]
    assert len(heard.time_signature_changes) == 1
    assert (
        Meter(heard.time_signature_changes[0].numerator, heard.time_signature_changes[0].denominator) == request.meter
    )
    assert heard.get_tempo_changes()[1] == pytest.approx([request.bpm], rel=3e-6)
    assert heard.get_end_time() == pytest.approx(float(request.seconds), rel=3e-6)
    for instrument in heard.instruments:
        assert len(instrument.notes) == request.bars


@given(bpms, meters)
def test_every_tempo_and_metre_comes_back(bpm: float, meter: Meter) -> None:
    request = parse_request({"bpm": bpm, "meter": str(meter), "parts": "drums"})
    score = from_smf(to_smf(request, {}, ""))
    assert (score.bpm, score.meter) == (request.bpm, meter)


def test_the_bytes_are_always_the_same() -> None:
    request = parse_request({"bars": 1, "bpm": 140, "parts": "drums,texture,bass"})
    notes = {Part.BASS: [Note(960, 960, 36, 100), Note(0, 960, 36, 90)]}
    bars = bars_of(notes, request)
    written = to_smf(request, bars, "é", {Part.BASS: 38})
    assert written == to_smf(request, dict(reversed(bars.items())), "é", {Part.BASS: 38, Part.MELODY: 80})
    assert written.hex(" ") == (
        "4d 54 68 64 00 00 00 06 00 01 00 03 03 c0"
        " 4d 54 72 6b 00 00 00 1a 00 ff 03 02 c3 a9 00 ff 51 03 06 8a 1b 00 ff 58 04 04 02 18 08 9e 00 ff 2f 00"
        " 4d 54 72 6b 00 00 00 0e 00 ff 03 05 64 72 75 6d 73 9e 00 ff 2f 00"
        " 4d 54 72 6b 00 00 00 22 00 ff 03 04 62 61 73 73 00 c0 26 00 90 24 5a 87 40 80 24 00 00 90 24 64 87 40 80 24 00"
        " 8f 00 ff 2f 00"
    )


def test_notes_that_the_request_has_no_place_for() -> None:
    request = parse_request({"bars": 1, "parts": "drums"})
    with pytest.raises(ValueError, match="outside"):
        to_smf(request, {(Part.BASS, 1): (Note(0, 1, 36, 1),)}, "")
    with pytest.raises(ValueError, match="outside"):
        to_smf(request, {(Part.DRUMS, 2): (Note(3840, 1, 36, 1),)}, "")


@pytest.mark.parametrize("program", [-1, 128])
def test_no_program(program: int) -> None:
    with pytest.raises(ValueError, match="program"):
        to_smf(parse_request({"parts": "bass"}), {}, "", {Part.BASS: program})


def test_a_chord_is_written_whole() -> None:
    """Many notes at one tick, and ends and beginnings at one tick."""
    request = parse_request({"bars": 1, "parts": "harmony"})
    notes = [Note(start, 960, pitch, 90) for start in (0, 960, 1920) for pitch in (60, 64, 67)]
    written = to_smf(request, bars_of({Part.HARMONY: notes}, request), "chords")
    assert from_smf(written).notes[Part.HARMONY] == tuple(notes)


GOOD = to_smf(parse_request({"bars": 1}), {(Part.BASS, 1): (Note(0, 960, 36, 100), Note(960, 960, 38, 100))}, "take-1")


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_a_damaged_file_is_read_or_refused(place: int, byte: int) -> None:
    damaged = GOOD[:place] + bytes([byte]) + GOOD[place + 1 :]
    for data in (damaged, GOOD[:place]):
        try:
            score = from_smf(data)
        except Refused as refused:
            assert refused.code is Code.BAD_VALUE
            assert refused.advice.startswith("file: ")
        else:
            assert len(score.notes) <= 4


@given(st.binary(max_size=80), st.booleans())
def test_junk_is_refused(junk: bytes, headed: bool) -> None:
    with pytest.raises(Refused):
        from_smf((b"MThd\0\0\0\6\0\1\0\3\3\xc0MTrk" if headed else b"") + junk)


def other(*tracks: list[Any], kind: int = 1, ticks: int = 960) -> bytes:
    written = BytesIO()
    mido.MidiFile(type=kind, ticks_per_beat=ticks, tracks=[mido.MidiTrack(track) for track in tracks]).save(
        file=written
    )
    return written.getvalue()


HEAD = [mido.MetaMessage("set_tempo", tempo=500_000), mido.MetaMessage("time_signature", numerator=4, denominator=4)]
BASS = mido.MetaMessage("track_name", name="bass")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "can't be read"),
        (b"RIFF" + bytes(100), "can't be read"),
        (other(HEAD, kind=0), "type 1"),
        (other(HEAD, ticks=480), "type 1"),
        (other(), "type 1"),
        (other(HEAD + HEAD), "one tempo and one metre"),
        (other(HEAD[:1]), "one tempo and one metre"),
        (other([mido.MetaMessage("set_tempo", tempo=0), HEAD[1]]), "one tempo and one metre"),
        (other([HEAD[0], mido.MetaMessage("time_signature", numerator=4, denominator=32)]), "metre is none of ours"),
        (other([mido.MetaMessage("set_tempo", tempo=200_000), HEAD[1]]), "tempo is none of ours"),
        (
            other(HEAD, [BASS, mido.Message("note_on", note=60), mido.Message("note_off", note=60, time=5)]),
            "after its end",
        ),
        (other(HEAD, [mido.MetaMessage("track_name", name="texture")]), "named after parts"),
        (other(HEAD, [BASS], [BASS]), "named after parts"),
        (other(HEAD, [BASS, mido.Message("note_on", note=60)]), "never ends"),
        (other(HEAD, [BASS, mido.Message("note_off", note=60, time=5)]), "ends before it begins"),
        (other(HEAD, [BASS, mido.Message("note_on", note=60), mido.Message("note_on", note=60)]), "begins twice"),
    ],
)
def test_foreign_files(data: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason) as refused:
        from_smf(data)
    assert refused.value.code is Code.BAD_VALUE


def test_a_file_too_large() -> None:
    with pytest.raises(Refused) as refused:
        from_smf(bytes(LARGEST_FILE_BYTES + 1))
    assert refused.value.code is Code.TOO_LARGE


def test_examples() -> None:
    assert doctest.testmod(bridge.wire.smf).failed == 0
