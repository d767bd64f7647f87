"""MIDI's bytes: fed whole, byte by byte, with clocks in between and with junk before, and written back the same."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bridge.wire.midi as midi
from bridge.wire.midi import (
    CLOCK,
    Bend,
    Control,
    Message,
    NoteOff,
    NoteOn,
    Position,
    Program,
    System,
    Tokenizer,
)

SEVEN = st.integers(0, 127)
CHANNELS = st.integers(0, 15)
MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.builds(NoteOn, CHANNELS, SEVEN, st.integers(1, 127)),
    st.builds(NoteOff, CHANNELS, SEVEN),
    st.builds(Control, CHANNELS, SEVEN, SEVEN),
    st.builds(Program, CHANNELS, SEVEN),
    st.builds(Bend, CHANNELS, st.integers(-8192, 8191)),
    st.builds(Position, st.integers(0, 16383)),
    st.builds(System, st.sampled_from([0xF8, 0xFA, 0xFB, 0xFC, 0xFE, 0xFF])),
)
SYSEX = st.builds(lambda body: b"\xf0" + body + b"\xf7", st.lists(SEVEN, max_size=20).map(bytes))


def encode(message: Message) -> bytes:
    match message:
        case NoteOn(channel, pitch, velocity):
            return midi.note_on(channel, pitch, velocity)
        case NoteOff(channel, pitch):
            return midi.note_off(channel, pitch)
        case Control(channel, controller, value):
            return midi.control(channel, controller, value)
        case Program(channel, number):
            return midi.program(channel, number)
        case Bend(channel, value):
            return midi.bend(channel, value)
        case Position(sixteenths):
            return midi.position(sixteenths)
        case System(kind):
            return bytes([kind])


def running(messages: list[Message]) -> bytes:
    """The same without a status that the message before had."""
    written, last = bytearray(), -1
    for message in messages:
        data = encode(message)
        written += data[1:] if data[0] == last else data
        if data[0] < 0xF0:
            last = data[0]
        elif data[0] < 0xF8:
            last = -1
    return bytes(written)


def in_pieces(data: bytes, cuts: list[int]) -> list[Message]:
    ear, found, at = Tokenizer(), list[Message](), 0
    for cut in (*sorted({cut % (len(data) + 1) for cut in cuts}), len(data)):
        found += ear.feed(data[at:cut])
        at = cut
    return found


def test_the_example_holds() -> None:
    assert doctest.testmod(midi).failed == 0


@given(st.lists(MESSAGES), st.lists(st.integers(0, 10_000)))
def test_what_is_written_is_read_in_whatever_pieces(messages: list[Message], cuts: list[int]) -> None:
    data = b"".join(map(encode, messages))
    assert Tokenizer().feed(data) == messages
    assert in_pieces(data, list(range(len(data)))) == messages, "byte by byte"
    assert in_pieces(data, cuts) == messages
    assert in_pieces(running(messages), cuts) == messages, "with running status"


@given(st.lists(MESSAGES, max_size=20), st.lists(st.integers(0, 200)))
def test_a_clock_may_fall_anywhere(messages: list[Message], places: list[int]) -> None:
    """Inside of notes too: none is lost, and each clock comes before what it fell into is complete."""
    data = bytearray(running(messages))
    for place in sorted(places, reverse=True):
        data.insert(min(place, len(data)), CLOCK)
    found = Tokenizer().feed(bytes(data))
    assert [one for one in found if one != System(CLOCK)] == [one for one in messages if one != System(CLOCK)]
    assert found.count(System(CLOCK)) == len(places) + messages.count(System(CLOCK))


@given(st.binary(max_size=60), st.lists(MESSAGES, min_size=1))
def test_after_junk_all_is_read_from_the_next_status_on(junk: bytes, messages: list[Message]) -> None:
    ear = Tokenizer()
    ear.feed(junk)
    data = b"".join(map(encode, messages))
    assert ear.feed(data)[-len(messages) :] == messages


@given(st.lists(st.one_of(MESSAGES.map(lambda one: (one, b"")), SYSEX.map(lambda data: (None, data))), max_size=20))
def test_system_exclusive_is_skipped(pieces: list[tuple[Message | None, bytes]]) -> None:
    data = b"".join(encode(one) if one is not None else skipped for one, skipped in pieces)
    assert Tokenizer().feed(data) == [one for one, _ in pieces if one is not None]


@given(st.binary(max_size=200), st.lists(st.integers(0, 200)))
def test_the_pieces_never_matter(data: bytes, cuts: list[int]) -> None:
    assert in_pieces(data, cuts) == Tokenizer().feed(data)


@pytest.mark.parametrize(
    ("what", "data", "messages"),
    [
        ("velocity 0 ends a note", "90 3c 00", [NoteOff(0, 60)]),
        ("an end with a velocity", "83 3c 40", [NoteOff(3, 60)]),
        ("no data before a status", "3c 64 91 3c 64", [NoteOn(1, 60, 100)]),
        ("a message that is cut off by another", "90 3c b0 40 7f", [Control(0, 64, 127)]),
        ("an exclusive cut off by a note", "f0 01 02 90 3c 64", [NoteOn(0, 60, 100)]),
        ("a clock inside an exclusive", "f0 01 f8 02 f7", [System(CLOCK)]),
        ("nothing runs on after an exclusive", "90 3c 64 f0 01 f7 3e 64", [NoteOn(0, 60, 100)]),
        ("nor after a song position", "90 3c 64 f2 01 00 3e 64", [NoteOn(0, 60, 100), Position(1)]),
        ("but through a clock", "90 3c 64 f8 3e 64", [NoteOn(0, 60, 100), System(CLOCK), NoteOn(0, 62, 100)]),
        ("what has no meaning here", "a0 3c 01 d0 05 f1 20 f3 01 f6 f4 f5 c0 07", [Program(0, 7)]),
        ("the wheel's middle and ends", "e0 00 40 00 00 7f 7f", [Bend(0, 0), Bend(0, -8192), Bend(0, 8191)]),
    ],
)
def test_the_corners(what: str, data: str, messages: list[Message]) -> None:
    assert Tokenizer().feed(bytes.fromhex(data)) == messages, what


def test_mido_loses_the_note_that_a_clock_falls_into() -> None:
    """Why there is one of our own. Should this fail, mido has learnt it."""
    from mido.parser import parse_all

    assert [one.type for one in parse_all([0x90, 0x3C, CLOCK, 0x64])] == ["clock"]
    assert Tokenizer().feed(bytes([0x90, 0x3C, CLOCK, 0x64])) == [System(CLOCK), NoteOn(0, 60, 100)]


def test_silence_lets_go_of_all_that_hangs() -> None:
    said = Tokenizer().feed(b"".join(midi.silence(4)))
    assert said == [Control(4, 64, 0), Control(4, 123, 0), Control(4, 121, 0), Bend(4, 0)]


def test_a_position_beyond_fourteen_bits_stays_at_the_last() -> None:
    assert Tokenizer().feed(midi.position(99_999)) == [Position(16383)]
