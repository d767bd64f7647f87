"""Mix: one gain for all stems, so that their sum is the mix to the last bit.

Stems come at their levels (`instruments`). The gain brings their sum to `TARGET_LUFS`; where true peaks of sum or stems would go
over `CEILING_DBTP`, all of them are turned down together around that place, `MOST_LIMITING_DB` at most, and the rest of the way
is not gone. Each stem is then rounded to 24 bits, and the mix is the sum of those whole numbers.

    mix = Mix({Part.DRUMS: drums, Part.BASS: bass}, rate=44_100)
    mix.wav(Part.DRUMS), mix.wav("mix")
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from models.render.kernels import added
from models.render.limiter import gains, peaks_of
from models.render.loudness import integrated_lufs, true_peak
from models.render.scratch import silence
from models.render.soundfont import Floats
from models.render.wav import wav_bytes

__all__ = ["CEILING_DBTP", "TARGET_LUFS", "Mix", "Stopped"]

TARGET_LUFS = -14.0  # where the streaming services are
CEILING_DBTP = -1.1  # what is promised is -1; a reader who oversamples more sees some hundredths more than we do
MOST_GAIN_DB = 24.0  # a whisper is not raised to a shout
MOST_LIMITING_DB = 6.0  # of single strokes in a sparse section; more would be heard
ROUNDS, NEAR_DB = 2, 0.2  # what limiting took is given back once where it is more than this
BETWEEN_DB = 0.3  # what peaks between frames usually have over those on frames
GAIN_STEPS_PER_DB = 1000  # so that a last bit that another machine's library has otherwise moves nothing
FULL_SCALE = 2**23
BLOCK_FRAMES = 1 << 16


class Stopped(Exception):
    """The section was cancelled while its mix was made."""


class Mix:
    """Stems of one length, (frames, 2) each, and what becomes of their sum. Raises `Stopped` once cancelled."""

    def __init__(
        self,
        stems: Mapping[str, Floats],
        rate: int,
        *,
        loops: bool = False,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self.stems = dict(stems)
        self.rate = rate
        self._loops = loops
        self._cancelled = cancelled
        self.frames = len(next(iter(self.stems.values())))
        self._curve: Floats | None = None
        self.gain = self._gain()

    def wav(self, name: str) -> bytes:
        """The WAV of a stem, or of `mix`."""
        names = list(self.stems) if name == "mix" else [name]
        return wav_bytes(self._sum(names), self.frames, self.rate)

    def level(self, name: str) -> Floats:
        """A stem as it lies in the mix, (frames, 2), of its own."""
        found = silence(self.frames)
        for start in range(0, self.frames, BLOCK_FRAMES):
            block = slice(start, start + BLOCK_FRAMES)
            found[block] = self._limited(self.stems[name][block], start) * np.float32(self.gain)
        return found

    def _sum(self, names: list[str]) -> Iterator[NDArray[np.int32]]:
        for start in range(0, self.frames, BLOCK_FRAMES):
            self._go_on()
            block = slice(start, min(start + BLOCK_FRAMES, self.frames))
            total = np.zeros((block.stop - start, 2), np.int32)
            curve = self._curve[block] if self._curve is not None else np.ones(len(total), np.float32)
            for name in names:
                added(total, self.stems[name][block], curve, self.gain * FULL_SCALE)
            yield total

    def _gain(self) -> float:
        lufs = integrated_lufs(self._whole(), self.rate)
        if math.isinf(lufs):
            return 1.0
        wanted_db = min(TARGET_LUFS - lufs, MOST_GAIN_DB)
        ceiling = 10 ** (CEILING_DBTP / 20)
        free_db = 20 * math.log10(ceiling / self._peak())
        if wanted_db <= free_db:
            return _stepped(wanted_db)
        peaks, most_db = self._peaks(), free_db + MOST_LIMITING_DB
        for _ in range(ROUNDS):
            gain_db = min(wanted_db, most_db)
            on_frames = 10 ** ((CEILING_DBTP - BETWEEN_DB - gain_db) / 20)
            self._curve = gains(peaks, ceiling=on_frames, rate=self.rate, wraps=self._loops)
            missing_db = TARGET_LUFS - gain_db - integrated_lufs(self._whole(), self.rate)
            if gain_db == most_db or missing_db < NEAR_DB:
                break
            wanted_db = gain_db + missing_db
        return _stepped(min(gain_db, 20 * math.log10(ceiling / self._peak())))

    def _peak(self) -> float:
        """The highest true peak of sum and stems."""
        peak = true_peak(self._added, self.frames)
        for stem in self.stems.values():
            peak = true_peak(self._reader(stem), self.frames, peak)
        return peak

    def _peaks(self) -> Floats:
        """The highest of sum and stems in each frame."""
        found = np.empty(self.frames, np.float32)
        for start in range(0, self.frames, BLOCK_FRAMES):
            stop = min(start + BLOCK_FRAMES, self.frames)
            all_of_them = [self._added(start, stop), *(stem[start:stop] for stem in self.stems.values())]
            found[start:stop] = np.max([peaks_of(one) for one in all_of_them], axis=0)
        return found

    def _whole(self) -> Floats:
        """The sum of all stems."""
        total = silence(self.frames)
        for start in range(0, self.frames, BLOCK_FRAMES):
            stop = min(start + BLOCK_FRAMES, self.frames)
            total[start:stop] = self._added(start, stop)
        return total

    def _added(self, start: int, stop: int) -> Floats:
        total = np.zeros((stop - start, 2), np.float32)
        for stem in self.stems.values():
            total += stem[start:stop]
        return self._limited(total, start)

    def _reader(self, stem: Floats) -> Callable[[int, int], Floats]:
        def read(start: int, stop: int) -> Floats:
            return self._limited(stem[start:stop], start)

        return read

    def _limited(self, sound: Floats, start: int) -> Floats:
        self._go_on()
        return sound if self._curve is None else sound * self._curve[start : start + len(sound), None]

    def _go_on(self) -> None:
        if self._cancelled():
            raise Stopped


def _stepped(gain_db: float) -> float:
    return float(10 ** (math.floor(gain_db * GAIN_STEPS_PER_DB) / GAIN_STEPS_PER_DB / 20))
