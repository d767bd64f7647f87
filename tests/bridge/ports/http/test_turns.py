"""One client's turn at a time, seen from inside: a scripted socket and a scripted host."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from bridge.crowd import Crowd
from bridge.door import Bundle
from bridge.outbox import Outbox
from bridge.ports.http import ws
from bridge.ports.http.line import LINE
from bridge.ports.http.ws import Connection
from tests.support.virtual_time import run_virtual

PING = {"type": "websocket.receive", "text": '{"type":"session.ping"}'}


class Socket:
    """What a client sends, all of it there at once; and what it is sent."""

    def __init__(self, frames: Iterable[dict[str, Any]] = (), *, stays: bool = False) -> None:
        self._frames = iter(frames)
        self._stays = stays
        self.query_params = {"session": "jam", "token": "t"}
        self.headers: dict[str, str] = {}
        self.scope: dict[str, Any] = {"extensions": {}}
        self.client = SimpleNamespace(host="192.168.1.7")
        self.scope = {"extensions": {LINE: self}}
        self.written: list[bytes] = []
        self.closed: int | None = None
        self.reads = asyncio.Event()
        self.reads.set()

    async def receive(self) -> dict[str, Any]:
        for frame in self._frames:
            return frame
        if self._stays:
            await asyncio.Event().wait()
        return {"type": "websocket.disconnect", "code": 1000}

    @property
    def is_free(self) -> bool:
        return self.reads.is_set()

    def write(self, frames: bytes) -> None:
        self.written.append(frames)

    async def drained(self) -> None:
        await self.reads.wait()

    def end(self, code: int, reason: str) -> None:
        self.closed = code


class House:
    """A house with one host, which takes whatever it is given."""

    def __init__(self, submit: Callable[[], asyncio.Future[Any]]) -> None:
        self._submit = submit
        self.name = "jam"
        self.outlet: Any = None
        self.taken = 0
        self.left = 0

    def open(self, token: str) -> tuple[House, None]:
        return self, None

    def join(self, invite: None, message: dict[str, Any], outlet: Any) -> tuple[Any, asyncio.Future[Any]]:
        self.outlet = outlet
        return SimpleNamespace(host=self, member="ana", dismissed=None), done()

    def submit(self, seat: Any, message: dict[str, Any]) -> asyncio.Future[Any]:
        self.taken += 1
        return self._submit()

    def heard(self, seat: Any) -> None:
        pass

    def close(self, seat: Any) -> None:
        self.left += 1


def done() -> asyncio.Future[Any]:
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    future.set_result(None)
    return future


def connection(house: House, socket: Socket) -> Connection:
    return Connection(house, socket, Crowd())  # type: ignore[arg-type]


def test_a_flood_leaves_turns_to_everybody_else() -> None:
    async def scene() -> None:
        house = House(done)
        seen: list[int] = []

        async def neighbour() -> None:
            while not house.left:
                seen.append(house.taken)
                await asyncio.sleep(0)

        await asyncio.gather(neighbour(), connection(house, Socket([PING] * 40 * ws.TURN)).serve())
        assert house.taken == 40 * ws.TURN
        assert max(later - earlier for earlier, later in itertools.pairwise(seen)) <= ws.TURN

    run_virtual(scene())


def test_whoever_signs_waits_for_who_plays_and_each_is_heard_in_order() -> None:
    """Four who sign all they say, and ask between; a note of somebody else is behind two of theirs at most."""

    class Listening(House):
        def __init__(self) -> None:
            super().__init__(done)
            self.heard_of: list[str] = []

        def submit(self, seat: Any, message: dict[str, Any]) -> asyncio.Future[Any]:
            self.heard_of.append(message["id"])
            return done()

    def said(name: str, *, signed: bool) -> dict[str, Any]:
        message = {"type": "live.note", "id": name, **({"signature": "s"} if signed else {})}
        return {"type": "websocket.receive", "text": json.dumps(message)}

    async def scene() -> None:
        house, names = Listening(), "abcd"
        signed = [[said(f"{name}{at}", signed=at % 3 < 2) for at in range(12)] for name in names]
        playing = [asyncio.create_task(connection(house, Socket(frames)).serve()) for frames in signed]
        while len(house.heard_of) < 8:
            await asyncio.sleep(0)
        before = len(house.heard_of)
        await connection(house, Socket([said("note", signed=False)])).serve()
        assert "note" in house.heard_of[before : before + 3]
        await asyncio.gather(*playing)
        for name in names:
            own = [one for one in house.heard_of if one.startswith(name)]
            assert own == [f"{name}{at}" for at in range(12)]

    run_virtual(scene())


def test_who_is_far_ahead_of_the_disk_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ws, "MAX_UNANSWERED", 10)

    async def scene() -> None:
        waiting: list[asyncio.Future[Any]] = []

        def slow() -> asyncio.Future[Any]:
            waiting.append(asyncio.get_running_loop().create_future())
            return waiting[-1]

        house = House(slow)
        serving = asyncio.create_task(connection(house, Socket([PING] * 100)).serve())
        await asyncio.sleep(1)
        assert house.taken == 10
        for future in waiting[:3]:
            future.set_result(None)
        await asyncio.sleep(1)
        assert house.taken == 13
        while not serving.done():
            for future in waiting:
                if not future.done():
                    future.set_result(None)
            await asyncio.sleep(0)
        assert house.taken == 100

    run_virtual(scene())


def test_a_full_outbox_closes_the_socket_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ws, "Outbox", lambda: Outbox(max_items=5))

    async def scene() -> None:
        house, socket = House(done), Socket([PING], stays=True)
        socket.reads.clear()
        serving = asyncio.create_task(connection(house, socket).serve())
        await asyncio.sleep(0.1)
        for number in range(20):
            house.outlet.send(Bundle(({"type": "chat.said", "text": str(number)},)))
        await serving
        assert house.left == 1
        assert socket.closed == ws.LATER

    run_virtual(scene())


def test_what_waits_for_a_slow_reader_comes_in_order() -> None:
    async def scene() -> None:
        house, socket = House(done), Socket([PING], stays=True)
        serving = asyncio.create_task(connection(house, socket).serve())
        await asyncio.sleep(0.1)

        def say(*numbers: int) -> None:
            for number in numbers:
                house.outlet.send(Bundle(({"type": "chat.said", "text": str(number)},)))

        say(0, 1)
        assert len(socket.written) == 2
        socket.reads.clear()
        say(2)  # the first that finds the line taken is handed on; those behind it wait
        await asyncio.sleep(0.1)
        say(3, 4)
        await asyncio.sleep(0.1)
        assert len(socket.written) == 3
        socket.reads.set()
        await asyncio.sleep(0.1)
        say(5)
        texts = b"".join(socket.written).split(b"text")[1:]
        assert [int(text[3:4]) for text in texts] == [0, 1, 2, 3, 4, 5]
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    run_virtual(scene())


def test_a_bundle_is_written_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Any] = []

    def write(message: Any) -> str:
        written.append(message)
        return "{}"

    monkeypatch.setattr(ws, "frame_text", write)

    async def scene() -> None:
        houses = [House(done) for _ in range(3)]
        serving = [asyncio.create_task(connection(house, Socket([PING], stays=True)).serve()) for house in houses]
        await asyncio.sleep(0.1)
        bundle = Bundle(({"type": "chat.said", "text": "to all"},))
        for house in houses:
            house.outlet.send(bundle)
        assert len(written) == 1
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    run_virtual(scene())


def test_only_this_machine_is_told_of_its_files() -> None:
    async def scene() -> None:
        socket = Socket()
        assert not connection(House(done), socket).local
        socket.client.host = "127.0.0.1"
        assert connection(House(done), socket).local

    run_virtual(scene())
