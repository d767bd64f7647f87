"""Engine: a composer and renderers behind one call, as a generator of what is ready.

No network, no clock, no roles: the same work gives the same bytes. Heavy, so whoever serves people imports it in a process of
its own.

    engine = Engine()
    for output in engine.work(Work("ana/1", request), cancelled=lambda: False): ...
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models import compose
from models.compose.arranger import Arranger
from models.compose.composer import Composer
from models.render.audiocraft.weights import Weights
from models.render.generated import GeneratedStems, missing
from models.render.label import label, label_of
from models.render.renderer import SampledStems, StemRenderer, offer
from models.render.soundfont import Soundfont, bundled_path
from models.work import COMPOSING, BarWritten, Finished, Output, Progress, StemRendered, Work
from sessions.errors import Code, Refused
from sessions.music.kinds import Author, Renderer
from sessions.music.notes import Note
from sessions.music.parts import Part
from sessions.music.section import Request

if TYPE_CHECKING:
    from models.compose.writer.live import Accompanist
    from models.render.audiocraft.engine import Line

__all__ = ["Engine"]

FETCH = "`starbridge models fetch musicgen-small` brings weights for the next start, --musicgen DIR names others"

log = logging.getLogger("starbridge.engine")


class Engine:
    """What makes sections. Raises Refused where the soundfont can't be played, or MusicGen's folder holds no checkpoint.

    `audiocraft` opens a line to a process that plays MusicGen's weights in the place of our own runtime, which keeps packed weights
    in the folder `packed`.
    """

    def __init__(
        self,
        *,
        soundfont: Path | None = None,
        weights: Path | None = None,
        musicgen: Path | None = None,
        precision: str | None = None,
        packed: Path | None = None,
        audiocraft: Callable[[], Line] | None = None,
        composer: Composer | None = None,
        renderers: Sequence[StemRenderer] | None = None,
    ) -> None:
        self._composers = _composers(weights) if composer is None else {Author.AUTO: composer}
        if renderers is None:
            renderers = _renderers(soundfont, musicgen, precision, packed, audiocraft)
        self._renderers = {renderer.name: renderer for renderer in renderers}

    def offers(self) -> list[dict[str, Any]]:
        """The renderers that are here: name, licence, note, whether what they make may be sold."""
        return [offer(renderer) for renderer in self._renderers.values()]

    def work(self, work: Work, cancelled: Callable[[], bool]) -> Iterator[Output]:
        """A section bar by bar, then its stems, then `Finished`; without `Finished` once cancelled. Raises Refused alone."""
        request = work.request
        try:
            renderer = self._renderer(request)
            bars: dict[tuple[Part, int], tuple[Note, ...]] = {}
            made: dict[str, Mapping[str, Any]] = {}
            composer = self._composer(request)
            stream = composer.stream(request, work.context)
            for number, written in enumerate(stream, 1):
                if cancelled():
                    return
                for part in request.note_parts:
                    bars[part, number] = written[part]
                    yield BarWritten(part, number, written[part])
                yield Progress(COMPOSING, number / request.bars)
            if renderer is not None:
                texts = label_of(composer.provenance, renderer.terms)
                for output in renderer.stems(request, bars, stream.chords, cancelled=cancelled):
                    if isinstance(output, StemRendered):
                        output = replace(output, wav=label(output.wav, texts))
                        made |= {output.part: output.made} if output.made else {}
                    yield output
            if not cancelled():
                made_by = composer.provenance, renderer.provenance if renderer else None
                yield Finished(*made_by, stream.chords, stream.originality, made)
        except Refused:
            raise
        except Exception as error:
            log.exception("%s failed: %s", work.section, request.to_fields())
            advice = f"the engine failed over this section ({type(error).__name__}); ask again with another seed"
            raise Refused(Code.FAILED, advice) from error

    def accompanist(self, request: Request, tick: int) -> Accompanist:
        """One that plays along with somebody from a tick on, a bar line of the session. Raises Refused."""
        from models.compose.writer.ahead import Ahead, RulesAhead  # the compiled kernels, as below
        from models.compose.writer.live import Accompanist

        composer = self._composer(request)
        return Accompanist(composer if isinstance(composer, Ahead) else RulesAhead(), request, start=tick)

    def _composer(self, request: Request) -> Composer:
        """Who writes the notes. Raises Refused."""
        found = self._composers.get(request.composer)
        if found is None:
            advice = f"composer: the {request.composer} is not here, the engine's own words say why; ask for auto"
            raise Refused(Code.BAD_VALUE, advice)
        return found

    def _renderer(self, request: Request) -> StemRenderer | None:
        """Who makes the sound: nobody where only notes are asked for. Raises Refused."""
        if not request.stems:
            return None
        if request.renderer is Renderer.AUTO:
            return next(iter(self._renderers.values()))
        found = self._renderers.get(request.renderer)
        if found is None:
            here, how = ", ".join(self._renderers), "; ".join(filter(None, (missing(), FETCH)))
            advice = f"{request.renderer} is not installed here; ask for auto or {here}, or get it: {how}"
            raise Refused(Code.BAD_VALUE, f"renderer: {advice}")
        return found


def _renderers(
    soundfont: Path | None,
    musicgen: Path | None,
    precision: str | None,
    packed: Path | None,
    audiocraft: Callable[[], Line] | None,
) -> list[StemRenderer]:
    """The sampler, and MusicGen where a checkpoint is named and what it needs is installed, here or there. Raises Refused."""
    sampled = SampledStems(Soundfont.load(soundfont or bundled_path()))
    if audiocraft is not None:
        from models.render.audiocraft.stems import AudiocraftStems

        return [sampled, AudiocraftStems(Weights.chosen(musicgen, precision), audiocraft, sampled)]
    if musicgen is None:
        return [sampled]
    if lacks := missing():
        log.error("The weights in %s are not played here: %s", musicgen, lacks)
        return [sampled]
    return [sampled, GeneratedStems(musicgen, sampled, precision=precision, packed=packed)]


def _composers(weights: Path | None) -> dict[Author, Composer]:
    """The composers by their names; where the weights are broken or missing, the arranger plays and it is said why."""
    from models.compose.writer import BadWeights  # half a second, for the compiled kernels

    rules = Arranger()
    try:
        transformer = compose.load(weights)
    except BadWeights as error:
        log.error("%s. Until then the arranger plays", str(error).rstrip("."))
        return {Author.AUTO: rules, Author.ARRANGER: rules}
    return {Author.AUTO: transformer, Author.TRANSFORMER: transformer, Author.ARRANGER: rules}
