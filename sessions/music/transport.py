"""The transport: which tick sounds when, through any number of changes of tempo and metre.

Lives here: a timeline as a value. While it plays, one position is tied to one wall time in microseconds, and
everything else follows from it with exact fractions. Each change gives a new transport, in which what lies behind is
folded into that one tie; so it stays small however long a session lasts. Knows no clock: `now_us` is an argument.

    >>> line = Transport().play(1_000_000)
    >>> line.time_us_at(1920), line.tick_at(2_000_000)
    (2000000, 1920)
    >>> faster = line.tempo(2_000_000, 180.0)
    >>> faster.time_us_at(1920 + 2880)
    3000000

Rounding: a tick's time is the first microsecond at which it has begun, a time's tick the last one that has begun; so
`tick_at(time_us_at(tick)) == tick`. The tie holds its fraction of a tick in grains. A tempo counts in thousandths, so
a change that is made at a whole microsecond falls on a grain and folds without any error; one that was scheduled for
a tick folds with half a grain at most, and the slack below keeps a million of those from moving any result.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor

from sessions.errors import Code, Refused
from sessions.music.beats import HIGHEST_BPM, LOWEST_BPM, TICKS_PER_BEAT, Meter, exact_bpm
from sessions.music.references import At, AtKind

__all__ = ["DEFAULT_BPM", "DEFAULT_METER", "GRAINS_PER_TICK", "Transport"]

DEFAULT_BPM = 120.0
DEFAULT_METER = Meter(4, 4)

MOST_CHANGES = 256
"""Changes of tempo, and of metre, that can be scheduled ahead."""

US_PER_TICK_AT_1_BPM = 60_000_000 // TICKS_PER_BEAT

GRAIN_BITS = 26
GRAINS_PER_TICK = 1000 * US_PER_TICK_AT_1_BPM << GRAIN_BITS
"""A microsecond at m/1000 bpm is exactly m * 2^26 grains; and grains fit the 53 bits that JSON keeps."""

SLACKS_PER_TICK = 10**9
SLACK_TICKS = Fraction(1, SLACKS_PER_TICK)
SLACK_US = Fraction(1, 10**7)
"""Finer than any step between exact results, coarser than the rounding of a million folds."""


@dataclass(frozen=True, slots=True)
class Transport:
    """A timeline of plain numbers.

    `tick` and `grains` are the position that is tied to `time_us` while `playing`; when stopped, the position, and
    `time_us` means nothing. `tempos` are (from tick, bpm), `meters` (from tick, that bar's number, n, d), both
    ascending; their first entry holds for all that lies before, too.
    """

    playing: bool = False
    tick: int = 0
    grains: int = 0
    time_us: int = 0
    tempos: tuple[tuple[int, float], ...] = ((0, DEFAULT_BPM),)
    meters: tuple[tuple[int, int, int, int], ...] = ((0, 1, DEFAULT_METER.n, DEFAULT_METER.d),)

    # Positions and times

    def tick_at(self, now_us: int) -> int:
        """The tick at a wall time; before the tied time, and when stopped, the position itself."""
        if len(self.tempos) == 1:  # the same in whole grains, ten times as fast: every live note asks
            grains = self.tick * GRAINS_PER_TICK + self.grains
            if self.playing and now_us > self.time_us:
                grains += (now_us - self.time_us) * round(self.tempos[0][1] * 1000) << GRAIN_BITS
            return (grains * SLACKS_PER_TICK + GRAINS_PER_TICK) // (GRAINS_PER_TICK * SLACKS_PER_TICK)
        return floor(self._position_at(now_us) + SLACK_TICKS)

    def time_us_at(self, tick: int) -> int:
        """The wall time of a tick in microseconds. Raises ValueError when stopped, for then no tick has one."""
        if not self.playing:
            raise ValueError("a stopped transport has no times")
        return self.time_us + ceil(self._us_until(tick) - SLACK_US)

    def bpm_at(self, tick: int) -> float:
        """The tempo from a tick on."""
        return self.tempos[_index(self.tempos, tick)][1]

    def meter_at(self, tick: int) -> Meter:
        """The metre of the bar that a tick lies in."""
        _, _, n, d = self.meters[_index(self.meters, tick)]
        return Meter(n, d)

    def bar_and_beat(self, tick: int) -> tuple[int, Fraction]:
        """The bar, counted from 1 at tick 0, and the quarters since its bar line.

        >>> Transport().bar_and_beat(3840 + 480)
        (2, Fraction(1, 2))
        """
        start, first, n, d = self.meters[_index(self.meters, tick)]
        bars, ticks = divmod(tick - start, Meter(n, d).ticks_per_bar)
        return first + bars, Fraction(ticks, TICKS_PER_BEAT)

    def next_bar(self, tick: int) -> int:
        """The first bar line at or after a tick."""
        return self.next_bars(tick, 1)

    def next_bars(self, tick: int, count: int) -> int:
        """The first bar line at or after a tick that lies whole groups of `count` bars behind the last change of metre.

        >>> Transport().next_bars(1, 4)
        15360
        """
        index = _index(self.meters, tick)
        start, _, n, d = self.meters[index]
        group = count * Meter(n, d).ticks_per_bar
        line = start - (start - tick) // group * group
        # A change of metre begins a bar and a group.
        return min(line, self.meters[index + 1][0]) if index + 1 < len(self.meters) else line

    def tick_for(self, at: At, tick: int) -> int | None:
        """The position that a moment means when asked for at `tick`; None for never."""
        match at.kind:
            case AtKind.NOW:
                return tick
            case AtKind.NEXT_BAR:
                return self.next_bar(tick)
            case AtKind.NEXT_4:
                return self.next_bars(tick, 4)
            case _:
                return at.ticks

    # Changes

    def play(self, now_us: int) -> Transport:
        """Starts from the position; `now_us` may lie ahead, so that all start together. Playing, it changes nothing."""
        return self if self.playing else replace(self, playing=True, time_us=now_us)

    def stop(self, now_us: int) -> Transport:
        """Stops on the tick that has begun."""
        return replace(self.folded(now_us), playing=False, tick=self.tick_at(now_us), grains=0, time_us=0)

    def locate(self, now_us: int, tick: int) -> Transport:
        """Goes to a tick; the whole line is then in the tempo and metre asked for last, its bars count from tick 0.

        Raises ValueError for a negative tick.
        """
        if tick < 0:
            raise ValueError(f"tick {tick} lies before the beginning")
        _, _, n, d = self.meters[-1]
        tempos = ((tick, self.tempos[-1][1]),)
        return Transport(
            self.playing, tick, 0, max(now_us, self.time_us) if self.playing else 0, tempos, ((0, 1, n, d),)
        )

    def tempo(self, now_us: int, bpm: float, tick: int | None = None) -> Transport:
        """Changes the tempo at once, or from a tick ahead; changes that were scheduled for later than that are dropped.

        Raises ValueError for a tempo out of range, Refused where too many changes are scheduled.
        """
        bpm = float(exact_bpm(bpm))
        if not LOWEST_BPM <= bpm <= HIGHEST_BPM:
            raise ValueError(f"{bpm} bpm is out of range")
        line = self.folded(now_us)
        if tick is None or tick <= line.tick:
            return replace(line, tempos=((line.tick, bpm),))
        earlier = tuple(change for change in line.tempos if change[0] < tick)
        _refuse_many(earlier)
        return replace(line, tempos=(*earlier, (tick, bpm)))

    def meter(self, now_us: int, meter: Meter, tick: int | None = None) -> Transport:
        """Changes the metre from the next bar line, or from a tick, where a bar begins then; later changes are dropped.

        Raises ValueError for a tick that is long past, Refused where too many changes are scheduled.
        """
        line = self.folded(now_us)
        if tick is None:
            tick = line.next_bar(line.tick + (line.grains > 0))
        if tick < line.meters[0][0]:
            raise ValueError(f"tick {tick} lies before the last change of metre")
        bar, beat = line.bar_and_beat(tick)
        earlier = tuple(change for change in line.meters if change[0] < tick)
        _refuse_many(earlier)
        return replace(line, meters=(*earlier, (tick, bar + (beat > 0), meter.n, meter.d)))

    def folded(self, now_us: int) -> Transport:
        """The same timeline from `now_us` on, in as few numbers as it needs; what lies behind is forgotten."""
        tick, grains, time_us = self.tick, self.grains, self.time_us
        if self.playing and now_us > time_us:
            tick, grains = divmod(round(self._position_at(now_us) * GRAINS_PER_TICK), GRAINS_PER_TICK)
            time_us = now_us
        index = _index(self.tempos, tick)
        tempos = ((tick, self.tempos[index][1]), *self.tempos[index + 1 :])
        return Transport(self.playing, tick, grains, time_us, tempos, self.meters[_index(self.meters, tick) :])

    # The arithmetic

    @property
    def _position(self) -> Fraction:
        return self.tick + Fraction(self.grains, GRAINS_PER_TICK)

    def _stretches(self) -> Iterator[tuple[Fraction, int | None, Fraction]]:
        """From the tie on: where a tempo begins, where it ends, microseconds a tick."""
        begin = self._position
        for index, (_, bpm) in enumerate(self.tempos):
            end = self.tempos[index + 1][0] if index + 1 < len(self.tempos) else None
            yield begin, end, US_PER_TICK_AT_1_BPM / exact_bpm(bpm)
            begin = Fraction(end or 0)

    def _position_at(self, now_us: int) -> Fraction:
        left_us = Fraction(max(0, now_us - self.time_us) if self.playing else 0)
        for begin, end, us_per_tick in self._stretches():
            if end is None or left_us < (end - begin) * us_per_tick:
                return begin + left_us / us_per_tick
            left_us -= (end - begin) * us_per_tick
        raise AssertionError("the last tempo has no end")

    def _us_until(self, tick: int) -> Fraction:
        passed_us = Fraction(0)
        for begin, end, us_per_tick in self._stretches():
            if end is None or tick < end:
                return passed_us + (tick - begin) * us_per_tick
            passed_us += (end - begin) * us_per_tick
        raise AssertionError("the last tempo has no end")


def _index(changes: Sequence[tuple[int, ...] | tuple[int, float]], tick: int) -> int:
    return max(0, bisect_right(changes, tick, key=lambda change: change[0]) - 1)


def _refuse_many(changes: Sequence[object]) -> None:
    if len(changes) >= MOST_CHANGES:
        raise Refused(
            Code.TOO_MANY, f"transport: {MOST_CHANGES} changes are scheduled already; wait until some have passed"
        )
