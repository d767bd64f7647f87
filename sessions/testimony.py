"""Who said what in a log: members' keys, signatures and nonces, checked entry by entry.

An entry of a member who joined with a key must hold the command that they signed, with a nonce of theirs never used
before, and its event must be one that such a command leads to. What the server does by itself has no member and no
signature. Of events it knows only what stands in `_MEANS`.

    testimony = Testimony(origin)
    testimony.hear(entry)           # raises Doubt, saying why
    testimony.settle()              # signatures are looked at many together: the last ones now
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sessions.canonical import canonical_bytes
from sessions.errors import Refused
from sessions.keys import MAX_NONCE, Claim, claim_of, holding, member_key_bytes
from sessions.log import Entry, unpack_event
from sessions.nonces import is_used, use

__all__ = ["BEGINNINGS", "CREATED", "Check", "Doubt", "Problem", "Testimony", "check_each"]

TOGETHER = 1024
"""Signatures that are looked at together."""
AHEAD = 8
"""So many times that, other entries are heard before the answer is wanted."""

CREATED, JOINED, DONE = "session.created", "session.joined", "section.done"
BEGINNINGS = (CREATED, DONE)
"""What a log can begin with: a session that is made, or the one section that was made without a session."""


class Problem(StrEnum):
    """What is wrong with a log, as programs read it."""

    EMPTY = "empty"
    TORN = "torn"
    UNREADABLE = "unreadable"
    ORDER = "order"
    ALTERED = "altered"
    TIME = "time"
    BEGINNING = "beginning"
    WRONG_KEY = "wrong-key"
    STRANGER = "stranger"
    MEMBER_KEY = "member-key"
    SIGNATURE = "signature"
    NONCE = "nonce"
    COMMAND = "command"
    CHECKPOINT = "checkpoint"
    CUT = "cut"
    REWRITTEN = "rewritten"
    FORK = "fork"
    UNSIGNED = "unsigned"


class Doubt(Exception):
    """The first thing that is wrong: what, at which entry where one can be named, and why."""

    def __init__(self, problem: Problem, index: int | None, why: str) -> None:
        super().__init__(why)
        self.problem, self.index, self.why = problem, index, why


@dataclass(frozen=True, slots=True)
class _Meaning:
    """The commands that lead to an event of a member's, and the facts that both state alike."""

    commands: frozenset[str]
    facts: tuple[str, ...]


def _from(commands: str, facts: str = "") -> _Meaning:
    return _Meaning(frozenset(commands.split()), tuple(facts.split()))


_MEANS: Mapping[str, _Meaning] = {
    JOINED: _from("session.join", "key"),
    "session.left": _from("session.leave"),
    "session.role": _from("session.role", "member role"),
    "session.removed": _from("session.remove"),
    "session.revoked": _from("session.revoke"),
    "session.defined": _from("session.define", "role"),
    "chat.said": _from("chat.say", "text"),
    "section.requested": _from("section.request", "id"),
    "section.asked-again": _from("section.request"),
    "section.approved": _from("section.approve"),
    "section.denied": _from("section.deny"),
    "section.cancelled": _from("section.cancel"),
    "section.bar": _from("engine.bar", "section part bar"),
    "section.stem": _from("engine.stem", "section part sha256 frames rate"),
    "section.done": _from("engine.done", "section"),
    "section.failed": _from("engine.failed", "section"),
    "engine.ready": _from("engine.ready", "name software"),
    "take.played": _from("take.play take.loop", "take"),
    "take.stopped": _from("take.stop", "take"),
    "take.accepted": _from("take.accept", "take"),
    "take.rejected": _from("take.reject", "take"),
    "take.rated": _from("take.rate", "take stars"),
    "take.voted": _from("take.vote", "take value"),
    "transport.moved": _from("transport.play transport.stop transport.tempo transport.locate transport.meter"),
    "live.note": _from("live.note", "part pitch velocity"),
    "live.control": _from("live.control", "part controller value"),
    "live.bend": _from("live.bend", "part value"),
    "live.accompanied": _from("live.accompany", "id"),
    "live.ahead": _from("engine.ahead", "section start end notes"),
    "live.rested": _from("live.rest engine.failed"),
}
"""All that is known of events here. One that is not listed must be signed like the others, by whatever command."""


Check = Callable[[Sequence[Claim]], Callable[[], Sequence[bool]]]
"""Begins to look which of some claims hold; what comes back is called for the answer, later, in the order of asking. Whoever has
several cores looks while others are heard."""


def check_each(claims: Sequence[Claim]) -> Callable[[], Sequence[bool]]:
    """One after the other, when the answer is wanted."""
    return lambda: holding(claims)


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A claim, by whom in which entry, and how many had been members by then."""

    index: int
    name: str
    claim: Claim
    members: int


@dataclass(slots=True)
class _Member:
    key: str = ""
    nonces: dict[str, int] = field(default_factory=dict)


class Testimony:
    """What has been heard so far, from entry 0 on."""

    __test__ = False  # a class whose name pytest would take for a test's

    def __init__(self, origin: str, check: Check = check_each) -> None:
        self.signed = 0
        self.members = 0
        """Who was ever in the session."""
        self._origin = origin
        self._check = check
        self._members: dict[str, _Member] = {}
        self._claims: list[_Claimed] = []
        self._asked: deque[tuple[list[_Claimed], Callable[[], Sequence[bool]]]] = deque()

    def hear(self, entry: Entry) -> None:
        """The next entry; raises `Doubt`, for this one or an earlier one."""
        try:
            self._hear(entry)
        except Doubt:
            self.settle()
            raise
        if len(self._claims) >= TOGETHER:
            self._ask()
            if len(self._asked) > AHEAD:
                self._settle_first()

    def settle(self) -> None:
        """Look at the signatures of all that was heard; raises `Doubt` for the first that is wrong."""
        if self._claims:
            self._ask()
        while self._asked:
            self._settle_first()

    def _ask(self) -> None:
        claims, self._claims = self._claims, []
        self._asked.append((claims, self._check([one.claim for one in claims])))

    def _settle_first(self) -> None:
        claims, answer = self._asked.popleft()
        for claimed, holds in zip(claims, answer(), strict=True):
            if not holds:
                self._claims.clear()  # what comes after it need not be known
                self._asked.clear()
                self.members = claimed.members
                why = f"its signature is not by {claimed.name}'s key over this command"
                raise Doubt(Problem.SIGNATURE, claimed.index, why)
            self.signed += 1

    def _hear(self, entry: Entry) -> None:
        if entry.event["type"] == JOINED:
            self._hear_of_member(entry)
        if not entry.member:
            if entry.signature or "command" in entry.event:
                raise Doubt(
                    Problem.SIGNATURE, entry.index, "it is the server's own, and yet bears a member's signature"
                )
            return
        member = self._members.get(entry.member)
        if member is None:
            raise Doubt(Problem.STRANGER, entry.index, f"{entry.member} never joined this session")
        if member.key:
            self._check_signed(entry, member)
        elif entry.signature or "command" in entry.event:
            raise Doubt(Problem.SIGNATURE, entry.index, f"it is signed, and {entry.member} joined without a key")

    def _hear_of_member(self, entry: Entry) -> None:
        """A key, once there, stays; a name stays with whoever has it."""
        facts = unpack_event(entry.event)
        name, key = facts.get("member"), facts.get("key", "")
        if not isinstance(name, str) or not name or entry.member not in ("", name):
            raise Doubt(Problem.COMMAND, entry.index, f"somebody joins as {name!r} in an entry of {entry.member!r}")
        known = self._members.setdefault(name, _Member())
        self.members = len(self._members)
        if known.key and key != known.key:
            raise Doubt(
                Problem.MEMBER_KEY, entry.index, f"{name} comes back with another key than the one they joined with"
            )
        try:
            known.key = key if key == "" else _checked(key)
        except Refused as refused:
            raise Doubt(Problem.MEMBER_KEY, entry.index, refused.advice) from None

    def _check_signed(self, entry: Entry, member: _Member) -> None:
        name, command = entry.member, entry.event.get("command")
        if not entry.signature or not isinstance(command, Mapping):
            raise Doubt(Problem.SIGNATURE, entry.index, f"it is not signed, and {name} joined with a key")
        claim = claim_of(member.key, self._origin, command, entry.signature)
        if claim is None:
            raise Doubt(Problem.SIGNATURE, entry.index, f"its signature is not by {name}'s key over this command")
        self._claims.append(_Claimed(entry.index, name, claim, len(self._members)))
        try:
            self._check_said(entry, member, command)
        except Doubt:
            self.settle()  # where the signature is wrong as well, that comes first
            self.signed -= 1
            raise

    def _check_said(self, entry: Entry, member: _Member, command: Mapping[str, Any]) -> None:
        nonce = command.get("nonce")
        if not isinstance(nonce, str) or not 0 < len(nonce) <= MAX_NONCE:
            raise Doubt(Problem.NONCE, entry.index, "its command carries no nonce")
        if is_used(member.nonces, nonce):
            why = f"{entry.member} has used its nonce before: a command was replayed"
            raise Doubt(Problem.NONCE, entry.index, why)
        use(member.nonces, nonce)
        _check_meaning(entry, command)


def _checked(key: Any) -> str:
    member_key_bytes(key if isinstance(key, str) else "")
    return str(key)


def _check_meaning(entry: Entry, command: Mapping[str, Any]) -> None:
    """Is the event one that the signed command leads to, and does it say the same?"""
    kind = entry.event["type"]
    meaning = _MEANS.get(kind)
    if meaning is None:
        return
    if command.get("type") not in meaning.commands:
        asked = str(command.get("type"))[:64]
        raise Doubt(Problem.COMMAND, entry.index, f"it says {kind}, but what {entry.member} signed is {asked}")
    for fact in meaning.facts:
        if fact in entry.event and fact in command and not _same(entry.event[fact], command[fact]):
            raise Doubt(Problem.COMMAND, entry.index, f"its {fact} is not the one that {entry.member} signed")


def _same(one: Any, other: Any) -> bool:
    return canonical_bytes(one) == canonical_bytes(other)
