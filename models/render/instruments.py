"""Instruments: who plays what in which style, how loud, how wide and how far away.

Data only. Programs are General MIDI's, counted from 0; kits are the programs of a soundfont's drum bank. Those named here
speak within 25 ms of their onset, measured with the bundled soundfont, except the pads of the texture, which may bloom.

>>> BANDS["jazz"].program(Part.BASS), BANDS["jazz"].program(Part.DRUMS)
(32, 32)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sessions.music.parts import Part

__all__ = ["BANDS", "CHANNELS", "DEFAULT_BAND", "REFERENCE", "Band", "Channel"]

STANDARD, ROOM, POWER, ELECTRONIC, TR_808, JAZZ, BRUSH = 0, 8, 16, 24, 25, 32, 40
PIANO, ELECTRIC_GRAND, TINE_PIANO, FM_PIANO, CLAVINET, VIBRAPHONE, ORGAN = 0, 2, 4, 5, 7, 11, 17
NYLON_GUITAR, JAZZ_GUITAR, OVERDRIVE, DISTORTION = 24, 26, 29, 30
UPRIGHT, FINGERED, PICKED, FRETLESS, SLAPPED, SYNTH_BASS, DEEP_BASS = 32, 33, 34, 35, 36, 38, 39
STRINGS, SLOW_STRINGS, CHOIR, TRUMPET, MUTED_TRUMPET, SYNTH_BRASS, CLARINET = 48, 49, 52, 56, 59, 62, 71
SQUARE, SAW, CHIFF, CHARANG, WARM_PAD, POLY_SYNTH, SPACE_VOICE = 80, 81, 83, 84, 89, 90, 91
METAL_PAD, HALO_PAD, SWEEP_PAD, CRYSTAL = 93, 94, 95, 98


@dataclass(frozen=True, slots=True)
class Band:
    """The players of one style: a drum kit, four programs, and how much room is around them (1 is a normal room)."""

    kit: int
    bass: int
    harmony: int
    melody: int
    texture: int
    room: float = 1.0

    def program(self, part: Part) -> int:
        """What plays a part."""
        programs = {
            Part.DRUMS: self.kit,
            Part.BASS: self.bass,
            Part.HARMONY: self.harmony,
            Part.MELODY: self.melody,
            Part.TEXTURE: self.texture,
        }
        return programs[part]


@dataclass(frozen=True, slots=True)
class Channel:
    """A part's place in the mix: the loudness of its reference phrase, its stereo width (0-1), its share of room.

    Its peaks are held at `crest_db` above that loudness: a drum's first millisecond would else keep the whole mix down.
    """

    lufs: float
    width: float
    room: float
    crest_db: float


CHANNELS: Mapping[Part, Channel] = {
    Part.DRUMS: Channel(lufs=-19.5, width=0.6, room=0.06, crest_db=10.0),
    Part.BASS: Channel(lufs=-20.5, width=0.0, room=0.0, crest_db=10.0),
    Part.HARMONY: Channel(lufs=-21.5, width=1.0, room=0.14, crest_db=10.0),
    Part.MELODY: Channel(lufs=-22.0, width=0.5, room=0.18, crest_db=10.0),
    Part.TEXTURE: Channel(lufs=-27.0, width=1.0, room=0.30, crest_db=10.0),
}

REFERENCE: Mapping[Part, tuple[tuple[float, float, int], ...]] = {
    # What a part's loudness is set by: (start in seconds, length in seconds, pitch), all at velocity 80. A program that is
    # louder than another one in the file is so in the same measure here, so that all come out alike.
    Part.DRUMS: tuple((beat / 2, 0.2, key) for beat, key in ((0, 36), (0, 42), (0.5, 42), (1, 38), (1, 42), (1.5, 42))),
    Part.BASS: ((0.0, 0.45, 36), (0.5, 0.45, 43)),
    Part.HARMONY: ((0.0, 1.0, 60), (0.0, 1.0, 64), (0.0, 1.0, 67)),
    Part.MELODY: ((0.0, 0.45, 72), (0.5, 0.45, 76)),
    Part.TEXTURE: ((0.0, 2.0, 60), (0.0, 2.0, 67)),
}

BANDS: Mapping[str, Band] = {
    "house": Band(ELECTRONIC, SYNTH_BASS, ELECTRIC_GRAND, SAW, WARM_PAD),
    "techno": Band(ELECTRONIC, SYNTH_BASS, POLY_SYNTH, SQUARE, SWEEP_PAD, room=1.2),
    "dubstep": Band(ELECTRONIC, DEEP_BASS, POLY_SYNTH, SAW, SPACE_VOICE, room=1.2),
    "dnb": Band(POWER, DEEP_BASS, TINE_PIANO, SAW, WARM_PAD),
    "trap": Band(TR_808, DEEP_BASS, TINE_PIANO, CRYSTAL, HALO_PAD),
    "hip-hop": Band(ROOM, FINGERED, TINE_PIANO, VIBRAPHONE, SLOW_STRINGS, room=0.8),
    "lo-fi": Band(ROOM, FINGERED, FM_PIANO, JAZZ_GUITAR, WARM_PAD),
    "pop": Band(STANDARD, FINGERED, PIANO, CHIFF, STRINGS),
    "rock": Band(POWER, PICKED, OVERDRIVE, DISTORTION, STRINGS),
    "metal": Band(POWER, PICKED, DISTORTION, CHARANG, CHOIR, room=0.7),
    "funk": Band(STANDARD, SLAPPED, CLAVINET, SYNTH_BRASS, ORGAN, room=0.6),
    "disco": Band(STANDARD, FINGERED, ELECTRIC_GRAND, SYNTH_BRASS, STRINGS),
    "reggae": Band(ROOM, FINGERED, ORGAN, TRUMPET, ORGAN, room=1.3),
    "latin": Band(STANDARD, UPRIGHT, PIANO, TRUMPET, STRINGS),
    "jazz": Band(JAZZ, UPRIGHT, PIANO, MUTED_TRUMPET, SLOW_STRINGS, room=1.2),
    "swing": Band(JAZZ, UPRIGHT, PIANO, CLARINET, SLOW_STRINGS, room=1.2),
    "ballad": Band(BRUSH, FRETLESS, PIANO, NYLON_GUITAR, STRINGS, room=1.6),
    "ambient": Band(TR_808, FRETLESS, SPACE_VOICE, CRYSTAL, METAL_PAD, room=2.5),
}
DEFAULT_BAND = BANDS["pop"]
