"""Every command on every part, as lines to be said at a door by somebody of some role, and what the table makes of each.

A line knows the one message that says it was done. So a whole script is said at once, and judged by all that came until its last
question was answered: what the table allows was done, what it does not allow was refused and was not done.

    mistakes(client, lines(props), "rhythm")        # [] where the door keeps to the table
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sessions.commands import COMMANDS
from sessions.music import NOTE_PARTS, Part
from sessions.roles import WITH_PARTS, Permit
from tests.doors.clients import Client, WebSocket
from tests.support.table import may

__all__ = ["ENGINE_SAYS", "SCOPES", "Line", "Props", "hear_all", "lines", "mistakes", "more_lines", "says_what_to_do"]

SCOPES: dict[str, tuple[Part, ...]] = {
    **{str(part): (part,) for part in Part},
    "across": (Part.BASS, Part.HARMONY),
    "all": tuple(Part),
}
"""The sets of parts that a request or a take reaches here: each alone, one over the edge of both bands, all."""
WORDS = {"session.removed": "session.remove", "session.revoked": "session.revoke", "session.defined": "session.define"}
"""What the WebSocket calls otherwise than OSC does."""


@dataclass(frozen=True)
class Props:
    """What a script acts on, laid out by a leader before it; `number` makes its words its own."""

    number: int
    takes: Mapping[str, str]
    """By scope, each looping."""
    victims: tuple[str, str]
    waiting: tuple[str, str]
    """Requests of a guest, by their whole names."""
    written: str
    """A section with a bar of drums, by its whole name;"""
    sounding: str
    """one of all parts that has stems;"""
    sound: str
    """and the hash of one."""


@dataclass(frozen=True)
class Line:
    """One command; `done` is the message that says so, with what it `shows`."""

    command: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    done: str = ""
    shows: Mapping[str, Any] = field(default_factory=dict)
    after: str = ""
    """The command on the same parts without which this one is refused, by the code `otherwise`."""
    otherwise: str = ""

    @property
    def what(self) -> str:
        """What a refusal of it is about."""
        return str(self.fields.get("id") or self.command)

    def __str__(self) -> str:
        return f"{self.command} {dict(self.fields)}"

    def permit(self, role: str, command: str = "") -> Permit:
        """The table's answer, for it or for another command on the same parts."""
        command = command or self.command
        return may(role, command, self.parts if command in WITH_PARTS else ())

    def is_done_by(self, message: Mapping[str, Any], permit: Permit) -> bool:
        done = "section.waiting" if permit is Permit.ASK else self.done or self.command
        return WORDS.get(message["type"], message["type"]) == done and self.shows.items() <= message.items()


def lines(props: Props) -> Iterator[Line]:
    """All there are, but for coming, going and what can only be said of what these came to."""
    number = props.number
    yield Line("session.role", {"member": props.victims[0], "role": "guest"}, shows={"member": props.victims[0]})
    yield Line("session.remove", {"member": props.victims[1]}, shows={"member": props.victims[1]})
    yield Line("session.revoke", {"invite": f"{number:016x}"}, shows={"invite": f"{number:016x}"})
    yield Line("session.define", {"role": "extra", "grants": "chat.say live.note:bass"}, shows={"role": "extra"})
    yield Line("chat.say", {"text": f"line {number}"}, done="chat.said", shows={"text": f"line {number}"})
    yield Line("session.ping", done="session.pong")
    yield Line("capabilities")
    for scope, parts in SCOPES.items():
        id_ = f"{scope}-{number}"
        asked = {"id": id_, "bars": 1, "parts": ",".join(parts)}
        yield Line("section.request", asked, parts, "section.accepted", {"id": id_})
    bar = {"part": "drums", "bar": 1}
    id_ = props.written.partition("/")[2]
    yield Line("section.resend", {"id": props.written, **bar}, done="section.bar", shows={"id": id_, **bar})
    for whole, command in zip(props.waiting, ("section.approve", "section.deny"), strict=True):
        yield Line(command, {"id": whole}, shows={"id": whole.partition("/")[2]})
    yield from _of_takes(props)
    yield from _live(number)
    place, tempo = {"beat": 400.0 + number}, {"bpm": 60.5}
    yield Line("transport.stop", done="transport.state", shows={"playing": 0})
    yield Line("transport.locate", place, done="transport.state", shows=place)
    yield Line("transport.tempo", tempo, done="transport.state", shows=tempo)
    yield Line("transport.meter", {"meter": "7/8"}, done="transport.state", shows={"n": 7, "d": 8})
    started = {"playing": 1, "n": 7, "d": 8, **tempo}
    yield Line("transport.play", done="transport.state", shows=started)
    for command in sorted(ENGINE_SAYS):
        yield Line(command, ENGINE_SAYS[command])


def more_lines(props: Props) -> Iterator[Line]:
    """What can only be said then."""
    for scope, parts in SCOPES.items():
        id_ = {"id": f"{scope}-{props.number}"}
        yield Line("section.cancel", id_, parts, "section.cancelled", id_, "section.request", "bad-value")
    yield Line("transport.state")


def _of_takes(props: Props) -> Iterator[Line]:
    """Stopped first: all of them loop."""
    told: dict[str, dict[str, Any]] = {
        "take.stop": {},
        "take.play": {"at": "now"},
        "take.loop": {"at": "now"},
        "take.accept": {},
        "take.reject": {},
        "take.rate": {"stars": 1 + props.number % 5},
        "take.vote": {"value": 1},
    }
    for command, more in told.items():
        for scope, take in props.takes.items():
            yield Line(command, {"take": take, **more}, SCOPES[scope], shows={"take": take})


def _live(number: int) -> Iterator[Line]:
    for part in Part:
        note = {"part": str(part), "pitch": number % 128, "velocity": 1 + number // 128}
        yield Line("live.note", note, (part,), shows=note)
        moved = {"part": str(part), "controller": 20 + number // 128, "value": number % 128}
        yield Line("live.control", moved, (part,), shows=moved)
        bent = {"part": str(part), "value": 1 + number}
        yield Line("live.bend", bent, (part,), shows=bent)
    for scope, parts in SCOPES.items():
        if set(parts) <= set(NOTE_PARTS):
            id_ = {"id": f"along-{scope}-{number}"}
            asked = {**id_, "parts": ",".join(parts)}
            yield Line("live.accompany", asked, parts, "live.accompanied", id_)
            yield Line("live.rest", id_, parts, "live.rested", id_, "live.accompany", "conflict")


ENGINE_SAYS: dict[str, dict[str, Any]] = {
    "engine.ready": {"name": "e", "software": "1"},
    "engine.bar": {"section": "nobody/none", "part": "drums", "bar": 1, "notes": []},
    "engine.ahead": {"section": "nobody/none", "start": 0, "end": 960, "notes": {}},
    "engine.stem": {"section": "nobody/none", "part": "mix", "sha256": "ab" * 32, "frames": 1, "rate": 44_100},
    "engine.done": {"section": "nobody/none", "composer": {}, "renderer": {}},
    "engine.failed": {"section": "nobody/none", "code": "failed", "advice": "no"},
    "engine.progress": {"section": "nobody/none", "stage": "x", "done": 0.5},
}
"""What only an engine says, and only as JSON; of a section that nobody asked for, so that nothing comes of it."""


def mistakes(client: Client, said: Sequence[Line], role: str) -> list[str]:
    """Say all of it; what is not as the table has it for this role."""
    osc = not isinstance(client, WebSocket)
    hear_all(client)
    for line in said:
        client.say(line.command, **({} if osc and line.command in ENGINE_SAYS else line.fields))
    heard = hear_all(client)
    refusals, found = Counter[tuple[str, str]](), []
    for line in said:
        permit = line.permit(role)
        done = any(line.is_done_by(message, permit) for message in heard)
        if osc and line.command in ENGINE_SAYS:
            refusals[line.what, "unknown-field"] += 1
        elif permit is Permit.NO:
            refusals[line.what, "not-allowed"] += 1
            found += [f"{role} may not, and it was done: {line}"] * done
        elif line.after and line.permit(role, line.after) is Permit.NO:
            refusals[line.what, line.otherwise] += 1
        elif not done and line.command not in ENGINE_SAYS:
            found.append(f"{role} may, and it was not done: {line}")
    told = [message for message in heard if message["type"] == "refused"]
    came = Counter((_type(message["what"]), message["code"]) for message in told)
    found += [f"{role} was not refused {what}" for what in (refusals - came).elements()]
    found += [f"{role} was refused {what}" for what in (came - refusals).elements()]
    found += [f"no word of what to do: {message}" for message in told if not says_what_to_do(message)]
    found += [f"{role} is told that it may {may_}" for may_ in _promised(heard) if may_ != _promises(role)]
    return found


def _type(what: str) -> str:
    """Addresses as types; ids as they are."""
    return what[1:].replace("/", ".") if what.startswith("/") else what


def hear_all(client: Client) -> list[dict[str, Any]]:
    """Ask for something that is answered when all before it is on disk and said; all that came, taken."""
    client.say("log.head")
    client.hear("log.head")
    heard = list(client.heard)
    client.heard.clear()
    return heard


def says_what_to_do(refusal: Mapping[str, Any]) -> bool:
    """Advice says what is wrong, and after that what to do; or the latter alone."""
    wrong, _, advice = refusal["advice"].partition("; ")
    return (len(wrong) > 10 and len(advice) > 10) or "join first" in wrong


def _promised(heard: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for message in heard:
        if message["type"] == "capabilities":
            yield (message.get("capabilities") or json.loads(message["json"]))["may"]


def _promises(role: str) -> dict[str, Any]:
    """What `/capabilities` has to say."""
    found: dict[str, Any] = {}
    for command in COMMANDS:
        parts = [str(part) for part in Part if may(role, command, [part]) is not Permit.NO]
        if parts:
            found[command] = parts if command in WITH_PARTS else True
    if may(role, "section.request", []) is Permit.ASK:
        found["waits"] = ["section.request"]
    return found
