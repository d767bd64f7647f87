"""The log over HTTP: the very bytes, and proofs that hold without trust in the server."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.ports.http import log
from bridge.ports.http.log import Lines
from sessions.checkpoint import verify_checkpoint
from sessions.merkle import leaf_hash, verify_consistency, verify_inclusion
from sessions.state import Presence
from tests.bridge.ports.http.jam import Jam, play

LOG = "/api/sessions/jam/log"


def unbase64(steps: list[str]) -> list[bytes]:
    return [base64.b64decode(step) for step in steps]


async def fill(jam: Jam, lines: int) -> None:
    async with jam.client("leader", "ana") as ana:
        for number in range(lines):
            await ana.say("chat.say", text=f"line {number}: ♭9")
        await ana.until("chat.said", text=f"line {lines - 1}: ♭9")
    while jam.host.state.members["ana"].presence is Presence.PRESENT or jam.host.record.durable < jam.host.state.size:
        await asyncio.sleep(0.005)


def test_the_log_is_handed_out_byte_for_byte(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        await fill(jam, 20)
        async with jam.http("listener") as client:
            whole = await client.get(LOG)
            assert whole.headers["content-type"] == "application/x-ndjson"
            assert whole.content == (tmp_path / "sessions" / "jam" / "log.jsonl").read_bytes()
            lines = whole.content.splitlines(keepends=True)
            assert len(lines) == int(whole.headers["x-log-size"]) == jam.host.record.durable
            for first, end in ((0, 1), (3, 7), (5, 5), (len(lines) - 1, len(lines)), (len(lines), len(lines))):
                part = await client.get(LOG, params={"from": first, "to": end})
                assert part.content == b"".join(lines[first:end])
            assert (await client.get(LOG, params={"from": 4})).content == b"".join(lines[4:])
            assert (await client.head(LOG)).content == b""

    play(tmp_path, scene)


def test_each_entry_is_proved_to_be_in_the_signed_tree(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        await fill(jam, 9)
        async with jam.http("engine") as engine, jam.http("listener") as client:
            lines = (await client.get(LOG)).content.splitlines()
            for index, line in enumerate(lines):
                proof = (await engine.get(f"{LOG}/proof/{index}")).json()
                checkpoint = verify_checkpoint(proof["checkpoint"], jam.host.key.verifier)
                assert (checkpoint.size, checkpoint.root) == (proof["size"], base64.b64decode(proof["root"]))
                assert base64.b64decode(proof["leaf"]) == leaf_hash(line)
                assert verify_inclusion(
                    leaf_hash(line), index, checkpoint.size, unbase64(proof["hashes"]), checkpoint.root
                )
            text = await client.get(f"{LOG}/checkpoint")
            assert text.headers["content-type"].startswith("text/plain")
            assert verify_checkpoint(text.text, jam.host.key.verifier).size == len(lines)

    play(tmp_path, scene)


def test_every_two_sizes_are_proved_consistent(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        await fill(jam, 6)
        async with jam.http("listener") as client:
            size = jam.host.record.durable
            for second in range(1, size + 1):
                for first in range(second + 1):
                    asked = {"from": first, "to": second}
                    proof = (await client.get(f"{LOG}/consistency", params=asked)).json()
                    old, new = jam.host.record.root(first), base64.b64decode(proof["root"])
                    assert verify_consistency(first, second, old, new, unbase64(proof["hashes"]))
            now = (await client.get(f"{LOG}/consistency", params={"from": 2})).json()
            assert (now["first"], now["second"]) == (2, size)

    play(tmp_path, scene)


@given(
    st.lists(st.binary(max_size=6).map(lambda line: line.replace(b"\n", b"") + b"\n"), max_size=12),
    st.integers(1, 9),
    st.data(),
)
def test_any_lines_come_out_of_pieces_of_any_size(lines: list[bytes], piece: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(lines)))
    end = data.draw(st.integers(first, len(lines)))
    whole = b"".join(lines)

    found = Lines(Path("unread"), len(whole), first, end)
    out = b"".join(found.cut(whole[at : at + piece]) for at in range(0, len(whole), piece))
    assert out == b"".join(lines[first:end])
    assert found.done is (end == first or len(out) > 0)


def test_a_line_that_is_half_written_is_not_handed_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "PIECE_BYTES", 4)
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"one\ntwo\nthr")

    async def read(first: int, end: int) -> bytes:
        return b"".join([piece async for piece in Lines(path, 8, first, end).read()])

    assert asyncio.run(read(0, 9)) == b"one\ntwo\n"
    assert asyncio.run(read(1, 2)) == b"two\n"
