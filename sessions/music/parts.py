"""Parts: who plays what in a section.

Lives here: the five parts, which of them have notes, and their MIDI channels. A part's sound is the renderer's
business.

    >>> parse_parts("bass,drums")
    (<Part.DRUMS: 'drums'>, <Part.BASS: 'bass'>)
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from sessions.errors import Code, Refused
from sessions.music.values import nearest, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["NOTE_PARTS", "PITCHED_PARTS", "Part", "format_parts", "parse_parts"]


class Part(StrEnum):
    """One line of a section, in score order."""

    DRUMS = "drums"
    BASS = "bass"
    HARMONY = "harmony"
    MELODY = "melody"
    TEXTURE = "texture"

    @property
    def has_notes(self) -> bool:
        """False for the texture, which is a stem only."""
        return self is not Part.TEXTURE

    @property
    def is_pitched(self) -> bool:
        """True where a note's pitch is a tone of the scale, not a drum."""
        return self in PITCHED_PARTS

    @property
    def channel(self) -> int:
        """The MIDI channel from 0; drums have General MIDI's 9, which people call 10. No file has the texture's."""
        return _CHANNELS[self]


NOTE_PARTS = (Part.DRUMS, Part.BASS, Part.HARMONY, Part.MELODY)
PITCHED_PARTS = (Part.BASS, Part.HARMONY, Part.MELODY)

_CHANNELS = {Part.DRUMS: 9, Part.BASS: 0, Part.HARMONY: 1, Part.MELODY: 2, Part.TEXTURE: 3}


def parse_parts(text: str) -> tuple[Part, ...]:
    """Reads `drums,bass` into score order, each part once. Raises Refused, naming the field `parts`."""
    wanted = set()
    for word in text.lower().split(","):
        try:
            wanted.add(Part(word.strip()))
        except ValueError:
            guess = nearest(word.strip(), list(Part))
            advice = f"did you mean {guess}?" if guess else f"ask for some of {format_parts(Part)}, separated by commas"
            raise Refused(Code.BAD_VALUE, f"parts: there is no part {shown(word.strip())}; {advice}") from None
    return tuple(part for part in Part if part in wanted)


def format_parts(parts: Iterable[Part]) -> str:
    """Parts as a field carries them.

    >>> format_parts(NOTE_PARTS)
    'drums,bass,harmony,melody'
    """
    return ",".join(parts)
