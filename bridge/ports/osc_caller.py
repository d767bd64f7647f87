"""A caller: one OSC program at a door, who it is and what becomes of what it sends.

Shared by the doors over UDP and over TCP, which differ only in how bytes come and go. A caller joins with a token, and from
then on has a seat; what it sends goes to the seat's host as it comes, none waiting for the one before. Whatever is refused
is answered. Nothing is decided here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Generic, Protocol, TypeVar

from bridge.buckets import Bucket
from bridge.crowd import share_of_one
from bridge.door import Bundle, Message, Outlet, Seat
from bridge.host import Host
from bridge.wire.osc import Packet, unbundle
from bridge.wire.osc_messages import read, subject
from sessions.commands import LiveNote, Say
from sessions.errors import Code, Refused
from sessions.invites import Invite

__all__ = ["MESSAGES_PER_S", "Caller", "Encoded", "Sessions", "may_end_a_note", "refused"]

T = TypeVar("T")

MESSAGES_PER_S = 5_000
"""What one caller may send; a controller under a hand sends 200."""
BURST_MESSAGES = 10_000
"""And as much at once."""
_NOTE = b"/live/note\0"
_RESTRAINED = {_NOTE: LiveNote.TYPE, b"/chat/say\0\0\0": Say.TYPE}
"""What a member may send only so much of (`bridge.restraint`), by the beginning of its packet."""
_BEGINNINGS = tuple(_RESTRAINED)
_ENDS = (bytes(4), b"\x80\0\0\0")
"""How a packet ends that ends a note: a velocity of 0 as an int or a float, or of -0."""


class Sessions(Protocol):
    """As much of a house as a door needs."""

    @property
    def hosts(self) -> Mapping[str, Host]:
        """Sessions by name."""

    def open(self, token: str) -> tuple[Host, Invite]:
        """The session that a token is for; raises `Refused`."""


def refused(what: str, error: Refused) -> Message:
    """The answer to what was refused."""
    return {"type": "refused", "what": what, "code": str(error.code), "advice": error.advice}


def may_end_a_note(packet: bytes) -> bool:
    """Whether a packet looks like the end of a note, told without reading it."""
    return packet.startswith(_NOTE) and packet.endswith(_ENDS)


class Encoded(Generic[T]):
    """The bytes of the last bundle: what goes to a whole band is encoded once."""

    def __init__(self, encode: Callable[[Bundle], T]) -> None:
        self._encode = encode
        self._last: tuple[Bundle, T] | None = None

    def __call__(self, bundle: Bundle) -> T:
        if self._last is None or self._last[0] is not bundle:
            self._last = bundle, self._encode(bundle)
        return self._last[1]


class Caller:
    """One program at a door.

    `outlet_for` makes its outlet, for the reply port that it joins with; `stranger` takes what it is told before that;
    `guest` is the seat that the owner lets it have without joining, or none; `has_ended` tells whether the program
    is gone, for its reply port.
    """

    def __init__(
        self,
        sessions: Sessions,
        outlet_for: Callable[[int | None], Outlet],
        stranger: Outlet,
        guest: Callable[[], Seat | None] = lambda: None,
        on_dismissed: Callable[[], None] = lambda: None,
        has_ended: Callable[[int | None], bool] = lambda reply_port: False,
    ) -> None:
        self.seat: Seat | None = None
        self.share = share_of_one()
        """What it may say before it is in the crowd, where its door has no connection to hold that."""
        self._sessions = sessions
        self._outlet_for = outlet_for
        self._stranger = stranger
        self._guest = guest
        self._on_dismissed = on_dismissed
        self._has_ended = has_ended
        self._bucket = Bucket(MESSAGES_PER_S, BURST_MESSAGES)
        self._complained_s = float("-inf")

    def hear(self, datagram: bytes) -> None:
        """Take all that came at once; raises nothing that is the caller's fault."""
        for packet in self.open(datagram):
            if not self.take(packet):
                return

    def open(self, datagram: bytes) -> tuple[Packet, ...]:
        """The messages of what came, each for `take`; none where it comes to nothing."""
        if self.seat is not None:
            self.seat.host.heard(self.seat)
            if datagram.startswith(_BEGINNINGS) and self._comes_to_nothing(self.seat, datagram):
                return ()
        try:
            return unbundle(datagram)
        except Refused as error:
            self.refuse(subject(Packet(datagram)), error)
            return ()

    def take(self, packet: Packet) -> bool:
        """One message; False where the others of its datagram are not wanted: a stranger is refused once for each."""
        if self._too_fast() and not self._ends_a_note(packet):
            return True
        seat = None
        try:
            seat = self.seat or self._guest()
            self._take(read(packet), packet, seat)
        except Refused as error:
            self.refuse(subject(packet), error)
            return seat is not None
        return True

    def refuse(self, what: str, error: Refused) -> None:
        """Answer that something can't be done."""
        outlet = self.seat.outlet if self.seat is not None else self._stranger
        outlet.send(Bundle((refused(what, error),)))

    def close(self) -> None:
        """The connection is gone."""
        seat, self.seat = self.seat, None
        if seat is not None:
            seat.host.close(seat)

    @staticmethod
    def _comes_to_nothing(seat: Seat, datagram: bytes) -> bool:
        """Whether it would be dropped: told before it is read, for a flood must cost the others as little as can be."""
        kind = next(kind for beginning, kind in _RESTRAINED.items() if datagram.startswith(beginning))
        return not may_end_a_note(datagram) and seat.host.restraint.is_deaf(seat.member, kind, seat.heard_us)

    def _ends_a_note(self, packet: Packet) -> bool:
        """Whether it ends a note that sounds, which is let through however much was sent."""
        if self.seat is None or not may_end_a_note(packet.data):
            return False
        try:
            return self.seat.host.restraint.ends(self.seat.member, read(packet))
        except Refused:
            return False

    def _too_fast(self) -> bool:
        now_s = asyncio.get_running_loop().time()
        if self._bucket.take(1, now_s):
            return False
        if now_s - self._complained_s >= 1:
            self._complained_s = now_s
            advice = f"messages: more than {MESSAGES_PER_S} a second are dropped; send fewer"
            self.refuse("/", Refused(Code.TOO_MANY, advice))
        return True

    def _take(self, message: Message, packet: Packet, seat: Seat | None) -> None:
        if message["type"] == "session.join":
            self._join(message, packet)
        elif seat is None:
            raise Refused(Code.NOT_JOINED, "session: join first, by /session/join with a token that a leader gave you")
        else:
            self._tell_failure(seat.host.submit(seat, message, at_us=packet.at_us), seat.outlet, packet)

    def _join(self, message: Message, packet: Packet) -> None:
        """A seat for whoever brings a token; whoever sat here before makes room for him."""
        reply_port = message.pop("reply_port", None)
        if reply_port is not None and not 1 <= reply_port <= 65_535:
            raise Refused(Code.BAD_VALUE, f"reply_port: {reply_port} is no port; send 1 to 65535, or leave it out")
        outlet = self._outlet_for(reply_port)
        old = self.seat
        try:
            host, invite = self._sessions.open(message.pop("token"))
            before = old.member if old is not None and old.host is host else ""
            seat, acknowledged = host.join(invite, message, outlet, before)
        except Refused as error:
            if reply_port is None:
                raise
            outlet.send(Bundle((refused(subject(packet), error),)))
            return
        seat.dismissed = lambda: self._dismissed(seat)
        seat.has_ended = lambda: self._has_ended(reply_port)
        self.seat = seat
        if old is not None:
            old.host.close(old)
        self._tell_failure(acknowledged, outlet, packet)

    def _dismissed(self, seat: Seat) -> None:
        if self.seat is seat:
            self.seat = None
            self._on_dismissed()

    def _tell_failure(self, acknowledged: asyncio.Future[int | None], outlet: Outlet, packet: Packet) -> None:
        """Where the disk refuses what was taken, the caller hears of it."""

        def done(future: asyncio.Future[int | None]) -> None:
            error = None if future.cancelled() else future.exception()
            if isinstance(error, Refused):
                outlet.send(Bundle((refused(subject(packet), error),)))

        if acknowledged.done():
            done(acknowledged)
        else:
            acknowledged.add_done_callback(done)
