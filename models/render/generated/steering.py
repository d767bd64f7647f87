"""Steering: what MusicGen hears of our own notes before it plays them.

The melody models follow the pitches of a sound for as long as they were taught to at once; a part that has pitches is played to
them by the sampler. All others hear the section's first bars as if they had been played once before it, and go on in their
tempo and key. Nothing of what is heard comes back: the sound begins where the section does.

    engine.stream(text, seconds, seed, **steering(engine, sampled, request, part, notes, own))
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.render.grid.ends import resampled
from models.render.renderer import SampledStems
from models.render.soundfont import Floats
from sessions.music.beats import frames_of, seconds_of
from sessions.music.kinds import Tail
from sessions.music.notes import Note
from sessions.music.parts import Part
from sessions.music.section import Request

if TYPE_CHECKING:
    from models.render.musicgen.engine import More

__all__ = ["Hears", "steering"]

LEAD_S = 3.0  # bars before the section are as many as last this long, and one at least
MELODY_S = 30.0  # of a melody that a checkpoint hears; in longer pieces it would hear the beginning again
PEAK = 0.7


class Hears(Protocol):
    """What must be known of an engine to play something to it."""

    @property
    def sample_rate(self) -> int: ...

    @property
    def frame_rate(self) -> float: ...

    @property
    def takes_melody(self) -> bool: ...

    def encode(self, sound: ArrayLike) -> NDArray[Any]: ...


def steering(
    engine: Hears, sampled: SampledStems, request: Request, part: Part, notes: Sequence[Note], own: Floats
) -> More:
    """What the engine's `stream` is given beside the text; `own` is the sampler's stem of these notes."""
    if engine.takes_melody and part is not Part.DRUMS and request.seconds <= MELODY_S:
        return {"melody": _loud(resampled(own, request.rate, engine.sample_rate)).T}
    return {"continue_from": engine.encode(_lead(engine, sampled, request, part, notes).T)}  # once for all tries


def _lead(engine: Hears, sampled: SampledStems, request: Request, part: Part, notes: Sequence[Note]) -> Floats:
    """The first bars in which the part plays, up to the section's first frame; whole steps of the codec long."""
    bar = request.ticks_per_bar
    first = min(note.start for note in notes) // bar
    bars = math.ceil(LEAD_S / float(seconds_of(bar, request.bpm)))
    length = max(1, min(bars, request.bars - first)) * bar
    before = [replace(note, start=note.start - first * bar) for note in notes if note.start // bar >= first]
    before = [note for note in before if note.start < length]
    after = [replace(note, start=note.start + length) for note in notes if note.start < bar]
    sound = sampled.stem(request, part, [*before, *after], total_ticks=length + bar, tail=Tail.CUT)
    rate = engine.sample_rate
    heard = resampled(sound, request.rate, rate)[: frames_of(length, request.bpm, rate)]
    step = round(rate / engine.frame_rate)
    return _loud(heard[len(heard) % step :])


def _loud(sound: Floats) -> Floats:
    """As loud as music is that a model was taught with; a part is softer in its mix."""
    peak = float(np.max(np.abs(sound), initial=0.0))
    return np.asarray(sound * (PEAK / peak), np.float32) if peak else sound
