"""A small log as a session would write it: a leader and an engine who sign, a guest who does not, the server itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sessions.certificate import statement_hash
from sessions.checkpoint import make_checkpoint
from sessions.keys import MemberKey, SigningKey, log_key
from sessions.log import Chain, Entry

KEY = log_key("jam", bytes([1] * 32))
ANA = MemberKey(bytes([2] * 32))
ENGINE = MemberKey(bytes([3] * 32))
START_US = 1_769_860_800_000_000
DIGEST = "9f" * 32

STATEMENT: dict[str, Any] = {
    "version": "starbridge-take-v1",
    "session": "jam",
    "origin": KEY.name,
    "take": "take-1",
    "section": "ana/a",
    "files": {"section.mid": "00" * 32, "mix.wav": DIGEST},
}


class Script:
    """A log that is being written, one step a line."""

    def __init__(self, key: SigningKey = KEY) -> None:
        self.key = key
        self.chain = Chain()
        self.entries: list[Entry] = []
        self.lines: list[bytes] = []
        self.nonce = 0
        self.now_us = START_US

    def server(self, kind: str, /, **facts: Any) -> Entry:
        return self.put("", {"type": kind, **facts})

    def plain(self, member: str, kind: str, /, **facts: Any) -> Entry:
        return self.put(member, {"type": kind, **facts})

    def signed(self, member: str, key: MemberKey, command: Mapping[str, Any], kind: str, /, **facts: Any) -> Entry:
        self.nonce += 1
        message = key.signed(self.key.name, {**command, "nonce": f"n{self.nonce}"})
        return self.put(member, {"type": kind, **facts}, message, message["signature"])

    def put(
        self, member: str, event: Mapping[str, Any], command: Mapping[str, Any] | None = None, signature: str = ""
    ) -> Entry:
        self.now_us += 1_234_567
        entry, line = self.chain.append(member, event, command, signature, now_us=self.now_us)
        self.entries.append(entry)
        self.lines.append(line + b"\n")
        return entry

    def begin(self, **change: Any) -> Entry:
        facts = {
            "session": "jam",
            "origin": self.key.name,
            "log_key": str(self.key.verifier),
            "software": "starbridge 0.1",
        }
        return self.server("session.created", **{**facts, **change})

    def join_ana(self) -> Entry:
        command = {"type": "session.join", "name": "ana", "key": ANA.public}
        return self.signed(
            "ana", ANA, command, "session.joined", member="ana", role="leader", invite="00" * 8, key=ANA.public
        )

    def join_bo(self) -> Entry:
        return self.plain("bo", "session.joined", member="bo", role="guest", invite="11" * 8, key="", resumed=False)

    def say(self, text: str = "hello") -> Entry:
        return self.signed("ana", ANA, {"type": "chat.say", "text": text}, "chat.said", text=text)

    @property
    def checkpoint(self) -> str:
        return make_checkpoint(self.key, self.chain.size, self.chain.tree.root())


def session(key: SigningKey = KEY) -> Script:
    """Twelve entries with a bit of everything."""
    log = Script(key)
    log.begin()
    log.join_ana()
    log.join_bo()
    engine = {"type": "session.join", "name": "engine", "key": ENGINE.public}
    log.signed(
        "engine", ENGINE, engine, "session.joined", member="engine", role="engine", invite="22" * 8, key=ENGINE.public
    )
    asked = {"type": "section.request", "id": "a", "bars": 1, "bpm": 128.0, "parts": "drums"}
    log.signed("ana", ANA, asked, "section.requested", id="a", asked={"bars": 1}, request={"bars": 1}, waiting=False)
    log.server("section.assigned", section="ana/a", engine="engine", attempt=1)
    bar = {"type": "engine.bar", "section": "ana/a", "part": "drums", "bar": 1, "notes": [[0, 240, 36, 100]]}
    log.signed("engine", ENGINE, bar, "section.bar", section="ana/a", part="drums", bar=1, notes=[[0, 240, 36, 100]])
    stem = {"section": "ana/a", "part": "mix", "sha256": DIGEST, "frames": 90000, "rate": 48000}
    log.signed("engine", ENGINE, {"type": "engine.stem", **stem}, "section.stem", **stem)
    done = {
        "type": "engine.done",
        "section": "ana/a",
        "composer": {"name": "arranger"},
        "renderer": {"name": "sampler"},
    }
    log.signed(
        "engine",
        ENGINE,
        done,
        "section.done",
        section="ana/a",
        take="take-1",
        statement=statement_hash(STATEMENT),
        stated=STATEMENT,
    )
    log.plain("bo", "take.rated", take="take-1", stars=4)
    log.say("gut – \U0001f941")
    log.server("session.left", member="bo", why="away")
    return log


def rechained(lines: list[bytes], start: int, change: Callable[[dict[str, Any]], None]) -> list[bytes]:
    """The log with entry `start` changed and everything after it chained anew, as somebody without keys can."""
    from sessions.canonical import canonical_bytes, parse_object
    from sessions.merkle import leaf_hash

    forged = list(lines)
    for index in range(start, len(lines)):
        fields = parse_object(lines[index][:-1])
        if index == start:
            change(fields)
        fields["index"] = index
        fields["previous"] = leaf_hash(forged[index - 1][:-1]).hex() if index else ""
        forged[index] = canonical_bytes(fields) + b"\n"
    return forged
