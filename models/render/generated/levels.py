"""Levels: a generated sound brought to the place in the mix that the sampler's sound of the same notes has.

placed(sound, like=own, request=request, part=Part.BASS)        # in place
"""

from __future__ import annotations

import math

import numpy as np

from models.render.endings import ring_out
from models.render.limiter import limit
from models.render.loudness import integrated_lufs
from models.render.renderer import channel_of
from models.render.room import add_room
from models.render.soundfont import Floats
from sessions.music.kinds import Tail
from sessions.music.parts import Part
from sessions.music.section import Request

__all__ = ["placed"]

MOST_GAIN_DB = 30.0


def placed(sound: Floats, *, like: Floats, request: Request, part: Part, last_onset: int) -> None:
    """As loud as `like`, its peaks held, ringing out where it should, in place. It has a room of its own; more if asked for."""
    channel, rate, loops = channel_of(request, part), request.rate, request.ends is Tail.LOOP
    ours, theirs = integrated_lufs(sound, rate), integrated_lufs(like, rate)
    if math.isfinite(ours) and math.isfinite(theirs):
        sound *= np.float32(10 ** (min(theirs - ours, MOST_GAIN_DB) / 20))
    limit(sound, ceiling=channel.ceiling, rate=rate, wraps=loops)
    if request.control(part, "space") is not None:
        add_room(sound, channel.room, rate, wraps=loops)
    if request.ends is Tail.RING:
        ring_out(sound, last_onset, rate)
