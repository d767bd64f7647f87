"""Sampler: a part's notes become a stem, every onset on its own frame.

Notes of one pitch and nearly one velocity share one played voice; each is cut from it, scaled, released and laid down at
`round(seconds x rate)`. Nothing here depends on anything but the soundfont, the notes and the rate.

    stem = Sampler(Soundfont.load(path)).stem(Part.BASS, notes, style="house", total_ticks=15360, bpm=124.0)
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from models.render import voice
from models.render.generators import Gen
from models.render.instruments import BANDS, CHANNELS, DEFAULT_BAND, REFERENCE
from models.render.limiter import limit
from models.render.loudness import integrated_lufs
from models.render.room import add_room
from models.render.soundfont import DRUM_BANK, Floats, Region, Soundfont
from sessions.music.beats import frames_of
from sessions.music.notes import Note
from sessions.music.parts import Part

__all__ = ["DEFAULT_RATE", "RATES", "Sampler"]

RATES = (44_100, 48_000, 96_000)
DEFAULT_RATE = 44_100
FADE_S = 0.01  # what still sounds at the section's end fades over this
CHOKE_S = 0.008  # an open hat that a closed one ends
MOST_LEAD_S = 0.03  # of breath and bow before a sample speaks: skipped, so that the note is heard when it starts
SPEAKS_AT = 0.1  # of the peak that it soon reaches
SOON_S = 0.2
RISE_S = 0.001
DRUM_HOLD_S = 0.1  # a drum is struck, not held: a short note must not cut it
TIMBRES = 4  # velocities are darker or brighter in this many steps; their loudness has no steps
SPILL_BYTES = 256 * 1024**2  # a longer stem lives in a temporary file instead of memory
MOST_GAIN_DB = 30.0  # what a quiet program is raised by at most
REFERENCE_VELOCITY = 80


@dataclass(frozen=True, slots=True)
class Struck:
    """A note in frames: where it starts, how long it is held, where another one chokes it."""

    start: int
    held: int
    velocity: int
    choked: int | None


class Sampler:
    """Plays parts with the instruments of one soundfont."""

    def __init__(self, font: Soundfont, rate: int = DEFAULT_RATE) -> None:
        if rate not in RATES:
            raise ValueError(f"{rate} frames a second")
        self.font = font
        self.rate = rate
        self._gains: dict[tuple[Part, int, int], float] = {}
        self._covered: dict[tuple[int, int], tuple[int, ...]] = {}

    def stem(
        self,
        part: Part,
        notes: Iterable[Note],
        *,
        style: str,
        total_ticks: int,
        bpm: float,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Floats:
        """(frames, 2) of the part's sound, at its level in the mix. Ends early, with what is there, once cancelled."""
        band = BANDS.get(style, DEFAULT_BAND)
        bank, program = self._preset(part, band.program(part))
        rate = self.rate
        total = frames_of(total_ticks, bpm, rate)
        played = [(n.pitch, n.velocity, frames_of(n.start, bpm, rate), frames_of(n.end, bpm, rate)) for n in notes]
        out = _zeros(total)
        if not played:
            return out
        channel = CHANNELS[part]
        self._play(out, part, bank, program, played, cancelled)
        if not cancelled():
            _narrow(out, channel.width, self._gain(part, bank, program))
            limit(out, ceiling=10 ** ((channel.lufs + channel.crest_db) / 20), rate=rate)
        if not cancelled():
            add_room(out, channel.room * band.room, rate)
            _fade_end(out, round(FADE_S * rate))
        return out

    def _play(
        self,
        out: Floats,
        part: Part,
        bank: int,
        program: int,
        played: Sequence[tuple[int, int, int, int]],
        cancelled: Callable[[], bool],
    ) -> None:
        drums = part is Part.DRUMS
        groups: dict[tuple[int, int, tuple[Region, ...]], list[Struck]] = {}
        chokes = self._chokes(bank, program, played) if drums else {}
        for pitch, velocity, start, end in sorted(played):
            if start >= len(out):
                continue
            key, regions = self._regions(bank, program, pitch, velocity, drums=drums)
            timbre = (velocity - 1) * TIMBRES // 127
            shortest = round(DRUM_HOLD_S * self.rate) if drums else 1
            note = Struck(start, max(end - start, shortest), velocity, chokes.get((pitch, start)))
            groups.setdefault((key, timbre, regions), []).append(note)
        for (key, timbre, regions), struck in groups.items():
            if cancelled():
                return
            darkness = (2 * timbre + 1) * 127 // (2 * TIMBRES)
            self._lay(out, regions, key, darkness, struck, prompt=part is not Part.TEXTURE)

    def _lay(
        self,
        out: Floats,
        regions: Sequence[Region],
        key: int,
        velocity: int,
        struck: Sequence[Struck],
        *,
        prompt: bool,
    ) -> None:
        rate = self.rate
        releases = [voice.release_curve(region, rate) for region in regions]
        most = round(MOST_LEAD_S * rate) if prompt else 0
        sounds = []
        for region, release in zip(regions, releases, strict=True):
            longest = max(min(note.held + len(release), len(out) - note.start) for note in struck)
            frames = longest + most
            sounds.append(voice.hold(self.font, region, key=key, velocity=velocity, frames=frames, rate=rate))
        lead = _lead(sounds, rate, most)
        for region, release, sound in zip(regions, releases, sounds, strict=True):
            spoken = sound[lead:]
            if lead:
                rise = np.linspace(0, 1, round(RISE_S * rate), dtype=np.float32)[: len(spoken)]
                spoken[: len(rise)] *= rise[:, None]
            for note in struck:
                fixed = region[Gen.FIXED_VELOCITY]
                self._place(out, spoken, release, note, voice.gain_of(fixed if fixed > 0 else note.velocity))

    def _place(self, out: Floats, sound: Floats, release: Floats, note: Struck, gain: float) -> None:
        """Add one note, cut from its sound: held, released, perhaps choked."""
        place = out[note.start : note.start + min(note.held + len(release), len(sound))]
        piece = sound[: len(place)] * np.float32(gain)
        tail = piece[note.held :]
        tail *= release[: len(tail), None]
        if note.choked is not None and note.choked - note.start < len(piece):
            choke = np.linspace(1, 0, round(CHOKE_S * self.rate), dtype=np.float32)
            cut = piece[note.choked - note.start :]
            cut[: len(choke)] *= choke[: len(cut), None]
            cut[len(choke) :] = 0
        place += piece

    def _chokes(
        self, bank: int, program: int, played: Sequence[tuple[int, int, int, int]]
    ) -> dict[tuple[int, int], int]:
        """Where each struck drum is ended by the next one of its exclusive class (an open hat by a closed one)."""
        classes: dict[int, list[tuple[int, int]]] = {}
        for pitch, velocity, start, _ in played:
            _, regions = self._regions(bank, program, pitch, velocity, drums=True)
            for exclusive in {region[Gen.EXCLUSIVE_CLASS] for region in regions} - {0}:
                classes.setdefault(exclusive, []).append((start, pitch))
        chokes: dict[tuple[int, int], int] = {}
        for members in classes.values():
            starts = sorted({start for start, _ in members})
            following = dict(itertools.pairwise(starts))
            for start, pitch in members:
                if start in following:
                    chokes[pitch, start] = min(following[start], chokes.get((pitch, start), following[start]))
        return chokes

    def _preset(self, part: Part, program: int) -> tuple[int, int]:
        """The preset asked for, or the nearest that the file has: the same family, then the first of its bank, then any."""
        bank = DRUM_BANK if part is Part.DRUMS else 0
        family = [(bank, near) for near in range(program // 8 * 8, program // 8 * 8 + 8)]
        rest = [preset for preset in self.font.presets if preset[0] == bank]
        for preset in ((bank, program), *family, *rest, *self.font.presets):
            if self.font.preset(*preset):
                return preset
        raise AssertionError("a soundfont without a sounding preset is refused when it is read")

    def _regions(
        self, bank: int, program: int, pitch: int, velocity: int, *, drums: bool
    ) -> tuple[int, tuple[Region, ...]]:
        """What sounds, and at which key: a pitch that the preset leaves out is played by the nearest one it has."""
        regions = self.font.regions(bank=bank, program=program, key=pitch, velocity=velocity)
        if regions:
            return pitch, regions
        keys = self._covered.get((bank, program))
        if keys is None:
            everything = self.font.preset(bank, program)
            covered = (key for key in range(128) if any(one.keys[0] <= key <= one.keys[1] for one in everything))
            keys = self._covered[bank, program] = tuple(covered)
        nearest = min(keys, key=lambda key: (abs(key - pitch), key))
        near = [one for one in self.font.preset(bank, program) if one.keys[0] <= nearest <= one.keys[1]]
        fitting = [one for one in near if one.velocities[0] <= velocity <= one.velocities[1]] or near[:1]
        return (nearest if drums else pitch), tuple(fitting)

    def _gain(self, part: Part, bank: int, program: int) -> float:
        """What brings a program's reference phrase to the part's loudness."""
        found = self._gains.get((part, bank, program))
        if found is None:
            rate = self.rate
            out = _zeros(2 * rate)
            phrase = [
                (pitch, REFERENCE_VELOCITY, round(start * rate), round((start + length) * rate))
                for start, length, pitch in REFERENCE[part]
            ]
            self._play(out, part, bank, program, phrase, lambda: False)
            _narrow(out, CHANNELS[part].width, 1.0)
            missing_db = CHANNELS[part].lufs - integrated_lufs(out, rate)
            found = self._gains[part, bank, program] = 10 ** (min(missing_db, MOST_GAIN_DB) / 20)
        return found


def _zeros(frames: int) -> Floats:
    """Silence to write into, in memory or, where that would be much, in a file that ends with its last user."""
    if frames * 8 <= SPILL_BYTES:
        return np.zeros((frames, 2), np.float32)
    with tempfile.TemporaryFile() as file:
        return np.memmap(file, np.float32, mode="w+", shape=(frames, 2))


def _lead(sounds: Sequence[Floats], rate: int, most: int) -> int:
    """Frames before the layers of a note begin to speak."""
    soon = round(SOON_S * rate)
    together = np.zeros(min(soon, max((len(sound) for sound in sounds), default=0)), np.float32)
    for sound in sounds:
        first = np.max(np.abs(sound[: len(together)]), axis=1)
        together[: len(first)] += first
    if not np.any(together):
        return 0
    speaks = int(np.argmax(together >= SPEAKS_AT * together.max()))
    return min(max(speaks - round(RISE_S * rate), 0), most)


def _narrow(out: Floats, width: float, gain: float) -> None:
    """Bring left and right nearer to each other, and all to its level, block by block."""
    for start in range(0, len(out), 1 << 20):
        block = out[start : start + (1 << 20)]
        middle = block.mean(axis=1, keepdims=True)
        block[:] = (middle + (block - middle) * np.float32(width)) * np.float32(gain)


def _fade_end(out: Floats, frames: int) -> None:
    frames = min(frames, len(out))
    if frames:
        out[-frames:] *= (0.5 + 0.5 * np.cos(np.pi * np.arange(1, frames + 1) / frames)).astype(np.float32)[:, None]
