"""The engine: streams that equal their whole, pieces longer than a window, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import models.render.musicgen as musicgen
from models.render.musicgen import piece as piece_module
from models.render.musicgen.engine import Engine
from models.render.musicgen.tensors import BadCheckpoint
from tests.models.render.musicgen.conftest import Published
from tests.models.render.musicgen.published import LONGEST, TEXT, Kind, pieces, publish, tokens


def joined(engine: Engine, text: str | None = TEXT, seconds: float = 1.0, **more: Any) -> NDArray[np.float32]:
    return np.concatenate(list(engine.stream(text, seconds, **more)), axis=1)


@pytest.mark.parametrize("kind", [Kind(), Kind(channels=2), Kind(melody=True)], ids=["mono", "stereo", "melody"])
def test_streamed_equals_whole(published: Published, kind: Kind) -> None:
    engine = musicgen.load(published(kind)[1])
    chunks = list(engine.stream(TEXT, seconds=2, seed=5))
    whole = engine.decode(engine.generate_codes(TEXT, seconds=2, seed=5))
    assert len(chunks) > 3
    assert chunks[0].shape[1] == 12 * 640 - 2402  # a quarter second of codes, less what the codec looks ahead
    assert all(chunk.dtype == np.float32 and len(chunk) == kind.channels for chunk in chunks)
    np.testing.assert_allclose(np.concatenate(chunks, axis=1), whole, atol=1e-5)


@pytest.mark.parametrize("seconds", [0.001, 0.05, 0.613, 1.0])
def test_as_long_as_asked_to_the_sample(published: Published, seconds: float) -> None:
    engine = musicgen.load(published(Kind(channels=2))[1])
    assert joined(engine, seconds=seconds).shape == (2, round(seconds * 32_000))


def test_the_seed_decides(published: Published) -> None:
    engine = musicgen.load(published(Kind())[1])
    np.testing.assert_array_equal(joined(engine, seed=1), joined(engine, seed=1))
    assert (engine.generate_codes(TEXT, 1, seed=1) != engine.generate_codes(TEXT, 1, seed=2)).any()
    assert engine.generate_codes(TEXT, 0.1, seed=-(10**30)).shape == (4, 5)


def test_two_streams_at_once_don_t_hear_each_other(published: Published) -> None:
    engine = musicgen.load(published(Kind())[1])
    alone = joined(engine, seed=1), joined(engine, "a bass", seed=2)
    both = list(zip(engine.stream(TEXT, 1, seed=1), engine.stream("a bass", 1, seed=2), strict=True))
    for number in range(2):
        np.testing.assert_array_equal(np.concatenate([chunks[number] for chunks in both], axis=1), alone[number])


def test_cancelled_within_a_step(published: Published) -> None:
    engine = musicgen.load(published(Kind())[1])
    asked = iter([False] * 20 + [True] * 1000)
    codes = engine.generate_codes(TEXT, seconds=10, cancelled=lambda: next(asked))
    assert codes.shape == (4, 12)
    assert next(asked)
    assert joined(engine, seconds=10, cancelled=iter([False] * 40 + [True]).__next__).shape[1] < 32_000


@pytest.mark.parametrize("kind", [Kind(), Kind(melody=True), Kind(channels=2)], ids=["text", "melody", "stereo"])
def test_longer_than_a_window_by_reading_its_end_again(
    published: Published, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(piece_module, "WINDOW_S", 0.6)  # 30 frames
    monkeypatch.setattr(piece_module, "KEPT_S", 0.2)  # 10 frames
    theirs, folder = published(kind)
    codes = musicgen.load(folder).generate_codes(TEXT, seconds=1.6, greedy=True, guidance=1.0)
    lags = np.arange(4 * kind.channels) // kind.channels
    grid = np.full((len(lags), 1 + 80 + 3), 64)
    for book, lag in enumerate(lags):
        grid[book, 1 + lag : 81 + lag] = codes[book]
    begun, fed = 0, 0
    for column in range(1, grid.shape[1]):
        fed += 1
        if fed > 33:
            begun, fed = column - 10, 10
        read = grid[:, begun:column].copy()
        for book, lag in enumerate(lags):
            read[book, : 1 + lag] = 64
        with torch.no_grad():
            logits = theirs(input_ids=tokens(TEXT), decoder_input_ids=torch.from_numpy(read)).logits[:, -1]
        for book, lag in enumerate(lags):
            if lag < column <= 80 + lag:
                assert logits[book].argmax() == grid[book, column], (column, book)
    assert begun > 30


def test_goes_on_without_a_seam(published: Published) -> None:
    engine = musicgen.load(published(Kind())[1])
    first = engine.generate_codes(TEXT, seconds=0.8, seed=1)
    rest = engine.generate_codes(TEXT, seconds=0.5, seed=2, continue_from=first)
    whole = engine.decode(np.concatenate([first, rest], axis=1))
    np.testing.assert_allclose(
        joined(engine, seconds=0.5, seed=2, continue_from=first), whole[:, 40 * 640 :], atol=1e-5
    )


def test_a_sound_and_its_codes_go_on_alike(published: Published) -> None:
    engine = musicgen.load(published(Kind(channels=2))[1])
    sound = np.random.default_rng(1).normal(size=(1, 9_000)).astype(np.float32) * 0.1
    by_codes = engine.generate_codes(TEXT, 0.3, continue_from=engine.encode(sound))
    np.testing.assert_array_equal(engine.generate_codes(TEXT, 0.3, continue_from=sound[0]), by_codes)


def test_a_long_text_is_cut_as_theirs_is(published: Published) -> None:
    from transformers import PreTrainedTokenizerFast

    folder = published(Kind())[1]
    engine = musicgen.load(folder)
    theirs = PreTrainedTokenizerFast.from_pretrained(folder)
    text = "dark dubstep " * 800
    wanted = theirs(text, truncation=True).input_ids
    assert len(wanted) == LONGEST
    assert pieces().encode(text).ids != wanted
    cut = theirs.decode(wanted[:-1])
    np.testing.assert_array_equal(
        engine.generate_codes(text, 0.3, greedy=True), engine.generate_codes(cut, 0.3, greedy=True)
    )


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"seconds": 0}, "seconds must be"),
        ({"seconds": float("nan")}, "seconds must be"),
        ({"guidance": 0.5}, "guidance must be"),
        ({"temperature": 0}, "temperature must be"),
        ({"melody": np.zeros(100, np.float32)}, "takes no melody"),
        ({"continue_from": np.full((4, 3), 64)}, "codes must be whole numbers"),
        ({"continue_from": np.zeros((3, 3), np.int64)}, "codes must be whole numbers"),
        ({"continue_from": np.array([np.nan], np.float32)}, "a sound must be finite"),
        ({"continue_from": np.zeros((3, 100), np.float32)}, "a sound must be finite"),
    ],
)
def test_refuses_when_asked_not_when_played(published: Published, wrong: dict[str, Any], says: str) -> None:
    engine = musicgen.load(published(Kind())[1])
    with pytest.raises(ValueError, match=says):
        engine.stream(TEXT, **{"seconds": 1, **wrong})


@pytest.mark.parametrize(("device", "precision"), [("cpu", "int3"), ("tpu", "float32"), ("cpu", "")])
def test_refuses_devices_and_precisions_that_are_not_there(published: Published, device: str, precision: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        musicgen.load(published(Kind())[1], device=device, precision=precision)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is here")
def test_says_that_there_is_no_gpu(published: Published) -> None:
    with pytest.raises(ValueError, match="finds no GPU"):
        musicgen.load(published(Kind())[1], device="cuda")


def test_answers_that_are_no_numbers_are_told(published: Published, tmp_path: Path) -> None:
    from tests.models.render.musicgen.published import model

    theirs = model(Kind())
    with torch.no_grad():
        theirs.decoder.lm_heads[0].weight.fill_(3e38)
    engine = musicgen.load(publish(theirs, tmp_path))
    with pytest.raises(BadCheckpoint, match="no number"):
        list(engine.stream(TEXT, 1))
