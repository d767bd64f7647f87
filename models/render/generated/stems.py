"""The renderer: each part is generated, held to its notes, tried again with another seed, and else played by the sampler.

Lives here: parts, which are made side by side where the engine writes them faster so, their tries, and what is said of each. The
sampler's stems are heard first, then each part as it is generated; a part's stem is handed out as soon as it is done, for good. A
part that is not under the bar after `TRIES` is the sampler's, and says why. The same request, weights and machine give the same
bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models.fetched import BadRecord, provenance_of
from models.provenance import Provenance
from models.render.desk import Desk
from models.render.generated.levels import placed
from models.render.generated.loading import Loading, Told
from models.render.generated.rough import STAND_IN, Rough, stand_ins
from models.render.generated.runtime import CONFIG, PRECISIONS, Load, Plays, is_damage, refusal
from models.render.generated.runtime import load as load_here
from models.render.generated.steering import steering
from models.render.generated.turns import Ended, in_turns
from models.render.generated.words import words_of
from models.render.grid import Ending, Held, Verdict, held
from models.render.grid.harmony import agreement
from models.render.mix import Stopped
from models.render.renderer import MIX, STAGE, SampledStems, sounding
from models.render.soundfont import Floats
from models.work import Progress, StemPreview, StemRendered
from sessions.errors import Code, Refused
from sessions.music.beats import frames_of
from sessions.music.kinds import Renderer, Tail
from sessions.music.notes import Bars, Note
from sessions.music.parts import Part
from sessions.music.section import Request

if TYPE_CHECKING:
    from models.render.musicgen.engine import More

__all__ = ["LOADING", "GeneratedStems"]

NAME = "musicgen"
LONGEST_S = 600.0  # minutes of it would keep a machine for an hour
TRIES = 3
SLOWER = 1.06  # a sound may be so much slower than its notes
MORE_S = 0.5  # after the last bar, to be cut at
RINGS_S = 2.0  # after it where the end goes on at the start
GUIDANCE = 3.0
IN_KEY = 0.3  # what a texture must agree with its chords at least: noise has 0.0 to 0.1
LOADING = "loading musicgen"


@dataclass(frozen=True, slots=True)
class _Stem:
    sound: Floats
    made: dict[str, Any]


class GeneratedStems:
    """MusicGen, with a sampler that steers it and stands in for it. Raises Refused where the folder holds no checkpoint."""

    name = Renderer.MUSICGEN

    def __init__(
        self,
        folder: Path,
        sampled: SampledStems,
        *,
        precision: str | None = None,
        packed: Path | None = None,
        load: Load | None = None,
        stated: Callable[[], Provenance] | None = None,
    ) -> None:
        """`packed` is a folder where packed weights are kept, for the next process.

        `stated` speaks for weights that another runtime plays: `load` is then asked anew for each section.
        """
        if precision not in (None, *PRECISIONS):
            raise Refused(Code.BAD_VALUE, f"precision: {precision!r} is none; choose {', '.join(PRECISIONS)}")
        if stated is None and not (folder / CONFIG).is_file():
            advice = "give a folder as `starbridge models fetch` makes it"
            raise Refused(
                Code.BAD_VALUE, f"musicgen: there is no checkpoint in {folder} ({CONFIG} is missing); {advice}"
            )
        self._folder, self._sampled, self._precision = folder, sampled, precision
        self._load, self._weights = load or partial(load_here, packed=packed), stated
        self._loading: Loading[tuple[Plays, Provenance]] = Loading()
        self._engine: Plays | None = None
        self._told = self._stated(hashed=False)
        self._provenance: Provenance | None = None

    @property
    def provenance(self) -> Provenance:
        """The weights as they were loaded, with their licence; the soundfont's as well where it forbids sale."""
        return self._provenance or self._stated(hashed=True)

    @property
    def terms(self) -> Provenance:
        return self._provenance or (self._told if self._weights is None else self._stated(hashed=False))

    def stems(
        self, request: Request, bars: Bars, chords: str, *, cancelled: Callable[[], bool]
    ) -> Iterator[StemRendered | StemPreview | Progress]:
        if request.seconds > LONGEST_S:
            advice = f"{float(request.seconds):.0f} s are too long for musicgen, which makes up to {LONGEST_S:.0f}"
            raise Refused(Code.TOO_LARGE, f"bars: {advice}; ask for fewer, or for renderer sampler")
        try:
            yield from self._stems(
                request, {part: sounding(request, part, bars, chords) for part in request.parts}, cancelled
            )
        except Stopped:
            return

    def _stems(
        self, request: Request, notes: Mapping[Part, Sequence[Note]], cancelled: Callable[[], bool]
    ) -> Iterator[StemRendered | StemPreview | Progress]:
        own: dict[str, Floats] = {}
        for part in request.parts:
            if cancelled():
                return
            own[part.value] = self._sampled.stem(request, part, notes[part], cancelled=cancelled)
        desk = Desk(own, request.rate, loops=request.ends is Tail.LOOP, cancelled=cancelled)
        yield from stand_ins(desk.planned, request)
        engine = yield from self._loaded(cancelled)
        if engine is None:
            return

        def makings() -> Iterator[tuple[Part, Generator[StemPreview | Progress, None, _Stem | None]]]:
            for part in request.parts:
                wanted = _Wanted(request, part, notes[part], own.pop(part.value), desk.planned(part.value))
                yield part, self._part(engine, wanted, cancelled)

        done: dict[Part, _Stem] = {}
        left = list(
            request.parts
        )  # settled in this order, whichever is done first: what one becomes hangs on those before
        for output in in_turns(makings(), at_once=engine.at_once):
            if not isinstance(output, Ended):
                yield output
                continue
            if output.value is None:
                return
            done[output.of] = output.value
            while left and (stem := done.pop(left[0], None)):
                name = left.pop(0).value
                yield StemRendered(name, desk.settle(name, stem.sound), desk.frames, request.rate, stem.made)
        yield Progress(STAGE, len(request.parts) / (len(request.parts) + 1))
        yield StemRendered(MIX, desk.mix(), desk.frames, request.rate)

    def _part(
        self, engine: Plays, wanted: _Wanted, cancelled: Callable[[], bool]
    ) -> Generator[StemPreview | Progress, None, _Stem | None]:
        """A part's stem and what is to be said of it; None once cancelled."""
        request, part, notes, own = wanted.request, wanted.part, wanted.notes, wanted.own
        sampler = {"by": self._sampled.name.value}
        if not notes:
            return _Stem(own, sampler | {"reason": "it has no notes"})
        given = steering(engine, self._sampled, request, part, notes, own)
        reason = ""
        for number in range(1, TRIES + 1):
            sound = yield from self._sound(engine, wanted, number, given, cancelled)
            if sound is None:
                return None
            done = wanted.held(sound, engine.sample_rate, last_try=number == TRIES)
            report = done.report
            if report.verdict is Verdict.KEPT:
                placed(done.audio, like=own, request=request, part=part, last_onset=wanted.last_onset)
                measured = {name: one for name, one in report.to_json().items() if name not in ("verdict", "reason")}
                return _Stem(done.audio, {"by": self.terms.name, "tries": number, **measured})
            reason = report.reason
            if report.verdict is Verdict.GIVE_UP:
                break
        return _Stem(own, sampler | {"tries": number, "reason": reason})

    def _sound(
        self, engine: Plays, wanted: _Wanted, number: int, given: More, cancelled: Callable[[], bool]
    ) -> Generator[StemPreview | Progress, None, Floats | None]:
        """(frames, channels) that MusicGen plays, at its rate; None once cancelled. Raises Refused for damaged weights."""
        stage = f"{NAME}: {wanted.part}" + (f", try {number}" if number > 1 else "")
        rough = Rough(
            wanted.planned,
            wanted.request,
            wanted.part,
            version=STAND_IN + number,
            by=self.terms.name,
            rate=engine.sample_rate,
        )
        chunks: list[Floats] = []
        done, frames = 0, round(wanted.seconds * engine.sample_rate)
        yield Progress(stage, 0.0)
        words = words_of(wanted.request, wanted.part)
        share = 0.0

        def heard_of(done: float) -> None:
            nonlocal share
            share = done

        more: More = {**given, "cancelled": cancelled, "breaths": True, "progress": heard_of}
        try:
            for chunk in engine.stream(words, wanted.seconds, wanted.seed(number), GUIDANCE, **more):
                if cancelled():
                    return None
                if not np.isfinite(chunk).all():
                    raise Refused(
                        Code.FAILED,
                        "renderer: musicgen's sound is no number, its weights are damaged; fetch them again",
                    )
                if chunk.shape[1]:
                    chunks.append(chunk)
                    done += chunk.shape[1]
                    if piece := rough.piece(chunk):
                        yield piece
                yield Progress(stage, max(share, done / frames))
        except ValueError as error:
            if not is_damage(error):
                raise
            raise Refused(Code.FAILED, f"renderer: musicgen stopped: {error}") from error
        return None if cancelled() else np.concatenate(chunks, axis=1).T

    def _loaded(self, cancelled: Callable[[], bool]) -> Generator[Progress, None, Plays | None]:
        """One copy for all, loaded beside the work of others; None once cancelled.

        Raises Refused, and may be tried again when what was wrong is mended.
        """
        if self._engine is not None:
            return self._engine
        yield Progress(LOADING, 0.0)
        try:
            if self._weights is not None:
                return self._load(self._folder, self._precision, lambda share: None, "")
            waiting = self._loading.wait(self._read)
            try:
                while True:
                    share = next(waiting)
                    if cancelled():
                        return None
                    yield Progress(LOADING, round(share, 2))
            except StopIteration as end:
                self._engine, self._provenance = end.value
                return self._engine
            finally:
                waiting.close()
        except (ImportError, OSError, ValueError) as error:
            raise refusal(error, self._folder) from error

    def _read(self, told: Told) -> tuple[Plays, Provenance]:
        provenance = self._stated(hashed=True)
        return self._load(self._folder, self._precision, told, provenance.sha256), provenance

    def _stated(self, *, hashed: bool) -> Provenance:
        try:
            weights = self._weights() if self._weights else provenance_of(self._folder, NAME, hashed=hashed)
        except (BadRecord, OSError) as error:
            raise Refused(Code.BAD_VALUE, f"musicgen: {error}") from error
        font = self._sampled.provenance
        stands_in = f"{font.note}, and stands in for it where a stem says so ({font.licence})"
        note = f"{weights.note}; steered by the sampler, which {stands_in}"
        licence = weights.licence if font.commercial else f"{weights.licence}; {font.licence}"
        return replace(weights, licence=licence, note=note, commercial=weights.commercial and font.commercial)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One part's sound, as it is to be."""

    request: Request
    part: Part
    notes: Sequence[Note]
    own: Floats
    """The sampler's stem of these notes, and beside it the same at its place in the mix."""
    planned: Floats

    @property
    def seconds(self) -> float:
        """What to ask for: a little more, to have something to cut."""
        rings = RINGS_S if self.request.ends is Tail.LOOP else 0.0
        return float(self.request.seconds) * SLOWER + MORE_S + rings

    @property
    def last_onset(self) -> int:
        return frames_of(max(note.start for note in self.notes), self.request.bpm, self.request.rate)

    def seed(self, number: int) -> int:
        """One for each part and try, from the request's."""
        text = f"{self.request.seed}\n{self.part}\n{number}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")

    def held(self, sound: Floats, rate: int, *, last_try: bool) -> Held:
        """The sound on the grid. A texture has no attacks to hold it by: it lies as it came, and must be in the chords' keys."""
        request, texture = self.request, self.part is Part.TEXTURE
        done = held(
            sound,
            rate,
            () if texture else self.notes,
            bpm=request.bpm,
            total_ticks=request.total_ticks,
            out_rate=request.rate,
            drums=self.part is Part.DRUMS,
            key=request.key,
            ending=Ending.LOOP if request.ends is Tail.LOOP else Ending.CUT,
            last_try=last_try,
        )
        return self._in_key(done, last_try=last_try) if texture and done.report.verdict is Verdict.KEPT else done

    def _in_key(self, done: Held, *, last_try: bool) -> Held:
        request = self.request
        found = agreement(
            done.audio.mean(axis=1), request.rate, self.notes, bpm=request.bpm, total_ticks=request.total_ticks
        )
        report = replace(done.report, agreement=None, moved=None)
        if found is not None:
            report = replace(report, agreement=found.agreement, moved=found.moved)
        if found is None or found.moved or found.agreement < IN_KEY:
            verdict = Verdict.GIVE_UP if last_try else Verdict.REGENERATE
            report = replace(report, verdict=verdict, reason="it does not sound like its chords")
        return replace(done, report=report)
