"""The table of tokens: every word that the composer's model reads and writes, with its id.

Lives here: the families of tokens in their order, the tables that give their values a meaning (lengths, drums, chord
qualities), names to ids and back, the hash, and the table as JSON beside the weights. The table is built from the rows
below alone, so the same code gives the same ids; weights name the hash they were trained with. What stands where in a
sequence is said in `encode` and held by `grammar`.

    >>> table = VOCABULARY
    >>> table.id("Dur_24"), table.name(table.base["Dur"] + 1), table.family(table.id("Hit_2_5"))
    (814, 'Dur_2', 'Hit')
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import numpy as np

from models.compose.corpus.piece import CORPUS_STYLES, Origin
from sessions.music.beats import METER_UNITS, MOST_METER_BEATS, TICKS_PER_BEAT
from sessions.music.keys import MODES
from sessions.music.kinds import Kind
from sessions.music.parts import NOTE_PARTS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = [
    "DRUMS", "DRUM_OF_PITCH", "DURATIONS", "FRAME_STEPS", "LEVELS", "LEVEL_AT_START", "MOST_LEFT", "NUDGES",
    "NUDGE_TICKS", "QUALITIES", "STEPS_PER_BEAT", "STEP_TICKS", "VOCABULARY", "Vocabulary",
]  # fmt: skip

STEPS_PER_BEAT = 24
"""Steps of the grid in a quarter: sixteenths are 6, their triplets 4, thirty-seconds 3."""

STEP_TICKS = TICKS_PER_BEAT // STEPS_PER_BEAT

FRAME_STEPS = 4 * STEPS_PER_BEAT
"""Positions count from the bar's start up to a whole note; each `Hop` adds one."""

NUDGE_TICKS = STEP_TICKS // 4
NUDGES = (-1, 1, 2)
"""Quarters of a step that a played note comes early or late; two early would be two late, one step before."""

DURATIONS = (
    1, 2, 3, 4, 6, 8, 9, 12, 16, 18, 20, 24, 30, 36, 42, 48, 60, 72, 84, 96, 120, 144, 168, 192, 240, 288, 384, 576, 768,
)  # fmt: skip
"""Lengths of notes in steps; the longest is a bar of 16/2."""

LEVELS = 8
"""Of velocity: level v holds the velocities 16 v to 16 v + 15 and plays the middle one."""

LEVEL_AT_START = 5
"""The level at which each pitched part begins a section without saying so."""

MOST_LEFT = 16
"""Bars left that a bar can say; beyond that it says more."""

DRUMS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("kick", (36, 35)),
    ("stick", (37, 31)),
    ("snare", (38, 40)),
    ("clap", (39,)),
    ("closed hat", (42, 22)),
    ("pedal hat", (44,)),
    ("open hat", (46, 26)),
    ("low tom", (43, 41, 58)),
    ("mid tom", (47, 45)),
    ("high tom", (50, 48)),
    ("crash", (49, 57)),
    ("ride", (51, 59)),
    ("ride bell", (53,)),
    ("china", (52,)),
    ("splash", (55,)),
    ("tambourine", (54,)),
    ("cowbell", (56,)),
    ("shaker", (70, 82, 69)),
    ("high bongo", (60,)),
    ("low bongo", (61,)),
    ("mute conga", (62,)),
    ("open conga", (63,)),
    ("low conga", (64,)),
    ("high timbale", (65,)),
    ("low timbale", (66,)),
    ("agogo", (67, 68)),
    ("claves", (75,)),
    ("woodblock", (76, 77)),
    ("guiro", (73, 74)),
    ("triangle", (81, 80)),
)
"""What a hit can be: a name, the General MIDI pitch that it plays, then those folded into it (Roland's rims among them)."""

DRUM_OF_PITCH = {pitch: index for index, (_, pitches) in enumerate(DRUMS) for pitch in pitches}
"""The class of a drum's MIDI pitch; what is not here, such as a whistle, is not told."""

QUALITIES: dict[str, tuple[int, ...]] = {
    "maj": (0, 4, 7), "min": (0, 3, 7), "dim": (0, 3, 6), "aug": (0, 4, 8), "7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10), "m7b5": (0, 3, 6, 10), "sus": (0, 5, 7), "5": (0, 7),
}  # fmt: skip
"""Chord qualities and their semitones above the root; every other one is told as its nearest."""

SPECIALS = ("pad", "start", "end", "section", "plan", "ahead", "write")

PITCH_BINS = 22
"""Of `Low` and `High`: four semitones each, from 24 up."""

FAMILIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Origin", tuple(Origin)),
    ("Kind", tuple(Kind)),
    ("Style", CORPUS_STYLES),
    ("Tempo", tuple(map(str, range(12)))),
    ("Num", tuple(str(n) for n in range(1, MOST_METER_BEATS + 1))),
    ("Den", tuple(map(str, METER_UNITS))),
    ("Mode", tuple(MODES)),
    ("Energy", tuple(map(str, range(5)))),
    ("Feel", ("grid", "human")),
    ("Left", (*(str(n) for n in range(1, MOST_LEFT + 1)), "more")),
    ("Chord", ("none", *(f"{degree}_{quality}" for degree in range(12) for quality in QUALITIES))),
    ("Part", tuple(NOTE_PARTS)),
    ("Density", tuple(map(str, range(8)))),
    ("Polyphony", tuple(str(n) for n in range(1, 7))),
    ("Stack", tuple(map(str, range(5)))),
    ("Low", tuple(map(str, range(PITCH_BINS)))),
    ("High", tuple(map(str, range(PITCH_BINS)))),
    ("Leap", tuple(map(str, range(4)))),
    ("Length", tuple(map(str, range(6)))),
    ("Interest", tuple(map(str, range(4)))),
    ("Sync", tuple(map(str, range(4)))),
    ("Loud", tuple(map(str, range(LEVELS)))),
    ("Position", tuple(map(str, range(FRAME_STEPS)))),
    ("Hop", ("",)),
    ("Nudge", tuple(f"{n:+d}" for n in NUDGES)),
    ("Hit", tuple(f"{drum}_{level}" for drum in range(len(DRUMS)) for level in range(LEVELS))),
    ("Vel", tuple(map(str, range(LEVELS)))),
    ("Pitch", tuple(map(str, range(128)))),
    ("Dur", tuple(map(str, DURATIONS))),
)
"""The families after the specials, with their values; a token is called `Family_value`. Order gives ids: only append."""

CONTROLS = ("Density", "Polyphony", "Stack", "Low", "High", "Leap", "Length", "Interest", "Sync", "Loud")
"""The controls of a part, in the order in which a header says them."""

SIZE_STEP = 64
"""The table is filled up with unused tokens to a multiple of this, which matrix kernels like."""


@dataclass(frozen=True)
class Vocabulary:
    """A table of tokens: `base` is the first id of each family, `size` how many it has; specials are a family each."""

    names: tuple[str, ...]
    ids: dict[str, int] = field(init=False, repr=False, compare=False)
    base: dict[str, int] = field(init=False, repr=False, compare=False)
    size: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        base: dict[str, int] = {}
        size: dict[str, int] = {}
        for index, name in enumerate(self.names):
            family = name.partition("_")[0]
            if base.setdefault(family, index) + size.get(family, 0) != index:
                raise ValueError(f"{name} stands apart from its family")
            size[family] = size.get(family, 0) + 1
        for name, value in (("ids", {name: i for i, name in enumerate(self.names)}), ("base", base), ("size", size)):
            object.__setattr__(self, name, value)
        if len(self.ids) != len(self.names):
            raise ValueError("two tokens have one name")

    def __len__(self) -> int:
        return len(self.names)

    def id(self, name: str) -> int:
        """The id of a token; raises KeyError where there is none."""
        return self.ids[name]

    def name(self, token: int) -> str:
        """The name of a token; raises IndexError where there is none."""
        return self.names[token]

    def family(self, token: int) -> str:
        """The family of a token: the special itself, or what stands before the stroke."""
        bases = list(self.base.values())
        return list(self.base)[bisect_right(bases, token) - 1]

    def range(self, family: str) -> NDArray[np.int32]:
        """The ids of a family, in order."""
        return np.arange(self.base[family], self.base[family] + self.size[family], dtype=np.int32)

    def mask(self, *families: str) -> NDArray[np.bool_]:
        """True for the tokens of some families."""
        mask = np.zeros(len(self), dtype=np.bool_)
        for family in families:
            mask[self.base[family] : self.base[family] + self.size[family]] = True
        return mask

    def words(self, ids: NDArray[np.int32] | list[int]) -> str:
        """Tokens as one line, for people."""
        return " ".join(self.names[int(token)] for token in ids)

    @property
    def sha256(self) -> str:
        """What weights name to say which table they were trained with."""
        return hashlib.sha256("\n".join(self.names).encode()).hexdigest()

    def save(self, path: Path) -> None:
        """Writes the table as JSON."""
        table = {"format": FORMAT, "sha256": self.sha256, "tokens": self.names}
        path.write_text(json.dumps(table, indent=0, ensure_ascii=True) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads a table; raises ValueError where it is none, or not what its hash says."""
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
            names, digest, form = table["tokens"], table["sha256"], table["format"]
            if form != FORMAT or not all(isinstance(name, str) for name in names):
                raise ValueError(f"its format is {form!r}, not {FORMAT!r}")
            read = cls(tuple(names))
        except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
            raise ValueError(f"{path} is no table of tokens: {error!r}") from error
        if read.sha256 != digest:
            raise ValueError(f"{path} is damaged: its tokens are not those of its hash")
        return read


FORMAT = "starbridge-tokens-1"


def _standard() -> Vocabulary:
    names = [*SPECIALS]
    for family, values in FAMILIES:
        names += [f"{family}_{value}".replace(" ", "-") if value else family for value in values]
    names += [f"Spare_{index}" for index in range(-len(names) % SIZE_STEP)]
    return Vocabulary(tuple(names))


VOCABULARY = _standard()
"""The table that this code speaks."""
