"""The door for MIDI: a member of the session who hears all of it and passes it on to a port, and plays what comes in there.

What plays is read from the session's state (`bridge.midi.score`) and sent ahead as a plan; what comes in are live messages of the
role that the owner gave the port, since a cable can't carry a token. Where the system has no MIDI the door stays shut, and that
is no error.

    door = MidiDoor(host, clock, choice, lambda hear: Link(choice, clock, hear))
    print(await door.start())               # "StarBridge, by jack"
    await door.close()                      # every note has ended
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any, Protocol

from bridge.agenda import Acknowledged
from bridge.door import Bundle, Message, Seat
from bridge.host import Host
from bridge.midi.choice import MidiChoice
from bridge.midi.hand import EACH_US, Hand
from bridge.midi.plan import Plan
from bridge.midi.score import Score
from bridge.ports.clock import Clock
from bridge.wire.midi import Tokenizer
from sessions.errors import Code, Refused

__all__ = ["MidiDoor", "Sender"]

AGAIN_S = 0.1
"""So often a plan is made while something plays: each reaches ten times as far."""
GATHER_S = 0.002
"""What comes together is planned together."""
REST, MOST_REST_S = 3, 0.02
"""And so many times as long as it took to plan, nothing is: it is one member's work among others'. But notes must not come late."""
HERE_S = 15.0
"""So often the host is told that the port is still here."""
RETRY_S = 1.0
"""After a fault of our own."""

LIVE = frozenset(("live.note", "live.control", "live.bend"))
CHANGES = LIVE | {
    "live.coming",
    "live.rested",
    "live.accompanied",
    "take.play",
    "take.loop",
    "take.stop",
    "transport.state",
}
"""What may change what sounds."""

_log = logging.getLogger(__name__)


class Sender(Protocol):
    """Whoever plays plans: the link to the sender's process."""

    why: str
    """Why nothing is open."""
    name: str
    """Of the port, as others see it."""
    crashes: int

    async def start(self) -> str:
        """The system that the port is in, or an empty text."""

    def play(self, plan: Plan) -> None:
        """From now on this plan holds."""

    async def close(self) -> None:
        """End every note."""


class MidiDoor:
    """One port of one session. `start` and `close` once each."""

    kind, local, watches, waiting_bytes = "midi", True, False, 0

    def __init__(
        self,
        host: Host,
        clock: Clock,
        choice: MidiChoice,
        sender: Callable[[Callable[[dict[str, Any]], None]], Sender],
    ) -> None:
        self._host, self._clock, self._choice = host, clock, choice
        self._link = sender(self._told)
        self._score = self._fresh_score()
        self._hand = Hand(choice.part)
        self._ear = Tokenizer()
        self._seat: Seat | None = None
        self._sent_away = False
        self._later: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._figures: dict[str, Any] = {}
        self._device = ""
        self._refused_s = float("-inf")
        self.system = ""

    def _fresh_score(self) -> Score:
        return Score(clock=self._choice.clock, programs=self._choice.programs)

    async def start(self) -> str:
        """The port's name and system; or an empty text where there is no MIDI, and `why`. Raises `Refused` for a wrong role."""
        if not self._host.state.has_role(self._choice.role):
            raise Refused(Code.BAD_VALUE, f"midi-as: session {self._host.name} has no role {self._choice.role!r}")
        self.system = await self._link.start()
        if not self.system:
            return ""
        self._tasks = [asyncio.create_task(task) for task in (self._play_on(), self._stay())]
        return f"{self._link.name}, by {self.system}"

    @property
    def why(self) -> str:
        """Why the door is shut."""
        return self._link.why

    async def close(self) -> None:
        """End every note, and what is held of the session's; then leave."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        if self._later is not None:
            self._later.cancel()
        await self._link.close()
        if self._seat is not None:
            self._host.close(self._seat)
            self._seat = None

    def statistics(self) -> dict[str, Any]:
        """What the sender says of its punctuality, and how often it had to be started again."""
        return {"port": self._link.name, "system": self.system, **self._figures, "crashes": self._link.crashes}

    # -- out -----------------------------------------------------------------------------------------------------------

    def send(self, bundle: Bundle) -> None:
        """Something has happened in the session."""
        if any(message["type"] == "transport.state" for message in bundle.messages):
            self._score.moved(self._host.state, self._clock.now_us())
        for message in bundle.messages:
            if message["type"] in LIVE and self._seat is not None and message["member"] != self._seat.member:
                self._score.heard(message, self._clock.now_us())
        if any(message["type"] in CHANGES for message in bundle.messages):
            self._changed.set()

    async def _play_on(self) -> None:
        """Plans, for ever; a fault of ours is heard as silence, never as a note that hangs."""
        while True:
            try:
                await self._plan_on()
            except Refused as error:
                _log.warning("MIDI: %s", error.advice)
                self._link.play(Plan(self._clock.now_us()))
                return
            except Exception:
                _log.exception("the MIDI door failed; it begins anew")
                self._link.play(Plan(self._clock.now_us()))
                self._score = self._fresh_score()
                await asyncio.sleep(RETRY_S)

    async def _plan_on(self) -> None:
        was_empty, loop = True, asyncio.get_running_loop()
        while True:
            self._sit()
            self._changed.clear()
            began_s = loop.time()
            plan = self._score.plan(self._host.state, self._clock.now_us())
            if not (plan.is_empty and was_empty):
                self._link.play(plan)
            was_empty, took_s = plan.is_empty, loop.time() - began_s
            waiting = None if was_empty and not self._host.state.transport.playing else AGAIN_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(waiting):
                    await self._changed.wait()
                await asyncio.sleep(max(GATHER_S, min(REST * took_s, MOST_REST_S)))

    def _sit(self) -> Seat:
        """The door's seat; who is sent away does not come back by himself. Raises `Refused`."""
        if self._sent_away:
            raise Refused(Code.NOT_JOINED, "the port was sent away; start the server again to have it back")
        if self._seat is None:
            self._seat = self._host.act_as(self._choice.role, self)
            self._seat.dismissed = self._dismissed
        return self._seat

    def _dismissed(self) -> None:
        self._sent_away = True
        self._changed.set()

    # -- in ------------------------------------------------------------------------------------------------------------

    def _told(self, told: dict[str, Any]) -> None:
        """The sender says something."""
        for at_us, data in told.get("in", ()):
            for message in self._ear.feed(bytes.fromhex(data)):
                self._say(self._hand.hear(message, at_us))
        self._say_later()
        if "statistics" in told:
            self._figures = told["statistics"]
        if "device" in told:
            self._device = told["device"]
            _log.info("MIDI: %s", f"{self._device} is connected" if self._device else "the device is gone")
        if "gone" in told or "unplugged" in told or told.get("device") == "":
            self._say(self._hand.let_go())
        if "calmed" in told:
            self._score.again(told["calmed"], self._host.state, self._clock.now_us())
            self._changed.set()
        if "ready" in told:  # this may be the next life of one that died
            self._say(self._hand.let_go())
            self._changed.set()

    def _say(self, messages: list[Message]) -> None:
        for message in messages:
            try:
                self._host.submit(self._sit(), message).add_done_callback(self._kept)
            except Refused as error:
                self._refuse(message, error)

    def _kept(self, acknowledged: Acknowledged) -> None:
        error = None if acknowledged.cancelled() else acknowledged.exception()
        if isinstance(error, Refused):  # the disk failed
            self._warn(error)

    def _refuse(self, message: Message, error: Refused) -> None:
        """A movement that there was no room for is told later."""
        if error.code is Code.TOO_MANY:
            self._hand.again(message)
        self._warn(error)

    def _warn(self, error: Refused) -> None:
        """A cable can't be answered: the server's own log says it, once in a while."""
        now_s = asyncio.get_running_loop().time()
        if now_s - self._refused_s > 1:
            self._refused_s = now_s
            _log.warning("MIDI in: %s", error.advice)

    def _say_later(self) -> None:
        """Movements that were held back are told as soon as they may be."""
        if self._hand.waits and self._later is None:
            self._later = asyncio.get_running_loop().call_later(EACH_US / 1e6, self._say_due)

    def _say_due(self) -> None:
        self._later = None
        self._say(self._hand.due(self._clock.now_us()))
        self._say_later()

    async def _stay(self) -> None:
        """The port is here though it is silent."""
        while True:
            await asyncio.sleep(HERE_S)
            if self._seat is not None and not self._sent_away:
                self._host.heard(self._seat)
