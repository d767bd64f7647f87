"""The timeline: which tick sounds when, where the transport of before still holds until the one of now begins.

Each change of a transport is set a little ahead (`sessions.decide.takes.LEAD_US`), so that everybody hears of it before it
sounds; until then the old one goes on. A transport by itself can't tell times before its change. Here are both, as stretches.
A stretch that goes on where the last one was has its number; a jump (stop, start, locate) begins a new one.

    >>> from sessions.music import Transport
    >>> line = Timeline()
    >>> line.move(Transport().play(1_000_000), 900_000)
    >>> line.move(line.stretches[-1].transport.tempo(3_000_000, 60.0), 2_900_000)      # 120 bpm, from second 3 on 60
    >>> first, second = line.stretches[1:]
    >>> first.time_us(3360), line.end_us(first, 4800), first.number == second.number    # beat 3.5, beat 5
    (2750000, 4000000, True)
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sessions.music import Transport

__all__ = ["Stretch", "Timeline"]

FOREVER_US = 1 << 62


@dataclass(frozen=True, slots=True)
class Stretch:
    """A transport, and from when until when it holds; `began_us` is when the ticks began to run on from where it goes on."""

    number: int
    transport: Transport
    begin_us: int
    end_us: int
    began_us: int
    _times: dict[int, int] = field(default_factory=dict, compare=False, repr=False)
    """Times that were asked for: a plan asks for most of them ten times."""

    def time_us(self, tick: int) -> int:
        """When a tick sounds, by this transport; it plays."""
        found = self._times.get(tick)
        if found is None:
            found = self._times[tick] = self.transport.time_us_at(tick)
        return found

    def has(self, at_us: int) -> bool:
        """Whether a time lies in it."""
        return self.begin_us <= at_us < self.end_us


class Timeline:
    """The stretches that still matter; the last one has no end yet."""

    def __init__(self) -> None:
        self.stretches: list[Stretch] = [Stretch(0, Transport(), -FOREVER_US, FOREVER_US, -FOREVER_US)]

    def move(self, transport: Transport, now_us: int) -> None:
        """The session's transport is this one; when it begins, it says itself.

        A change of tempo holds from there on even where it is heard of later: a note that lies between where the old tempo
        has got to by now and where the new one has would be lost otherwise.
        """
        if transport == self.stretches[-1].transport:
            return
        begin_us = max(now_us, transport.time_us) if transport.playing else now_us
        holds = [stretch for stretch in self.stretches if stretch.begin_us < transport.time_us]
        goes_on = bool(holds) and _goes_on(holds[-1].transport, transport)
        if goes_on:
            begin_us = transport.time_us
        kept = [stretch for stretch in self.stretches if stretch.begin_us < begin_us]
        last = kept[-1] = replace(kept[-1], end_us=begin_us, _times=kept[-1]._times)
        number, began_us = (last.number, last.began_us) if goes_on else (self.stretches[-1].number + 1, begin_us)
        self.stretches = [*kept, Stretch(number, transport, begin_us, FOREVER_US, began_us)]

    def forget(self, before_us: int) -> None:
        """What ended before then is not asked for any more."""
        self.stretches = [stretch for stretch in self.stretches if stretch.end_us > before_us]

    def end_us(self, stretch: Stretch, tick: int) -> int:
        """When something ends that began in a stretch: at its tick, through changes of tempo, or where time jumps."""
        at_us = stretch.time_us(tick)
        for following in self.stretches[self.stretches.index(stretch) + 1 :]:
            if at_us < stretch.end_us or following.number != stretch.number:
                break
            stretch, at_us = following, following.time_us(tick)
        return min(at_us, stretch.end_us)


def _goes_on(old: Transport, new: Transport) -> bool:
    """Whether time runs on where it was: another tempo or metre, but no jump."""
    if not (old.playing and new.playing) or new.time_us < old.time_us:
        return False
    return abs(old.tick_at(new.time_us) - new.tick_at(new.time_us)) <= 1
