"""Previews: what an engine lets be heard of its work goes to the server beside the work, and holds nothing up.

Pieces that wait for the way there are joined, a part's newer version takes the place of an older one, and a section of which
the server wants no more, or for which the way is too narrow, is heard when it is done.

    previews.add("ana/1", piece)
    previews.drop("ana/1", "bass")          # its stem is final
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from bridge.engine.trouble import LinkLost
from models.work import StemPreview
from sessions.errors import Refused

__all__ = ["Previews"]

MAX_WAITING_BYTES: Final = 64 << 20
"""Bytes of all that waits; beyond that a section is not heard any more until it is done."""
PIECE_BYTES: Final = 1 << 20
"""Bytes of one piece on the way: six seconds in stereo."""
MAX_MUTED: Final = 256
"""Sections that are remembered as not to be heard."""
SAMPLE_BYTES: Final = 2

Put = Callable[[str, StemPreview], None]
"""Hands a piece in; blocks. Raises Refused or LinkLost."""

log = logging.getLogger("starbridge.engine")


class Previews:
    """What waits to be heard."""

    def __init__(self, put: Put) -> None:
        self._put = put
        self._waiting: dict[tuple[str, str], StemPreview] = {}
        self._muted: deque[str] = deque(maxlen=MAX_MUTED)
        self._news = asyncio.Event()
        self._busy = False

    def begin(self, section: str) -> None:
        """A section is made, perhaps again."""
        self.drop(section)
        if section in self._muted:
            self._muted.remove(section)

    def add(self, section: str, piece: StemPreview) -> None:
        if section in self._muted:
            return
        key = section, piece.part
        before = self._waiting.get(key)
        if before is not None and before.version == piece.version:
            self._waiting[key] = replace(before, pcm=before.pcm + piece.pcm)
        else:
            self._waiting.pop(key, None)
            self._waiting[key] = piece
        if sum(len(one.pcm) for one in self._waiting.values()) > MAX_WAITING_BYTES:
            self._mute(section, "the way to the server is too narrow")
        self._news.set()

    def drop(self, section: str, part: str = "") -> None:
        """Nothing of this needs to be heard any more."""
        for key in [key for key in self._waiting if key[0] == section and part in ("", key[1])]:
            del self._waiting[key]

    async def run(self) -> None:
        """Hand in what waits, one piece after another."""
        while True:
            while not self._waiting:
                self._news.clear()
                await self._news.wait()
            key = next(iter(self._waiting))
            whole = self._waiting.pop(key)
            size = PIECE_BYTES // (SAMPLE_BYTES * whole.channels) * SAMPLE_BYTES * whole.channels
            piece, left = replace(whole, pcm=whole.pcm[:size]), whole.pcm[size:]
            if left:  # behind those of the other parts
                frames = size // SAMPLE_BYTES // whole.channels
                self._waiting[key] = replace(whole, pcm=left, start=whole.start + frames)
            self._busy = True
            try:
                await asyncio.to_thread(self._put, key[0], piece)
            except (Refused, LinkLost) as error:
                self._mute(key[0], getattr(error, "advice", str(error)))
            finally:
                self._busy = False

    def _mute(self, section: str, why: str) -> None:
        log.info("%s: not heard before it is done (%s)", section, why)
        self.drop(section)
        self._muted.append(section)
