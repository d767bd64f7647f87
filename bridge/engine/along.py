"""Along: an engine that plays along with members of a session, told by the server what is heard and when to say what it plays.

One accompaniment at a time. What must sound is answered at once, in the loop; plans are made on the bench, a bar a step, before
the bars of sections. Where a plan is late, what was committed before sounds on (`models.compose.writer.live`).

    < {"type": "engine.accompany", "section": "ana/solo", "request": {...}, "tick": 3840}
    < {"type": "engine.heard", "section": "ana/solo", "part": "melody", "pitch": 64, "velocity": 90, "tick": 4011}
    < {"type": "engine.play", "section": "ana/solo", "tick": 3840, "until": 5760}
    > {"type": "engine.ahead", "section": "ana/solo", "start": 3840, "end": 5760, "notes": {"bass": [[3840, 480, 36, 90]]}}
    < {"type": "engine.rest", "section": "ana/solo"}
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from bridge.engine.bench import Bench
from bridge.engine.trouble import LinkLost
from sessions.errors import Code, Refused
from sessions.music import TICKS_PER_BEAT, Note, Part, Request, parse_request

if TYPE_CHECKING:
    from models.compose.composer import BarNotes
    from models.compose.writer.live import Accompanist

__all__ = ["Along"]

PLAN_BARS, PLAN_TICKS = 2, 4 * TICKS_PER_BEAT
"""The least of one plan: the next bar soon, the one after it for when the next plan is late; more of short ones."""

SNAP_TICKS = TICKS_PER_BEAT // 12
"""What is played lies on a grid of sixteenths and triplets, as far as harmony goes: nobody is early on a bar line."""

Message = dict[str, Any]

log = logging.getLogger("starbridge.engine")


class Along:
    """What plays along in one session; `send` says something to its server."""

    def __init__(self, bench: Bench, send: Callable[[Message], Awaitable[None]]) -> None:
        self._bench, self._send = bench, send
        self._name = ""
        self._band: Accompanist | None = None
        self._open: dict[tuple[Part, int], tuple[int, int]] = {}
        self._heard: list[tuple[Part, Note]] = []
        self._fresh = False
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def hear(self, message: Message) -> None:
        """One of the server's messages; those of an accompaniment that is over come to nothing. Raises LinkLost."""
        name = str(message.get("section", ""))
        if message["type"] == "engine.accompany":
            self.close()
            self._name = name
            self._task = asyncio.create_task(self._play(name, message))
        elif name == self._name and name:
            try:
                await self._go_on(message)
            except LinkLost:
                raise
            except Exception as error:
                log.exception("%s: it can't be played along with", name)
                await self.give_up(name, f"the engine failed over it ({type(error).__name__})")

    async def give_up(self, name: str, why: str, code: Code = Code.FAILED) -> None:
        """End an accompaniment that can't go on, and say so. Raises LinkLost."""
        if name == self._name:
            self.close()
            advice = f"{why}; ask for it again"
            await self._send({"type": "engine.failed", "section": name, "code": code.value, "advice": advice})

    def close(self) -> None:
        """Play no more."""
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()
        self._name, self._band, self._task = "", None, None
        self._open.clear()
        self._heard.clear()
        self._news.clear()

    async def _go_on(self, message: Message) -> None:
        match message["type"]:
            case "engine.heard":
                self._note(Part(message["part"]), message["pitch"], message["velocity"], message["tick"])
            case "engine.tempo" if self._band is not None:
                self._band.tempo(float(message["bpm"]))
            case "engine.play" if self._band is not None and message["until"] > self._band.committed:
                await self._say(self._band, message["tick"], message["until"])
            case "engine.rest":
                self.close()

    async def _say(self, band: Accompanist, tick: int, until: int) -> None:
        """Commits, says so, and has the next plan made where something new was heard, or the last one reaches not far."""
        self._listen(band, tick)
        commit = band.commit(until)
        # What should have begun already, since all this came late, would sound in one heap now.
        ahead = {part.value: [note for note in some if note.start >= tick] for part, some in commit.notes.items()}
        notes = {part: [note.to_list() for note in some] for part, some in ahead.items() if some}
        if commit.repeated:
            log.info("%s: the plan was late; ticks %d to %d are repeated", self._name, commit.start, commit.end)
        said = {"section": self._name, "start": commit.start, "end": commit.end, "notes": notes}
        await self._send({"type": "engine.ahead", **said})
        if self._fresh or band.planned - band.committed < _plan_bars(band) * band.bar_ticks:
            self._fresh = False
            self._news.set()

    def _note(self, part: Part, pitch: int, velocity: int, tick: int) -> None:
        begun = self._open.pop((part, pitch), None)
        if begun is not None:
            self._heard.append((part, Note(begun[0], max(tick - begun[0], SNAP_TICKS), pitch, begun[1])))
        self._fresh = True
        if velocity:
            self._open[part, pitch] = (tick + SNAP_TICKS // 2) // SNAP_TICKS * SNAP_TICKS, velocity

    def _listen(self, band: Accompanist, tick: int) -> None:
        """What was played goes to the band, with what still sounds as long as it does by now."""
        for part, note in self._heard:
            band.heard(part, [note])
        for (part, pitch), (start, velocity) in self._open.items():
            band.heard(part, [Note(start, max(tick - start, SNAP_TICKS), pitch, velocity)])
        self._heard.clear()

    async def _play(self, name: str, message: Message) -> None:
        """From the order to the end: one plan after another, whenever there is something new."""
        try:
            request: Request = parse_request(message["request"])
            band = await self._bench.accompanist(request, int(message["tick"]))
            await self._plan(band)
            while True:
                await self._news.wait()
                self._news.clear()
                await self._plan(band)
        except Refused as refused:
            with contextlib.suppress(LinkLost):
                await self.give_up(name, refused.advice, refused.code)
        except LinkLost:
            pass  # who reads from it hears of that as well
        except Exception as error:
            log.exception("%s: no plan could be made", name)
            with contextlib.suppress(LinkLost):
                await self.give_up(name, f"the engine failed over it ({type(error).__name__})")

    async def _plan(self, band: Accompanist) -> None:
        """The next bars, each taken as soon as it is written."""
        situation = band.situation(band.committed, _plan_bars(band))
        written: list[BarNotes] = []
        async with contextlib.aclosing(self._bench.plan(lambda: band.write(situation))) as bars:
            async for bar in bars:
                written.append(bar)
                band.take(situation, written)
                self._band = band  # from the first bar on it can answer


def _plan_bars(band: Accompanist) -> int:
    return max(PLAN_BARS, -(-PLAN_TICKS // band.bar_ticks))
