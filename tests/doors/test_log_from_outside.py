"""A session's log checked by a reader written from the contract alone: nothing of ours is used to read it."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from nacl.signing import SigningKey, VerifyKey

from tests.doors.clients import Udp, WebSocket
from tests.support.server import running_server

pytestmark = pytest.mark.timeout(240)


def leaf(line: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + line).digest()


def root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + root(leaves[:split]) + root(leaves[split:])).digest()


def check(folder: Path) -> list[dict[str, Any]]:
    """Every promise of the contract about a log and its checkpoint."""
    lines = (folder / "log.jsonl").read_bytes().split(b"\n")
    assert lines.pop() == b"", "the last line ends"
    entries = [json.loads(line) for line in lines]
    log_key = entries[0]["event"]["log_key"]
    name, key_id, encoded = log_key.split("+", 2)
    public = base64.b64decode(encoded)
    assert public[0] == 1
    assert hashlib.sha256(name.encode() + b"\n" + public).digest()[:4].hex() == key_id
    keys: dict[str, str] = {}
    nonces: set[tuple[str, str]] = set()
    for number, (line, entry) in enumerate(zip(lines, entries, strict=True)):
        assert rfc8785.dumps(entry) == line
        assert set(entry) == {"event", "index", "member", "previous", "signature", "time"}
        assert entry["index"] == number
        assert entry["previous"] == (leaf(lines[number - 1]).hex() if number else "")
        command = entry["event"].get("command", {})
        if entry["event"]["type"] == "session.joined" and command.get("key"):
            keys[entry["member"]] = command["key"]
        if entry["member"] in keys:
            said = b"starbridge-command-v1\n" + name.encode() + b"\n" + rfc8785.dumps(command)
            VerifyKey(base64.b64decode(keys[entry["member"]])).verify(said, base64.b64decode(entry["signature"]))
            assert (entry["member"], command["nonce"]) not in nonces
            nonces.add((entry["member"], command["nonce"]))
        else:
            assert entry["signature"] == ""
    text, _, signatures = (folder / "checkpoint").read_text().partition("\n\n")
    origin, size, encoded_root = text.split("\n")[:3]
    assert (origin, int(size)) == (name, len(lines))
    assert base64.b64decode(encoded_root) == root([leaf(line) for line in lines])
    dash, signer, signature = signatures.split("\n")[0].split(" ")
    raw = base64.b64decode(signature)
    assert (dash, signer, raw[:4].hex()) == ("—", name, key_id)
    VerifyKey(public[1:]).verify((text + "\n").encode(), raw[4:])
    return entries


class Signer:
    """Somebody with a key, who signs by the contract."""

    def __init__(self, origin: str) -> None:
        self._key = SigningKey.generate()
        self._origin = origin
        self._count = 0
        self.public = base64.b64encode(self._key.verify_key.encode()).decode()

    def say(self, client: WebSocket, kind: str, /, **fields: Any) -> None:
        self._count += 1
        message = {"nonce": f"n{self._count}", **fields}
        said = b"starbridge-command-v1\n" + self._origin.encode() + b"\n" + rfc8785.dumps({"type": kind, **message})
        client.say(kind, **message, signature=base64.b64encode(self._key.sign(said).signature).decode())


def test_a_signed_session_from_outside(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        first = json.loads((server.folder / "log.jsonl").read_bytes().split(b"\n")[0])
        ana = Signer(first["event"]["origin"])
        with WebSocket(server, server.invites["leader"]) as client, Udp(server) as controller:
            ana.say(client, "session.join", name="ana", key=ana.public)
            assert client.hear("session.joined")["member"] == "ana"
            client.say("chat.say", text="unsigned")
            client.refused("bad-value")
            ana.say(client, "section.request", id="a", bars=2, parts="drums,bass", energy=0.25)
            take = client.hear("section.done", id="a")["take"]
            controller.join(server.invites["rhythm"])
            controller.say("take.loop", take=take, at="next-bar")
            client.hear("take.loop", take=take)
            ana.say(client, "transport.tempo", bpm=133.3)
            ana.say(client, "live.note", part="melody", pitch=64, velocity=80)
            client.hear("live.note", pitch=64)
            ana.say(client, "take.rate", take=take, stars=5)
            client.hear("take.rate", take=take)
    entries = check(server.folder)
    assert {"ana", "engine", ""} < {entry["member"] for entry in entries}
    assert sum(bool(entry["signature"]) for entry in entries) > 8
    asked = next(entry for entry in entries if entry["event"]["type"] == "section.requested")
    assert asked["event"]["command"]["energy"] == 0.25
