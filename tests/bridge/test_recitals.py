"""All of a section told again: in order with what happens meanwhile, once however often it is asked for, in turns with others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bridge.crowd import MAX_A_SLICE
from bridge.door import Bundle, Seat
from bridge.recitals import Recitals, waits
from tests.support.band import Band
from tests.support.virtual_time import run_virtual

BARS, PARTS = 64, "drums,bass,harmony,melody"


class Stage:
    """A section of 256 bars, told to `seat`."""

    def __init__(self, bars: int = BARS, parts: str = PARTS) -> None:
        self.band = Band()
        self.band.join("leader", "ana")
        self.band.engine()
        self.band.do("ana", "section.request", id="a", bars=bars, parts=parts, stems=0)
        self.seat = Seat(None, "ana", None)  # type: ignore[arg-type]  # neither is asked for anything
        self.told: list[dict[str, Any]] = []
        self.recitals = Recitals(lambda: self.band.state, lambda _, bundle: self.told.extend(bundle.messages))

    def begin(self) -> None:
        self.recitals.begin(self.seat, self.band.state.sections["ana/a"].as_of_now())

    def happens(self, kind: str, **fields: Any) -> None:
        """Something is told to the seat, as the host does it."""
        bundle = Bundle(({"type": kind, "id": "a", "member": "ana", **fields},))
        if not waits(self.seat, bundle):
            self.told.extend(bundle.messages)

    def kinds(self) -> list[str]:
        return [message["type"] for message in self.told]


def play(scene: Callable[[Stage], Awaitable[None]]) -> None:
    async def main() -> None:
        await scene(Stage())

    run_virtual(main())


def test_others_have_turns_between_the_bars() -> None:
    async def scene(stage: Stage) -> None:
        stage.band.play_out("ana/a")
        seen = []

        async def neighbour() -> None:
            while stage.seat.reciting:
                seen.append(len(stage.told))
                await asyncio.sleep(0)

        stage.begin()
        await neighbour()
        assert len(seen) >= BARS * 4 // MAX_A_SLICE
        bars = [(message["bar"], message["part"]) for message in stage.told if message["type"] == "section.bar"]
        assert bars == [(bar, part) for bar in range(1, BARS + 1) for part in PARTS.split(",")]
        assert (stage.kinds()[0], stage.kinds()[-1]) == ("section.accepted", "section.done")

    play(scene)


def test_a_short_one_is_told_at_once() -> None:
    async def scene(stage: Stage) -> None:
        stage.begin()
        assert stage.kinds() == ["section.accepted"]
        assert not stage.seat.reciting

    play(scene)


def test_what_happens_meanwhile_comes_behind_it() -> None:
    async def scene(stage: Stage) -> None:
        engine = stage.band.state.sections["ana/a"].engine
        for bar in range(1, BARS + 1):
            for part in PARTS.split(","):
                stage.band.do(engine, "engine.bar", section="ana/a", part=part, bar=bar, notes=[])
        stage.begin()
        assert stage.seat.reciting
        stage.band.do(engine, "engine.done", section="ana/a", composer={}, renderer={})
        stage.happens("section.done", take="take-1", index=1)
        stage.happens("chat.said", id="b")
        while stage.seat.reciting:
            await asyncio.sleep(0)
        assert stage.kinds().index("chat.said") < BARS * 4 <= stage.kinds().index("section.done")
        assert stage.kinds().count("section.done") == 1

    play(scene)


def test_whoever_has_heard_the_last_of_it_may_ask_again() -> None:
    async def scene(_: Stage) -> None:
        stage = Stage((MAX_A_SLICE - 2) // 2, "drums,bass")  # with its beginning and end just a slice
        stage.band.play_out("ana/a")
        for times in (1, 2, 3):
            stage.begin()
            while stage.kinds().count("section.done") < times:
                await asyncio.sleep(0)

    play(scene)


@pytest.mark.parametrize("how", ["cancelled", "gone", "closed"])
def test_it_ends_with_the_section_its_hearer_or_the_server(how: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.band.play_out("ana/a")
        stage.begin()
        if how == "cancelled":
            stage.happens("section.cancelled")
        elif how == "gone":
            stage.seat.gone = True
        else:
            stage.recitals.close()
        said = len(stage.told)
        await asyncio.sleep(1)
        assert len(stage.told) == said < BARS * 4

    play(scene)


def test_asked_for_again_while_it_is_on_its_way_it_comes_once() -> None:
    async def scene(stage: Stage) -> None:
        stage.band.play_out("ana/a")
        for _ in range(20):
            stage.begin()
        await asyncio.sleep(1)
        assert stage.kinds().count("section.bar") == BARS * 4
        stage.begin()
        await asyncio.sleep(1)
        assert stage.kinds().count("section.bar") == BARS * 8

    play(scene)
