"""Endings: what becomes of the sound that a section's end would cut.

A stem that loops was folded where it was laid down (`kernels.laid`, `room`); here are the two others.

    fade_end(stem, 44_100)                  # cut, without a click
    ring_out(stem, 640_000, 44_100)         # what was struck last, at frame 640000, dies away in what is left
"""

from __future__ import annotations

import numpy as np

from models.render.soundfont import Floats

__all__ = ["fade_end", "ring_out"]

FADE_S = 0.01
SPOKEN_S = 0.08  # of a note, that ringing out leaves alone
LONGEST_RING_S = 4.0


def fade_end(stem: Floats, rate: int) -> None:
    """Fade what still sounds at the end, in place."""
    _fade(stem, round(FADE_S * rate))


def ring_out(stem: Floats, last_onset: int, rate: int) -> None:
    """Let the sound die away after the last onset, in place: as slowly as the end allows, four seconds at most."""
    left = len(stem) - last_onset - round(SPOKEN_S * rate)
    _fade(stem, min(max(left, round(FADE_S * rate)), round(LONGEST_RING_S * rate)))


def _fade(stem: Floats, frames: int) -> None:
    """From full to nothing, half a cosine: the last frame is silent."""
    frames = min(frames, len(stem))
    if frames:
        stem[-frames:] *= (0.5 + 0.5 * np.cos(np.pi * np.arange(1, frames + 1) / frames)).astype(np.float32)[:, None]
