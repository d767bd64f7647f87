"""Delivery: who is connected, who hears a tell, and what an outlet is given for it.

The rules of who is meant stand in `sessions.answers.To`; here they meet connections: doors that show the whole session, askers
elsewhere who can't be told of files on this machine, and callers without a connection.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from bridge.door import Bundle, Message, Outlet, Seat
from bridge.recitals import waits
from sessions.answers import Tell, To
from sessions.roles import ENGINE
from sessions.state import State

__all__ = ["Audience", "Nowhere", "fresh_id"]

_log = logging.getLogger(__name__)

MAX_SEATS_PER_MEMBER = 8
"""Connections of one member; the oldest is let go for another."""
MAX_LOOKED_AFTER = 16
"""Connections of those who share a link, the longest unheard, of which is asked whether their programs are still there when
somebody comes by it: each costs the system a port."""
WITH_URL = frozenset(("section.stem", "section.preview"))
"""What says where something can be fetched."""
STEADY = frozenset(("ws",))
"""Doors whose silence says nothing, since pings tell when the connection is gone. (A container that was paused would send
everybody away, and an engine that is away has no work to answer.)"""


class Audience:
    """The seats of one session."""

    def __init__(self, session: str, base_url: Callable[[], str], path_of: Callable[[str], Path | None]) -> None:
        self._session = session
        self._base_url = base_url
        self._path_of = path_of
        self._seats: dict[str, list[Seat]] = {}

    def add(self, seat: Seat) -> None:
        seats = self._seats.setdefault(seat.member, [])
        seats.append(seat)
        if len(seats) > MAX_SEATS_PER_MEMBER:
            self._let_go(seats.pop(0))

    def drop(self, seat: Seat) -> bool:
        """Forget a seat; True where it was the member's last one."""
        if seat.gone:
            return False
        seat.gone = True
        seats = self._seats.get(seat.member, [])
        if seat in seats:
            seats.remove(seat)
        if not seats:
            self._seats.pop(seat.member, None)
        return not seats

    def seats_of(self, member: str) -> tuple[Seat, ...]:
        """A member's connections, as of now."""
        return tuple(self._seats.get(member, ()))

    def dismiss(self, seats: Iterable[Seat]) -> None:
        """Let connections go."""
        for seat in seats:
            if not seat.gone:
                self.drop(seat)
                self._let_go(seat)

    def close_ended(self, members: Iterable[str]) -> list[str]:
        """Let go of connections whose programs have ended unheard: whoever comes now may be their next life.

        The members who have no other one come back.
        """
        seats = [seat for member in members for seat in self.seats_of(member)]
        seats.sort(key=lambda seat: seat.heard_us)
        ended = [seat for seat in seats[:MAX_LOOKED_AFTER] if seat.has_ended()]
        self.dismiss(ended)
        return [member for member in dict.fromkeys(seat.member for seat in ended) if member not in self._seats]

    @staticmethod
    def _let_go(seat: Seat) -> None:
        seat.gone = True
        if seat.dismissed is not None:
            seat.dismissed()

    def heard_since(self, member: str, at_us: int) -> bool:
        """Whether a member gave a sign of life since then, by any connection."""
        return any(seat.outlet.kind in STEADY or seat.heard_us >= at_us for seat in self._seats.get(member, ()))

    def members(self) -> set[str]:
        return set(self._seats)

    def seats(self) -> Iterator[Seat]:
        """Every seat, as of now."""
        return iter([seat for seats in self._seats.values() for seat in seats])

    def statistics(self) -> dict[str, int]:
        """What waits for slow readers."""
        return {"outbox_bytes": sum(seat.outlet.waiting_bytes for seat in self.seats())}

    def tell(self, told: Tell, state: State) -> None:
        """Send messages to all who are meant."""
        self.tell_all((told,), state)

    def tell_all(self, tells: Iterable[Tell], state: State, first: str = "") -> None:
        """The same of several; a member who waits for it hears all of it `first`, before anybody else hears any."""
        found = []
        for told in tells:
            if told.messages:
                bundle = Bundle(told.messages, told.at_us)
                give = self.send if _tells_of_sound(bundle) else self._give  # nearly always the same for everybody
                found.append((bundle, give, self._meant(told, state)))
        for in_turn in (True, False) if first else (False,):
            for bundle, give, meant in found:
                for seat in meant:
                    if (seat.member == first) is in_turn and not (seat.reciting and waits(seat, bundle)):
                        give(seat, bundle)

    def _meant(self, told: Tell, state: State) -> list[Seat]:
        """Who is meant; an engine hears only what is said to it alone."""
        if told.to is To.ONE:
            return list(self._seats.get(told.member, ()))
        asked = (told.member, *told.also) if told.to is To.SECTION else ()
        found: list[Seat] = []
        for name, seats in self._seats.items():
            member = state.members.get(name)
            if member is not None and member.role != ENGINE:
                all_of_them = told.to is To.ALL or name in asked
                found += seats if all_of_them else [seat for seat in seats if seat.outlet.watches]
        return found

    def send(self, seat: Seat, bundle: Bundle) -> None:
        """Send one seat a bundle, as its outlet may have it."""
        if bundle.messages:
            self._give(seat, self._for_outlet(bundle, seat.outlet))

    def _give(self, seat: Seat, bundle: Bundle) -> None:
        """The same, of a bundle that is as the outlet may have it."""
        if not seat.gone:
            try:
                seat.outlet.send(bundle)
            except Exception:
                _log.exception("%s is let go: its outlet failed", seat.member)
                self.drop(seat)
                self._let_go(seat)

    def _for_outlet(self, bundle: Bundle, outlet: Outlet) -> Bundle:
        """Stems and previews get their address, and stems their path where the outlet is on this machine."""
        if not _tells_of_sound(bundle):
            return bundle
        return Bundle(tuple(self._filled(message, outlet) for message in bundle.messages), bundle.at_us)

    def _filled(self, message: Message, outlet: Outlet) -> Message:
        if message["type"] not in WITH_URL:
            return message
        at = f"{self._base_url()}/api/sessions/{self._session}"
        if message["type"] == "section.preview":
            section = quote(f"{message['member']}/{message['id']}")
            return {**message, "url": f"{at}/sections/{section}/preview/{message['part']}.wav"}
        path = self._path_of(message["sha256"]) if outlet.local else None
        url = f"{at}/blobs/{message['sha256']}"
        return {**message, "url": url, "path": str(path) if path is not None else ""}


def _tells_of_sound(bundle: Bundle) -> bool:
    return any(message["type"] in WITH_URL for message in bundle.messages)


class Nowhere:
    """The outlet of a caller without a connection: he reads what came of it by asking again."""

    kind = "http"
    local = False
    watches = False
    waiting_bytes = 0

    def send(self, bundle: Bundle) -> None:
        """Nobody is there to hear it."""


def fresh_id() -> str:
    """The id of a new invite: 64 bits that nobody can guess."""
    return secrets.token_hex(8)
