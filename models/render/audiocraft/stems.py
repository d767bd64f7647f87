"""The renderer: stems by audiocraft's MusicGen, steered, held to their notes, tried again or left to the sampler as ever.

Lives here: that the process is started by the first section that asks for it, and that others have their turn until it is ready.

    for output in AudiocraftStems(weights, open_line, sampled).stems(request, bars, chords, cancelled=lambda: False): ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from models.provenance import Provenance
from models.render.audiocraft.engine import AudiocraftEngine, Line
from models.render.audiocraft.weights import Weights
from models.render.generated import LOADING, GeneratedStems
from models.render.renderer import SampledStems
from models.work import Progress, StemPreview, StemRendered
from sessions.music.kinds import Renderer
from sessions.music.notes import Bars
from sessions.music.section import Request

__all__ = ["AudiocraftStems"]


class AudiocraftStems:
    """Plays by a process that it starts when it is first asked, and again where that has ended."""

    name = Renderer.MUSICGEN

    def __init__(self, weights: Weights, open_line: Callable[[], Line], sampled: SampledStems) -> None:
        engine = AudiocraftEngine(weights, open_line)
        self._engine = engine
        self._generated = GeneratedStems(
            Path(weights.place), sampled, load=lambda *_: engine, stated=lambda: weights.stated(engine.facts)
        )

    @property
    def provenance(self) -> Provenance:
        return self._generated.provenance

    @property
    def terms(self) -> Provenance:
        return self._generated.terms

    def stems(
        self, request: Request, bars: Bars, chords: str, *, cancelled: Callable[[], bool]
    ) -> Iterator[StemRendered | StemPreview | Progress]:
        for output in self._generated.stems(request, bars, chords, cancelled=cancelled):
            yield output
            if isinstance(output, Progress) and output.stage == LOADING:  # next, the engine is asked for
                for _ in self._engine.waking():
                    if cancelled():
                        return
                    yield output
