"""Grid: rendered audio, of about the tempo that was asked for, held to our notes and bars.

`held` is all that others need. `novelty` hears where something begins, `tracking` finds which of it are our notes, with the
tempo that was asked for as its prior, `timing` makes that exact, `splices` cuts where it shows least, `laying` joins, `ends`
sees to rate and length, `harmony` to the key, and `report` says how it went. Knows no torch and no model.

>>> import numpy as np
>>> from sessions.music.notes import Note
>>> clicks = np.zeros(40_000, np.float32)
>>> for at in range(0, 40_000, 8160):  # four a second at 32 kHz, two hundredths too slow
...     clicks[at : at + 64] = np.hanning(64)
>>> beats = [Note(480 * step, 240, 38, 100) for step in range(4)]
>>> done = held(clicks, 32_000, beats, bpm=120.0, total_ticks=1920, out_rate=44_100, drums=True)
>>> done.audio.shape, done.report.verdict.value, done.report.error_p95_ms < 2
((44100, 2), 'kept', True)
"""

from __future__ import annotations

from models.render.grid.ends import Ending
from models.render.grid.holding import BAR_MS, MOST_STRETCH, Held, held
from models.render.grid.report import Report, Verdict

__all__ = ["BAR_MS", "MOST_STRETCH", "Ending", "Held", "Report", "Verdict", "held"]
