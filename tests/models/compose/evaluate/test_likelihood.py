"""Bits a note: those of the model's own probabilities, of the notes alone, however the music is cut."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.compose.evaluate.likelihood import bits_of, examples_of, figures, predict, total
from models.compose.lessons import judging
from models.compose.runtime import Runtime
from models.compose.tokens.stock import Shelf
from models.compose.tokens.vocabulary import VOCABULARY
from tests.models.compose.evaluate.small import SHAPE, piece, weights
from tests.models.compose.runtime.tiny import logits, tensors


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return weights(tmp_path_factory.mktemp("weights"))


def test_bits_are_the_models(folder: Path) -> None:
    runtime = Runtime.load(folder, "float32", vocabulary=VOCABULARY.sha256)
    (example,) = examples_of(piece(1, bars=2))
    told = logits(tensors(SHAPE), example.ids[:-1].tolist(), SHAPE).astype(np.float64)
    chances = np.exp(told - told.max(-1, keepdims=True))
    chances /= chances.sum(-1, keepdims=True)
    expected = -np.log2(chances[np.arange(len(example.ids) - 1), example.ids[1:]])
    assert bits_of(runtime, example.ids) == pytest.approx(expected, abs=1e-3)


def test_a_tally_counts_the_notes_alone(folder: Path) -> None:
    runtime = Runtime.load(folder, vocabulary=VOCABULARY.sha256)
    one = piece(1, bars=16)
    examples = list(examples_of(one))
    tally = predict(runtime, examples)
    assert tally.notes == sum(len(notes) for notes in one.notes.values())
    assert "chord" not in tally.kinds
    assert figures(tally)["bits_per_note"] == pytest.approx(tally.bits.sum() / tally.notes, abs=1e-4)
    halves = [predict(runtime, some) for some in (examples[:1], examples[1:])]
    assert total(halves).per_note == pytest.approx(tally.per_note)


def test_examples_are_those_that_training_is_judged_by() -> None:
    kept = next(song for seed in range(100) if (song := piece(seed, bars=16)).held_out)
    mine, theirs = list(examples_of(kept)), judging(Shelf([kept], held_out=True))["small"]
    assert len(mine) == len(theirs)
    for our, their in zip(mine, theirs, strict=True):
        assert np.array_equal(our.ids, their.ids)
        assert np.array_equal(our.weights, their.weights)
