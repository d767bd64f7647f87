"""Desk: stems that become final one after another, each for good, while the others are still being made.

What will come is planned first: the sampler's stems and their mix give every part its place. A stem that is done takes the
place of the planned one. It is trimmed until all together is as loud as the target, and turned down around its own peaks, so
that neither what is final nor all that is planned goes over the ceiling with it. So nothing that was handed out ever changes,
and the last stem brings the mix to where it must be: what it replaces was planned with all the others.

    desk = Desk({"drums": drums, "bass": bass}, rate=44_100)
    wav = desk.settle("drums", better_drums)        # whole numbers of 24 bits; `desk.mix()` is the sum of them
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from models.render.kernels import added
from models.render.limiter import gains
from models.render.loudness import integrated_lufs, true_peak
from models.render.mix import BETWEEN_DB, BLOCK_FRAMES, CEILING_DBTP, FULL_SCALE, TARGET_LUFS, Mix, Stopped
from models.render.scratch import silence
from models.render.soundfont import Floats
from models.render.wav import wav_bytes

__all__ = ["Desk"]

MOST_TRIM_DB = 2.0  # a part's place among the others is heard more than how loud all of them are
ROUNDS, NEAR_DB = 3, 0.05
LEAST_SHARE = 0.05  # of the power; a part with less than that moves the whole by too little to be trimmed for it
LEFT_OVER = 0.25  # of the ceiling, kept for a part where all that is planned beside it goes over the ceiling by itself
NOTHING = 1e-4  # the least room that is reckoned with where what is final has it all
SPARED_DB = 1.0  # under the ceiling, for what is still to come
TIGHTER = 3  # tries to bring peaks between frames down where they are
TIGHTER_DB = 0.05  # more than needed, at each of them

ONE = np.float32(1 / FULL_SCALE)

Ints = NDArray[np.int32]


class Desk:
    """Planned stems, (frames, 2) each, and the ones that take their places. Raises `Stopped` once cancelled."""

    def __init__(
        self,
        planned: Mapping[str, Floats],
        rate: int,
        *,
        loops: bool = False,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._plan = Mix(planned, rate, loops=loops, cancelled=cancelled)
        self._rate, self._loops, self._cancelled = rate, loops, cancelled
        self.frames = self._plan.frames
        self._final = silence(self.frames)  # whole numbers of 24 bits, which a float holds exactly, and so their sums
        self._peak = 0.0  # of what is final, or more
        self._left = silence(self.frames)
        for name in planned:
            self._left += self._plan.level(name)
        # Where strokes kept the plan softer than the target, all parts are raised alike: each is held at its own peaks.
        missing_db = TARGET_LUFS - integrated_lufs(self._left, rate)
        self._raised = float(10 ** (min(missing_db, MOST_TRIM_DB) / 20)) if math.isfinite(missing_db) else 1.0
        self._left *= np.float32(self._raised)

    def planned(self, name: str) -> Floats:
        """A stem as it is planned to lie in the mix."""
        return self._plan.level(name)

    def settle(self, name: str, sound: Floats) -> bytes:
        """The WAV of a stem that is done, at the level of the one it was planned by; from here on it is what it is."""
        self._left -= self._plan.level(name) * np.float32(self._raised)
        del self._plan.stems[name]
        stem = silence(self.frames).view(np.int32)
        curve, gain = self._fitted(sound)
        for block in self._blocks():
            added(stem[block], sound[block], curve[block], gain * FULL_SCALE)
        for block in self._blocks():
            self._final[block] += stem[block] * ONE
        return self._wav(stem[block] for block in self._blocks())

    def mix(self) -> bytes:
        """The WAV of all that is final."""
        return self._wav((self._final[block] * FULL_SCALE).astype(np.int32) for block in self._blocks())

    def _wav(self, blocks: Iterable[Ints]) -> bytes:
        return wav_bytes(blocks, self.frames, self._rate)

    def _blocks(self) -> Iterator[slice]:
        for start in range(0, self.frames, BLOCK_FRAMES):
            if self._cancelled():
                raise Stopped
            yield slice(start, min(start + BLOCK_FRAMES, self.frames))

    def _fitted(self, sound: Floats) -> tuple[Floats, float]:
        """What each frame of a stem is to be multiplied with, and all of them."""
        trim_db, planned_db = 0.0, 20 * math.log10(self._plan.gain * self._raised)
        own = integrated_lufs(sound, self._rate) + planned_db
        for _ in range(ROUNDS if math.isfinite(own) else 0):
            gain = 10 ** ((planned_db + trim_db) / 20)
            lufs = integrated_lufs(self._with(sound, self._curve(sound, gain), gain, self._left), self._rate)
            missing_db, share = TARGET_LUFS - lufs, 10 ** ((own + trim_db - lufs) / 10)
            if abs(missing_db) < NEAR_DB or not share >= LEAST_SHARE:
                break
            trim_db = max(-MOST_TRIM_DB, min(trim_db + missing_db / min(share, 1.0), MOST_TRIM_DB))
        return self._under_the_ceiling(sound, 10 ** ((planned_db + trim_db) / 20))

    @property
    def _ceiling(self) -> float:
        """What is final must stay under."""
        return float(10 ** ((CEILING_DBTP - (SPARED_DB if self._plan.stems else 0.0)) / 20))

    def _curve(self, sound: Floats, gain: float, between_db: float = BETWEEN_DB) -> Floats:
        """The stem turned down around its peaks, by as much as the rest leaves no room for them."""
        ceiling, all_of_it = self._ceiling / 10 ** (between_db / 20), 10 ** ((CEILING_DBTP - between_db) / 20)
        peaks = np.empty(self.frames, np.float32)
        for block in self._blocks():
            final, left = self._final[block], self._left[block]
            size = np.abs(sound[block]) * np.float32(gain)
            if sum(float(np.abs(one).max()) for one in (size, final, left)) < ceiling:
                peaks[block] = 0.0
                continue
            final, left = np.copysign(final, final * sound[block]), np.copysign(left, left * sound[block])
            room = np.maximum(all_of_it - final - left, LEFT_OVER * all_of_it)
            room = np.minimum(room, np.maximum(ceiling - final, NOTHING))
            size /= np.minimum(room, ceiling)
            np.maximum(size[:, 0], size[:, 1], out=peaks[block])
        found = gains(peaks, ceiling=1.0, rate=self._rate, wraps=self._loops)
        return np.ones(self.frames, np.float32) if found is None else found

    def _under_the_ceiling(self, sound: Floats, gain: float) -> tuple[Floats, float]:
        """Between frames as well: first where the peaks are, and what then is left by turning all of the stem down.

        The last is sure, since a true peak rises with a stem's gain by no more than in proportion.
        """
        ceiling, between_db = self._ceiling, BETWEEN_DB
        for _ in range(TIGHTER):
            curve = self._curve(sound, gain, between_db)
            whole = self._with(sound, curve, gain)
            alone = true_peak(lambda a, b: sound[a:b] * (curve[a:b, None] * np.float32(gain)), self.frames)  # noqa: B023
            peak = true_peak(lambda a, b: whole[a:b], self.frames)  # noqa: B023
            over = max(alone, peak) / ceiling
            if over <= 1:
                break
            between_db += 20 * math.log10(over) + TIGHTER_DB
        else:
            gain *= min(1.0, ceiling / alone, (ceiling - self._peak) / max(peak - self._peak, ceiling - self._peak))
        self._peak = min(max(self._peak, peak), ceiling)
        return curve, gain

    def _with(self, sound: Floats, curve: Floats, gain: float, more: Floats | None = None) -> Floats:
        """What is final with a stem, and with what is planned as well."""
        whole = silence(self.frames)
        for block in self._blocks():
            whole[block] = sound[block] * (curve[block, None] * np.float32(gain))
            whole[block] += self._final[block]
            if more is not None:
                whole[block] += more[block]
        return whole
