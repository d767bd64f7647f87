"""What an engine lets be heard on its way to the server: joined, overtaken, given up."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable

import pytest

from bridge.engine import previews
from bridge.engine.previews import Previews
from models.work import StemPreview
from sessions.errors import Code, Refused
from tests.support.virtual_time import run_real


def piece(part: str = "bass", *, version: int = 1, start: int = 0, frames: int = 10, value: int = 1) -> StemPreview:
    return StemPreview(part, "test", version, start, 1_000_000, 32_000, 1, bytes((value, 0)) * frames)


class Door:
    """Keeps what is handed in; the first piece waits for `open`."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.got: list[tuple[str, StemPreview]] = []
        self.refuses = ""

    def put(self, section: str, one: StemPreview) -> None:
        assert self.open.wait(45)
        if section == self.refuses:
            raise Refused(Code.TOO_MANY, "no room")
        self.got.append((section, one))


def play(scene: Callable[[Previews, Door], Awaitable[None]]) -> Door:
    door = Door()

    async def run() -> None:
        some = Previews(door.put)
        task = asyncio.create_task(some.run())
        await scene(some, door)
        door.open.set()
        async with asyncio.timeout(45):
            while some._waiting or some._busy:
                await asyncio.sleep(0.002)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    run_real(run())
    return door


def test_what_waits_is_joined_and_a_newer_version_overtakes() -> None:
    async def scene(some: Previews, door: Door) -> None:
        some.add("ana/1", piece("drums"))
        await asyncio.sleep(0.02)  # on its way
        some.add("ana/1", piece(start=0))
        some.add("ana/1", piece(start=10, value=2))
        some.add("ana/1", piece("drums", start=10))
        some.add("ana/1", piece("drums", version=2, value=3))

    got = play(scene).got
    assert [(one.part, one.version, one.start, len(one.pcm)) for _, one in got] == [
        ("drums", 1, 0, 20), ("bass", 1, 0, 40), ("drums", 2, 0, 20),
    ]  # fmt: skip


def test_long_ones_go_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "PIECE_BYTES", 100)

    async def scene(some: Previews, door: Door) -> None:
        some.add("ana/1", piece("drums", frames=120))
        some.add("ana/1", piece("bass", frames=70))

    got = [(one.part, one.start, len(one.pcm)) for _, one in play(scene).got]
    assert got == [("drums", 0, 100), ("bass", 0, 100), ("drums", 50, 100), ("bass", 50, 40), ("drums", 100, 40)]


def test_what_is_refused_is_not_tried_again_until_it_is_made_again() -> None:
    async def scene(some: Previews, door: Door) -> None:
        door.refuses = "ana/1"
        door.open.set()
        some.add("ana/1", piece())
        some.add("ana/1", piece("drums"))
        await asyncio.sleep(0.05)
        door.refuses = ""
        some.add("ana/1", piece(start=10))
        some.add("ana/2", piece())
        await asyncio.sleep(0.05)
        some.begin("ana/1")
        some.add("ana/1", piece(value=7))

    got = play(scene).got
    assert [(section, one.pcm[0]) for section, one in got] == [("ana/2", 1), ("ana/1", 7)]


def test_what_is_too_much_or_over_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "MAX_WAITING_BYTES", 50)

    async def scene(some: Previews, door: Door) -> None:
        some.add("ana/1", piece())
        some.add("ana/1", piece("drums", frames=20))
        some.add("ana/2", piece("bass"))
        some.add("ana/2", piece("drums"))
        some.drop("ana/2", "bass")
        some.drop("ana/3")

    assert [(section, one.part) for section, one in play(scene).got] == [("ana/2", "drums")]
