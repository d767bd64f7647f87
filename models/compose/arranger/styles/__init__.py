"""The styles: one file each, with everything that makes it sound like itself.

Lives here: the look-up by a style's canonical name. Every name of `sessions.music.styles.STYLES` has a file.

    >>> idiom_of("house").four_on_floor
    True
"""

from __future__ import annotations

from models.compose.arranger.idiom import Idiom
from models.compose.arranger.styles import (
    ambient,
    ballad,
    disco,
    dnb,
    dubstep,
    funk,
    hip_hop,
    house,
    jazz,
    latin,
    lo_fi,
    metal,
    pop,
    reggae,
    rock,
    swing,
    techno,
    trap,
)

__all__ = ["IDIOMS", "idiom_of"]

_FILES = (
    house, techno, dubstep, dnb, trap, hip_hop, lo_fi, pop, rock, metal, funk, disco, reggae, latin, jazz, swing, ballad, ambient,
)  # fmt: skip

IDIOMS: dict[str, Idiom] = {file.IDIOM.name: file.IDIOM for file in _FILES}


def idiom_of(style: str) -> Idiom:
    """The idiom of a canonical style name; raises KeyError for any other."""
    return IDIOMS[style]
