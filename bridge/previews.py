"""Previews: what is heard of a section's parts while their stems are made: in memory, bounded, in no log and no take.

An engine hands in pieces of 16-bit sound, in order; who listens reads them as they come, each at a pace of their own, and nobody
waits for anybody. A part's newest version is held, and its first one, the stand-in. All of a part's end when its stem is final,
and all of a section's when it is over, or when its engine is lost.

    preview = previews.put("ana/1", "bass", Piece(by="musicgen", version=2, start=0, frames=480_000, rate=32_000, channels=1), data)
    async for sound in previews.find("ana/1", "bass").pieces(): ...
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Final

from sessions.answers import Tell, preview_answer
from sessions.decide import engines
from sessions.errors import Code, Refused
from sessions.state import State, Status

__all__ = ["MAX_PIECE_BYTES", "MAX_READERS", "Piece", "Preview", "Previews"]

MAX_PIECE_BYTES: Final = 8 << 20
"""Bytes of one piece."""
MAX_PREVIEW_BYTES: Final = 32 << 20
"""Bytes of one version of one part: three minutes of stereo at 44.1 kHz. What is longer is not heard before it is done."""
MAX_TOTAL_BYTES: Final = 128 << 20
"""Bytes of all that a session holds, those that are still being read included."""
MAX_READERS: Final = 64
"""Who reads previews of one session at a time."""
MAX_VERSION: Final = 1000
READ_BYTES: Final = 64 * 1024
"""What is handed to a reader at once."""
LINGER_S: Final = 60.0
"""How long a preview that is over waits for those who still read it."""
SAMPLE_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """Where a piece of sound belongs: frames from `start` on, of `frames` in all, in a part's version."""

    by: str
    version: int
    start: int
    frames: int
    rate: int
    channels: int

    @property
    def frame_bytes(self) -> int:
        return SAMPLE_BYTES * self.channels

    def check(self, size: int) -> None:
        """Raise `Refused` for numbers that make no sense, or are too large."""
        if not (1 <= self.version <= MAX_VERSION and self.channels in (1, 2) and 8000 <= self.rate <= 192_000):
            raise Refused(
                Code.BAD_VALUE, "preview: send a version from 1, 1 or 2 channels, and a rate of 8000 to 192000"
            )
        if not self.by or len(self.by) > 64 or not self.by.isprintable():
            raise Refused(Code.BAD_VALUE, "by: say in a word who plays it")
        if self.frames * self.frame_bytes > MAX_PREVIEW_BYTES:
            raise Refused(
                Code.TOO_LARGE, f"preview: more than {MAX_PREVIEW_BYTES} bytes; hand in the stem when it is done"
            )
        if not size or size % self.frame_bytes or self.start < 0 or self.start + size // self.frame_bytes > self.frames:
            raise Refused(Code.BAD_VALUE, "preview: send whole frames of 16 bits, inside the part")


class Preview:
    """One version of one part, as far as it has come."""

    def __init__(self, piece: Piece) -> None:
        self.by, self.version = piece.by, piece.version
        self.frames, self.rate, self.channels = piece.frames, piece.rate, piece.channels
        self.readers = 0
        self.over = False
        self._data = bytearray()
        self._frame_bytes = piece.frame_bytes
        self._news = asyncio.Event()

    @property
    def done(self) -> int:
        """Frames that are here."""
        return len(self._data) // self._frame_bytes

    @property
    def size(self) -> int:
        return len(self._data)

    def add(self, piece: Piece, data: bytes) -> None:
        """Raises `Refused` where something between is missing; what is here already may come again."""
        same = (piece.by, piece.frames, piece.rate, piece.channels) == (self.by, self.frames, self.rate, self.channels)
        if not same or piece.start > self.done:
            raise Refused(
                Code.CONFLICT, f"start: {self.done} frames of that version are here; go on there, or begin another"
            )
        at = piece.start * self._frame_bytes
        self._data[at : at + len(data)] = data
        self._wake()

    def end(self) -> None:
        """Nothing more comes."""
        self.over = True
        self._wake()

    def forget(self) -> None:
        """Let the sound go; who still reads it is at its end."""
        self.end()
        self._data.clear()

    async def pieces(self) -> AsyncIterator[bytes]:
        """The sound as it comes, from its beginning, until it is whole or over."""
        at = 0
        while True:
            while at < len(self._data):
                piece = bytes(self._data[at : at + READ_BYTES])
                at += len(piece)
                yield piece
            if self.over or self.done >= self.frames:
                return
            await self._news.wait()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


class Previews:
    """Those of one session; `tell` says to whom it concerns how far one is."""

    def __init__(self, state: Callable[[], State], tell: Callable[[Tell, State], None]) -> None:
        self._state, self._tell = state, tell
        self._held: dict[tuple[str, str], list[Preview]] = {}
        self._lingering: set[Preview] = set()
        self._news = asyncio.Event()
        self._waiting = 0

    def __len__(self) -> int:
        return sum(map(len, self._held.values()))

    @property
    def total_bytes(self) -> int:
        return sum(one.size for one in self._all())

    @property
    def readers(self) -> int:
        return sum(one.readers for one in self._all())

    def put(self, invite: str, section: str, part: str, piece: Piece, data: bytes) -> Preview:
        """A piece from the engine that has the section in hand and came by this invite. Raises `Refused`."""
        engines.may_preview(self._state(), invite, section, part)
        piece.check(len(data))
        if self.total_bytes + len(data) > MAX_TOTAL_BYTES:
            raise Refused(
                Code.TOO_MANY, "preview: there is no room for more of them; hand in the stems when they are done"
            )
        held = self._held.setdefault((section, part), [])
        if held and piece.version < held[-1].version:
            raise Refused(Code.CONFLICT, f"version: {held[-1].version} is heard already; begin a later one")
        if not held or piece.version > held[-1].version:
            if piece.start:
                raise Refused(Code.CONFLICT, "start: nothing of that version is here; begin at 0")
            for old in held[1:]:
                self._let_go(old)
            held[1:] = [Preview(piece)] if held else []
            if not held:
                held.append(Preview(piece))
        held[-1].add(piece, data)
        self._wake()
        self._tell(self._told(section, part, held[-1]), self._state())
        return held[-1]

    def find(self, section: str, part: str, by: str = "") -> Preview | None:
        """What is heard of a part now: its newest version, or the newest by somebody."""
        held = self._held.get((section, part), ())
        return next((one for one in reversed(held) if by in ("", one.by)), None)

    async def begun(self, section: str, part: str, by: str = "") -> Preview | None:
        """The same, waited for; None once there is nothing to wait for."""
        while self._is_open(section, part):
            if (found := self.find(section, part, by)) is not None:
                return found
            self._waiting += 1
            try:
                await self._news.wait()
            finally:
                self._waiting -= 1
        return None

    def _wake(self) -> None:
        """Whoever waits looks again; nearly always nobody does."""
        if self._waiting:
            self._news.set()
            self._news = asyncio.Event()

    def heard(self) -> Iterator[Tell]:
        """How far all of them are, for somebody who comes in."""
        for (section, part), held in self._held.items():
            yield self._told(section, part, held[-1])

    def look(self) -> None:
        """End what is over; after each event."""
        gone = [key for key in self._held if not self._is_in_work(*key)]
        for key in gone:
            for one in self._held.pop(key):
                self._let_go(one)
        self._wake()

    def close(self) -> None:
        for held in self._held.values():
            for one in held:
                one.forget()
        for one in self._lingering:
            one.forget()
        self._held.clear()

    def _all(self) -> Iterator[Preview]:
        """Those that are held, and those that are over but still read."""
        self._lingering = {one for one in self._lingering if one.readers}
        return itertools.chain(*self._held.values(), self._lingering)

    def _let_go(self, preview: Preview) -> None:
        preview.end()
        if preview.readers:
            self._lingering.add(preview)
            asyncio.get_running_loop().call_later(LINGER_S, self._forget, preview)

    def _forget(self, preview: Preview) -> None:
        self._lingering.discard(preview)
        preview.forget()

    def _is_in_work(self, section: str, part: str) -> bool:
        found = self._state().sections.get(section)
        return found is not None and found.status is Status.WORKING and part not in found.stems

    def _is_open(self, section: str, part: str) -> bool:
        found = self._state().sections.get(section)
        return found is not None and not found.status.over and part not in found.stems

    def _told(self, section: str, part: str, preview: Preview) -> Tell:
        facts = {"by": preview.by, "version": preview.version, "frames": preview.done}
        return preview_answer(self._state().sections[section], part, **facts, of=preview.frames, rate=preview.rate)
