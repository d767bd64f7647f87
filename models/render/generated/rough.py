"""Rough: what a part sounds like for now, in pieces of 16 bits, until its stem is final.

First the sampler's stems, at their places in the mix, all parts a piece in turn, so that a section sounds at once. Then a part
as MusicGen plays it: about as loud, and neither held to its notes nor judged. It comes to an end where it is tried again.

    yield from stand_ins(planned, request)
    rough = Rough(planned["bass"], request, Part.BASS, version=2, by="musicgen", rate=32_000)
    yield rough.piece(chunk)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from models.render.mix import CEILING_DBTP
from models.render.soundfont import Floats
from models.work import StemPreview
from sessions.music.kinds import Renderer
from sessions.music.parts import Part
from sessions.music.section import Request

__all__ = ["STAND_IN", "Rough", "stand_ins"]

STAND_IN = 1  # the version that the sampler plays; a try of MusicGen's has its number on top
PIECE_S = 4.0
MOST_GAIN = 30.0
SOUNDS = 1e-3  # of an amplitude; what is softer is a rest, and says nothing of how loud a part is
CEILING = 10 ** (CEILING_DBTP / 20)


def stand_ins(planned: Callable[[str], Floats], request: Request) -> Iterator[StemPreview]:
    """The planned stems, by their parts' names."""
    parts: Sequence[tuple[str, bytes]] = [(part.value, _pcm(planned(part.value))) for part in request.parts]
    rate, frame_bytes = request.rate, 4
    frames = request.frames(rate)
    step = round(PIECE_S * rate)
    for start in range(0, frames, step):
        for name, pcm in parts:
            piece = pcm[start * frame_bytes : (start + step) * frame_bytes]
            yield StemPreview(name, Renderer.SAMPLER.value, STAND_IN, start, frames, rate, 2, piece)


class Rough:
    """One try at a part, as it comes."""

    def __init__(self, like: Floats, request: Request, part: Part, *, version: int, by: str, rate: int) -> None:
        self._part, self._version, self._by = part, version, by
        self._rate, self._frames = rate, request.frames(rate)
        self._wanted = _loudness(*_powers(like))
        self._power, self._counted, self._done = 0.0, 0, 0
        self._gain: float | None = None

    def piece(self, chunk: Floats) -> StemPreview | None:
        """The next (channels, frames) of it at its level, as far as the section goes; None after its end."""
        sound = chunk.T[: self._frames - self._done]
        if not len(sound):
            return None
        power, counted = _powers(sound)
        self._power, self._counted = self._power + power, self._counted + counted
        heard = _loudness(self._power, self._counted)
        wanted = min(self._wanted / heard, MOST_GAIN) if heard and self._wanted else 1.0
        wanted = min(wanted, CEILING / max(float(np.max(np.abs(sound))), CEILING / MOST_GAIN))
        begun = wanted if self._gain is None else self._gain
        ramp = np.linspace(begun, wanted, len(sound), dtype=np.float32)
        self._gain = wanted
        start, self._done = self._done, self._done + len(sound)
        pcm = _pcm(sound * ramp[:, None])
        channels = sound.shape[1]
        return StemPreview(self._part.value, self._by, self._version, start, self._frames, self._rate, channels, pcm)


def _powers(sound: Floats) -> tuple[float, int]:
    """Power summed over the values that are no rest, and how many those are."""
    loud = sound[np.abs(sound) > SOUNDS]
    return float(np.dot(loud, loud)), int(loud.size)


def _loudness(power: float, counted: int) -> float:
    return float(np.sqrt(power / counted)) if counted else 0.0


def _pcm(sound: Floats) -> bytes:
    return (np.clip(sound, -CEILING, CEILING) * np.float32(32_767)).astype("<i2").tobytes()
