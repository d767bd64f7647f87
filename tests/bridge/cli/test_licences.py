"""A licence's way: from a renderer that may not be used commercially, through engine, host and log, to all that people see."""

from __future__ import annotations

import asyncio
import io
import json
import wave
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge import offline
from bridge.config import Address, Config, Ready
from bridge.engine.bench import Bench
from bridge.engine.client import Client
from bridge.server import Server
from models.compose.arranger import Arranger
from models.engine import Engine
from models.fetched import RECORD, BadRecord, Record, digests, provenance_of
from models.provenance import Provenance
from models.render.label import read_label
from models.render.renderer import SampledStems
from models.render.soundfont import Soundfont, bundled_path
from sessions.keys import MemberKey
from sessions.music.kinds import Renderer
from tests.bridge.cli.conftest import Command
from tests.support.virtual_time import run_real

WHY = "not for commercial use: its sound is by musicgen-test, under CC-BY-NC-4.0"
BY = {"of": "sound", "by": "musicgen-test", "licence": "CC-BY-NC-4.0"}


class Bound(SampledStems):
    """The sampler, under a licence that keeps what it makes from sale."""

    name = Renderer.MUSICGEN

    @property
    def provenance(self) -> Provenance:
        return Provenance("musicgen-test", "1", "cd" * 32, "CC-BY-NC-4.0", "for tests", commercial=False)


def an_engine() -> Engine:
    font = Soundfont.load(bundled_path())
    return Engine(composer=Arranger(), renderers=[SampledStems(font), Bound(font)])


async def jam(server: Ready) -> dict[str, Any]:
    """Two takes by an engine from elsewhere: one bound, one free that goes on from its notes; all that is said of them."""
    bench = Bench(an_engine)
    engine = Client(bench, MemberKey(bytes(range(32))), url=server.http, token=server.invites["engine"])
    at_work = asyncio.create_task(engine.serve())
    headers = {"Authorization": f"Bearer {server.invites['leader']}"}
    found: dict[str, Any] = {}
    try:
        async with httpx.AsyncClient(base_url=server.http, headers=headers, timeout=45) as client:

            async def get(path: str) -> httpx.Response:
                return (await client.get(f"/api/sessions/jam{path}")).raise_for_status()

            while len((await client.get("/api/capabilities")).json()["renderers"]) < 2:
                await asyncio.sleep(0.05)
            found["capabilities"] = (await client.get("/api/capabilities")).json()
            first = {"id": "one", "bars": 1, "parts": "drums,bass", "renderer": "musicgen"}
            second = {"id": "two", "context": "take-1 vary", "renderer": "sampler"}
            for number, asked in enumerate((first, second), 1):
                (await client.post("/api/sessions/jam/sections", json=asked)).raise_for_status()
                while len((await get("/takes")).json()) < number:
                    await asyncio.sleep(0.05)
            found["takes"] = (await get("/takes")).json()
            for take in ("take-1", "take-2"):
                found[take] = (await get(f"/takes/{take}/certificate")).json()
                found[f"{take}.wav"] = (await get(f"/takes/{take}/stems/bass.wav")).content
                found[f"{take}.mid"] = (await get(f"/takes/{take}/midi")).content
            found["zip"] = (await get("/export")).content
    finally:
        at_work.cancel()
        await asyncio.gather(at_work, return_exceptions=True)
        await asyncio.to_thread(bench.close)
    return found


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    async def scene() -> dict[str, Any]:
        anywhere = Address("127.0.0.1", 0)
        server = Server(Config(data=tmp_path_factory.mktemp("jam"), http=anywhere, osc=anywhere, engine=False))
        try:
            return await jam(await server.start())
        finally:
            await server.close()

    return run_real(scene())


def test_what_is_offered_says_its_licence(found: dict[str, Any]) -> None:
    sampler, bound = found["capabilities"]["renderers"]
    assert (sampler["name"], sampler["licence"], sampler["commercial"]) == ("sampler", "GPL-2.0", True)
    assert (bound["name"], bound["licence"], bound["commercial"]) == ("musicgen", "CC-BY-NC-4.0", False)


def test_lists_and_certificates_say_it(found: dict[str, Any]) -> None:
    bound, free = found["takes"]
    assert (bound["commercial"], bound["restrictions"]) == (False, [BY])
    assert (free["commercial"], free["restrictions"]) == (
        True,
        [],
    )  # the notes are free, and the bound sound is not used
    stated, free_stated = found["take-1"]["statement"], found["take-2"]["statement"]
    assert (stated["commercial"], stated["restrictions"]) == (False, [BY])
    assert stated["renderer"]["licence"] == "CC-BY-NC-4.0"
    assert free_stated["commercial"] is True
    assert free_stated["renderer"]["licence"] == "GPL-2.0"
    assert "TimGM6mb" in free_stated["renderer"]["note"]


def test_sound_carries_it_and_stays_exact(found: dict[str, Any]) -> None:
    assert read_label(found["take-1.wav"]) == {
        "ICOP": "CC-BY-NC-4.0; not for commercial use",
        "ICMT": "StarBridge: notes by arranger 1 (Apache-2.0), sound by musicgen-test 1 (CC-BY-NC-4.0)",
    }
    assert read_label(found["take-2.wav"])["ICOP"] == "GPL-2.0"
    request = found["takes"][0]["request"]
    with wave.open(io.BytesIO(found["take-1.wav"])) as file:
        assert file.getnframes() == round(4 * 60 / request["bpm"] * file.getframerate())


def test_verify_says_it_first_of_all(starbridge: Command, found: dict[str, Any], tmp_path: Path) -> None:
    for take in ("take-1", "take-2"):
        folder = tmp_path / take
        (folder / "stems").mkdir(parents=True)
        (folder / "certificate.json").write_text(json.dumps(found[take]))
        (folder / "stems" / "bass.wav").write_bytes(found[f"{take}.wav"])
        (folder / "section.mid").write_bytes(found[f"{take}.mid"])
    for name in ("stems/bass.wav", "section.mid", "certificate.json"):
        done = starbridge("verify", tmp_path / "take-1" / name)
        assert done.exit_code == 0, done.output
        assert f"use        {WHY}\n" in done.stdout
    done = starbridge("verify", tmp_path / "take-2" / "stems" / "bass.wav")
    assert done.exit_code == 0, done.output
    assert "use        no licence that is named keeps it from commercial use\n" in done.stdout
    assert "sampler" in done.stdout
    assert "licence GPL-2.0" in done.stdout


def test_a_certificate_that_was_made_free_does_not_hold(
    starbridge: Command, found: dict[str, Any], tmp_path: Path
) -> None:
    changed = json.loads(json.dumps(found["take-1"]))
    changed["statement"]["commercial"] = True
    (tmp_path / "certificate.json").write_text(json.dumps(changed))
    assert starbridge("verify", tmp_path / "certificate.json").exit_code == 1


def test_what_is_exported_says_it(starbridge: Command, found: dict[str, Any], tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(found["zip"])) as archive:
        said = archive.read("jam/LICENCES.txt").decode()
        certificate = json.loads(archive.read("jam/takes/take-1/certificate.json"))
        assert archive.read("jam/takes/take-1/section.mid") == found["take-1.mid"]
    assert f"take-1: {WHY}\n    notes: arranger 1 (Apache-2.0), sound: musicgen-test 1 (CC-BY-NC-4.0)\n" in said
    assert "take-2: no licence that is named keeps it from commercial use\n" in said
    assert certificate["statement"]["commercial"] is False
    (tmp_path / "jam.zip").write_bytes(found["zip"])
    assert starbridge("log", "verify", tmp_path / "jam.zip").exit_code == 0
    shown = starbridge("log", "show", tmp_path / "jam.zip").stdout
    assert f"take-1, {WHY}" in shown


def test_without_a_server_as_well(starbridge: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offline, "own_engine", lambda *options: an_engine)
    words = ("--bars", 1, "--parts", "bass", "--renderer", "musicgen", "--out", tmp_path)
    done = starbridge("ask", *words)
    assert (done.exit_code, done.stderr) == (0, f"N{WHY[1:]}\n")
    stated = json.loads((tmp_path / "certificate.json").read_text())["statement"]
    assert (stated["commercial"], stated["restrictions"]) == (False, [BY])
    assert WHY in starbridge("verify", tmp_path / "mix.wav").stdout
    assert read_label((tmp_path / "mix.wav").read_bytes())["ICOP"] == "CC-BY-NC-4.0; not for commercial use"


# -- the record beside weights -----------------------------------------------------------------------------------------


def test_weights_without_a_record_are_not_for_sale(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    (tmp_path / "config.json").write_bytes(b"{}")
    made_by = provenance_of(tmp_path, "musicgen")
    assert (made_by.commercial, made_by.licence) == (False, "not stated")
    assert made_by.sha256 == digests(tmp_path / "model.safetensors").sha256


def test_weights_of_ones_own_say_what_their_record_says(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    (tmp_path / RECORD).write_text('{"licence": "CC0-1.0", "commercial": true}')
    made_by = provenance_of(tmp_path, "musicgen")
    assert (made_by.name, made_by.commercial, made_by.licence) == ("musicgen", True, "CC0-1.0")
    assert made_by.sha256 == digests(tmp_path / "model.safetensors").sha256


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"licence": "x"}', '{"licence": 1, "commercial": true}', '{"licence": "x", "commercial": 1}']
    + [f'{{"licence": "x", "commercial": true, "files": {files}}}' for files in ("[]", '{"a": 1}', '{"../a": {}}')]
    + ['{"licence": "x", "commercial": true, "files": {"../a": {"size": 1, "sha256": "", "stated": ""}}}'],
)
def test_a_record_that_is_none_is_no_licence(tmp_path: Path, text: str) -> None:
    (tmp_path / RECORD).write_text(text)
    with pytest.raises(BadRecord) as no:
        provenance_of(tmp_path, "musicgen")
    assert str(tmp_path / RECORD) in str(no.value)


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    record = Record("CC-BY-NC-4.0", False, "musicgen-small", "facebook/musicgen-small", "ab" * 20, time="now")
    (tmp_path / RECORD).write_bytes(record.to_bytes())
    assert Record.from_fields(json.loads((tmp_path / RECORD).read_bytes())) == record
    made_by = provenance_of(tmp_path, "musicgen")
    assert (made_by.name, made_by.version, made_by.commercial) == ("musicgen-small", "abababababab", False)
