"""Instruments: a part's place in the mix, how loud, how wide and how far away, and by what its loudness is measured.

Data, and what the controls `level` and `space` make of it. Who plays is in `bands`.

>>> channel = CHANNELS[Part.BASS].around(1.2, level=0.75)
>>> channel.level_db, channel.room
(6.0, 0.0)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sessions.music.parts import Part

__all__ = ["CHANNELS", "LEVEL_DB", "REFERENCE", "Channel", "level_db"]

LEVEL_DB = 12.0
"""What the control `level` adds at 1, and takes at 0."""

MOST_ROOM = 0.6
"""The share of room at which a part is as far away as the hall has it, where `space` is 1."""


def level_db(level: float | str | None) -> float:
    """What a part's control `level` means.

    >>> level_db(0.5), level_db(0), level_db(None)
    (0.0, -12.0, 0.0)
    """
    return 0.0 if level is None else (2 * float(level) - 1) * LEVEL_DB


@dataclass(frozen=True, slots=True)
class Channel:
    """A part's place in the mix: the loudness of its reference phrase, its stereo width (0-1), its share of room.

    Its peaks are held at `crest_db` above that loudness: a drum's first millisecond would else keep the whole mix down.
    """

    lufs: float
    width: float
    room: float
    crest_db: float
    level_db: float = 0.0

    @property
    def ceiling(self) -> float:
        """The amplitude that its peaks are held at."""
        return float(10 ** ((self.lufs + self.level_db + self.crest_db) / 20))

    def around(self, room: float, level: float | str | None = None, space: float | str | None = None) -> Channel:
        """The channel in a style's room, with what the part's controls ask for."""
        own = min(self.room * room, MOST_ROOM)
        far = 0.5 if space is None else float(space)
        mixed = own * 2 * far if far <= 0.5 else own + (MOST_ROOM - own) * (2 * far - 1)
        return replace(self, room=mixed, level_db=level_db(level))


CHANNELS: Mapping[Part, Channel] = {
    Part.DRUMS: Channel(lufs=-19.5, width=0.6, room=0.06, crest_db=10.0),
    Part.BASS: Channel(lufs=-20.5, width=0.0, room=0.0, crest_db=10.0),
    Part.HARMONY: Channel(lufs=-22.0, width=1.0, room=0.14, crest_db=10.0),
    Part.MELODY: Channel(lufs=-23.0, width=0.5, room=0.18, crest_db=10.0),
    Part.TEXTURE: Channel(lufs=-31.0, width=1.0, room=0.30, crest_db=10.0),
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
