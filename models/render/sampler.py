"""Sampler: a part's notes become a stem, every onset on its own frame.

Notes of one pitch and nearly one velocity share one played voice; each is cut from it, scaled, released and laid down at
`round(seconds x rate)`. Nothing here depends on anything but the soundfont, the notes and the rate.

    stem = Sampler(Soundfont.load(path)).stem(Part.BASS, notes, style="house", total_ticks=15360, bpm=124.0)
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from models.render import voice
from models.render.bands import players
from models.render.endings import fade_end, ring_out
from models.render.generators import Gen
from models.render.human import enlivened
from models.render.instruments import CHANNELS, REFERENCE, Channel
from models.render.kernels import laid
from models.render.limiter import limit
from models.render.loudness import integrated_lufs
from models.render.room import add_room
from models.render.scratch import silence
from models.render.soundfont import DRUM_BANK, Floats, Region, Soundfont
from sessions.music.beats import frames_of
from sessions.music.fields import RATES
from sessions.music.kinds import Tail
from sessions.music.notes import Note
from sessions.music.parts import Part

__all__ = ["DEFAULT_RATE", "RATES", "Sampler"]

DEFAULT_RATE = RATES[0]
CHOKE_S = 0.008  # an open hat that a closed one ends
MOST_LEAD_S = 0.06  # of breath and bow before a sample speaks: skipped, so that the note is heard when it starts
MOST_ATTACK_S = 0.012  # of a part that keeps time
SPEAKS_AT = 0.2  # of the peak that it soon reaches
SOON_S = 0.2
RISE_S = 0.001
DRUM_HOLD_S = 0.1  # a drum is struck, not held: a short note must not cut it
TIMBRES = 4  # velocities are darker or brighter in this many steps; their loudness has no steps
MOST_GAIN_DB = 30.0  # what a quiet program is raised by at most
REFERENCE_VELOCITY = 80

Played: TypeAlias = tuple[int, int, int, int]
"""A note in frames: pitch, velocity, start, end."""


@dataclass(frozen=True, slots=True)
class Struck:
    """Where a note starts, how long it is held, after how many frames another one chokes it."""

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
        band: int = 1,
        tail: Tail = Tail.CUT,
        channel: Channel | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Floats:
        """(frames, 2) of the part's sound, at its level in the mix. Ends early, with what is there, once cancelled."""
        playing = players(style, band)
        bank, program = self.preset(part, playing.program(part))
        rate, channel = self.rate, channel or CHANNELS[part].around(playing.room)
        total = frames_of(total_ticks, bpm, rate)
        alive = enlivened(part, notes)
        played = [(n.pitch, n.velocity, frames_of(n.start, bpm, rate), frames_of(n.end, bpm, rate)) for n in alive]
        out = silence(total)
        if not played:
            return out
        loops = tail is Tail.LOOP
        self._play(out, part, bank, program, played, cancelled, wraps=loops)
        if not cancelled():
            _narrow(out, channel.width, self._gain(part, bank, program) * 10 ** (channel.level_db / 20))
            limit(out, ceiling=channel.ceiling, rate=rate, wraps=loops)
        if not cancelled():
            add_room(out, channel.room, rate, wraps=loops)
            if tail is Tail.RING:
                ring_out(out, max(start for _, _, start, _ in played), rate)
            elif not loops:
                fade_end(out, rate)
        return out

    def _play(
        self,
        out: Floats,
        part: Part,
        bank: int,
        program: int,
        played: Sequence[Played],
        cancelled: Callable[[], bool],
        *,
        wraps: bool = False,
    ) -> None:
        drums = part is Part.DRUMS
        groups: dict[tuple[int, int, tuple[Region, ...]], list[Struck]] = {}
        chokes = self._chokes(bank, program, played, len(out) if wraps else None) if drums else {}
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
            self._lay(out, regions, key, darkness, struck, prompt=part is not Part.TEXTURE, wraps=wraps)

    def _lay(
        self,
        out: Floats,
        regions: Sequence[Region],
        key: int,
        velocity: int,
        struck: Sequence[Struck],
        *,
        prompt: bool,
        wraps: bool,
    ) -> None:
        rate = self.rate
        releases = [voice.release_of(region, rate) for region in regions]
        most = round(MOST_LEAD_S * rate) if prompt else 0
        sounds = []
        for region, (_, after) in zip(regions, releases, strict=True):
            room = math.inf if wraps else len(out)
            frames = int(max(min(note.held + after, room - note.start) for note in struck)) + most
            attack_s = MOST_ATTACK_S if prompt else math.inf
            sounds.append(
                voice.hold(self.font, region, key=key, velocity=velocity, frames=frames, rate=rate, attack_s=attack_s)
            )
        lead = _lead(sounds, rate, most)
        rise, choke = round(RISE_S * rate), round(CHOKE_S * rate)
        for region, (release, after), sound in zip(regions, releases, sounds, strict=True):
            left, right = voice.sides_of(region)
            fixed = region[Gen.FIXED_VELOCITY]
            for note in struck:
                gain = voice.gain_of(fixed if fixed > 0 else note.velocity)
                choked = -1 if note.choked is None else note.choked
                sides = left * gain, right * gain
                laid(out, sound, lead, note.start, note.held, rise, release, after, choked, choke, *sides, wraps)

    def _chokes(
        self, bank: int, program: int, played: Sequence[Played], wraps_at: int | None
    ) -> dict[tuple[int, int], int]:
        """After how many frames each struck drum is ended by the next one of its exclusive class (an open hat by a closed one)."""
        classes: dict[int, list[tuple[int, int]]] = {}
        for pitch, velocity, start, _ in played:
            _, regions = self._regions(bank, program, pitch, velocity, drums=True)
            for exclusive in {region[Gen.EXCLUSIVE_CLASS] for region in regions} - {0}:
                classes.setdefault(exclusive, []).append((start, pitch))
        chokes: dict[tuple[int, int], int] = {}
        for members in classes.values():
            starts = sorted({start for start, _ in members})
            following = dict(itertools.pairwise(starts))
            if wraps_at is not None:
                following[starts[-1]] = starts[0] + wraps_at
            for start, pitch in members:
                if start in following:
                    after = following[start] - start
                    chokes[pitch, start] = min(after, chokes.get((pitch, start), after))
        return chokes

    def preset(self, part: Part, programs: Sequence[int]) -> tuple[int, int]:
        """The first of these presets that the file has, else the nearest: the same family, then the first of its bank, then any."""
        bank = DRUM_BANK if part is Part.DRUMS else 0
        wanted = [(bank, program) for program in programs]
        family = [(bank, near) for near in range(programs[0] // 8 * 8, programs[0] // 8 * 8 + 8)]
        rest = [preset for preset in self.font.presets if preset[0] == bank]
        for preset in (*wanted, *family, *rest, *self.font.presets):
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
            out = np.zeros((2 * rate, 2), np.float32)
            phrase = [
                (pitch, REFERENCE_VELOCITY, round(start * rate), round((start + length) * rate))
                for start, length, pitch in REFERENCE[part]
            ]
            self._play(out, part, bank, program, phrase, lambda: False)
            _narrow(out, CHANNELS[part].width, 1.0)
            missing_db = CHANNELS[part].lufs - integrated_lufs(out, rate)
            found = self._gains[part, bank, program] = 10 ** (min(missing_db, MOST_GAIN_DB) / 20)
        return found


def _lead(sounds: Sequence[Floats], rate: int, most: int) -> int:
    """Frames before the layers of a note begin to speak."""
    soon = round(SOON_S * rate)
    together = np.zeros(min(soon, max((len(sound) for sound in sounds), default=0)), np.float32)
    for sound in sounds:
        first = np.abs(sound[: len(together)])
        together[: len(first)] += first
    if not np.any(together):
        return 0
    speaks = int(np.argmax(together >= SPEAKS_AT * together.max()))
    return min(max(speaks - round(RISE_S * rate), 0), most)


def _narrow(out: Floats, width: float, gain: float) -> None:
    """Bring left and right nearer to each other, and all to its level, block by block."""
    own, other = np.float32((1 + width) / 2 * gain), np.float32((1 - width) / 2 * gain)
    for start in range(0, len(out), 1 << 16):
        left, right = out[start : start + (1 << 16)].T
        swapped = left * other
        left *= own
        left += right * other
        right *= own
        right += swapped
