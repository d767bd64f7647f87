"""Client: an engine's life in its sessions: join, be ready, work, be told to stop, and come back when the server was away.

A few sections in turns; whatever else is assigned waits. A cancel is heard at once and obeyed at the next token, or after
the part's sound in hand; a lost connection is a cancel as well, for the server hands the section to the next engine.

    < {"type": "engine.work", "section": "ana/1", "request": {...}, "context": null, "attempt": 1}
    > {"type": "engine.bar", "section": "ana/1", "part": "bass", "bar": 1, "notes": [[0, 480, 36, 100]]}    for all parts, bars
      PUT /api/sessions/jam/sections/ana/1/preview/bass.wav?...     what is heard for now, beside the rest
      PUT /api/sessions/jam/blobs/<sha256>
    > {"type": "engine.stem", "section": "ana/1", "part": "bass", "sha256": ..., "frames": 661500, "rate": 44100}   "mix" last
    > {"type": "engine.done", "section": "ana/1", "composer": {...}, "renderer": {...}, "chords": "Am F C G", "stems": {...}}
    < {"type": "engine.cancel", "section": "ana/1"}
    > {"type": "engine.failed", "section": "ana/1", "code": "cancelled", "advice": ...}
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import threading
from collections import deque
from collections.abc import Coroutine, Iterator, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bridge.engine.along import Along
from bridge.engine.backoff import Backoff
from bridge.engine.bench import AT_ONCE, Bench
from bridge.engine.blobs import Door
from bridge.engine.link import Link, Message
from bridge.engine.orders import read_work
from bridge.engine.previews import Previews
from bridge.engine.trouble import LinkLost, NoRoom
from models.work import BarWritten, Finished, Output, Progress, StemPreview, StemRendered, Work
from sessions.errors import Code, Refused
from sessions.invites import peek
from sessions.keys import MemberKey
from sessions.plain import to_plain
from sessions.roles import ENGINE, ROLES

__all__ = ["Client", "run_engine", "software"]

NAME = "engine"
MAX_WAITING = 64  # sections that the server may hand over ahead of time
MAX_REMEMBERED = 256  # sections that the server may still refuse a piece of
PUT_TRIES = 3

log = logging.getLogger("starbridge.engine")


def software() -> str:
    """Name and version of what runs here."""
    try:
        return f"starbridge {version('starbridge')}"
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "starbridge"


class Client:
    """One engine in one session."""

    def __init__(
        self,
        bench: Bench,
        key: MemberKey,
        *,
        url: str,
        token: str,
        origin: str = "",
        name: str = NAME,
        ca: Path | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        invite = peek(token)
        if invite.role in ROLES and invite.role != ENGINE:
            raise Refused(
                Code.NOT_ALLOWED,
                f"token: this invite is for the role {invite.role}; ask the leader for one for an engine",
            )
        self.session = invite.session
        self._bench = bench
        self._key = key
        self._door = Door.parse(url, token, ca=ca)
        self._origin = origin
        self._name = name
        self._backoff = backoff or Backoff()

    async def serve(self) -> None:
        """Work until cancelled. Raises Refused where the server will never let us in."""
        tries, said = 0, ""
        while True:
            try:
                link = await self._join()
                tries = 0
                try:
                    await _Shift(link, self._door, self.session, self._bench, self._backoff).serve(self._name)
                finally:
                    await link.close()
            except LinkLost as lost:
                tries += 1
                delay_s = self._backoff.delay_s(tries)
                if str(lost) != said or tries.bit_count() == 1:  # the same again is said at tries 2, 4, 8, ...
                    said = str(lost)
                    log.info("%s: %s; try %d follows in %.1f s", self.session, said, tries + 1, delay_s)
                await asyncio.sleep(delay_s)

    async def _join(self) -> Link:
        origin = self._origin or await asyncio.to_thread(self._door.origin, self.session)
        link = await Link.open(self._door, self.session, origin, self._key, name=self._name)
        log.info("%s: joined as %s", self.session, link.member)
        return link


class _Shift:
    """From one joining to the loss of that connection."""

    def __init__(self, link: Link, door: Door, session: str, bench: Bench, backoff: Backoff) -> None:
        self._link = link
        self._door = door
        self._session = session
        self._bench = bench
        self._backoff = backoff
        self._along = Along(bench, link.send)
        self._previews = Previews(partial(door.put_preview, session))
        self._waiting: asyncio.Queue[Message] = asyncio.Queue(MAX_WAITING)
        self._stops: dict[str, threading.Event] = {}
        self._unheard: dict[str, str] = {}  # sections whose sound the server has no room for, and what it said
        self._handed_over: deque[str] = deque(
            maxlen=MAX_REMEMBERED
        )  # of which the server has something, until it says no

    async def serve(self, name: str) -> None:
        """Raises LinkLost when the connection is gone, Refused when we were removed."""
        offers = await self._bench.offers()
        ready = {"name": name, "software": software(), "renderers": offers, "at_once": AT_ONCE}
        await self._link.send({"type": "engine.ready", **ready})
        tasks = [asyncio.create_task(step) for step in self._steps()]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for stop in self._stops.values():
                stop.set()
            self._along.close()
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    def _steps(self) -> Iterator[Coroutine[Any, Any, None]]:
        """What goes on side by side."""
        yield self._read()
        yield self._previews.run()
        yield from (self._work() for _ in range(AT_ONCE))

    async def _read(self) -> None:
        while True:
            message = await self._link.receive()
            match message["type"]:
                case "engine.work" if isinstance(message.get("section"), str):
                    self._stops[message["section"]] = threading.Event()
                    if message["section"] in self._handed_over:  # handed out again
                        self._handed_over.remove(message["section"])
                    try:
                        self._waiting.put_nowait(message)
                    except asyncio.QueueFull:
                        raise LinkLost("the server hands over more than can wait here") from None
                case "engine.cancel" if message.get("section") in self._stops:
                    self._stops[message["section"]].set()
                case "engine.accompany" | "engine.heard" | "engine.play" | "engine.tempo" | "engine.rest":
                    await self._along.hear(message)
                case "session.removed" if message.get("member") == self._link.member:
                    raise Refused(Code.NOT_ALLOWED, "session: a leader removed this engine; ask for a new invite")
                case "refused" if message.get("code") == Code.FAILED:  # a disk that is full for a while, say
                    raise LinkLost(f"the server failed over {message.get('what')} ({message.get('advice')})")
                case "refused" if message.get("what") == "engine.ready":
                    raise Refused(
                        Code.NOT_ALLOWED, f"{message.get('advice')}; an engine comes with an invite for the role engine"
                    )
                case "refused":
                    log.warning("%s: %s refused: %s", self._session, message.get("what"), message.get("advice"))
                    if message.get("what") == "engine.ahead":
                        await self._along.give_up(str(message.get("section")), str(message.get("advice")))
                    if message.get("what") in ("engine.bar", "engine.stem", "engine.done"):
                        await self._give_back(str(message.get("section")), str(message.get("advice")))
                case _:
                    pass

    async def _give_back(self, section: str, advice: str) -> None:
        """What the server won't take can't be finished: say so, instead of holding on to the section for ever."""
        if section not in self._handed_over:
            return
        self._handed_over.remove(section)
        if section in self._stops:
            self._stops[section].set()
        await self._fail(section, Refused(Code.FAILED, f"the server did not take what the engine made: {advice}"))

    async def _work(self) -> None:
        while True:
            message = await self._waiting.get()
            section = message["section"]
            stop = self._stops[section]
            try:
                async with self._bench.turn():
                    await self._make(read_work(message), stop)
            except Refused as refused:
                if refused.code is not Code.CANCELLED:
                    log.warning("%s: %s failed: %s", self._session, section, refused.advice)
                await self._fail(section, refused)
            finally:
                self._previews.drop(section)
                self._unheard.pop(section, None)
                if self._stops.get(section) is stop:
                    del self._stops[section]

    async def _make(self, work: Work, stop: threading.Event) -> None:
        cancelled = Refused(Code.CANCELLED, "the section was cancelled")
        if stop.is_set():
            raise cancelled
        last: Output | None = None
        self._previews.begin(work.section)
        async with contextlib.aclosing(self._bench.outputs(work, stop.is_set)) as outputs:
            async for output in outputs:
                if stop.is_set():
                    break
                if output != last or not isinstance(output, Progress):  # who waits says so more often than need be told
                    await self._hand_over(work.section, output)
                last = output
        if stop.is_set():
            raise cancelled

    async def _fail(self, section: str, refused: Refused) -> None:
        code, advice = refused.code.value, refused.advice
        await self._link.send({"type": "engine.failed", "section": section, "code": code, "advice": advice})

    async def _hand_over(self, section: str, output: Output) -> None:
        if section not in self._handed_over:
            self._handed_over.append(section)
        message: Message = {"section": section}
        match output:
            case BarWritten(part=part, bar=bar, notes=notes):
                lists = [note.to_list() for note in notes]
                message |= {"type": "engine.bar", "part": part.value, "bar": bar, "notes": lists}
            case Progress(stage=stage, done=done):
                message |= {"type": "engine.progress", "stage": stage, "done": done}
            case StemPreview():
                self._previews.add(section, output)
                return
            case StemRendered(part=name, wav=wav, frames=frames, rate=rate):
                self._previews.drop(section, name)
                if section in self._unheard:
                    return
                try:
                    sha256 = await self._put(wav)
                except NoRoom as full:  # the notes are there, and are kept
                    log.warning("%s: no sound of %s: %s", self._session, section, full.advice)
                    self._unheard[section] = full.advice
                    return
                message |= {"type": "engine.stem", "part": name, "sha256": sha256, "frames": frames, "rate": rate}
            case Finished(composer=composer, renderer=renderer, chords=chords, originality=originality, stems=stems):
                made_by: dict[str, Any] = {
                    "composer": composer.to_fields(),
                    "renderer": renderer.to_fields() if renderer else {},
                }
                if originality is not None:
                    made_by["originality"] = originality.to_fields()
                if stems:
                    made_by["stems"] = to_plain(stems)
                if section in self._unheard:
                    made_by["unheard"] = self._unheard[section]
                message |= {"type": "engine.done", **made_by, "chords": chords}
        await self._link.send(message)

    async def _put(self, wav: bytes) -> str:
        sha256 = await asyncio.to_thread(lambda: hashlib.sha256(wav).hexdigest())
        for tries in range(1, PUT_TRIES + 1):
            try:
                await asyncio.to_thread(self._door.put, self._session, sha256, wav)
                return sha256
            except LinkLost as lost:
                if tries == PUT_TRIES:
                    raise LinkLost(f"a stem could not be handed in: {lost}") from None
                await asyncio.sleep(self._backoff.delay_s(tries))
        raise AssertionError("the last try returned or raised")


async def run_engine(
    url: str,
    tokens: Sequence[str],
    *,
    soundfont: Path | None = None,
    weights: Path | None = None,
    musicgen: Path | None = None,
    precision: str | None = None,
    audiocraft: Path | None = None,
    ca: Path | None = None,
    name: str = NAME,
    seed: bytes | None = None,
) -> None:
    """Serve the sessions of these tokens at `url` until cancelled.

    `seed` (32 bytes) makes the engine the same member when it comes back; without one it is a new member each time. Raises
    Refused where a session will never let us in, or the soundfont can't be played, or MusicGen's
    folder holds no checkpoint.
    """
    bench = Bench.of_models(soundfont, weights, musicgen, precision, audiocraft)
    key = MemberKey(seed)
    try:
        clients = [Client(bench, key, url=url, token=token, name=name, ca=ca) for token in tokens]
        await bench.offers()
        tasks = [asyncio.create_task(client.serve()) for client in clients]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        await asyncio.to_thread(bench.close)
