"""The house: every session of this server, and the way from a token to one of them.

house = House(data, SystemClock())
await house.start("jam")
host, invite = house.open(token)
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bridge.host import Host
from bridge.ledger import open_ledger
from bridge.ports.clock import Clock
from sessions.errors import Code, Refused
from sessions.invites import Invite, check_name, check_time, peek, read_token

__all__ = ["MAX_SESSIONS", "House"]

MAX_SESSIONS = 256
"""Sessions of one server."""
MAX_TOKENS = 1024
"""Tokens that are known to be good: a known one costs a thousandth of a new one, whose signature is checked."""

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
        self._tokens: OrderedDict[str, tuple[Host, Invite]] = OrderedDict()
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
        now_us = self._clock.now_us()
        host, invite = self._tokens.get(token) or self._read(token, now_us)
        check_time(invite, now_us)
        if invite.id in host.state.revoked:
            raise Refused(Code.BAD_TOKEN, "token: this invite was revoked; ask the leader for another")
        self._tokens.move_to_end(token)
        return host, invite

    def _read(self, token: str, now_us: int) -> tuple[Host, Invite]:
        """The same of a token that is not known yet, and is from now on."""
        host = self._hosts.get(peek(token).session)
        if host is None:
            raise Refused(Code.BAD_TOKEN, "token: this is no invite to a session here; ask the leader for one")
        self._tokens[token] = host, read_token(token, host.key.verifier, now_us)
        host.invitations.saw(self._tokens[token][1])
        if len(self._tokens) > MAX_TOKENS:
            self._tokens.popitem(last=False)
        return self._tokens[token]

    async def close(self) -> None:
        """Everything to disk, every session closed."""
        stopped = await asyncio.gather(*(host.stop() for host in self._hosts.values()), return_exceptions=True)
        self._hosts.clear()
        self._tokens.clear()
        for error in stopped:
            if isinstance(error, BaseException):
                raise error

    def health(self) -> dict[str, Any]:
        """Up or failing, and then why by session; engines, sessions."""
        engines = sorted({engine.name for host in self._hosts.values() for engine in host.state.engines()})
        failing = {name: host.refusing for name, host in self._hosts.items() if host.refusing}
        return {
            **({"status": "failing", "failing": failing} if failing else {"status": "ok"}),
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
