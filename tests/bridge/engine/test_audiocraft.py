"""audiocraft in a session and by `ask`: from a Python of its own to the certificate, with crashes between."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.config import Address, Config, Ready
from bridge.server import Server
from models.fetched import FetchedFile, Record, digests
from sessions.certificate import verify_certificate
from sessions.errors import Refused
from sessions.use import use_sentence
from tests.bridge.cli.conftest import Command, starbridge
from tests.bridge.engine.test_generated import asked
from tests.models.render.audiocraft.environment import checkpoint, environment
from tests.support.virtual_time import run_real

__all__ = ["starbridge"]

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform == "win32", reason="the environments of these tests are shell scripts"),
]

LICENCE = {"name": "musicgen-test", "licence": "CC-BY-NC-4.0", "commercial": False}


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return environment(tmp_path_factory.mktemp("there"))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint(tmp_path_factory.mktemp("weights"), record=LICENCE)


def sha256_of(weights: Path) -> str:
    """One for both files, as for weights that lie in several."""
    names = "state_dict.bin", "compression_state_dict.bin"
    files = {name: FetchedFile(one.size, one.sha256) for name in names for one in [digests(weights / name)]}
    return Record("", commercial=False, files=files).sha256


def test_ask_is_certified_by_name_version_and_hash(
    starbridge: Command, there: Path, weights: Path, tmp_path: Path
) -> None:
    words = ("ask", "--bars", 1, "--bpm", 240, "--parts", "drums,bass", "--renderer", "musicgen", "--out", tmp_path)
    done = starbridge(*words, "--audiocraft", there, "--musicgen", weights)
    assert done.exit_code == 0, done.stderr
    stated = json.loads((tmp_path / "certificate.json").read_text())["statement"]
    by = stated["renderer"]
    assert (by["name"], by["version"], by["licence"]) == ("musicgen-test", "audiocraft 1.3.0", "CC-BY-NC-4.0")
    assert by["sha256"] == sha256_of(weights)
    assert "; played by audiocraft 1.3.0 with torch " in by["note"]
    assert use_sentence(stated) == "not for commercial use: its sound is by musicgen-test, under CC-BY-NC-4.0"
    for made in stated["stems"].values():  # noise, which nobody keeps
        assert (made["by"], made["tries"]) == ("sampler", 3)
    shown = starbridge("verify", tmp_path / "mix.wav").stdout
    assert "renderer   musicgen-test audiocraft 1.3.0, licence CC-BY-NC-4.0" in shown


def test_what_can_not_be_is_refused_before_anything_starts(
    starbridge: Command, there: Path, weights: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.json").write_text("{}")
    words = ("ask", "--bars", 1, "--renderer", "musicgen", "--out", tmp_path / "none", "--audiocraft")
    for more, said in (
        ((there,), "audiocraft: say which weights it is to play with --musicgen: a folder, or a name on the hub"),
        (
            (there, "--musicgen", weights, "--precision", "int8"),
            "precision: it is for our own runtime; audiocraft plays",
        ),
        ((there, "--musicgen", other), "is a checkpoint for transformers, which our own runtime plays; leave"),
        ((there, "--musicgen", tmp_path), "holds no checkpoint of audiocraft's, state_dict.bin is missing"),
        ((there, "--musicgen", tmp_path / "no"), "there is no folder"),
        ((tmp_path / "no", "--musicgen", weights), "no is not there; give the Python of audiocraft's environment"),
        ((other, "--musicgen", weights), "there is no Python in"),
    ):
        done = starbridge(*words, *more)
        assert (done.exit_code, said in done.stderr.replace("\n", " ")) == (1, True), (said, done.stderr)
    assert not (tmp_path / "none").exists()


async def played(server: Ready) -> dict[str, Any]:
    """One that crashes, one by the sampler, one that is played."""
    headers = {"Authorization": f"Bearer {server.invites['leader']}"}
    found: dict[str, Any] = {}
    async with httpx.AsyncClient(base_url=server.http, headers=headers, timeout=60) as client:
        while len((await client.get("/api/capabilities")).json()["renderers"]) < 2:
            await asyncio.sleep(0.05)
        client.base_url = httpx.URL(f"{server.http}/api/sessions/jam")
        for name, more in (("crashed", {"prompt": "a crash cymbal"}), ("auto", {"renderer": "auto"}), ("played", {})):
            found[name] = await asked(client, **{"parts": "bass", "renderer": "musicgen", "id": name, **more})
        path = f"/takes/{found['played']['take']}/certificate"
        found["certificate"] = (await client.get(path)).raise_for_status().json()
    return found


@pytest.mark.may_block("a process is started between two requests")
def test_a_crash_of_it_fails_one_section_and_no_more(there: Path, weights: Path, tmp_path: Path) -> None:
    async def scene() -> dict[str, Any]:
        anywhere = Address("127.0.0.1", 0)
        server = Server(Config(tmp_path / "data", anywhere, anywhere, musicgen=weights, audiocraft=there))
        try:
            return await played(await server.start())
        finally:
            await server.close()

    found = run_real(scene())
    assert found["crashed"]["status"] == "failed"
    assert "renderer: audiocraft ended (exit code 9): Segmentation fault, it says" in found["crashed"]["advice"]
    assert found["auto"]["status"] == "done"
    stated = verify_certificate(found["certificate"]).statement
    assert (stated["renderer"]["name"], stated["renderer"]["version"]) == ("musicgen-test", "audiocraft 1.3.0")
    assert stated["renderer"]["sha256"] == sha256_of(weights)
    assert stated["commercial"] is False


def test_a_server_that_is_told_wrong_opens_no_door(there: Path, tmp_path: Path) -> None:
    async def scene() -> None:
        for config, said in (
            (Config(tmp_path / "data", musicgen=tmp_path, audiocraft=there), "holds no checkpoint of audiocraft's"),
            (Config(tmp_path / "data", musicgen=tmp_path, audiocraft=tmp_path), "there is no Python in"),
        ):
            with pytest.raises(Refused, match=said):
                await Server(config).start()

    run_real(scene())
