"""People and an engine who keep a session busy in virtual time, each by dice of their own: they ask, cancel, play, come and go.

Nobody here checks anything; they keep what was refused, come back when they were sent off, and stop when told to.

    rhy = Player(jam, "rhy", "rhythm", "slip", each_s=0.5, seed=1)
    rhy.start()
    await asyncio.sleep(600)
    await rhy.stop()
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from bridge.door import Bundle, Message, Seat
from bridge.wire.osc import Value
from sessions.errors import Refused
from sessions.invites import Invite
from sessions.music import NOTE_PARTS, TICKS_PER_BEAT, Part, parse_request
from sessions.roles import LEADER
from tests.support.osc import OscClient
from tests.support.osc_jam import OscJam

__all__ = ["Engine", "Player", "Watcher"]

BAR_S = 0.05
"""What the engine takes for a bar of a part."""
PATIENCE_S = 2.0
"""After so long somebody who joins asks again."""
LIKES = {"rhythm": (Part.DRUMS, Part.BASS), "harmony": (Part.HARMONY, Part.MELODY)}
PARTS = [*NOTE_PARTS, "drums,bass", "harmony,melody", "drums,bass,harmony,melody"]


class Watcher:
    """A door that shows everything; keeps what it was told."""

    kind, local, watches, waiting_bytes = "ws", True, True, 0

    def __init__(self) -> None:
        self.heard: list[Message] = []

    def send(self, bundle: Bundle) -> None:
        self.heard.extend(bundle.messages)


class Engine:
    """Writes what it is asked for, plays along, and now and then is gone for a while."""

    kind, local, watches, waiting_bytes = "engine", True, False, 0

    def __init__(self, jam: OscJam, seed: int) -> None:
        self._jam, self._dice = jam, random.Random(seed)
        self._seat: Seat | None = None
        self._writing: dict[str, asyncio.Task[None]] = {}
        self._until = 0
        self.written = 0

    def come(self) -> None:
        """Join, as ever the same one."""
        invite = Invite("jam", "engine", "engine", 4_000_000_000, "e" * 16)
        self._seat, _ = self._jam.host.join(invite, {"type": "session.join"}, self)
        offers = [{"name": "sampler", "licence": "CC0-1.0"}]
        self._say("engine.ready", name="busy", software="test", renderers=offers, at_once=2)

    async def go(self) -> None:
        """Be gone, in the middle of whatever it is."""
        if self._seat is not None:
            seat, self._seat = self._seat, None
            seat.host.close(seat)
        tasks = list(self._writing.values())
        self._writing.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def send(self, bundle: Bundle) -> None:
        for message in bundle.messages:
            match message["type"]:
                case "engine.work":
                    name = message["section"]
                    self._writing[name] = asyncio.create_task(self._write(name, message["request"]))
                case "engine.cancel" if (task := self._writing.pop(message["section"], None)) is not None:
                    task.cancel()
                case "engine.accompany":
                    self._until = message["tick"]
                case "engine.play" if message["until"] > self._until:
                    notes = [[self._until, TICKS_PER_BEAT, 36, 90]]
                    step = {"start": self._until, "end": message["until"], "notes": {}}
                    self._until = message["until"]
                    asyncio.get_running_loop().call_soon(self._play_on, message["section"], step, notes)

    def _play_on(self, section: str, step: dict[str, Any], notes: list[list[int]]) -> None:
        going = self._jam.host.state.accompaniment
        if going is not None and going.name == section:
            self._say("engine.ahead", section=section, **{**step, "notes": {str(going.request.note_parts[0]): notes}})

    async def _write(self, section: str, asked: Message) -> None:
        request = parse_request(asked)
        for bar in range(1, request.bars + 1):
            for part in request.note_parts:
                await asyncio.sleep(BAR_S)
                start = (bar - 1) * request.ticks_per_bar
                some = [[start + step * 240, 200, 30 + self._dice.randrange(60), 90] for step in range(4)]
                self._say("engine.bar", section=section, part=str(part), bar=bar, notes=some)
        self._writing.pop(section, None)
        if self._dice.random() < 0.1:
            self._say("engine.failed", section=section, code="failed", advice="dice: they said so; ask again")
        else:
            self._say("engine.done", section=section, composer={"name": "busy"}, renderer={"name": "none"})
            self.written += 1

    def _say(self, kind: str, **fields: Any) -> None:
        if self._seat is not None:
            with contextlib.suppress(Refused):  # what it was asked for is over
                self._jam.host.submit(self._seat, {"type": kind, **fields})


class Player:
    """Somebody at an OSC door, who says something `each_s` seconds on average."""

    def __init__(self, jam: OscJam, name: str, role: str, kind: str, *, each_s: float, seed: int) -> None:
        self.name, self.kind = name, kind
        self.refused: Counter[str] = Counter()
        self.said: Counter[str] = Counter()
        self._jam, self._each_s, self._dice = jam, each_s, random.Random(seed)
        self._role, self._lives = role, 0
        self.token = jam.token(role, name)
        self._client: OscClient | None = None
        self._asked: list[str] = []
        self._others: tuple[Player, ...] = ()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self, *others: Player) -> None:
        """Begin; others are those whom it gives roles to, and the last of them one whom it sends away at times."""
        self._others = others
        self._task = asyncio.create_task(self._go_on(), name=self.name)

    async def stop(self) -> None:
        """End, and leave for good."""
        self._stopping = True
        assert self._task is not None
        await self._task
        if self._client is not None:
            self._say("/session/leave")
            await asyncio.sleep(1)
            await self._hang_up()

    # -- coming and going --------------------------------------------------------------------------------------------

    async def _go_on(self) -> None:
        while not self._stopping:
            if self._client is None:
                await self._come()
                continue
            await asyncio.sleep(self._dice.expovariate(1 / self._each_s))
            if self._look() and not self._stopping:
                await self._act()
            elif not self._stopping:
                await self._hang_up()

    async def _come(self) -> None:
        """Until it is let in: the door may be shut for a while, datagrams are lost, and who was sent away is somebody new."""
        while not self._stopping:
            try:
                self._client = await self._jam.client(self.kind)
                self._client.minds = (b"/refused", b"/session/joined", b"/session/left")
                async with asyncio.timeout(PATIENCE_S):
                    await self._client.joins(self.token)
                return
            except (OSError, TimeoutError):
                if self._client is not None and any("bad-token" in one.values for one in self._client.heard):
                    self._lives += 1
                    self.name = f"{self.name.partition('-')[0]}-{self._lives}"
                    self.token = self._jam.token(self._role, self.name)
                await self._hang_up()
                await asyncio.sleep(0.5)

    async def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()  # type: ignore[attr-defined]

    def _look(self) -> bool:
        """What has come meanwhile; False where the server knows nothing of it any more."""
        assert self._client is not None
        codes = [str(one.values[1]) for one in self._client.heard if one.address == "/refused"]
        left = any(one.address == "/session/left" for one in self._client.heard)
        self._client.heard.clear()
        self.refused.update(codes)
        ended = getattr(self._client, "ended", None)
        return not (left or "not-joined" in codes or (ended is not None and ended.is_set()))

    # -- what they do ------------------------------------------------------------------------------------------------

    def _say(self, address: str, tags: str = "", *values: Value) -> None:
        assert self._client is not None
        self.said[address] += 1
        self._client.say(address, tags, *values)

    async def _act(self) -> None:
        dice = self._dice
        deeds: list[tuple[Callable[[], None], int]] = [
            (self._play, 60),
            (self._ask, 8),
            (self._ask_again, 2),
            (lambda: self._say("/section/cancel", "s", self._some_id()), 3),
            (lambda: self._say("/section/resend", "ssi", self._some_id(), dice.choice(NOTE_PARTS), 1), 3),
            (self._judge, 6),
            (self._move_time, 6),
            (self._rule, 20 if self._role == LEADER else 2),
            (lambda: self._say("/chat/say", "s", "la " * dice.randrange(1, 9)), 2),
            (lambda: self._say("/live/accompany", "sss", f"{self.name}-along", "parts", dice.choice(NOTE_PARTS)), 2),
            (lambda: self._say("/live/rest", "s", f"{self.name}-along"), 1),
            (lambda: self._say("/session/ping"), 2),
            (lambda: self._say("/log/head"), 1),
            (lambda: self._say("/capabilities"), 1),
            (lambda: self._say("/transport/state"), 1),
            (lambda: self._say("/session/leave"), 1),
        ]
        (deed,) = dice.choices([one for one, _ in deeds], [weight for _, weight in deeds])
        deed()
        if dice.random() < 0.01:
            await self._hang_up()  # without a word

    def _some_id(self) -> str:
        return self._dice.choice(self._asked) if self._asked else "none"

    def _play(self) -> None:
        part, pitch = str(self._dice.choice(LIKES.get(self._role, NOTE_PARTS))), self._dice.randrange(128)
        what = self._dice.random()
        if what < 0.8:
            self._say("/live/note", "sii", part, pitch, self._dice.randrange(1, 128))
            if self._dice.random() < 0.9:  # else it is forgotten
                asyncio.get_running_loop().call_later(0.2, self._end_note, part, pitch)
        elif what < 0.9:
            self._say("/live/control", "sii", part, 64, self._dice.choice((0, 127)))
        else:
            self._say("/live/bend", "si", part, self._dice.randrange(-8192, 8192))

    def _end_note(self, part: str, pitch: int) -> None:
        if self._client is not None:
            self._say("/live/note", "sii", part, pitch, 0)

    def _ask(self) -> None:
        id_ = f"{self.name}-{len(self._asked)}"
        self._asked.append(id_)
        fields = {"bars": self._dice.choice((1, 2, 4)), "parts": str(self._dice.choice(PARTS)), "stems": 0}
        at = self._dice.choice(("never", "now", "next-bar"))
        tags = "s" + "sisssiss"
        self._say("/section/request", tags, id_, *[one for pair in fields.items() for one in pair], "at", at)

    def _ask_again(self) -> None:
        """The same id: with the same fields only where the dice fall so; else it is refused."""
        self._say("/section/request", "ssisssi", self._some_id(), "bars", 1, "parts", "drums", "stems", 0)

    def _judge(self) -> None:
        takes = list(self._jam.host.state.takes) or ["take-1"]
        take = self._dice.choice(takes[-5:])
        address = self._dice.choice(("play", "loop", "stop", "accept", "reject", "rate", "vote"))
        more: dict[str, tuple[str, tuple[Value, ...]]] = {
            "play": ("s", ("now",)),
            "loop": ("s", ("next-bar",)),
            "rate": ("i", (self._dice.randrange(1, 6),)),
            "vote": ("i", (self._dice.choice((-1, 0, 1)),)),
        }
        tags, values = more.get(address, ("", ()))
        self._say(f"/take/{address}", f"s{tags}", take, *values)

    def _move_time(self) -> None:
        what = self._dice.choice(("play", "play", "stop", "tempo", "tempo", "locate", "meter"))
        values: dict[str, tuple[str, tuple[Value, ...]]] = {
            "tempo": ("f", (float(self._dice.randrange(60, 200)),)),
            "locate": ("f", (float(self._dice.randrange(64)),)),
            "meter": ("s", (self._dice.choice(("4/4", "3/4", "7/8")),)),
        }
        tags, some = values.get(what, ("", ()))
        self._say(f"/transport/{what}", tags, *some)

    def _rule(self) -> None:
        """What a leader does, and others try."""
        state = self._jam.host.state
        waiting = [name for name, section in state.sections.items() if section.status.name == "WAITING"]
        if waiting and self._dice.random() < 0.4:
            self._say(self._dice.choice(("/section/approve", "/section/deny")), "s", self._dice.choice(waiting))
        elif self._others and self._dice.random() < 0.7:
            role = self._dice.choice(("rhythm", "harmony", "guest", "listener", "dj"))
            self._say("/session/role", "ss", self._dice.choice(self._others).name, role)
        elif self._others and self._dice.random() < 0.5:
            self._say("/session/remove", "s", self._others[-1].name)
        elif self._others:
            self._say("/session/revoke", "s", self._others[-1].token)
        else:
            grants = f"live.note:{self._dice.choice(tuple(Part))} section.request:*? take.*"
            self._say("/session/define", "ss", "dj", grants)
