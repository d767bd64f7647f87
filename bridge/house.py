"""The house: every session of this server, and the way from a token to one of them.

house = House(data, SystemClock())
await house.start("jam")
host, invite = house.open(token)
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bridge.host import Host
from bridge.ledger import open_ledger
from bridge.ports.clock import Clock
from sessions.errors import Code, Refused
from sessions.invites import Invite, check_name, peek, read_token

__all__ = ["MAX_SESSIONS", "House"]

MAX_SESSIONS = 256
"""Sessions of one server."""

_log = logging.getLogger(__name__)


class House:
    """All sessions under one data folder."""

    def __init__(
        self,
        data: Path,
        clock: Clock,
        *,
        engine_expected: Callable[[], bool] = lambda: False,
        base_url: Callable[[], str] = lambda: "",
    ) -> None:
        self._folder = data / "sessions"
        self._clock = clock
        self._engine_expected = engine_expected
        self._base_url = base_url
        self._hosts: dict[str, Host] = {}
        self.doors: dict[str, Callable[[], dict[str, Any]]] = {}
        """Doors that have figures to tell, by name."""

    @property
    def hosts(self) -> Mapping[str, Host]:
        return self._hosts

    async def start(self, name: str) -> Host:
        """Open a session, made anew where there is none, and the others that lie beside it. Raises `Refused`."""
        check_name(name, "session")
        host = await self._open(name)
        beside = sorted(path.parent.name for path in self._folder.glob("*/log.jsonl"))
        others = [other for other in beside if other != name][: MAX_SESSIONS - 1]
        await asyncio.gather(*(self._try_to_open(other) for other in others))
        return host

    async def _try_to_open(self, name: str) -> None:
        """A session that can't be opened keeps no other one closed."""
        try:
            await self._open(name)
        except Refused as error:
            _log.warning("session %s stays closed: %s", name, error.advice)

    async def _open(self, name: str) -> Host:
        ledger = await asyncio.to_thread(open_ledger, self._folder / name, name, self._clock)
        host = Host(ledger, self._clock, engine_expected=self._engine_expected, base_url=self._base_url)
        host.start()
        self._hosts[name] = host
        return host

    def open(self, token: str) -> tuple[Host, Invite]:
        """The session that a token is for, and what it says; raises `Refused` (bad-token, expired)."""
        host = self._hosts.get(peek(token).session)
        if host is None:
            raise Refused(Code.BAD_TOKEN, "token: this is no invite to a session here; ask the leader for one")
        invite = read_token(token, host.key.verifier, self._clock.now_us())
        if invite.id in host.state.revoked:
            raise Refused(Code.BAD_TOKEN, "token: this invite was revoked; ask the leader for another")
        return host, invite

    async def close(self) -> None:
        """Everything to disk, every session closed."""
        stopped = await asyncio.gather(*(host.stop() for host in self._hosts.values()), return_exceptions=True)
        self._hosts.clear()
        for error in stopped:
            if isinstance(error, BaseException):
                raise error

    def health(self) -> dict[str, Any]:
        """Up, engines, sessions."""
        engines = sorted({engine.name for host in self._hosts.values() for engine in host.state.engines()})
        return {
            "status": "ok",
            "engines": engines,
            "sessions": {name: host.statistics() for name, host in self._hosts.items()},
            **{name: statistics() for name, statistics in self.doors.items()},
        }

    def statistics(self) -> dict[str, Any]:
        """Sizes of all that can grow, by session: of the session itself and of its record."""
        return {
            name: {"session": host.statistics(), "record": host.record.statistics()}
            for name, host in self._hosts.items()
        }
