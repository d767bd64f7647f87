"""Previews at the real door: an engine hands in pieces, members hear them as they come, and the stem takes their place."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import struct
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge import previews
from tests.bridge.ports.http.jam import Client, Jam, play
from tests.support.wav import wav

SECTIONS = "/api/sessions/jam/sections"
FACTS: dict[str, Any] = {"by": "musicgen", "version": 1, "start": 0, "frames": 32_000, "rate": 32_000, "channels": 1}
WAIT_S = 45.0


class Band:
    """An engine with a section of a bar of bass in hand, and somebody who asked for it."""

    def __init__(
        self, jam: Jam, engine: Client, asker: Client, hands: httpx.AsyncClient, ears: httpx.AsyncClient
    ) -> None:
        self.jam, self.engine, self.asker, self.hands, self.ears = jam, engine, asker, hands, ears

    async def put(self, data: bytes, section: str = "ana/a", part: str = "bass", **facts: Any) -> httpx.Response:
        return await self.hands.put(f"{SECTIONS}/{section}/preview/{part}.wav", params=FACTS | facts, content=data)

    async def read_by(self, readers: int) -> None:
        """Until so many read."""
        async with asyncio.timeout(WAIT_S):
            while self.jam.host.previews.readers < readers:
                await asyncio.sleep(0.005)

    async def let_go(self) -> None:
        """Until nothing is held any more."""
        async with asyncio.timeout(WAIT_S):
            while self.jam.host.statistics()["preview_bytes"]:
                await asyncio.sleep(0.005)

    async def stem(self, part: str = "bass") -> str:
        data = wav(88_200)
        sha256 = hashlib.sha256(data).hexdigest()
        (await self.hands.put(f"/api/sessions/jam/blobs/{sha256}", content=data)).raise_for_status()
        await self.engine.say("engine.stem", section="ana/a", part=part, sha256=sha256, frames=88_200, rate=44_100)
        await self.asker.until("section.stem", part=part)
        return sha256

    async def read(self, part: str = "bass", **query: str) -> bytes:
        return (await self.ears.get(f"{SECTIONS}/ana/a/preview/{part}.wav", params=query)).raise_for_status().content


@contextlib.asynccontextmanager
async def band(jam: Jam) -> AsyncIterator[Band]:
    token = jam.invite("engine")
    async with (
        jam.socket(jam.ws_url(token)) as engine,
        jam.client("leader", "ana") as asker,
        jam.http(token=token) as hands,
        jam.http("listener") as ears,
    ):
        await engine.say("session.join", name="engine")
        await engine.say("engine.ready", name="script", software="test", renderers=[])
        await asker.say("section.request", id="a", bars=1, bpm=120, parts="bass,drums")
        await engine.until("engine.work")
        yield Band(jam, engine, asker, hands, ears)


def test_pieces_are_heard_as_they_come_and_the_stem_takes_their_place(tmp_path: Path) -> None:
    sound = struct.pack("<32000h", *(number % 999 for number in range(32_000)))

    async def scene(jam: Jam) -> None:
        async with band(jam) as b:
            path = f"{SECTIONS}/ana/a/preview/bass.wav"
            early = asyncio.create_task(b.read())  # before anything is there
            assert (await b.put(sound[:2000])).json() == {"frames": 1000}
            told = await b.asker.until("section.preview")
            assert (told["id"], told["member"], told["part"], told["by"]) == ("a", "ana", "bass", "musicgen")
            assert (told["version"], told["frames"], told["of"], told["rate"]) == (1, 1000, 32_000, 32_000)
            assert told["url"].endswith(path)
            async with b.ears.stream("GET", path) as answer:
                assert answer.headers["content-type"] == "audio/wav"
                assert "content-length" not in answer.headers
                pieces = answer.aiter_bytes()
                got = await anext(pieces)
                while len(got) < 44 + 2000:
                    got += await anext(pieces)
                assert got[44:] == sound[:2000], "what is there is sent before the rest is made"
                await b.put(sound[2000:40_000], start=1000)
                assert (await b.put(sound[2000:40_000], start=1000)).json() == {"frames": 20_000}, "sent again"
                await b.put(sound[40_000:], start=20_000)
                async for piece in pieces:
                    got += piece
            assert got == await early
            with wave.open(io.BytesIO(got)) as reader:
                assert reader.getparams()[:4] == (1, 2, 32_000, 32_000)
                assert reader.readframes(32_000) == sound
            sha256 = await b.stem()
            final = await b.read()
            assert hashlib.sha256(final).hexdigest() == sha256
            await b.let_go()
            assert (await b.put(sound)).status_code == 409, "the stem is final"
            log = (await b.ears.get("/api/sessions/jam/log")).text
            assert "preview" not in log

    play(tmp_path, scene)


def test_a_later_version_begins_anew_beside_the_stand_in(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with band(jam) as b:
            whole = b"\1\0" * 32_000
            await b.put(whole, by="sampler")
            await b.put(b"\2\0" * 500, version=2)
            second = asyncio.create_task(b.read())
            await b.read_by(1)
            await b.put(b"\3\0" * 32_000, version=3)
            assert (await second)[44:] == b"\2\0" * 500, "it ends where another try began"
            assert (await b.read())[44:] == b"\3\0" * 32_000
            assert (await b.read(by="sampler"))[44:] == whole
            assert (await b.put(b"\2\0", version=2, start=500)).status_code == 409

    play(tmp_path, scene)


@pytest.mark.parametrize("end", ["cancelled", "failed", "lost"])
def test_they_end_with_their_section(tmp_path: Path, end: str) -> None:
    async def scene(jam: Jam) -> None:
        async with band(jam) as b:
            await b.put(b"\1\0" * 1000)
            reading = asyncio.create_task(b.read())
            waiting = asyncio.create_task(b.ears.get(f"{SECTIONS}/ana/a/preview/drums.wav"))
            await b.read_by(1)
            assert not reading.done()
            if end == "cancelled":
                await b.asker.say("section.cancel", id="a")
                await b.asker.until("section.cancelled")
            elif end == "failed":
                await b.engine.say("engine.failed", section="ana/a", code="failed", advice="the disk is full")
                await b.asker.until("section.failed", advice="the disk is full")
            else:
                await b.engine.socket.close()
            assert len(await asyncio.wait_for(reading, WAIT_S)) == 44 + 2000
            await b.let_go()
            late = await b.put(b"\1\0" * 10, start=1000)
            assert (late.status_code, late.json()["code"]) == (409, "conflict")
            if end == "lost":
                waiting.cancel()
                return
            assert (await asyncio.wait_for(waiting, WAIT_S)).status_code == 404
            pong = await b.asker.ask("session.ping")
            assert pong["type"] == "session.pong"
            after = [m["type"] for m in b.asker.heard][[m["type"] for m in b.asker.heard].index(f"section.{end}") + 1 :]
            assert not [kind for kind in after if kind.startswith("section.")]

    play(tmp_path, scene)


def test_whose_and_what_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "MAX_TOTAL_BYTES", 3000)

    async def scene(jam: Jam) -> None:
        async with band(jam) as b, jam.http("engine") as stranger, jam.http("leader") as leader:
            path = f"{SECTIONS}/ana/a/preview/bass.wav"
            assert (await leader.put(path, params=FACTS, content=b"\1\0")).status_code == 403
            assert (await stranger.put(path, params=FACTS, content=b"\1\0")).status_code == 409
            for wrong in ({"channels": 3}, {"version": 0}, {"rate": 7}, {"by": ""}, {"start": -1}, {"frames": 0}):
                assert (await b.put(b"\1\0", **wrong)).status_code == 422, wrong
            assert (await b.put(b"\1")).status_code == 422
            assert (await b.put(b"\1\0", start=32_000)).status_code == 422
            assert (await b.put(b"\1\0", frames=1 << 30)).status_code == 413
            assert (await b.put(b"\1\0", start=5)).status_code == 409
            assert (await b.put(b"\1\0", part="melody")).status_code == 409
            assert (await b.put(b"\1\0", section="ana/b")).status_code == 409
            await b.put(b"\1\0" * 1000)
            full = await b.put(b"\1\0" * 1000, start=1000)
            assert (full.status_code, full.json()["code"]) == (429, "too-many")
            assert (await b.ears.get(f"{SECTIONS}/ana/a/preview/melody.wav")).status_code == 404
            assert (await b.ears.get(f"{SECTIONS}/ana/b/preview/bass.wav")).status_code == 404
            async with jam.http() as nobody:
                assert (await nobody.get(path)).status_code == 401
            assert (await b.ears.head(path)).status_code == 200
            described = (await b.ears.get("/openapi.json")).json()["paths"]
            known = described["/api/sessions/{session}/sections/{section}/preview/{part}.wav"]
            assert set(known) == {"get", "put"}

    play(tmp_path, scene)


def test_who_does_not_read_holds_nobody_up(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with band(jam) as b:
            frames = 4_000_000
            piece = bytes(4_000_000)
            await b.put(piece, frames=frames)
            async with b.ears.stream("GET", f"{SECTIONS}/ana/a/preview/bass.wav") as stuck:
                assert stuck.status_code == 200
                await b.put(piece, frames=frames, start=2_000_000)
                assert len(await b.read()) == 44 + 2 * frames
                assert b.jam.host.previews.readers == 1
                await b.asker.ask("session.ping")

    play(tmp_path, scene)


def test_a_page_that_comes_later_is_told_what_there_is(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with band(jam) as b:
            await b.put(b"\1\0" * 1000)
            async with jam.client("listener") as late:
                told = await late.until("section.preview")
                assert (told["part"], told["frames"]) == ("bass", 1000)

    play(tmp_path, scene)
