"""Holding: rendered audio, of about the right tempo, held to our notes and bars.

One function and what it gives back. Content that can't be held is no error: it gets a verdict, and audio of the right length
all the same. Only arguments that make no sense raise ValueError.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.render.grid.ends import LONGEST_TAIL_S, Ending, finished
from models.render.grid.expected import Doubles, Expected, expected
from models.render.grid.harmony import agreement
from models.render.grid.laying import laid
from models.render.grid.novelty import Novelty, novelty
from models.render.grid.report import Report, Verdict
from models.render.grid.splices import Anchor, planned
from models.render.grid.timing import Timing, matched, timed
from models.render.grid.tracking import fitting_tempo, track
from models.render.soundfont import Floats
from sessions.music.beats import frames_of, seconds_of
from sessions.music.keys import Key
from sessions.music.notes import Note

__all__ = ["BAR_MS", "MOST_STRETCH", "Held", "held"]

BAR_MS = 20.0  # what the 95th percentile of the onset errors must stay under
MOST_STRETCH = 0.06
SILENT = 1e-3  # a peak below this, -60 dBFS, is silence
LEAST_HEARD = 0.6  # of the notes
LEAST_FOLLOWED = 0.5
MOST_SPREAD_S = 0.009  # onsets that agree with no tempo lie further apart than this (median)
FLAT = (
    0.2  # the median of the novelty where nothing stands out: noise, and pads without attacks; music has 0.00 to 0.07
)
MEASURED_WITHIN_S = 0.06
MISSING_S = 0.25  # so much of the last note may be missing
CLEARLY = 0.1  # another key agrees by so much more
SNAP = (0.8, 1.25)  # between two onsets a sound may be this much shorter or longer to hold both
NEXT_S = 0.03  # an onset this near the section's end belongs to what comes after it
PARTING_S = 0.005
LOWEST_RATE, HIGHEST_RATE = 8000, 192_000


@dataclass(frozen=True, slots=True)
class Held:
    """(frames, 2) of audio, exactly as long as the section; what rings on after it, if asked for; and the report."""

    audio: Floats
    tail: Floats
    report: Report


def held(
    audio: ArrayLike,
    rate: int,
    notes: Sequence[Note],
    *,
    bpm: float,
    total_ticks: int,
    out_rate: int,
    drums: bool = False,
    key: Key | None = None,
    ending: Ending = Ending.CUT,
    last_try: bool = False,
) -> Held:
    """Audio, (frames,) or (frames, 1 or 2), at `rate`, with its onsets on the notes of one part, at `out_rate`.

    `drums` reads the pitches as General MIDI's kit; `key` is what is compared where there are no notes. On the last try the
    verdict is to give up where it would be to regenerate.
    """
    sound = _channels(audio)
    for name, value in (("rate", rate), ("out_rate", out_rate)):
        if not LOWEST_RATE <= value <= HIGHEST_RATE:
            raise ValueError(f"{name}: {value} frames a second; give {LOWEST_RATE} to {HIGHEST_RATE}")
    section = _Section(tuple(notes), bpm, total_ticks, drums, key)
    done = _Work(sound, rate, section).held(out_rate, ending)
    if last_try and done.report.verdict is Verdict.REGENERATE:
        return replace(done, report=replace(done.report, verdict=Verdict.GIVE_UP))
    return done


@dataclass(frozen=True, slots=True)
class _Section:
    notes: tuple[Note, ...]
    bpm: float
    total_ticks: int
    drums: bool
    key: Key | None

    @property
    def seconds(self) -> float:
        return float(seconds_of(self.total_ticks, self.bpm))

    @property
    def last_s(self) -> float:
        """Where the last note ends, which is what a sound must reach."""
        end = max((note.end for note in self.notes), default=self.total_ticks)
        return float(seconds_of(min(end, self.total_ticks), self.bpm))


class _Work:
    def __init__(self, sound: Floats, rate: int, section: _Section) -> None:
        self.broken = not bool(np.isfinite(sound).all())
        self.sound = np.nan_to_num(sound, nan=0.0, posinf=0.0, neginf=0.0) if self.broken else sound
        self.rate, self.section = rate, section
        self.wanted = expected(
            (n for n in section.notes if n.start < section.total_ticks), section.bpm, drums=section.drums
        )

    def held(self, out_rate: int, ending: Ending) -> Held:
        report = self._unfit()
        if report is not None or not len(self.wanted):
            if report is None:
                report = self._judged_by_key(Report(Verdict.KEPT, "there are no notes to hold it to"), self.sound)
            return self._finished(report, [], np.zeros(0), np.zeros(0), out_rate, ending)[0]
        heard = novelty(self.sound.mean(axis=1), self.rate)
        path = track(self.wanted, heard)
        timing = timed(self.wanted, heard, path)
        anchors = _anchors(self.wanted, timing)
        base = Report(
            Verdict.KEPT, "held", len(self.wanted), drift_ms=_drift_ms(self.wanted, timing), stretch=_stretch(timing)
        )
        done, laid_out = self._finished(base, anchors, heard.onsets_s, heard.strengths, out_rate, ending)
        report = _measured(done.report, self.wanted, novelty(laid_out.mean(axis=1), self.rate))
        report = self._judged(report, heard, timing)
        if not self.section.drums:
            report = self._judged_by_key(report, laid_out)
        return replace(done, report=report)

    def _finished(
        self,
        report: Report,
        anchors: list[Anchor],
        onsets_s: Doubles,
        strengths: Doubles,
        out_rate: int,
        ending: Ending,
    ) -> tuple[Held, Floats]:
        """The sound laid out by its anchors, and the same before it had its rate and its ends."""
        section, rate = self.section, self.rate
        frames = frames_of(section.total_ticks, section.bpm, out_rate)
        offset, cuts = planned(self.sound, rate, anchors, onsets_s, strengths)
        behind = (cuts[-1].offset if cuts else offset) / rate
        end = section.seconds + behind
        after = onsets_s[onsets_s > end - NEXT_S]
        until = min(
            float(after[0]) - PARTING_S if len(after) else math.inf, end + LONGEST_TAIL_S, len(self.sound) / rate
        )
        if ending is Ending.CUT:
            until = min(until, end)
        length = max(math.ceil((until - behind) * rate), 0)
        whole = laid(self.sound, offset, cuts, length)
        done, tail = finished(whole, rate, out_rate, frames=frames, ending=ending)
        report = replace(report, cuts=len(cuts))
        return Held(_stereo(done), _stereo(tail), report), whole

    def _unfit(self) -> Report | None:
        """What shows before anything is measured."""
        seconds = len(self.sound) / self.rate
        reason = ""
        if self.broken:
            reason = "it has values that are no numbers"
        elif not len(self.sound) or float(np.max(np.abs(self.sound))) < SILENT:
            reason = "it is silent" if len(self.sound) else "it is empty"
        elif seconds < self.section.last_s * (1 - MOST_STRETCH) - MISSING_S:
            reason = f"it lasts {seconds:.1f} s, where the notes last {self.section.last_s:.1f} s"
        return Report(Verdict.REGENERATE, reason, len(self.wanted)) if reason else None

    def _judged(self, report: Report, heard: Novelty, timing: Timing) -> Report:
        bpm = self.section.bpm
        share = float(np.sum(self.wanted.weights[timing.found]) / np.sum(self.wanted.weights))
        reason = ""
        if float(np.median(heard.all)) > FLAT:
            reason = "nothing in it begins clearly enough to hold it by; it is noise, or has no attacks"
        elif share < LEAST_FOLLOWED or timing.spread_s > MOST_SPREAD_S:
            reason = "its onsets do not follow the notes"
            ratio = fitting_tempo(self.wanted, heard)
            if abs(math.log(ratio)) > math.log(1 + MOST_STRETCH):
                reason += f"; it sounds nearer to {bpm / ratio:.0f} bpm than to {bpm:g}"
        elif report.stretch and max(abs(math.log(ratio)) for ratio in report.stretch) > math.log(1 + MOST_STRETCH):
            least, most = report.stretch
            reason = f"it would have to be stretched by {least:.3f} to {most:.3f}, more than {MOST_STRETCH:.0%}"
        elif self._ends_s(timing) < self.section.last_s - MISSING_S:
            reason = f"it ends {self.section.last_s - self._ends_s(timing):.1f} s before its last note does"
        elif report.error_p95_ms is None or (report.heard or 0.0) < LEAST_HEARD:
            reason = f"only {report.heard or 0.0:.0%} of the notes are heard in it"
        elif report.error_p95_ms > BAR_MS:
            reason = (
                f"its onsets lie {report.error_p95_ms:.0f} ms from the notes at the 95th percentile, over {BAR_MS:.0f}"
            )
        return replace(report, verdict=Verdict.REGENERATE, reason=reason) if reason else report

    def _ends_s(self, timing: Timing) -> float:
        """The section's time at which the sound ends."""
        return len(self.sound) / self.rate - float(timing.heard_s[-1] - self.wanted.times_s[-1])

    def _judged_by_key(self, report: Report, sound: Floats) -> Report:
        section = self.section
        scale = section.key.scale if section.key else ()
        found = agreement(
            sound.mean(axis=1), self.rate, section.notes, bpm=section.bpm, total_ticks=section.total_ticks, scale=scale
        )
        if found is None:
            return report
        report = replace(report, agreement=found.agreement, moved=found.moved)
        if report.verdict is Verdict.KEPT and section.notes and found.moved and found.best - found.agreement > CLEARLY:
            where = "above" if found.moved > 0 else "below"
            steps = f"{abs(found.moved)} semitone" + "s" * (abs(found.moved) > 1)
            reason = f"it sounds {steps} {where} the notes"
            return replace(report, verdict=Verdict.REGENERATE, reason=reason)
        return report


def _channels(audio: ArrayLike) -> Floats:
    sound = np.asarray(audio, np.float32)
    if sound.ndim == 1:
        sound = sound[:, None]
    if sound.ndim != 2 or sound.shape[1] not in (1, 2):
        raise ValueError(f"audio: shape {sound.shape}; give (frames,) or (frames, 1 or 2), frames first")
    return sound


def _stereo(sound: Floats) -> Floats:
    return sound if sound.shape[1] == 2 else np.repeat(sound, 2, axis=1)


def _anchors(wanted: Expected, timing: Timing) -> list[Anchor]:
    """What was heard at its own moment, as far as no gap between two onsets is bent too much for that."""
    moments = timing.heard_s.copy()
    for before, here in itertools.pairwise(range(len(moments))):
        gap = float(wanted.times_s[here] - wanted.times_s[before])
        least, most = (moments[before] + gap * ratio for ratio in SNAP)
        moments[here] = min(max(moments[here], least), most)
    triples = zip(wanted.times_s, moments, timing.found, strict=True)
    return [Anchor(float(at), float(moment), heard=bool(found)) for at, moment, found in triples]


def _drift_ms(wanted: Expected, timing: Timing) -> float:
    lags = timing.smooth_s - wanted.times_s
    return float(1000 * np.max(np.abs(lags - lags[0])))


def _stretch(timing: Timing) -> tuple[float, float]:
    return 1 / timing.most_pace, 1 / timing.least_pace


def _measured(report: Report, wanted: Expected, heard: Novelty) -> Report:
    """The report with the errors of the laid-out sound, found without what the holding knew."""
    times, found = matched(wanted, heard, wanted.times_s, MEASURED_WITHIN_S)
    share = float(np.mean(found))
    if not found.any():
        return replace(report, heard=share)
    errors: NDArray[np.float64] = 1000 * np.abs(times - wanted.times_s)[found]
    p50, p95 = (float(value) for value in np.percentile(errors, (50, 95)))
    return replace(report, heard=share, error_p50_ms=p50, error_p95_ms=p95)
