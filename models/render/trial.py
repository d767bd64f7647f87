"""Trial: random sections through the sampler, measured by the bytes of their WAV files and nothing else.

    python -m models.render.trial --sections 200 [--soundfont my.sf2]

Styles in turn; metres, tempi, keys, parts, ends, rates and lengths by chance, notes by the arranger. Measured are frames, the sum
of the stems against the mix, true peaks by eightfold oversampling, loudness, parts with notes that can't be heard, and how long
after its note each attack is heard that stands out from what sounds already.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from models.compose.arranger import Arranger
from models.render.loudness import integrated_lufs
from models.render.renderer import MIX, SampledStems
from models.render.soundfont import Soundfont, bundled_path
from models.render.wav import read_wav
from models.work import StemRendered
from sessions.music.fields import RATES
from sessions.music.kinds import Kind, Tail
from sessions.music.notes import Bars, Note, notes_of
from sessions.music.parts import Part
from sessions.music.section import Request, parse_request
from sessions.music.styles import STYLES

__all__ = ["Found", "attacks_ms", "requests", "trial"]

FULL_SCALE = 2**23
AUDIBLE_DB = -50.0  # the peak that a part with notes has at least
OVERSAMPLING = 8
BLOCK_FRAMES, MARGIN, NEAR_PEAK = 2048, 64, 0.6
SMOOTH_S = 0.003  # of the envelope in which attacks are looked for
LONGEST_ATTACK_S = 0.12
APART_S = 0.08  # notes that follow each other sooner are not told apart
STANDS_OUT = 0.35  # of the loudest after the note, what has to be new
HEARD = 0.3  # of the rise
METERS = ("4/4", "4/4", "4/4", "3/4", "6/8", "7/8", "5/4", "12/8")

Sound = NDArray[np.floating[Any]]


@dataclass(slots=True)
class Found:
    """What was measured over all sections."""

    sections: int = 0
    wrong_frames: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    late_ms: dict[Part, list[float]] = field(default_factory=lambda: defaultdict(list))
    sum_error: float = 0.0
    true_peak_db: float = -200.0
    lufs: list[float] = field(default_factory=list)
    below_mix_lu: dict[Part, list[float]] = field(default_factory=lambda: defaultdict(list))

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.sections} sections; of another length: {self.wrong_frames or 'none'}"
        everything = [late for part in self.late_ms.values() for late in part]
        for name, late in (
            ("attacks", everything),
            *((part.value, late) for part, late in self.late_ms.items() if late),
        ):
            p50, p95, p99 = np.percentile(late or [0.0], [50, 95, 99])
            yield f"{name}: {len(late)}, heard after {p50:.1f} ms, p95 {p95:.1f}, p99 {p99:.1f}"
        yield f"stems against the mix: {self.sum_error:.1e} of full scale at most"
        yield f"highest true peak: {self.true_peak_db:.2f} dBTP"
        yield "loudness: {:.1f} to {:.1f} LUFS, median {:.1f}".format(*np.percentile(self.lufs, [0, 100, 50]))
        for part, below in self.below_mix_lu.items():
            yield f"{part} beside the mix, where all parts play: {np.mean(below):.1f} LU (deviation {np.std(below):.1f})"
        yield f"parts with notes that can't be heard: {self.silent or 'none'}"


def requests(count: int, *, longest_bars: int = 12) -> Iterator[Request]:
    """As many random sections, the same ones each time."""
    for number in range(count):
        dice = random.Random(number)
        yield parse_request(
            {
                "style": STYLES[number % len(STYLES)],
                "kind": dice.choice(list(Kind)).value,
                "bars": dice.choice([bars for bars in (1, 2, 4, 8, 12) if bars <= longest_bars]),
                "bpm": round(dice.uniform(60, 190), 3),
                "meter": dice.choice(METERS),
                "energy": round(dice.random(), 2),
                "density": round(dice.random(), 2),
                "rate": dice.choice((*RATES, RATES[0])),
                "tail": dice.choice(list(Tail)).value,
                "parts": ",".join(dice.sample(list(Part), dice.randint(1, len(Part)))),
                "seed": number,
            }
        )


def trial(renderer: SampledStems, asked: Iterator[Request]) -> Found:
    """Renders and measures. Raises Refused where a section can't be rendered."""
    found = Found()
    for request in asked:
        stream = Arranger().stream(request)
        bars: dict[tuple[Part, int], tuple[Note, ...]] = {}
        for number, written in enumerate(stream, 1):
            bars |= {(part, number): notes for part, notes in written.items()}
        outputs = renderer.stems(request, bars, stream.chords, cancelled=lambda: False)
        _measure(found, request, bars, {one.part: one.wav for one in outputs if isinstance(one, StemRendered)})
    return found


def _measure(found: Found, request: Request, bars: Bars, files: dict[str, bytes]) -> None:
    name = f"{found.sections} ({request.style})"
    found.sections += 1
    frames, numbers = request.frames(request.rate), {}
    for part, data in files.items():
        numbers[part], rate = read_wav(data)
        if (len(numbers[part]), rate) != (frames, request.rate):
            found.wrong_frames.append(f"{name}: {part}")
            return
    sounds = {part: whole / FULL_SCALE for part, whole in numbers.items()}
    off = numbers[MIX] - np.sum([numbers[part] for part in request.parts], axis=0)
    found.sum_error = max(found.sum_error, float(np.max(np.abs(off))) / FULL_SCALE)
    found.true_peak_db = max(found.true_peak_db, *(_true_peak_db(sound) for sound in sounds.values()))
    mix_lufs = integrated_lufs(sounds[MIX].astype(np.float32), request.rate)
    if np.isfinite(mix_lufs):
        found.lufs.append(mix_lufs)
    for part in request.parts:
        notes = notes_of(bars, part)
        if (notes or part is Part.TEXTURE) and np.max(np.abs(sounds[part])) < 10 ** (AUDIBLE_DB / 20):
            found.silent.append(f"{name}: {part}")
        found.late_ms[part] += attacks_ms(sounds[part], notes, request.bpm, request.rate)
        if len(request.parts) == len(Part) and np.any(sounds[part]):
            found.below_mix_lu[part].append(integrated_lufs(sounds[part].astype(np.float32), request.rate) - mix_lufs)


def attacks_ms(sound: Sound, notes: Sequence[Note], bpm: float, rate: int) -> list[float]:
    """How long after each note its attack is heard, for those that stand out from what sounds already."""
    window = round(SMOOTH_S * rate)
    loud = np.max(np.abs(sound), axis=1)
    # The mean of the frames before each one: sound that is not there yet does not count.
    envelope = np.sqrt(np.convolve(loud**2, np.full(window, 1 / window)))[: len(loud)]
    starts = sorted({round(note.start * 60 / 960 / bpm * rate) for note in notes})
    found = []
    for start, following in itertools.pairwise([*starts, len(loud)]):
        after = envelope[start : min(following, start + round(LONGEST_ATTACK_S * rate))]
        if following - start < APART_S * rate or len(after) < APART_S * rate or after.max() < 10 ** (AUDIBLE_DB / 20):
            continue
        before = float(envelope[max(start - window, 0) : start + 1].max()) if start else 0.0
        rise = float(after.max()) - before
        if rise >= STANDS_OUT * after.max():
            found.append(float(np.argmax(after > before + HEARD * rise)) / rate * 1e3)
    return found


def _true_peak_db(sound: Sound) -> float:
    """Of the blocks that come near the highest frame; the others can't hold it."""
    highest = np.max(np.abs(sound), initial=1e-10)
    peak = float(highest)
    for start in range(0, len(sound), BLOCK_FRAMES):
        if np.max(np.abs(sound[start : start + BLOCK_FRAMES])) > NEAR_PEAK * highest:
            before = min(start, MARGIN)
            around = sound[start - before : start + BLOCK_FRAMES + MARGIN]
            between = resample_poly(around, OVERSAMPLING, 1, axis=0)[before * OVERSAMPLING :][
                : BLOCK_FRAMES * OVERSAMPLING
            ]
            peak = max(peak, float(np.max(np.abs(between))))
    return 20 * float(np.log10(peak))


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Random sections through the sampler, measured by their WAV files.")
    parser.add_argument("--sections", type=int, default=200)
    parser.add_argument("--soundfont", type=Path, default=None)
    told = parser.parse_args()
    renderer = SampledStems(Soundfont.load(told.soundfont or bundled_path()))
    for line in trial(renderer, requests(told.sections)).lines():
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
