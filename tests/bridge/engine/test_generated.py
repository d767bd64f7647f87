"""MusicGen in a session: a checkpoint's whole way from the engine's process to the certificate, broken and whole."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.config import Address, Config, Ready, default_musicgen, default_packed
from bridge.server import Server
from models.fetched import RECORD, FetchedFile, Record, digests
from sessions.certificate import verify_certificate
from sessions.errors import Refused
from sessions.use import use_sentence
from tests.bridge.cli.conftest import Command, starbridge
from tests.models.render.musicgen.published import Kind, model, publish
from tests.support.virtual_time import run_real

__all__ = ["starbridge"]

WEIGHTS = "model.safetensors"
SECTION = {"bars": 1, "bpm": 240, "parts": "drums,bass", "seed": 3}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights, recorded as fetched ones are."""
    folder = publish(model(Kind()), tmp_path_factory.mktemp("weights") / "musicgen-small")
    files = {name: digests(folder / name) for name in ("config.json", WEIGHTS, "tokenizer.json")}
    listed = {name: FetchedFile(one.size, one.sha256) for name, one in files.items()}
    record = Record("CC-BY-NC-4.0", commercial=False, name="musicgen-small", files=listed)
    (folder / RECORD).write_bytes(record.to_bytes())
    return folder


async def asked(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    """A section, as it stands when it is over."""
    answer = (await client.post("/sections", json=SECTION | fields)).raise_for_status().json()
    while answer["status"] not in ("done", "failed"):
        await asyncio.sleep(0.05)
        answer = (await client.get(f"/sections/{answer['section']}")).json()
    return dict(answer)


async def played(server: Ready, weights: Path, whole: Path) -> dict[str, Any]:
    """Musicgen from half of a file, then the sampler, then musicgen from all of it."""
    headers = {"Authorization": f"Bearer {server.invites['leader']}"}
    found: dict[str, Any] = {}
    async with httpx.AsyncClient(base_url=server.http, headers=headers, timeout=45) as client:
        while len((await client.get("/api/capabilities")).json()["renderers"]) < 2:
            await asyncio.sleep(0.05)
        found["renderers"] = (await client.get("/api/capabilities")).json()["renderers"]
        client.base_url = httpx.URL(f"{server.http}/api/sessions/jam")
        found["broken"] = await asked(client, renderer="musicgen")
        found["auto"] = await asked(client)
        shutil.copy(whole, weights)
        found["whole"] = await asked(client, renderer="musicgen")
        for name in ("auto", "whole"):
            path = f"/takes/{found[name]['take']}/certificate"
            found[f"{name} certificate"] = (await client.get(path)).raise_for_status().json()
    return found


@pytest.mark.may_block("files of some kilobytes are written between two requests")
def test_a_checkpoint_that_is_cut_off_and_then_mended(checkpoint: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(checkpoint, tmp_path / "musicgen-small")
    weights = folder / WEIGHTS
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])

    async def scene() -> dict[str, Any]:
        anywhere = Address("127.0.0.1", 0)
        config = Config(tmp_path / "data", anywhere, anywhere, musicgen=folder, precision="float32")
        server = Server(config)
        try:
            return await played(await server.start(), weights, checkpoint / WEIGHTS)
        finally:
            await server.close()

    found = run_real(scene())
    assert {one["name"]: one["commercial"] for one in found["renderers"]} == {"sampler": True, "musicgen": False}
    assert found["broken"]["status"] == "failed"
    assert "renderer: musicgen can't be loaded" in found["broken"]["advice"]
    assert verify_certificate(found["auto certificate"]).statement["renderer"]["name"] == "sampler"
    assert "stems" not in found["auto certificate"]["statement"]
    stated = verify_certificate(found["whole certificate"]).statement
    assert stated["renderer"]["name"] == "musicgen-small"
    assert stated["renderer"]["sha256"] == digests(checkpoint / WEIGHTS).sha256
    assert stated["commercial"] is False
    assert use_sentence(stated) == "not for commercial use: its sound is by musicgen-small, under CC-BY-NC-4.0"
    assert set(stated["stems"]) == {"drums", "bass"}
    for made in stated["stems"].values():  # random weights make noise
        assert (made["by"], made["tries"]) == ("sampler", 3)
        assert made["reason"]


def test_ask_with_fetched_weights_and_without(
    starbridge: Command, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.config.default_weights", lambda: tmp_path)
    monkeypatch.setattr("bridge.config.default_cache", lambda: tmp_path / "cache")
    words = ("--bars", 1, "--bpm", 240, "--parts", "bass", "--renderer", "musicgen", "--out")
    done = starbridge("ask", *words, tmp_path / "none")
    assert done.exit_code == 1
    assert "renderer: musicgen is not installed here; ask for auto or sampler, or get it: " in done.stderr
    assert "`starbridge models fetch musicgen-small`" in done.stderr
    assert not (tmp_path / "none").exists()
    shutil.copytree(checkpoint, tmp_path / "musicgen-small")
    done = starbridge("ask", *words, tmp_path / "drop")
    assert done.exit_code == 0, done.stderr
    stated = json.loads((tmp_path / "drop" / "certificate.json").read_text())["statement"]
    assert stated["stems"]["bass"]["by"] == "sampler"
    assert stated["commercial"] is False
    assert [path.name for path in default_packed().iterdir()] == [f"{stated['renderer']['sha256'][:32]}.int4"]
    shown = starbridge("verify", tmp_path / "drop" / "mix.wav").stdout
    assert f"stem       bass by sampler: tries 3, reason {stated['stems']['bass']['reason']}\n" in shown
    done = starbridge("ask", *words, tmp_path / "odd", "--precision", "int3")
    assert (done.exit_code, "precision: 'int3' is none" in done.stderr) == (1, True)
    done = starbridge("ask", *words, tmp_path / "odd", "--musicgen", tmp_path)
    assert (done.exit_code, "musicgen: there is no checkpoint in" in done.stderr) == (1, True)


def test_without_what_it_needs_it_says_what_to_install(
    starbridge: Command, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.render.generated.runtime.NEEDS", ("torch", "no_such_module"))
    words = ("--bars", 1, "--parts", "bass", "--renderer", "musicgen", "--out", tmp_path / "none")
    done = starbridge("ask", *words, "--musicgen", checkpoint)
    assert done.exit_code == 1
    assert "pip install 'starbridge[musicgen]'" in done.stderr


def test_a_folder_that_holds_none_is_refused_before_a_door_opens(tmp_path: Path) -> None:
    async def scene() -> None:
        server = Server(Config(tmp_path / "data", musicgen=tmp_path))
        with pytest.raises(Refused, match="musicgen: there is no checkpoint in"):
            await server.start()

    run_real(scene())


def test_half_of_what_was_fetched_is_not_offered(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.config.default_weights", lambda: tmp_path)
    assert default_musicgen() is None
    folder = shutil.copytree(checkpoint, tmp_path / "musicgen-medium")
    assert default_musicgen() == folder
    shutil.copytree(checkpoint, tmp_path / "musicgen-small")
    assert default_musicgen() == tmp_path / "musicgen-small"
    (tmp_path / "musicgen-small" / WEIGHTS).write_bytes(b"half")
    assert default_musicgen() == folder
    (folder / RECORD).write_text("{")
    assert default_musicgen() is None
