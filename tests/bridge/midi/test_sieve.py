"""What comes through from a cable: notes with their ends, the newest value of everything, and no flood."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.midi.sieve import MOVES_BURST, MOVES_PER_S, NOTES_BURST, NOTES_PER_S, Sieve
from bridge.wire import midi


def test_what_a_hand_plays_comes_through_as_it_is() -> None:
    sieve = Sieve()
    played = [midi.note_on(2, 60, 80), midi.control(2, 64, 127), midi.bend(2, -8192), midi.note_off(2, 60)]
    assert [sieve.feed(data, 7) for data in played] == [[(7, data)] for data in played]
    assert not sieve.waits


def test_running_status_and_interleaved_clocks_come_out_as_whole_messages() -> None:
    sieve = Sieve()
    assert sieve.feed(bytes.fromhex("90 3c 50 3e f8 51 3c"), 0) == [
        (0, midi.note_on(0, 60, 80)),
        (0, midi.note_on(0, 62, 81)),
    ]
    assert sieve.feed(b"\x00", 1) == [(1, midi.note_off(0, 60))]


def test_system_exclusive_in_pieces_is_no_music() -> None:
    """A dump of a synth's memory, as JACK cuts it: pieces without a status, full of what might be notes."""
    sieve = Sieve()
    assert sieve.feed(midi.note_on(0, 40, 90), 0)
    assert not sieve.feed(b"\xf0\x41" + bytes([60, 100]) * 2000, 1)
    for _ in range(500):
        assert not sieve.feed(bytes([60, 100]) * 2000, 2)
    assert not sieve.feed(bytes([60, 100, 0xF8, 60, 0xF7]), 3)
    assert sieve.feed(midi.note_off(0, 40), 4) == [(4, midi.note_off(0, 40))]


def test_a_note_that_did_not_come_through_has_no_end() -> None:
    sieve = Sieve()
    through = []
    for number in range(20_000):  # within a second
        channel, pitch = number % 4, 40 + number // 4 % 40
        through += sieve.feed(midi.note_on(channel, pitch, 90), number * 10)
        through += sieve.feed(midi.note_off(channel, pitch), number * 10)
    assert len(through) <= 2 * (NOTES_BURST + NOTES_PER_S + 1)
    assert sum(data[0] & 0xF0 == 0x90 for _, data in through) * 2 == len(through)
    assert sieve.held_back == 20_000 - len(through) // 2


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 127)), max_size=3000))
def test_the_newest_value_of_everything_comes_through(moves: list[tuple[int, int, int]]) -> None:
    sieve, last, heard = Sieve(), dict[tuple[int, int], int](), dict[tuple[int, int], int]()
    through = []
    for channel, controller, value in moves:
        last[channel, controller] = value
        through += sieve.feed(midi.control(channel, controller, value), 0)
    assert len(through) <= MOVES_BURST
    now_us = 0
    while sieve.waits:
        now_us += 10_000
        through += sieve.due(now_us)
    assert now_us <= 1e6 * len(last) / MOVES_PER_S + 10_000
    heard = {(data[0] & 0xF, data[1]): data[2] for _, data in through}
    assert heard == last
