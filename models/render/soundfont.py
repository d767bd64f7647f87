"""Soundfont: instruments made of samples, from one file.

Reads SoundFont 2.04 (SF2) and its Vorbis form (SF3, by the `soundfile` package, which carries libsndfile). A preset is flattened
to regions when it is first asked for. A file's modulators are not read: `voice` plays the specification's default ones.

    font = Soundfont.load(bundled_path())
    font.regions(bank=128, program=0, key=36, velocity=100)

Why not symusic's synthesizer, which reads the same files: measured with 0.5.9 and the bundled one, it plays every
velocity alike, ignores overriding root keys (its piano sounds 20 semitones off), envelopes, releases and filters, and
cuts the snare after 10 ms. What is played here follows FluidSynth 2.3 within 1 dB and 1 cent on the same notes.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import itertools
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.render.generators import DEFAULTS, ONLY_IN_INSTRUMENTS, Gen
from models.render.tables import Tables, no_soundfont, read_tables
from sessions.errors import Code, Refused

__all__ = ["DRUM_BANK", "Floats", "Region", "Sample", "Soundfont", "bundled_path"]

DRUM_BANK = 128
KEPT_BYTES = 128 * 1024**2  # of decoded samples; a large soundfont's are decoded again when they are needed again
LONGEST_SAMPLE = 40_000_000  # frames that a Vorbis sample may unfold to, a quarter of an hour
LOWEST_RATE, HIGHEST_RATE = 400, 384_000  # frames a second of a sample that can be meant
BUNDLED_SHA256 = "82475b91a76de15cb28a104707d3247ba932e228bada3f47bba63c6b31aaf7a1"
BUNDLED_LICENCE = "GPL-2.0"
UNKNOWN_LICENCE = "not stated in the file"
ROM_SAMPLE, VORBIS_SAMPLE = 0x8000, 0x0010  # bits of a sample's type

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sample:
    """A stretch of the file's sound; loop points count frames from its start."""

    start: int
    end: int
    loop_start: int
    loop_end: int
    rate: int
    root: int
    correction: int
    vorbis: bool


@dataclass(frozen=True, slots=True)
class Region:
    """A sample and all its generators, for a range of keys and velocities."""

    keys: tuple[int, int]
    velocities: tuple[int, int]
    sample: Sample
    amounts: Mapping[int, int] = field(hash=False)

    def __getitem__(self, generator: Gen) -> int:
        return self.amounts.get(generator, DEFAULTS.get(generator, 0))


class Soundfont:
    """The instruments of a checked file."""

    def __init__(self, path: Path, tables: Tables) -> None:
        self.path = path
        self.sha256 = tables.sha256
        self.title = tables.texts.get("INAM") or path.stem
        bundled = tables.sha256 == BUNDLED_SHA256
        self.licence = BUNDLED_LICENCE if bundled else tables.texts.get("ICOP") or UNKNOWN_LICENCE
        self._pdta = tables.pdta
        self._sound = tables.sound
        self._presets: dict[tuple[int, int], tuple[Region, ...]] = {}
        self._frames: OrderedDict[tuple[int, int], Floats] = OrderedDict()
        self._kept_bytes = 0
        heads = tables.pdta["phdr"]
        self._bags = {
            (int(head["bank"]), int(head["program"])): (int(head["bag"]), int(after["bag"]))
            for head, after in itertools.pairwise(heads)
        }

    @classmethod
    def load(cls, path: str | Path) -> Soundfont:
        """Read and check a file. Raises Refused with what is wrong and what to do."""
        path = Path(path)
        font = cls(path, read_tables(path))
        first = next((font.preset(*name) for name in font.presets if font.preset(*name)), ())
        if not first:
            raise no_soundfont(path, "has no preset with a sample that can be played")
        font.frames(first[0].sample)  # a file whose samples can't be decoded is refused now
        return font

    @property
    def presets(self) -> tuple[tuple[int, int], ...]:
        """(bank, program) of each preset, in order."""
        return tuple(sorted(self._bags))

    def preset(self, bank: int, program: int) -> tuple[Region, ...]:
        """All regions of a preset, none where there is no such preset."""
        found = self._presets.get((bank, program))
        if found is None:
            found = self._presets[bank, program] = tuple(self._flatten(bank, program))
        return found

    def regions(self, *, bank: int, program: int, key: int, velocity: int) -> tuple[Region, ...]:
        """The regions that sound for a note."""
        return tuple(
            region
            for region in self.preset(bank, program)
            if region.keys[0] <= key <= region.keys[1] and region.velocities[0] <= velocity <= region.velocities[1]
        )

    def frames(self, sample: Sample) -> Floats:
        """The sample's sound, one channel, -1 to 1."""
        place = sample.start, sample.end
        found = self._frames.get(place)
        if found is not None:
            self._frames.move_to_end(place)
            return found
        found = self._frames[place] = self._decode(sample)
        self._kept_bytes += found.nbytes
        while self._kept_bytes > KEPT_BYTES and len(self._frames) > 1:
            _, longest_unused = self._frames.popitem(last=False)
            self._kept_bytes -= longest_unused.nbytes
        return found

    def _decode(self, sample: Sample) -> Floats:
        if not sample.vorbis:
            raw = np.frombuffer(self._sound[2 * sample.start : 2 * sample.end], "<i2")
            return np.asarray(raw, np.float32) / np.float32(32768)
        soundfile = _soundfile(self.path)
        try:
            file = io.BytesIO(self._sound[sample.start : sample.end])
            decoded, _ = soundfile.read(file, LONGEST_SAMPLE, dtype="float32", always_2d=True)
        except Exception as error:  # the package's own error class derives from RuntimeError alone
            raise no_soundfont(self.path, f"has a damaged sample ({error})") from error
        return np.ascontiguousarray(decoded[:, 0], np.float32)

    def _flatten(self, bank: int, program: int) -> Iterator[Region]:
        pdta = self._pdta
        bags = pdta["inst"]["bag"].astype(int)
        first, last = self._bags.get((bank, program), (0, 0))
        for preset_zone in _zones(pdta["pbag"], pdta["pgen"], first, last, Gen.INSTRUMENT):
            instrument = preset_zone.pop(Gen.INSTRUMENT) & 0xFFFF
            for zone in _zones(pdta["ibag"], pdta["igen"], bags[instrument], bags[instrument + 1], Gen.SAMPLE):
                sample = self._sample(zone.pop(Gen.SAMPLE) & 0xFFFF, zone)
                keys = _overlap(_range(zone, Gen.KEY_RANGE), _range(preset_zone, Gen.KEY_RANGE))
                velocities = _overlap(_range(zone, Gen.VELOCITY_RANGE), _range(preset_zone, Gen.VELOCITY_RANGE))
                if sample is None or keys is None or velocities is None:
                    continue
                for what, amount in preset_zone.items():
                    if what not in ONLY_IN_INSTRUMENTS:
                        zone[what] = zone.get(what, DEFAULTS.get(what, 0)) + amount
                yield Region(keys, velocities, sample, zone)

    def _sample(self, index: int, zone: Mapping[int, int]) -> Sample | None:
        """The sample with the zone's offsets; None where it can't sound (7.10: such a zone is ignored)."""
        head = self._pdta["shdr"][index]
        vorbis = bool(head["type"] & VORBIS_SAMPLE)
        start, end = int(head["start"]), int(head["end"])
        loop_start, loop_end = int(head["loop_start"]), int(head["loop_end"])
        if not vorbis:  # there, start and end count bytes, and the loop counts from the start
            start += _offset(zone, Gen.START_OFFSET, Gen.START_COARSE)
            end += _offset(zone, Gen.END_OFFSET, Gen.END_COARSE)
            loop_start += _offset(zone, Gen.LOOP_START_OFFSET, Gen.LOOP_START_COARSE) - start
            loop_end += _offset(zone, Gen.LOOP_END_OFFSET, Gen.LOOP_END_COARSE) - start
        room = len(self._sound) if vorbis else len(self._sound) // 2
        rate = int(head["rate"])
        if head["type"] & ROM_SAMPLE or not 0 <= start < end <= room or not LOWEST_RATE <= rate <= HIGHEST_RATE:
            return None
        root = int(head["root"]) if head["root"] <= 127 else 60
        return Sample(start, end, loop_start, loop_end, rate, root, int(head["correction"]), vorbis)


def bundled_path() -> Path:
    """The soundfont that the pretty_midi package carries (TimGM6mb, GPL-2), found without importing the package."""
    spec = importlib.util.find_spec("pretty_midi")
    path = Path(spec.origin).parent / "TimGM6mb.sf2" if spec is not None and spec.origin is not None else None
    if path is None or not path.is_file():
        advice = "soundfont: the pretty_midi package lacks its own; install it again, or give another with --soundfont"
        raise Refused(Code.FAILED, advice)
    return path


def _soundfile(path: Path) -> Any:
    if importlib.util.find_spec("soundfile") is None:
        raise no_soundfont(path, "holds Vorbis samples (SF3), which need the soundfile package (pip install soundfile)")
    return importlib.import_module("soundfile")


def _zones(bags: Any, gens: Any, first: int, last: int, target: Gen) -> Iterator[dict[int, int]]:
    """The zones from bag `first` to `last` that lead to a target, each on top of the global zone, which comes first."""
    shared: dict[int, int] = {}
    for index in range(first, last):
        span = gens[int(bags[index]["gen"]) : int(bags[index + 1]["gen"])]
        zone = {int(what): int(amount) for what, amount in span}
        if target in zone:
            yield shared | zone
        elif index == first:
            shared = zone


def _offset(zone: Mapping[int, int], fine: Gen, coarse: Gen) -> int:
    return zone.get(fine, 0) + 32768 * zone.get(coarse, 0)


def _range(zone: Mapping[int, int], generator: Gen) -> tuple[int, int]:
    amount = zone.get(generator)
    return (0, 127) if amount is None else (amount & 0xFF, (amount >> 8) & 0xFF)


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int] | None:
    low, high = max(one[0], other[0]), min(one[1], other[1])
    return (low, high) if low <= high else None
