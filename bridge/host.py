"""The host of one session: who comes in, what they say, and who has gone, between the doors and the rules.

A message comes in at a door, is parsed, checked against its member's key, decided (`sessions.decide`), and written
(`bridge.scribe`), all at once and in the order it came. The host decides nothing itself and has no state but what the log adds
up to.

    seat, on_disk = host.join(invite, {"type": "session.join"}, outlet)
    await host.submit(seat, {"type": "section.request", "id": "a", "bars": 8})
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bridge import questions
from bridge.agenda import Acknowledged, Agenda, done
from bridge.arrivals import Arrivals
from bridge.delivery import Audience, fresh_id
from bridge.door import Bundle, Message, Outlet, Seat, refusal
from bridge.hope import Hope
from bridge.invitations import Invitations
from bridge.ledger import Ledger
from bridge.pacer import Pacer
from bridge.ports.clock import Clock
from bridge.ports.disk import Record
from bridge.previews import Previews
from bridge.restraint import Restraint
from bridge.scribe import Scribe
from bridge.signatures import check_signature, id_of
from bridge.stems import check_stems
from bridge.visits import Visits
from bridge.wire.smf import to_smf
from sessions import commands as c
from sessions.answers import To, positions, welcome
from sessions.decide import Moment, decide, members
from sessions.errors import Code, Refused
from sessions.events import Joined
from sessions.invites import Invite, make_invite
from sessions.keys import SigningKey
from sessions.roles import ENGINE, Role
from sessions.state import Presence, State

__all__ = ["AWAY_AFTER_S", "Host"]

AWAY_AFTER_S = 60.0
"""A member unheard for so long is away."""

_log = logging.getLogger(__name__)


class Host:
    """One session, live. Everything here runs in one event loop."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        *,
        engine_expected: Callable[[], bool] = lambda: False,
        base_url: Callable[[], str] = lambda: "",
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._hope = Hope(engine_expected)
        self._audience = Audience(self.name, base_url, self.blob_path)
        self._agenda = Agenda()
        self._arrivals = Arrivals()
        self.invitations = Invitations()
        self.restraint = Restraint(
            lambda member: self.state.sounding.get(member, ()), lambda member: self.state.moved.get(member, ())
        )
        self._pacer = Pacer(clock, lambda: self.state, self._audience.tell)
        self.previews = Previews(lambda: self.state, self._audience.tell)
        self._scribe = Scribe(ledger, self._audience, self._hope, self._look)
        self._visits = Visits(lambda: self.state, self.join, self._audience)
        self._tasks: list[asyncio.Task[None]] = []
        self._closed = False

    @property
    def name(self) -> str:
        return self.state.name

    @property
    def origin(self) -> str:
        return self.state.origin

    @property
    def state(self) -> State:
        """What is, with what the disk doesn't have yet; doors only read it."""
        return self._ledger.state

    @property
    def record(self) -> Record:
        return self._ledger.record

    @property
    def key(self) -> SigningKey:
        return self._ledger.key

    @property
    def refusing(self) -> str:
        """Why the disk takes nothing just now; empty while it does."""
        return self._ledger.refusing

    def now_us(self) -> int:
        """What the session's clock says."""
        return self._clock.now_us()

    def start(self) -> None:
        """Begin to flush and to notice who is away; inside the loop, before the first join."""
        forever = (self._scribe.flush_forever(), self._watch_forever(), self._pacer.run())
        self._tasks = [asyncio.create_task(task) for task in forever]
        self._scribe.write()

    async def stop(self) -> None:
        """Take nothing more, put everything on disk and close the record."""
        self._closed = True
        self._agenda.clear()
        for task in self._tasks:
            task.cancel()
        for came_to in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(came_to, Exception):
                _log.error("session %s: a task of its host failed", self.name, exc_info=came_to)
        self.previews.close()
        await self._scribe.close()

    def _look(self) -> None:
        """What changes by itself after an event."""
        self._pacer.look()
        self.previews.look()

    # -- who comes in ------------------------------------------------------------------------------------------------

    def join(self, invite: Invite, message: Message, outlet: Outlet, before: str = "") -> tuple[Seat, Acknowledged]:
        """A seat for whoever brings an invite, told of once the disk has it; `before` was at the same place. Raises `Refused`."""
        self._arrivals.let(invite.id, self._clock.now_us())
        command = c.parse_command({**message, "type": c.Join.TYPE})
        assert isinstance(command, c.Join)
        for ended in self._audience.close_ended(member.name for member in self.state.came_by(invite.id)):
            self._scribe.write(members.away(self.state, ended).events)
        if not before and not command.key:
            before = self._visits.idle(invite)
        decision = members.join(self.state, members.Door(invite.id, invite.role, invite.name, before), command)
        joined = decision.events[0]
        assert isinstance(joined, Joined)
        signature = check_signature(self.state, command.key, joined.member, message) if command.key else ""
        seat = Seat(self, joined.member, outlet, self._clock.now_us())
        self._audience.add(seat)
        try:
            acknowledged = self._scribe.come_to(seat.member, decision, message, signature)
        except Refused:
            self._audience.drop(seat)
            raise
        if outlet.watches:
            for told in (*welcome(self.state, seat.member, self._clock.now_us()), *self.previews.heard()):
                self._scribe.answer(seat, Bundle(told.messages, told.at_us))
            for section in self.state.asked_for.open():
                self._scribe.recite(seat, section)
        return seat, acknowledged

    def visit(self, invite: Invite) -> Seat:
        """The seat of a caller without a connection: the member that the invite is there."""
        return self._visits.seat(invite)

    def role_of(self, invite: Invite) -> Role:
        """The role that such a caller has."""
        return self._visits.role(invite)

    def act_as(self, role: str, outlet: Outlet) -> Seat:
        """The seat of a door that the owner gave a role, because its clients can't carry a token. Raises `Refused`."""
        self._check_role(role)
        invite = Invite(session=self.name, role=role, name="", expires_s=0, id=f"{outlet.kind}-as-{role}")
        seat, _ = self.join(
            invite, {"type": c.Join.TYPE, "name": f"{outlet.kind}-{role}"}, outlet, before=f"{outlet.kind}-{role}"
        )
        return seat

    def close(self, seat: Seat) -> None:
        """The connection is gone; without another one the member is away."""
        if self._audience.drop(seat) and not self._closed and seat.member in self.state.members:
            self._scribe.write(members.away(self.state, seat.member).events)

    def heard(self, seat: Seat) -> None:
        """Any sign of life."""
        seat.heard_us = self._clock.now_us()

    def no_engine_left(self) -> None:
        """The server's own engine is gone for good: who waits is told, as soon as no other engine is here either."""
        self._hope.give_up()
        self._scribe.write()

    def invite_own_engine(self, expires_s: float) -> str:
        """A token for the server's own engine, which is on its way from now on, as long as nobody revokes it."""
        token = self.make_invite(ENGINE, expires_s=expires_s)
        self._hope.invite = id_of(token, self.key.verifier, {})
        return token

    def make_invite(self, role: str, name: str = "", expires_s: float = 12 * 3600) -> str:
        """A token for this session; raises `Refused` for a role that it doesn't have."""
        self._check_role(role)
        expires = self._clock.now_us() // 1_000_000 + int(expires_s)
        invite = Invite(self.name, role, name, expires, fresh_id())
        token = make_invite(self.key, self.name, role, name, expires, invite.id)
        self.invitations.saw(invite)
        return token

    def _check_role(self, role: str) -> None:
        if not self.state.has_role(role):
            raise Refused(
                Code.BAD_VALUE, f"role: there is no role {role[:64]!r}; see /capabilities for those there are"
            )

    # -- what they say -----------------------------------------------------------------------------------------------

    def submit(self, seat: Seat, message: Message, *, at_us: int | None = None) -> Acknowledged:
        """Take a message: decided now, acknowledged when the future is done. Raises `Refused` at once.

        The future carries a `Refused` where the disk failed; the door tells its client. With `at_us` in the future the
        message is kept until then, and what it comes to is told then.
        """
        now_us = self._clock.now_us()
        seat.heard_us = now_us
        if at_us is None or at_us <= now_us:
            return self._take(seat, message)
        c.parse_command(message)
        return self._agenda.put(seat.member, at_us - now_us, lambda: self._take_when_due(seat, message))

    def _take_when_due(self, seat: Seat, message: Message) -> Acknowledged:
        try:
            return self._take(seat, message)
        except Refused as error:
            self._audience.send(seat, Bundle((refusal(message, error),)))
            return done(None)

    def _take(self, seat: Seat, message: Message) -> Acknowledged:
        if seat.gone or self._closed or seat.member not in self.state.members:
            raise Refused(Code.NOT_JOINED, "session: join first, with a token that a leader gave you")
        command = c.parse_command(message)
        if isinstance(command, c.Join):
            raise Refused(Code.CONFLICT, "session: this connection has joined already; leave first, or open another")
        if isinstance(command, c.Revoke) and "." in command.invite:
            message = {**message, "invite": id_of(command.invite, self.key.verifier, message)}
            command = c.parse_command(message)
        if not self.restraint.lets(seat.member, command, self._clock.now_us()):
            return done(None)
        member = self.state.members[seat.member]
        if member.presence is Presence.AWAY:
            self._scribe.write((Joined(member.name, member.role, member.invite, member.key, resumed=True),))
        signed = bool(member.key) and not command.QUERY
        signature = check_signature(self.state, member.key, seat.member, message) if signed else ""
        decision = decide(self.state, seat.member, command, self._moment())
        check_stems(self.state, decision.events, self.blob_path)
        if command.QUERY:
            self._answer_question(seat, command)
        for answers in decision.answers:
            self._scribe.answer(seat, Bundle(answers))
        if decision.recite:
            self._scribe.recite(seat, self.state.sections[decision.recite])
        return self._scribe.come_to(seat.member, decision, message, signature)

    def _moment(self) -> Moment:
        now_us = self._clock.now_us()
        return Moment(now_us, self.record.time_for(now_us), to_smf, self._hope.comes(self.state))

    def _answer_question(self, seat: Seat, command: c.Command) -> None:
        """Answered from what is there; what is said of the log waits until the disk has all of that."""
        told = questions.answer(command, self.state, seat.member, self.record.root, self._clock.now_us())
        if told is None:
            return
        if told.to is not To.ONE:
            self._audience.tell(told, self.state)
        elif isinstance(command, c.AskHead):
            self._scribe.answer(seat, Bundle(told.messages))
        else:
            self._audience.send(seat, Bundle(told.messages, told.at_us))

    # -- who has gone, audio and figures ------------------------------------------------------------------------------

    async def _watch_forever(self) -> None:
        """Who was not heard for a while, by any connection, is away; whatever comes from there brings them back.

        Who has waited for an engine for a while where none comes is told; so is, all the while, how long others still have to.
        """
        while True:
            await asyncio.sleep(AWAY_AFTER_S / 12)
            late_us = self._clock.now_us() - int(AWAY_AFTER_S * 1e6)
            for member in [member.name for member in self.state.present()]:
                if not self._audience.heard_since(member, late_us):
                    self._scribe.write(members.away(self.state, member).events)
            self._scribe.write(self._hope.lost_by(self.state, self._clock.now_us()))
            if self.state.paces:
                for told in positions(self.state, self._clock.now_us()):
                    self._audience.tell(told, self.state)

    def blob_path(self, sha256: str) -> Path | None:
        """Where a blob lies, if it is here."""
        return self.record.blob_path(sha256)

    def put_blob(self, sha256: str, data: bytes) -> bool:
        """Keep what an engine hands in; False where it was here already. It blocks. Raises `Refused`."""
        return self.record.put_blob(sha256, data)

    def statistics(self) -> dict[str, Any]:
        """Sizes of everything that can grow."""
        return {
            "members": len(list(self.state.present())),
            "seats": len(list(self._audience.seats())),
            "queue": len(self.state.queue),
            "promises": len(self._scribe),
            "scheduled": len(self._agenda),
            "entries": self.state.size,
            "durable": self._ledger.durable,
            "refusing": int(bool(self.refusing)),
            "takes": len(self.state.takes),
            "held_back": self.restraint.held_back,
            "turned_away": self._arrivals.turned_away,
            **self._audience.statistics(),
            "preview_bytes": self.previews.total_bytes,
        }
