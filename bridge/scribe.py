"""The scribe of a session: writes events down, tells who is meant, and acknowledges what the disk has.

Live events are told at once, durable ones when the disk has them; what follows from an event by itself is written right
after it. Where the disk fails, whoever waits is told, and nothing of it has happened. It judges nothing: what it is handed
has been decided.

    scribe.write(members.away(state, "ana").events)                     # the server's own
    acknowledged = scribe.come_to("ana", decision, message, signature)  # a member's
    scribe.answer(seat, bundle)                                         # told when all of that is on disk
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from bridge.agenda import Acknowledged
from bridge.delivery import Audience
from bridge.door import Bundle, Message, Seat
from bridge.hope import Hope
from bridge.ledger import Ledger
from bridge.ports.disk import DiskFailed, NotKept
from bridge.promises import SLICE_S, Promises
from bridge.recitals import Recitals
from bridge.roster import Roster
from sessions.answers import Tell, To, members_answer, tell
from sessions.decide import Decision, engines, live
from sessions.errors import Code, Refused
from sessions.events import Bent, Controlled, Event, Left, LeftWhy, NotePlayed, Owes, Removed
from sessions.state import Section, State

__all__ = ["Scribe"]

ALONE = (NotePlayed, Controlled, Bent)
"""Nothing follows by itself from what somebody plays who may: so with many hands on the keys it isn't asked for each note."""

_log = logging.getLogger(__name__)


class Scribe:
    """The one writer of one ledger; `written` is called after each event."""

    def __init__(self, ledger: Ledger, audience: Audience, hope: Hope, written: Callable[[], None]) -> None:
        self._ledger = ledger
        self._audience = audience
        self._hope = hope
        self._written = written
        self._promises = Promises()
        self._recitals = Recitals(lambda: self.state, audience.send)
        self._refused = ""  # what the disk said when it last took nothing; empty while it takes all
        self._roster = Roster(self._tell_who_is_here)
        ledger.on_unreadable = lambda: self._promises.break_all(NotKept(ledger.refusing))
        ledger.on_refusing, ledger.on_taking = self._hush, lambda: self.write(live.hush(self.state))

    def __len__(self) -> int:
        """What waits for the disk."""
        return len(self._promises)

    @property
    def state(self) -> State:
        return self._ledger.state

    def come_to(self, member: str, decision: Decision, message: Message, signature: str) -> Acknowledged:
        """Write a decision's events: the first is the member's own, the others follow from it."""
        acknowledged: Acknowledged = asyncio.get_running_loop().create_future()
        index = self.state.size if decision.events else None
        if decision.events:
            signed = {name: value for name, value in message.items() if name != "signature"} if signature else None
            self._write(member, decision.events[0], signed, signature)
            if len(decision.events) > 1 or not isinstance(decision.events[0], ALONE):
                self.write(decision.events[1:])
        patient = bool(decision.events) and all(event.OWES is Owes.LIVE for event in decision.events)
        self._promises.make(self.state.size, acknowledged=acknowledged, index=index, patient=patient)
        return acknowledged

    def write(self, events: Iterable[Event] = ()) -> None:
        """Events of the server's own, and what follows by itself from all that is written.

        While the disk takes nothing it comes to nothing; what still holds then is found again.
        """
        if self._ledger.refusing:
            return
        for event in events:
            self._write("", event)
        while following := engines.follow_ups(self.state) or self._hope.lost(self.state):
            for event in following:
                self._write("", event)

    def _write(self, member: str, event: Event, command: Message | None = None, signature: str = "") -> None:
        tells = self._ledger.write(member, event, command, signature)
        self._written()
        if event.OWES is Owes.LIVE:
            for told in tells:
                self._audience.tell(told, self.state)
            tells = ()
        leaving: tuple[Seat, ...] = ()
        if isinstance(event, Removed) or (isinstance(event, Left) and event.why is LeftWhy.LEFT):
            leaving = self._audience.seats_of(event.member)  # whoever comes back before the disk has it stays

        def kept() -> None:
            if any(told.to is To.ROSTER for told in tells):
                self._roster.look()
            self._audience.tell_all(tells, self.state, first=member)
            self._audience.dismiss(leaving)

        promised = kept if tells or leaving else None
        self._promises.make(self.state.size, kept=promised, patient=event.OWES is Owes.LIVE)

    def _tell_who_is_here(self) -> None:
        """All of them, with who has only just come, once the disk has that."""
        told = Tell((members_answer(self.state),), To.WATCHERS)
        self._promises.make(self.state.size, kept=lambda: self._audience.tell(told, self.state))

    def answer(self, seat: Seat, bundle: Bundle) -> None:
        """An answer to one seat that relies on what is written so far."""
        self._promises.make(self.state.size, kept=lambda: self._audience.send(seat, bundle))

    def recite(self, seat: Seat, section: Section) -> None:
        """The same of all that has come of a section, as it is now."""
        as_of_now = section.as_of_now()
        self._promises.make(self.state.size, kept=lambda: self._recitals.begin(seat, as_of_now))

    async def flush_forever(self) -> None:
        """Bring what is written to the disk, and keep what was promised for it; first of all what opening the session wrote."""
        while True:
            before = self._ledger.durable
            try:
                await self._ledger.flush()
            except DiskFailed as error:
                self._roll_back(error)
            if self._ledger.durable > before:
                self._taken()
            while not self._promises.keep(self._ledger.durable, SLICE_S):
                await asyncio.sleep(0)
            self._ledger.save_when_due()
            await self._promises.wait()

    def _hush(self) -> None:
        """While the disk takes nothing nobody can end a note: all that sound are ended now, and in the log when it can be said."""
        for event in live.hush(self.state):
            for told in tell(self.state, "", event):
                self._audience.tell(told, self.state)

    def _roll_back(self, error: DiskFailed) -> None:
        """The disk did not take what was staged: whoever waits for it is told, and nothing of it has happened."""
        if self._refused != str(error):  # once: every try of every member meets it
            _log.error(
                "session %s: %s. It goes on by itself (%s)", self.state.name, error.advice, self._ledger.record.path
            )
        self._refused = str(error)
        self._promises.keep(self._ledger.durable)
        self._promises.break_all(NotKept(error.advice))
        asyncio.get_running_loop().call_soon(self._dismiss_strangers)  # behind those who are being told

    def _dismiss_strangers(self) -> None:
        """Whose joining never was."""
        for member in self._audience.members() - self.state.members.keys():
            self._audience.dismiss(self._audience.seats_of(member))

    def _taken(self) -> None:
        if self._refused:
            _log.warning("session %s: the disk takes what is written again", self.state.name)
        self._refused = ""

    async def close(self) -> None:
        """Everything to disk; who still waits is told that the server stops."""
        self._recitals.close()
        self._roster.close()
        try:
            await self._ledger.close()
        finally:
            self._promises.keep(self._ledger.durable)
            self._promises.break_all(Refused(Code.FAILED, "the server stops; ask again when it is back"))
