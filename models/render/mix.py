"""Mix: one gain for all stems, so that their sum is the mix to the last bit.

Stems come at their levels (`instruments`). The gain brings their sum to `TARGET_LUFS`, or as near as the true peaks of sum and
stems stay under `CEILING_DBTP`. Each stem is then rounded to 24 bits, and the mix is the sum of those whole numbers.

    mix = Mix({Part.DRUMS: drums, Part.BASS: bass}, rate=44_100)
    mix.wav(Part.DRUMS), mix.wav("mix")
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from models.render.loudness import LONGEST_S, integrated_lufs, true_peak
from models.render.soundfont import Floats
from models.render.wav import wav_bytes

__all__ = ["CEILING_DBTP", "TARGET_LUFS", "Mix", "Stopped"]

TARGET_LUFS = -14.0  # where the streaming services are
CEILING_DBTP = -1.0
MOST_GAIN_DB = 24.0  # a whisper is not raised to a shout
FULL_SCALE = 2**23
BLOCK_FRAMES = 1 << 18


class Stopped(Exception):
    """The section was cancelled while its mix was made."""


class Mix:
    """Stems of one length, (frames, 2) each, and what becomes of their sum. Raises `Stopped` once cancelled."""

    def __init__(
        self, stems: Mapping[str, Floats], rate: int, *, cancelled: Callable[[], bool] = lambda: False
    ) -> None:
        self.stems = dict(stems)
        self.rate = rate
        self._cancelled = cancelled
        self.frames = len(next(iter(self.stems.values())))
        self.gain = self._gain()

    def wav(self, name: str) -> bytes:
        """The WAV of a stem, or of `mix`."""
        names = list(self.stems) if name == "mix" else [name]
        return wav_bytes(self._sum(names), self.frames, self.rate)

    def _sum(self, names: list[str]) -> Iterator[NDArray[np.int32]]:
        for start in range(0, self.frames, BLOCK_FRAMES):
            self._go_on()
            total = np.zeros((min(BLOCK_FRAMES, self.frames - start), 2), np.int32)
            for name in names:
                scaled = self.stems[name][start : start + BLOCK_FRAMES] * np.float64(self.gain * FULL_SCALE)
                total += np.rint(scaled).astype(np.int32)
            yield total

    def _gain(self) -> float:
        lufs = integrated_lufs(self._added(0, min(LONGEST_S * self.rate, self.frames)), self.rate)
        if math.isinf(lufs):
            return 1.0
        readers = [self._added, *(self._reader(stem) for stem in self.stems.values())]
        peak = max(true_peak(read, self.frames) for read in readers)
        return float(min(10 ** (min(TARGET_LUFS - lufs, MOST_GAIN_DB) / 20), 10 ** (CEILING_DBTP / 20) / peak))

    def _added(self, start: int, stop: int) -> Floats:
        self._go_on()
        total = np.zeros((stop - start, 2), np.float32)
        for stem in self.stems.values():
            total += stem[start:stop]
        return total

    def _reader(self, stem: Floats) -> Callable[[int, int], Floats]:
        def read(start: int, stop: int) -> Floats:
            self._go_on()
            return stem[start:stop]

        return read

    def _go_on(self) -> None:
        if self._cancelled():
            raise Stopped
