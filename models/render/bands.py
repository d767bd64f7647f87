"""Bands: who plays what in which style, three of each, and what stands in where a soundfont lacks somebody.

Data only. Programs are General MIDI's, counted from 0; kits are the programs of a soundfont's drum bank. Those named here
speak within 20 ms of their onset as the sampler starts them, measured with the bundled soundfont, except the pads of the
texture, which may bloom.

>>> players("jazz", 1).program(Part.BASS), players("jazz", 1).program(Part.DRUMS)
((32, 33, 35, 38), (32, 40, 0))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sessions.music.fields import BANDS as BANDS_OF_A_STYLE
from sessions.music.parts import Part

__all__ = ["BANDS", "Band", "players"]

STANDARD, ROOM, POWER, ELECTRONIC, TR_808, JAZZ, BRUSH = 0, 8, 16, 24, 25, 32, 40
PIANO, BRIGHT_PIANO, ELECTRIC_GRAND, HONKY_TONK, TINE_PIANO, FM_PIANO, CLAVINET = 0, 1, 2, 3, 4, 5, 7
CELESTA, MUSIC_BOX, VIBRAPHONE, MARIMBA = 8, 10, 11, 12
DRAWBARS, PERCUSSIVE_ORGAN, ROCK_ORGAN, ACCORDION, BANDONEON = 16, 17, 18, 21, 23
NYLON_GUITAR, STEEL_GUITAR, JAZZ_GUITAR, CLEAN_GUITAR, MUTED_GUITAR, OVERDRIVE, DISTORTION = 24, 25, 26, 27, 28, 29, 30
UPRIGHT, FINGERED, PICKED, FRETLESS, SLAPPED, POPPED, SYNTH_BASS, DEEP_BASS = 32, 33, 34, 35, 36, 37, 38, 39
STRINGS, SLOW_STRINGS, SYNTH_STRINGS, CHOIR, VOICES = 48, 49, 50, 52, 53
TRUMPET, TROMBONE, MUTED_TRUMPET, BRASS, SYNTH_BRASS = 56, 57, 59, 61, 62
SOPRANO_SAX, ALTO_SAX, TENOR_SAX, CLARINET, FLUTE = 64, 65, 66, 71, 73
SQUARE, SAW, CALLIOPE, CHIFF, CHARANG, FIFTHS, BASS_LEAD = 80, 81, 82, 83, 84, 86, 87
NEW_AGE, WARM_PAD, POLY_SYNTH, SPACE_VOICE, BOWED_GLASS, METAL_PAD, HALO_PAD, SWEEP_PAD = 88, 89, 90, 91, 92, 93, 94, 95
CRYSTAL, ATMOSPHERE, BRIGHTNESS, KALIMBA = 98, 99, 100, 108


@dataclass(frozen=True, slots=True)
class Band:
    """The players of a style: a drum kit, four programs, and how much room is around them (1 is a normal room)."""

    kit: int
    bass: int
    harmony: int
    melody: int
    texture: int
    room: float = 1.0

    def program(self, part: Part) -> tuple[int, ...]:
        """What plays a part, and what stands in for it, in order."""
        own = {
            Part.DRUMS: self.kit,
            Part.BASS: self.bass,
            Part.HARMONY: self.harmony,
            Part.MELODY: self.melody,
            Part.TEXTURE: self.texture,
        }[part]
        others = _NEAR_KITS.get(own, ()) if part is Part.DRUMS else ()
        return own, *(other for other in (*others, *_USUAL[part]) if other != own)


_NEAR_KITS: Mapping[int, tuple[int, ...]] = {
    ROOM: (POWER,),
    POWER: (ROOM,),
    ELECTRONIC: (TR_808,),
    TR_808: (ELECTRONIC,),
    JAZZ: (BRUSH,),
    BRUSH: (JAZZ,),
}
_USUAL: Mapping[Part, tuple[int, ...]] = {
    Part.DRUMS: (STANDARD,),
    Part.BASS: (FINGERED, UPRIGHT, FRETLESS, SYNTH_BASS),
    Part.HARMONY: (PIANO, TINE_PIANO, STRINGS),
    Part.MELODY: (PIANO, VIBRAPHONE, SAW),
    Part.TEXTURE: (STRINGS, WARM_PAD),
}

BANDS: Mapping[str, tuple[Band, Band, Band]] = {
    "house": (
        Band(ELECTRONIC, SYNTH_BASS, ELECTRIC_GRAND, SAW, WARM_PAD),
        Band(TR_808, DEEP_BASS, PERCUSSIVE_ORGAN, VIBRAPHONE, SWEEP_PAD),
        Band(ELECTRONIC, FINGERED, BRIGHT_PIANO, SQUARE, SYNTH_STRINGS),
    ),
    "techno": (
        Band(ELECTRONIC, SYNTH_BASS, POLY_SYNTH, SQUARE, SWEEP_PAD, room=1.2),
        Band(TR_808, SYNTH_BASS, BRIGHTNESS, SAW, METAL_PAD, room=1.4),
        Band(ELECTRONIC, DEEP_BASS, CLAVINET, BASS_LEAD, SPACE_VOICE, room=1.2),
    ),
    "dubstep": (
        Band(ELECTRONIC, DEEP_BASS, POLY_SYNTH, SAW, SPACE_VOICE, room=1.2),
        Band(POWER, SYNTH_BASS, TINE_PIANO, SQUARE, SWEEP_PAD, room=1.4),
        Band(TR_808, DEEP_BASS, ATMOSPHERE, FIFTHS, CHOIR, room=1.2),
    ),
    "dnb": (
        Band(POWER, DEEP_BASS, TINE_PIANO, SAW, WARM_PAD),
        Band(STANDARD, SYNTH_BASS, FM_PIANO, VIBRAPHONE, SYNTH_STRINGS),
        Band(ELECTRONIC, DEEP_BASS, ATMOSPHERE, SQUARE, SPACE_VOICE),
    ),
    "trap": (
        Band(TR_808, DEEP_BASS, TINE_PIANO, CRYSTAL, HALO_PAD),
        Band(TR_808, DEEP_BASS, PIANO, MUSIC_BOX, CHOIR),
        Band(ELECTRONIC, DEEP_BASS, CELESTA, SQUARE, WARM_PAD),
    ),
    "hip-hop": (
        Band(ROOM, FINGERED, TINE_PIANO, VIBRAPHONE, SLOW_STRINGS, room=0.8),
        Band(STANDARD, UPRIGHT, PIANO, MUTED_TRUMPET, STRINGS, room=0.8),
        Band(TR_808, DEEP_BASS, JAZZ_GUITAR, SAW, WARM_PAD, room=0.8),
    ),
    "lo-fi": (
        Band(ROOM, FINGERED, FM_PIANO, JAZZ_GUITAR, WARM_PAD),
        Band(JAZZ, UPRIGHT, TINE_PIANO, VIBRAPHONE, SLOW_STRINGS),
        Band(STANDARD, FRETLESS, NYLON_GUITAR, CELESTA, HALO_PAD),
    ),
    "pop": (
        Band(STANDARD, FINGERED, PIANO, CHIFF, STRINGS),
        Band(ROOM, PICKED, STEEL_GUITAR, CLEAN_GUITAR, WARM_PAD),
        Band(ELECTRONIC, SYNTH_BASS, ELECTRIC_GRAND, SAW, SYNTH_STRINGS),
    ),
    "rock": (
        Band(POWER, PICKED, OVERDRIVE, DISTORTION, STRINGS),
        Band(STANDARD, FINGERED, CLEAN_GUITAR, OVERDRIVE, ROCK_ORGAN),
        Band(ROOM, PICKED, ROCK_ORGAN, DISTORTION, CHOIR),
    ),
    "metal": (
        Band(POWER, PICKED, DISTORTION, CHARANG, CHOIR, room=0.7),
        Band(POWER, PICKED, OVERDRIVE, DISTORTION, STRINGS, room=0.7),
        Band(ROOM, FINGERED, DISTORTION, OVERDRIVE, METAL_PAD, room=0.7),
    ),
    "funk": (
        Band(STANDARD, SLAPPED, CLAVINET, SYNTH_BRASS, DRAWBARS, room=0.6),
        Band(STANDARD, FINGERED, MUTED_GUITAR, BRASS, STRINGS, room=0.6),
        Band(ROOM, POPPED, TINE_PIANO, ALTO_SAX, DRAWBARS, room=0.6),
    ),
    "disco": (
        Band(STANDARD, FINGERED, ELECTRIC_GRAND, SYNTH_BRASS, STRINGS),
        Band(STANDARD, SLAPPED, CLEAN_GUITAR, BRASS, SYNTH_STRINGS),
        Band(ELECTRONIC, SYNTH_BASS, PIANO, SAW, STRINGS),
    ),
    "reggae": (
        Band(ROOM, FINGERED, PERCUSSIVE_ORGAN, TRUMPET, DRAWBARS, room=1.3),
        Band(STANDARD, FINGERED, MUTED_GUITAR, TROMBONE, DRAWBARS, room=1.3),
        Band(ROOM, DEEP_BASS, PIANO, TENOR_SAX, WARM_PAD, room=1.6),
    ),
    "latin": (
        Band(STANDARD, UPRIGHT, PIANO, TRUMPET, STRINGS),
        Band(STANDARD, FINGERED, NYLON_GUITAR, FLUTE, SLOW_STRINGS),
        Band(ROOM, UPRIGHT, PIANO, VIBRAPHONE, DRAWBARS),
    ),
    "jazz": (
        Band(JAZZ, UPRIGHT, PIANO, MUTED_TRUMPET, SLOW_STRINGS, room=1.2),
        Band(BRUSH, UPRIGHT, JAZZ_GUITAR, TENOR_SAX, STRINGS, room=1.2),
        Band(JAZZ, UPRIGHT, TINE_PIANO, VIBRAPHONE, WARM_PAD, room=1.2),
    ),
    "swing": (
        Band(JAZZ, UPRIGHT, PIANO, CLARINET, SLOW_STRINGS, room=1.2),
        Band(STANDARD, UPRIGHT, JAZZ_GUITAR, TRUMPET, STRINGS, room=1.2),
        Band(BRUSH, UPRIGHT, HONKY_TONK, ALTO_SAX, DRAWBARS, room=1.2),
    ),
    "ballad": (
        Band(BRUSH, FRETLESS, PIANO, NYLON_GUITAR, STRINGS, room=1.6),
        Band(ROOM, FINGERED, TINE_PIANO, SOPRANO_SAX, SLOW_STRINGS, room=1.6),
        Band(STANDARD, FINGERED, STEEL_GUITAR, PIANO, CHOIR, room=1.6),
    ),
    "ambient": (
        Band(TR_808, FRETLESS, SPACE_VOICE, CRYSTAL, METAL_PAD, room=2.5),
        Band(BRUSH, DEEP_BASS, TINE_PIANO, KALIMBA, HALO_PAD, room=2.5),
        Band(ELECTRONIC, SYNTH_BASS, ATMOSPHERE, MUSIC_BOX, BOWED_GLASS, room=2.2),
    ),
}
DEFAULT_STYLE = "pop"


def players(style: str, band: int = 1) -> Band:
    """The band of a style by its number, from 1; a style that nobody here plays is played as pop."""
    return BANDS.get(style, BANDS[DEFAULT_STYLE])[(band - 1) % BANDS_OF_A_STYLE]
