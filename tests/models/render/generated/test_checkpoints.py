"""Stems by checkpoints of MusicGen's kinds with random weights: noise, which nobody keeps, and weights that are damaged."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
import torch

from models.render.generated import GeneratedStems
from models.work import Finished, StemRendered
from sessions.errors import Code, Refused
from tests.models.render.generated.voices import SAMPLED, asked, made
from tests.models.render.musicgen.published import Kind, model, publish


@pytest.fixture(autouse=True)
def _one_thread() -> Generator[None]:
    """Models as tiny as these lose more to threads that wait for each other than they win."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("kind", [Kind(), Kind(melody=True), Kind(channels=2)], ids=["text", "melody", "stereo"])
def test_random_weights_are_noise_and_the_sampler_plays(kind: Kind, tmp_path: Path) -> None:
    request, *_ = asked(bars=1, bpm=240, parts="drums,bass,texture")
    render = GeneratedStems(publish(model(kind), tmp_path), SAMPLED, precision="float32")
    first, second = made(render, request), made(render, request)
    said = first[-1]
    assert isinstance(said, Finished)
    for told in said.stems.values():
        assert (told["by"], told["tries"]) == ("sampler", 3)
        assert told["reason"]
    assert list(said.stems) == ["drums", "bass", "texture"]
    assert said.renderer is not None
    assert (said.renderer.licence, said.renderer.commercial) == ("not stated", False)
    wavs = [[one.wav for one in outputs if isinstance(one, StemRendered)] for outputs in (first, second)]
    assert wavs[0] == wavs[1]


@pytest.mark.parametrize("where", ["decoder.model.decoder.layers.0.fc1", "audio_encoder.decoder.layers.0.conv"])
def test_weights_that_are_no_numbers_fail_the_section(where: str, tmp_path: Path) -> None:
    request, *_ = asked(bars=1, bpm=240, parts="bass")
    damaged = model(Kind())
    with torch.no_grad():
        hit = [tensor for name, tensor in damaged.named_parameters() if name.startswith(where)]
        for tensor in hit:
            tensor.fill_(torch.nan)
    assert hit
    render = GeneratedStems(publish(damaged, tmp_path), SAMPLED, precision="float32")
    with pytest.raises(Refused, match=r"renderer: musicgen.*(damaged|no number|not a number|NaN)") as caught:
        made(render, request)
    assert caught.value.code is Code.FAILED


def test_cancelled_within_a_try_it_takes_no_further_step(tmp_path: Path) -> None:
    request, *_ = asked(bars=16, bpm=60, parts="bass", meter="4/4")
    render = GeneratedStems(publish(model(Kind()), tmp_path), SAMPLED, precision="float32")
    asks = 0

    def cancelled() -> bool:
        nonlocal asks
        asks += 1
        return asks > 200  # of some 3,500 steps

    outputs = made(render, request, cancelled)
    assert not any(isinstance(one, StemRendered | Finished) for one in outputs)
    assert asks < 210
