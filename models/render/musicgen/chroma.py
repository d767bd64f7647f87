"""Chroma: which pitch class is loudest in each window of a sound, the way the melody models were taught to hear it.

Lives here: the filters from frequencies to pitch classes, the spectrum, and one 1 in each frame. Knows nothing of the decoder.

>>> shape = MelodyShape(window=4096, hop=1024)
>>> a = torch.sin(2 * torch.pi * 440 * torch.arange(16000) / 16000)
>>> heard(a, shape, rate=16000)[4].argmax().item()  # A is the tenth from C
9
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from models.render.musicgen.checkpoint import MelodyShape

__all__ = ["filters", "heard"]

A0_HZ = 27.5
CENTRE, HALF_WIDTH = 5.0, 2.0  # octaves above A0 around which the ear of the model lies, and how far it reaches


@lru_cache(maxsize=4)
def filters(window: int, classes: int, rate: int) -> Tensor:
    """Weights (pitch classes from C, frequencies): a bump a class in each octave, each frequency's of length 1."""
    hertz = np.arange(1, window) * rate / window
    place = classes * np.log2(hertz / A0_HZ)
    place = np.concatenate([[place[0] - 1.5 * classes], place])  # 0 Hz lies an octave and a half below the first
    widths = np.concatenate([np.maximum(np.diff(place), 1.0), [1.0]])
    half = np.round(classes / 2)
    away = np.remainder(place - np.arange(classes)[:, None] + half + 10 * classes, classes) - half
    bumps = np.exp(-0.5 * (2 * away / widths) ** 2)
    bumps /= np.sqrt((bumps**2).sum(axis=0))
    bumps *= np.exp(-0.5 * ((place / classes - CENTRE) / HALF_WIDTH) ** 2)
    bumps = np.roll(bumps, -3 * (classes // 12), axis=0)
    return torch.from_numpy(np.ascontiguousarray(bumps[:, : window // 2 + 1])).float()


def heard(sound: Tensor, shape: MelodyShape, rate: int) -> Tensor:
    """Chroma (frames, pitch classes) of a mono sound (frames,): 1 for the loudest class, 0 for all others."""
    sound = sound[: shape.longest_s * rate].float()
    if (lacking := shape.window - len(sound)) > 0:
        sound = functional.pad(sound, (lacking // 2, lacking - lacking // 2))
    shapes = torch.hann_window(shape.window, device=sound.device)
    spectrum = torch.stft(sound, shape.window, shape.hop, window=shapes, center=True, return_complex=True)
    power = (spectrum / shapes.pow(2).sum().sqrt()).abs().pow(2)
    loud = filters(shape.window, shape.chroma, rate).to(sound.device) @ power
    return functional.one_hot(loud.argmax(0), shape.chroma).float()
