"""Stems by a checkpoint are heard while they are made, over OSC, WebSocket and HTTP: a server, its engine and weights, all real."""

from __future__ import annotations

import copy
import hashlib
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.doors.clients import Client, Udp, WebSocket
from tests.support.server import Server, running_server

pytestmark = pytest.mark.timeout(240)
PATIENCE_S = 60.0
HEAD_BYTES = 44
SIZES: dict[str, dict[str, int]] = {
    "text_encoder": {"vocab_size": 64, "d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 1, "num_heads": 2},
    "audio_encoder": {"hidden_size": 16, "codebook_dim": 16, "num_filters": 4},
    "decoder": {"num_hidden_layers": 2, "ffn_dim": 128, "num_attention_heads": 2, "hidden_size": 64},
}


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint of MusicGen's form: random and tiny, so that nothing of what it plays is kept, but much is heard."""
    from bridge.bench import checkpoint

    config = copy.deepcopy(checkpoint.CONFIG)
    for part, sizes in SIZES.items():
        config[part] |= sizes
    monkeypatch.setattr(checkpoint, "CONFIG", config)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # of the engine's torch: weights as tiny as these are slower by two
    return checkpoint.random_small(tmp_path / "weights")


class Ear(threading.Thread):
    """Reads a preview over HTTP, and asks after the first sound of it whether the section is still being made."""

    def __init__(self, server: Server, section: str, by: str) -> None:
        super().__init__(daemon=True)
        self.url, self.by = f"{server.http}/api/sessions/jam/sections/{section}", by
        self.headers = {"Authorization": f"Bearer {server.invites['listener']}"}
        self.wav, self.meanwhile = b"", ""

    def run(self) -> None:
        path = f"{self.url}/preview/bass.wav"
        with (
            httpx.Client(headers=self.headers, timeout=PATIENCE_S) as client,
            client.stream("GET", path, params={"by": self.by}) as answer,
        ):
            answer.raise_for_status()
            for piece in answer.iter_bytes():
                self.wav += piece
                if not self.meanwhile and len(self.wav) > HEAD_BYTES:
                    self.meanwhile = client.get(self.url).raise_for_status().json()["status"]


def told(client: Client) -> list[dict[str, Any]]:
    """What a client heard of the bass so far, in order."""
    client.hear("section.done", id="a")
    return [one for one in client.heard if one["type"] == "section.preview" and one["part"] == "bass"]


def test_stems_are_heard_while_they_are_made(weights: Path, tmp_path: Path) -> None:
    options = ("--musicgen", str(weights), "--precision", "float32")
    with running_server(tmp_path / "server", *options) as server, Udp(server) as ana, WebSocket(server) as ears:
        name = ana.join(server.invites["leader"])["member"]
        ears.join(server.invites["leader"])
        assert server.await_engine(PATIENCE_S)
        ana.say("section.request", id="a", bars=1, bpm=240, parts="bass", renderer="musicgen", seed=3)
        ana.hear("section.accepted", id="a")
        readers = [Ear(server, f"{name}/a", by) for by in ("sampler", "musicgen")]
        for reader in readers:
            reader.start()
        with ThreadPoolExecutor(1) as pool:  # who doesn't listen is let go
            listening = pool.submit(told, ears)
            by_osc, by_socket = told(ana), listening.result()
        for reader in readers:
            reader.join(PATIENCE_S)
        for heard in (by_osc, by_socket):
            versions = [one["version"] for one in heard]
            assert versions == sorted(versions)
            assert {one["by"] for one in heard if one["version"] == 1} == {"sampler"}
            assert {one["by"] for one in heard if one["version"] > 1} == {"musicgen"}
            for version in set(versions):
                frames = [one["frames"] for one in heard if one["version"] == version]
                assert frames == sorted(frames)
                assert 0 < frames[-1] <= heard[versions.index(version)]["of"]
        stand_in, generated = readers
        channels, rate = struct.unpack("<HI", generated.wav[22:28])
        assert (channels, rate) == (1, 32_000)
        assert len(generated.wav) > HEAD_BYTES
        assert any(generated.wav[HEAD_BYTES:])
        assert generated.meanwhile == "working"
        assert any(stand_in.wav[HEAD_BYTES:])
        url = by_osc[-1]["url"]  # where the stem is now, in the place of what was heard
        final = httpx.get(url, headers=generated.headers, timeout=PATIENCE_S).raise_for_status().content
        stem = ana.hear("section.stem", id="a", part="bass")
        assert final == Path(stem["path"]).read_bytes()
        assert hashlib.sha256(final).hexdigest() in stem["url"]
        assert "preview" not in (server.folder / "log.jsonl").read_text()
