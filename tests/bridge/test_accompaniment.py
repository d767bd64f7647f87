"""A host, its pacer and an engine that plays along, in virtual time: each note said a beat before it sounds, every end clean."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, aclosing, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bridge.door import Bundle, Message
from bridge.engine.along import Along
from bridge.engine.bench import Bench
from models.compose.composer import BarNotes
from models.compose.writer.ahead import Ahead, RulesAhead, Situation
from models.compose.writer.live import Accompanist
from sessions.errors import Refused
from sessions.music import TICKS_PER_BEAT, Request
from tests.bridge.engine.stage import Tune
from tests.bridge.test_host import Ear, Jam, invite
from tests.support.virtual_time import VirtualLoop, now_us, run_virtual

T = TypeVar("T")

BEAT_US = 500_000  # at 120 bpm
SOON_US = 1000
"""What virtual time may pass between a wake and what comes of it."""


class Player(Ear):
    """Keeps when each bundle came."""

    def __init__(self) -> None:
        super().__init__()
        self.came_us: list[int] = []

    def send(self, bundle: Bundle) -> None:
        super().send(bundle)
        self.came_us.append(now_us())

    @property
    def coming(self) -> list[tuple[int, int, Message]]:
        """When each note came, when it is dated, what it is."""
        return [
            (came, bundle.at_us or 0, message)
            for came, bundle in zip(self.came_us, self.bundles, strict=True)
            for message in bundle.messages
            if message["type"] == "live.coming"
        ]


class Band(Tune):
    """An engine whose plans come from `mate`."""

    def __init__(self, mate: Ahead) -> None:
        super().__init__()
        self.mate, self.made = mate, list[Accompanist]()

    def accompanist(self, request: Request, tick: int) -> Accompanist:
        self.made.append(Accompanist(self.mate, request, start=tick))
        return self.made[-1]


class Broken:
    def ahead(self, situation: Situation) -> Iterator[BarNotes]:
        raise RuntimeError("no idea")


class Held(Bench):
    """Its thread's work takes no virtual time, however busy the machine."""

    async def accompanist(self, request: Request, tick: int) -> Accompanist:
        with _standing_still():
            return await super().accompanist(request, tick)

    async def plan(self, begin: Callable[[], Iterator[T]]) -> AsyncGenerator[T]:
        async with aclosing(super().plan(begin)) as bars:
            while True:
                with _standing_still():
                    bar = await anext(bars, None)
                if bar is None:
                    return
                yield bar


def _standing_still() -> AbstractContextManager[None]:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop.hold()


class Scene:
    """A session with a player, and an engine at work."""

    def __init__(self, jam: Jam, band: Band) -> None:
        self.jam, self.band = jam, band
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._bench = Held(lambda: band)

    async def open(self) -> None:
        self.ear = Player()
        self.ana, joined = self.jam.host.join(invite("leader"), {"type": "session.join", "name": "ana"}, self.ear)
        await joined
        inbox = self._inbox

        class Outlet(Ear):
            def send(self, bundle: Bundle) -> None:
                for message in bundle.messages:
                    inbox.put_nowait(message)

        self.engine, joined = self.jam.host.join(invite("engine"), {"type": "session.join", "name": "e"}, Outlet())
        await joined
        await self.jam.say(self.engine, "engine.ready", name="e", software="1")
        self._along = Along(self._bench, self._send)
        self._reader = asyncio.create_task(self._read())

    async def close(self) -> None:
        self._along.close()
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        await asyncio.to_thread(self._bench.close)

    async def say(self, kind: str, /, **fields: Any) -> None:
        await self.jam.say(self.ana, kind, **fields)

    async def melody(self, beats: int) -> None:
        for index in range(beats):
            pitch = (60, 64, 67, 72)[index % 4]
            await self.say("live.note", part="melody", pitch=pitch, velocity=90)
            await asyncio.sleep(0.4)
            await self.say("live.note", part="melody", pitch=pitch, velocity=0)
            await asyncio.sleep(0.1)

    async def _send(self, message: Message) -> None:
        with suppress(Refused):
            self.jam.host.submit(self.engine, message)

    async def _read(self) -> None:
        while True:
            await self._along.hear(await self._inbox.get())


Test = Callable[[Scene], Coroutine[Any, Any, None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., None]:
    """Runs a scene in virtual time."""

    def run(test: Test, mate: Ahead | None = None) -> None:
        async def main() -> None:
            jam = Jam(tmp_path / "jam")
            await jam.open()
            scene = Scene(jam, Band(mate or RulesAhead()))
            try:
                await scene.open()
                await test(scene)
            finally:
                await scene.close()
                await jam.host.stop()

        run_virtual(main())

    return run


def test_each_note_is_said_a_beat_before_it_sounds(play: Callable[..., None]) -> None:
    async def test(scene: Scene) -> None:
        await scene.say("live.accompany", id="solo", parts="drums,bass,harmony", bpm=120, style="pop", seed=3)
        await scene.melody(20)
        coming = scene.ear.coming
        assert {message["part"] for _, _, message in coming} == {"drums", "bass", "harmony"}
        assert all(dated - came >= BEAT_US - SOON_US for came, dated, _ in coming)
        transport = scene.jam.host.state.transport
        for _, dated, message in coming:
            assert dated == transport.time_us_at(round(message["start"] * TICKS_PER_BEAT))
        (band,) = scene.band.made
        heard = {note.pitch for _, notes in band.situation(band.committed, 1).before.items() for note in notes}
        assert {60, 64, 67, 72} <= heard

    play(test)


def test_what_is_said_goes_into_the_log_as_the_engine_s(play: Callable[..., None]) -> None:
    async def test(scene: Scene) -> None:
        await scene.say("live.accompany", id="solo", bpm=120, seed=3)
        await scene.melody(12)
        await scene.say("live.rest", id="solo")
        entries = [entry for entry in scene.jam.host.record.entries() if entry.event["type"] == "live.ahead"]
        assert entries
        assert {entry.member for entry in entries} == {scene.engine.member}
        logged = sum(len(notes) for entry in entries for notes in entry.event["notes"].values())
        assert logged == len(scene.ear.coming)

    play(test)


def test_a_change_of_tempo_goes_on_without_a_gap(play: Callable[..., None]) -> None:
    async def test(scene: Scene) -> None:
        await scene.say("live.accompany", id="solo", parts="drums", bpm=120, style="house", seed=3)
        await scene.melody(8)
        await scene.say("transport.tempo", bpm=180)
        await scene.melody(8)
        await scene.say("transport.tempo", bpm=70)
        await scene.melody(8)
        starts = sorted({message["start"] for _, _, message in scene.ear.coming})
        assert max(after - before for before, after in pairwise(starts)) <= 1
        assert scene.jam.host.state.accompaniment is not None

    play(test)


@pytest.mark.parametrize("how", ["rest", "stop", "engine", "player"])
def test_after_its_end_nothing_comes_and_nothing_sounds(play: Callable[..., None], how: str) -> None:
    async def test(scene: Scene) -> None:
        lis, _ = await scene.jam.join("listener", "lis")
        await scene.say("live.accompany", id="solo", bpm=120, style="ambient", seed=3)
        await scene.melody(13)
        sounding: dict[tuple[str, int], float] = defaultdict(float)
        for _, _, message in scene.ear.coming:
            place = message["part"], message["pitch"]
            sounding[place] = max(sounding[place], message["start"] + message["length"])
        beat = scene.jam.host.state.transport.tick_at(now_us()) / TICKS_PER_BEAT
        match how:
            case "rest":
                await scene.say("live.rest", id="solo")
            case "stop":
                await scene.say("transport.stop")
            case "engine":
                scene.jam.host.close(scene.engine)
            case _:
                scene.jam.host.close(scene.ana)
        await asyncio.sleep(0.01)
        assert scene.jam.host.state.accompaniment is None
        count = len(scene.ear.coming)
        await asyncio.sleep(10)
        assert len(scene.ear.coming) == count
        if how == "player":
            return  # who would have heard it is gone
        assert scene.ear.of("live.rested")[0]["id"] == "solo"
        ended = {(note["part"], note["pitch"]) for note in scene.ear.of("live.note") if note["velocity"] == 0}
        assert {place for place, end in sounding.items() if end > beat} <= ended
        assert not lis.gone

    play(test)


def test_an_engine_that_has_no_idea_says_so(play: Callable[..., None]) -> None:
    async def test(scene: Scene) -> None:
        await scene.say("live.accompany", id="solo", bpm=120)
        while not scene.ear.of("live.rested"):
            await asyncio.sleep(0.1)
        (rested,) = scene.ear.of("live.rested")
        assert rested["code"] == "failed"
        assert "ask for it again" in rested["advice"]
        await scene.say("live.accompany", id="solo", bpm=120)

    play(test, Broken())
