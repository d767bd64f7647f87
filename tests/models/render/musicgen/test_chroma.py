"""Chroma: the filters of `transformers`, and the pitch classes that sound."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers.audio_utils import chroma_filter_bank

from models.render.musicgen.checkpoint import MelodyShape
from models.render.musicgen.chroma import filters, heard

RATE = 32_000


@pytest.mark.parametrize(
    ("window", "classes", "rate"), [(16_384, 12, 32_000), (2_048, 12, 44_100), (4_096, 24, 32_000)]
)
def test_filters_are_theirs(window: int, classes: int, rate: int) -> None:
    theirs = chroma_filter_bank(sampling_rate=rate, num_frequency_bins=window, tuning=0, num_chroma=classes)
    np.testing.assert_allclose(filters(window, classes, rate).numpy(), theirs, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("pitch", range(48, 72))
def test_each_pitch_is_heard_as_its_class(pitch: int) -> None:
    time = torch.arange(RATE) / RATE
    chroma = heard(torch.sin(2 * torch.pi * 440 * 2 ** ((pitch - 69) / 12) * time), MelodyShape(), RATE)
    assert chroma.shape == (8, 12)
    assert chroma.argmax(1)[2:-2].eq(pitch % 12).all()
    assert chroma.sum(1).eq(1).all()


@pytest.mark.parametrize(("samples", "frames"), [(1, 5), (16_384, 5), (50_000, 13), (40 * RATE, 235)])
def test_short_sounds_are_filled_and_long_ones_cut(samples: int, frames: int) -> None:
    assert heard(torch.ones(samples), MelodyShape(), RATE).shape == (frames, 12)
