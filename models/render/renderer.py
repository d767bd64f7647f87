"""Renderer: a whole section's notes become a stem for each part and the mix of them.

for output in SampledStems(Soundfont.load(path)).stems(request, bars, chords, cancelled=lambda: False): ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from models.provenance import Provenance, forbids_sale
from models.render.bands import players
from models.render.instruments import CHANNELS, Channel
from models.render.mix import Mix, Stopped
from models.render.sampler import Sampler
from models.render.soundfont import Floats, Soundfont
from models.render.texture import bed
from models.work import Progress, StemPreview, StemRendered
from sessions.errors import Code, Refused
from sessions.music.chords import Chords
from sessions.music.kinds import Renderer, Tail
from sessions.music.notes import Bars, Note, notes_of
from sessions.music.parts import Part
from sessions.music.section import Request

__all__ = ["MIX", "STAGE", "SampledStems", "StemRenderer", "channel_of", "mixed", "offer", "sounding"]

MIX = "mix"
VERSION = "2"
LONGEST_S = 3600.0  # a 64-bar section of 16/2 at 40 bpm lasts 3072 s
STAGE = "rendering"


class StemRenderer(Protocol):
    """Makes sound of notes."""

    name: Renderer

    @property
    def provenance(self) -> Provenance:
        """Who stands behind the sound; may take a while, where weights have to be hashed."""

    @property
    def terms(self) -> Provenance:
        """The same without the hash, at once."""

    def stems(
        self, request: Request, bars: Bars, chords: str, *, cancelled: Callable[[], bool]
    ) -> Iterator[StemRendered | StemPreview | Progress]:
        """A stem for each part of the request, then the mix; ends early once cancelled. Raises Refused.

        What is handed out as a stem is final. What is heard of a part before that are previews.
        """


class SampledStems:
    """Plays the notes with a soundfont."""

    name = Renderer.SAMPLER

    def __init__(self, font: Soundfont) -> None:
        self._font = font
        self._samplers: dict[int, Sampler] = {}

    @property
    def provenance(self) -> Provenance:
        """The sampler, with the soundfont's hash and licence."""
        font = self._font
        note = f"plays the soundfont {font.title}; the licence is the soundfont's"
        return Provenance("sampler", VERSION, font.sha256, font.licence, note, not forbids_sale(font.licence))

    @property
    def terms(self) -> Provenance:
        return self.provenance

    def stems(
        self, request: Request, bars: Bars, chords: str, *, cancelled: Callable[[], bool]
    ) -> Iterator[StemRendered | Progress]:
        if request.seconds > LONGEST_S:
            raise Refused(Code.TOO_LARGE, f"bars: {float(request.seconds):.0f} s are too long for stems; ask for fewer")
        stems: dict[str, Floats] = {}
        for part in request.parts:
            if cancelled():
                return
            yield Progress(STAGE, len(stems) / (len(request.parts) + 1))
            stems[part.value] = self.stem(request, part, sounding(request, part, bars, chords), cancelled=cancelled)
        yield from mixed(stems, request, cancelled=cancelled)

    def stem(
        self,
        request: Request,
        part: Part,
        notes: Iterable[Note],
        *,
        total_ticks: int | None = None,
        tail: Tail | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Floats:
        """(frames, 2) of a part at its level, as long as the section or as told; whatever is there once cancelled."""
        return self._samplers.setdefault(request.rate, Sampler(self._font, request.rate)).stem(
            part,
            notes,
            style=request.style,
            total_ticks=total_ticks or request.total_ticks,
            bpm=request.bpm,
            band=request.plays,
            tail=tail or request.ends,
            channel=channel_of(request, part),
            cancelled=cancelled,
        )


def channel_of(request: Request, part: Part) -> Channel:
    """A part's place in the mix: its style's, with what its controls ask for."""
    room = players(request.style, request.plays).room
    return CHANNELS[part].around(room, request.control(part, "level"), request.control(part, "space"))


def sounding(request: Request, part: Part, bars: Bars, chords: str) -> tuple[Note, ...]:
    """What a part's stem plays: its notes, and for the texture a bed under the chords."""
    if part is Part.TEXTURE:
        return bed(Chords.parse(chords).over(request.bars, request.meter), energy=request.energy)
    return notes_of(bars, part)


def mixed(
    stems: Mapping[str, Floats], request: Request, *, cancelled: Callable[[], bool]
) -> Iterator[StemRendered | Progress]:
    """The parts' sounds as stems and as their mix."""
    if cancelled():
        return
    yield Progress(STAGE, len(stems) / (len(stems) + 1))
    try:
        mix = Mix(stems, request.rate, loops=request.ends is Tail.LOOP, cancelled=cancelled)
        for name in (*stems, MIX):
            yield StemRendered(name, mix.wav(name), mix.frames, request.rate)
    except Stopped:
        return


def offer(renderer: StemRenderer) -> dict[str, Any]:
    """What an engine tells of a renderer when it is ready."""
    made_by = renderer.terms
    return {
        "name": renderer.name.value,
        "licence": made_by.licence,
        "note": made_by.note,
        "commercial": made_by.commercial,
    }
