"""Scratch: silence to write a stem into, in memory or, where that would be much, in a file that ends with its last user.

out = silence(44_100)      # (44100, 2), zeros
"""

from __future__ import annotations

import os
import tempfile

import numpy as np

from models.render.soundfont import Floats
from sessions.errors import Code, Refused

__all__ = ["silence"]

SPILL_BYTES = 64 * 1024**2  # three minutes of stereo at 44.1 kHz
ZEROS = bytes(1 << 20)


def silence(frames: int) -> Floats:
    """(frames, 2) of zeros. Raises Refused where a long one has no room on the disk, before anything is written into it."""
    size = frames * 8
    if size <= SPILL_BYTES:
        return np.zeros((frames, 2), np.float32)
    with tempfile.TemporaryFile() as file:
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            else:
                for start in range(0, size, len(ZEROS)):
                    file.write(ZEROS[: size - start])
                file.flush()
        except OSError as error:
            advice = f"free {size >> 20} MB in {tempfile.gettempdir()}, or ask for fewer bars"
            raise Refused(Code.FAILED, f"stems: no room for what is rendered ({error.strerror}); {advice}") from error
        return np.memmap(file, np.float32, mode="r+", shape=(frames, 2))
