"""From a request over plain HTTP to a take and its files."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import wave
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.ports.http import blobs, bodies
from bridge.wire.smf import from_smf
from tests.bridge.ports.http.jam import Jam, play
from tests.support.wav import wav

SECTIONS = "/api/sessions/jam/sections"
TAKES = "/api/sessions/jam/takes"


async def one_take(client: httpx.AsyncClient, **fields: Any) -> str:
    """Ask for a section and wait for its take."""
    answer = await client.post(SECTIONS, json={"bars": 2, "parts": "drums,bass", **fields})
    assert answer.status_code == 202, answer.text
    where = answer.headers["location"]
    while not (take := (await client.get(where)).json()["take"]):
        await asyncio.sleep(0.005)
    return str(take)


def test_a_section_is_asked_for_and_becomes_a_take(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.engine(), jam.http("rhythm") as client:
            answer = await client.post(SECTIONS, json={"id": "a", "bars": 2, "bpm": 93.7, "bass.density": 0.3})
            assert answer.status_code == 202
            assert answer.json()["id"] == "a"
            assert answer.json()["section"] == "rhythm/a"
            assert answer.json()["status"] in ("queued", "working")
            assert answer.headers["location"] == f"{SECTIONS}/rhythm/a"
            again = await client.post(SECTIONS, json={"id": "a", "bars": 2, "bpm": 93.7, "bass.density": 0.3})
            assert (again.status_code, again.json()["section"]) == (202, "rhythm/a")
            take = await one_take(client, id="b")
            assert take == "take-2"
            listed = (await client.get(TAKES)).json()
            assert [found["take"] for found in listed] == ["take-1", "take-2"]
            assert listed[0] == (await client.get(f"{TAKES}/take-1")).json()
            for query, names in (
                ("limit=1", ["take-2"]),
                ("before=take-2", ["take-1"]),
                ("before=take-1", []),
                ("before=take-2&limit=9", ["take-1"]),
            ):
                assert [found["take"] for found in (await client.get(f"{TAKES}?{query}")).json()] == names
            assert (await client.get(f"{TAKES}?before=take-3")).status_code == 404
            assert (await client.get(f"{TAKES}?limit=0")).json()["code"] == "bad-value"
            assert listed[0]["request"]["bpm"] == 93.7
            assert listed[0]["parts"] == ["drums", "bass"]

    play(tmp_path, scene)


def test_nothing_is_said_that_the_disk_does_not_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(jam: Jam) -> None:
        gate, flush = asyncio.Event(), jam.host._ledger.flush

        async def slow() -> None:
            await gate.wait()
            await flush()

        async with jam.http("leader") as client:
            await client.post(SECTIONS, json={"id": "before"})
            monkeypatch.setattr(jam.host._ledger, "flush", slow)
            asked = [asyncio.create_task(client.post(SECTIONS, json={"id": "a"})) for _ in range(2)]
            while "leader/a" not in jam.host.state.sections:
                await asyncio.sleep(0.005)
            assert (await client.get(f"{SECTIONS}/leader/before")).status_code == 200
            assert (await client.get(f"{SECTIONS}/leader/a")).status_code == 404
            assert not any(task.done() for task in asked)
            gate.set()
            assert [(await task).status_code for task in asked] == [202, 202]
            assert (await client.get(f"{SECTIONS}/leader/a")).status_code == 200

    play(tmp_path, scene)


def test_the_same_id_with_other_fields_is_a_conflict(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.http("leader") as client:
            await client.post(SECTIONS, json={"id": "a", "bars": 2})
            answer = await client.post(SECTIONS, json={"id": "a", "bars": 4})
            assert (answer.status_code, answer.json()["code"]) == (409, "conflict")

    play(tmp_path, scene)


def test_an_id_is_made_up_where_none_is_sent_and_any_id_can_be_asked_about(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.http("leader") as client:
            first, second = [(await client.post(SECTIONS, json={})).json()["id"] for _ in range(2)]
            assert first != second
            answer = await client.post(SECTIONS, json={"id": "a/b c?#ü%2f"})
            assert answer.status_code == 202
            found = await client.get(answer.headers["location"])
            assert found.json()["id"] == "a/b c?#ü%2f"
            gone = await client.delete(answer.headers["location"])
            assert (gone.status_code, gone.json()["status"]) == (200, "cancelled")
            assert (await client.get(f"{SECTIONS}/leader/none")).status_code == 404

    play(tmp_path, scene)


def test_files_of_a_take(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.engine(), jam.http("listener") as client, jam.http("leader") as leader:
            take = await one_take(leader, id="a")
            found = (await client.get(f"{TAKES}/{take}")).json()
            midi = await client.get(found["files"]["midi"])
            assert midi.headers["content-type"] == "audio/midi"
            assert from_smf(midi.content).total_ticks == 2 * 3840
            certificate = (await client.get(found["files"]["certificate"])).json()
            assert certificate["statement"]["files"]["section.mid"] == hashlib.sha256(midi.content).hexdigest()
            for part in ("drums", "bass", "mix"):
                name = "mix" if part == "mix" else f"stems/{part}"
                sound = await client.get(found["files"][name])
                assert sound.headers["content-type"] == "audio/wav"
                assert hashlib.sha256(sound.content).hexdigest() == found["stems"][part]
                with wave.open(io.BytesIO(sound.content)) as file:
                    assert file.getnframes() == 170_710, "two bars at 124 bpm"
                assert sound.content == (await client.get(f"/api/sessions/jam/blobs/{found['stems'][part]}")).content
            missing = await client.get(f"{TAKES}/{take}/stems/melody.wav")
            assert missing.status_code == 404
            assert "drums, bass, mix" in missing.json()["advice"]
            assert (await client.get(f"{TAKES}/take-9/midi")).status_code == 404

    play(tmp_path, scene)


def test_a_take_without_stems_has_notes_all_the_same(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.engine(), jam.http("leader") as client:
            take = await one_take(client, stems=0)
            assert (await client.get(f"{TAKES}/{take}/midi")).status_code == 200
            mix = await client.get(f"{TAKES}/{take}/mix.wav")
            assert (mix.status_code, mix.json()["code"]) == (404, "bad-value")
            assert "mix" not in (await client.get(f"{TAKES}/{take}")).json()["files"]

    play(tmp_path, scene)


def test_parts_of_a_file_and_files_that_are_known(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.engine(), jam.http("leader") as client:
            path = f"{TAKES}/{await one_take(client)}/mix.wav"
            whole = await client.get(path)
            tag = whole.headers["etag"]
            for sent, body in (
                ("bytes=0-43", whole.content[:44]),
                ("bytes=44-", whole.content[44:]),
                ("bytes=-10", whole.content[-10:]),
            ):
                part = await client.get(path, headers={"Range": sent, "If-Range": tag})
                assert (part.status_code, part.content) == (206, body)
                assert part.headers["content-range"].endswith(f"/{len(whole.content)}")
            beyond = await client.get(path, headers={"Range": f"bytes={len(whole.content)}-"})
            assert beyond.status_code == 416
            other = await client.get(path, headers={"Range": "bytes=0-43", "If-Range": '"other"'})
            assert (other.status_code, other.content) == (200, whole.content)
            for known in (path, f"{TAKES}/take-1/midi"):
                tag = (await client.get(known)).headers["etag"]
                assert (await client.get(known, headers={"If-None-Match": tag})).status_code == 304
            head = await client.head(path)
            assert (head.status_code, head.content) == (200, b"")
            assert int(head.headers["content-length"]) == len(whole.content)

    play(tmp_path, scene)


def test_what_the_band_thinks(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.engine(), jam.http("leader") as client:
            path = f"{TAKES}/{await one_take(client)}"
            accepted = await client.post(f"{path}/accept")
            assert accepted.status_code == 200
            assert accepted.json()["index"] < jam.host.record.durable
            assert (await client.get(path)).json()["verdict"] == "accepted"
            assert (await client.post(f"{path}/reject")).status_code == 200
            assert (await client.get(path)).json()["verdict"] == "rejected"
            assert (await client.post(f"{path}/rate", json={"stars": 4})).status_code == 200
            assert list((await client.get(path)).json()["ratings"].values()) == [4]
            for body in ({}, {"stars": 6}, {"stars": "many"}, {"stars": 4, "more": 1}, {"stars": None}):
                refused = await client.post(f"{path}/rate", json=body)
                assert refused.status_code == 422, body
                assert refused.json()["code"] in ("bad-value", "unknown-field")
            assert (await client.post(f"{TAKES}/take-9/accept")).status_code == 404

    play(tmp_path, scene)


@pytest.mark.parametrize(
    ("body", "status", "code", "names"),
    [
        ({"bars": 65}, 422, "bad-value", "bars"),
        ({"bras": 8}, 422, "unknown-field", "bras"),
        ({"meter": "4/3"}, 422, "bad-value", "meter"),
        ({"parts": "kazoo"}, 422, "bad-value", "parts"),
        ({"id": ""}, 422, "bad-value", "id"),
        ({"id": None}, 422, "bad-value", "id"),
        ({"id": 7}, 422, "bad-value", "id"),
        ({"id": "a" * 1000}, 413, "too-large", "id"),
        ({"type": "take.accept"}, 422, "bad-value", "type"),
        ({"type": "section.request"}, 202, "", ""),
        ({"prompt": "x" * 70_000}, 413, "too-large", "prompt"),
        ({"context": "take-9 continue"}, 422, "bad-value", "take"),
        ({"member": "ana"}, 422, "unknown-field", "member"),
    ],
)
def test_a_bad_request_is_refused_by_name(
    tmp_path: Path, body: dict[str, Any], status: int, code: str, names: str
) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.http("leader") as client:
            answer = await client.post(SECTIONS, json=body)
            assert answer.status_code == status, answer.text
            if code:
                assert answer.json()["code"] == code
                assert answer.json()["advice"].startswith(f"{names}: ")

    play(tmp_path, scene)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 422),
        (b"[]", 422),
        (b'{"bars": 8, "bars": 9}', 422),
        (b'{"bars": NaN}', 422),
        (b"\xff\xfe", 422),
        (b'{"prompt": "' + b"a" * 200_000 + b'"}', 413),
        (b"bars=8", 422),
        (b"", 422),
        (b" \n", 422),
        (b"{}", 202),
    ],
)
def test_a_body_that_is_no_object_is_refused(tmp_path: Path, body: bytes, status: int) -> None:
    async def scene(jam: Jam) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            for at in range(0, len(body), 1000):
                yield body[at : at + 1000]

        async with jam.http("leader") as client:
            for content in (body, chunks()):  # with its length said, and without
                answer = await client.post(SECTIONS, content=content)
                assert answer.status_code == status
                assert status == 202 or set(answer.json()) == {"code", "advice"}

    play(tmp_path, scene)


def test_a_leader_takes_the_session_home(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.engine(), jam.http("leader") as client, jam.http("guest") as guest:
            take = await one_take(client)
            await one_take(client, stems=0)
            answer = await client.get("/api/sessions/jam/export")
            assert answer.headers["content-type"] == "application/zip"
            with zipfile.ZipFile(io.BytesIO(answer.content)) as parcel:
                assert parcel.testzip() is None
                log = parcel.read("jam/log.jsonl")
                assert (await client.get("/api/sessions/jam/log")).content.startswith(log)
                assert log.endswith(b"\n")
                assert parcel.read("jam/checkpoint").startswith(jam.host.origin.encode())
                certificate = json.loads(parcel.read(f"jam/takes/{take}/certificate.json"))
                for name, sha256 in certificate["statement"]["files"].items():
                    assert hashlib.sha256(parcel.read(f"jam/takes/{take}/{name}")).hexdigest() == sha256
                assert "jam/takes/take-2/section.mid" in parcel.namelist()
                assert not [name for name in parcel.namelist() if name.endswith("key") and name != "jam/verifier-key"]
            refused = await guest.get("/api/sessions/jam/export")
            assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")

    play(tmp_path, scene)


def test_audio_has_a_limit_and_no_time_to_waste(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blobs, "MAX_BLOB_BYTES", 5000)

    async def scene(jam: Jam) -> None:
        data = bytes(5001)
        path = f"/api/sessions/jam/blobs/{hashlib.sha256(data).hexdigest()}"

        async def unsaid() -> AsyncIterator[bytes]:
            yield data

        async with jam.http("engine") as engine:
            for content in (data, unsaid()):
                answer = await engine.put(path, content=content)
                assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
            monkeypatch.setattr(bodies, "PAUSE_S", 0.05)
            for _ in range(2 * blobs.MAX_UPLOADS):  # each gives its place back
                reader, writer = await asyncio.open_connection(*jam.address)
                head = f"PUT {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {engine.headers['authorization']}\r\n"
                writer.write(f"{head}Content-Length: 100\r\n\r\nabc".encode())
                assert b" 422 " in await reader.readline()
                writer.close()
            monkeypatch.undo()
            data = wav(frames=100)
            path = f"/api/sessions/jam/blobs/{hashlib.sha256(data).hexdigest()}"
            assert (await engine.put(path, content=data)).status_code == 201

    play(tmp_path, scene)


def test_engines_hand_in_audio_by_its_hash(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        data = wav(4410)
        path = f"/api/sessions/jam/blobs/{hashlib.sha256(data).hexdigest()}"
        async with jam.http("engine") as engine, jam.http("leader") as leader:
            refused = await leader.put(path, content=data)
            assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")
            wrong = await engine.put(path, content=data + b"x")
            assert (wrong.status_code, wrong.json()["code"]) == (422, "bad-value")
            assert (await leader.get(path)).status_code == 404
            first, again = [await engine.put(path, content=data) for _ in range(2)]
            assert (first.status_code, again.status_code) == (201, 200)
            assert first.json() == again.json() == {"sha256": path.rpartition("/")[2], "size": len(data)}
            assert (await leader.get(path)).content == data
            for name in ("00", "../key", "G" * 64, "A" * 64):
                answer = await engine.put(f"/api/sessions/jam/blobs/{name}", content=data)
                assert answer.status_code in (404, 422)
                assert set(answer.json()) == {"code", "advice"}

    play(tmp_path, scene)
