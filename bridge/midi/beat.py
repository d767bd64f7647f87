"""The beat for others: MIDI clock, start, stop, continue and song position, as the timeline runs.

Twenty-four clocks a quarter. Where time starts at the very beginning it is a start; elsewhere the position is told in sixteenths,
as far as that can be, and the receiver goes on from the next of them, exactly when it sounds.

    for key, at_us, data in beat_words(timeline, now_us, ahead_us): ...
"""

from __future__ import annotations

from collections.abc import Iterator

from bridge.midi.plan import LATE_US
from bridge.midi.timeline import Stretch, Timeline
from bridge.wire import midi
from sessions.music import TICKS_PER_BEAT

__all__ = ["beat_words"]

CLOCK_TICKS = TICKS_PER_BEAT // 24
SIXTEENTH_TICKS = TICKS_PER_BEAT // 4
POSITION_EARLY_US = 20_000
"""A receiver may need a moment to find its place before it goes on."""

Said = tuple[tuple[object, ...], int, bytes]
"""A name that stays the same from plan to plan, a time, and bytes."""


def beat_words(line: Timeline, now_us: int, ahead_us: int) -> Iterator[Said]:
    """All that is said of the beat from a moment ago up to a while ahead."""
    before: Stretch | None = None
    for stretch in line.stretches:
        jumps = before is not None and before.number != stretch.number
        if before is not None and jumps and before.transport.playing and stretch.begin_us > now_us - LATE_US:
            yield ("stop", before.number), stretch.begin_us, bytes([midi.STOP])
        if stretch.transport.playing:
            yield from _running(line, stretch, now_us, ahead_us)
        before = stretch


def _running(line: Timeline, stretch: Stretch, now_us: int, ahead_us: int) -> Iterator[Said]:
    transport, begins = stretch.transport, stretch.begin_us == stretch.began_us
    first = -(-transport.tick_at(stretch.begin_us) // SIXTEENTH_TICKS) * SIXTEENTH_TICKS
    if begins and now_us - LATE_US < (at_us := line.end_us(stretch, first)) < now_us + ahead_us:
        if first == 0:
            yield ("start", stretch.number), at_us, bytes([midi.START])
        else:
            early_us = max(at_us - POSITION_EARLY_US, stretch.begin_us)
            yield ("position", stretch.number), early_us, midi.position(first // SIXTEENTH_TICKS)
            yield ("continue", stretch.number), at_us, bytes([midi.CONTINUE])
    begin_us, end_us = max(now_us - LATE_US, stretch.begin_us), min(now_us + ahead_us, stretch.end_us)
    if end_us <= begin_us:
        return
    tick = -(-transport.tick_at(begin_us) // CLOCK_TICKS) * CLOCK_TICKS
    if begins:
        tick = max(tick, first)
    while (at_us := stretch.time_us(tick)) < end_us:
        if at_us >= begin_us:
            yield ("clock", stretch.number, tick), at_us, bytes([midi.CLOCK])
        tick += CLOCK_TICKS
