"""audiocraft itself, on identical random weights: what ours plays through its process is what it plays alone, sample by sample; and
our own runtime, given the same weights as `transformers` has them, writes the same codes.

It takes an environment with audiocraft in it (models/render/audiocraft/README.md makes one) and a minute:

    STARBRIDGE_AUDIOCRAFT_PYTHON=/path/to/environment python -m pytest tests/models/render/audiocraft/test_truth.py
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import models.render.musicgen as musicgen
from bridge.ports.audiocraft import find_python, opener
from models.render.audiocraft.engine import AudiocraftEngine
from models.render.audiocraft.weights import Weights
from tests.models.render.audiocraft.published import for_transformers, text_encoder
from tests.models.render.musicgen.published import TEXT

WHERE = os.environ.get("STARBRIDGE_AUDIOCRAFT_PYTHON", "")
THEIRS = Path(__file__).with_name("theirs.py")
__test__ = bool(WHERE)  # elsewhere there is nothing to hold against each other

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]


@dataclass(frozen=True)
class Both:
    """Our engine, their answers to the jobs, and the same weights for our own runtime."""

    engine: AudiocraftEngine
    theirs: dict[str, NDArray[Any]]
    heard: NDArray[np.float32]
    converted: Path


JOBS: tuple[dict[str, Any], ...] = (
    {"text": TEXT, "seconds": 1, "seed": 7},
    {"text": TEXT, "seconds": 2, "seed": 7, "greedy": True},
    {"text": None, "seconds": 1, "seed": 3},
    {"text": "dub", "seconds": 21, "seed": 4},  # more than it was taught to play at once
    {"text": TEXT, "seconds": 1, "seed": 5, "heard": "heard.npy"},
)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("audiocraft")
    environment = {"HF_HOME": str(folder / "hub"), "HF_HUB_OFFLINE": "1", "STARBRIDGE_AUDIOCRAFT_THREADS": "1"}
    encoder = text_encoder(folder / "hub")
    python, weights = find_python(WHERE), folder / "weights"
    heard = np.random.default_rng(1).standard_normal((1, 32_000)).astype(np.float32) * 0.2
    np.save(folder / "heard.npy", heard)
    jobs = [{**job, "heard": str(folder / job["heard"])} if "heard" in job else job for job in JOBS]
    (folder / "jobs.json").write_text(json.dumps(jobs))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.delenv("PYTHONPATH", raising=False)
        subprocess.run([python, THEIRS, "make", weights], check=True)
        subprocess.run([python, THEIRS, "play", weights, folder / "jobs.json", folder / "out.npz"], check=True)
        engine = AudiocraftEngine(Weights.of(str(weights)), opener(python))
        list(engine.waking())
    with np.load(folder / "out.npz") as found:
        theirs = dict(found)
    yield Both(engine, theirs, heard, for_transformers(weights, encoder, folder / "converted"))
    engine.close()


def played(both: Both, number: int, **more: Any) -> NDArray[np.float32]:
    job = JOBS[number]
    greedy = job.get("greedy", False)
    return np.concatenate(list(both.engine.stream(job["text"], job["seconds"], job["seed"], greedy=greedy, **more)), 1)


@pytest.mark.parametrize("number", range(4), ids=["drawn", "greedy", "told nothing", "in windows"])
def test_the_same_samples(both: Both, number: int) -> None:
    sound = played(both, number)
    assert sound.shape == (1, 32_000 * JOBS[number]["seconds"])
    assert np.std(sound) > 0
    np.testing.assert_array_equal(sound, both.theirs[f"sound{number}"])


def test_the_same_samples_after_what_it_goes_on_from(both: Both) -> None:
    before = both.engine.encode(both.heard)
    np.testing.assert_array_equal(before, both.heard)
    np.testing.assert_array_equal(played(both, 4, continue_from=before), both.theirs["sound4"][:, 32_000:])


def test_cancelled_it_plays_the_next_piece_as_if_nothing_had_been(both: Both) -> None:
    asks = iter(range(1000))
    assert not sum(chunk.shape[1] for chunk in both.engine.stream("dub", 15, 1, cancelled=lambda: next(asks) > 2))
    np.testing.assert_array_equal(played(both, 0), both.theirs["sound0"])


def test_our_own_runtime_writes_the_same_codes_and_plays_the_same_sound(both: Both) -> None:
    """Greedy, with guidance, in float32, from the same weights in the other form."""
    codes = both.theirs["codes1"]
    assert len(np.unique(codes)) > 10
    ours = musicgen.load(both.converted)
    np.testing.assert_array_equal(ours.generate_codes(TEXT, seconds=2, greedy=True), codes)
    np.testing.assert_array_equal(both.engine.generate_codes(TEXT, seconds=2, greedy=True), codes)
    sound = np.concatenate(list(ours.stream(TEXT, seconds=2, greedy=True)), axis=1)
    np.testing.assert_allclose(sound, both.theirs["sound1"], atol=1e-5)
