"""Following: what a section takes over from the take that it continues, accompanies, varies or repairs.

Lives here: from a request and its parent to a plan, the material that players start from, and where the kick is. How old and new
notes are woven is in `weave`.

    >>> from sessions.music.section import parse_request
    >>> setting = set_up(parse_request({"bars": 4, "seed": 1}), None)
    >>> setting.material == Material(), setting.mode
    (True, None)
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from models.compose.arranger.dice import spot
from models.compose.arranger.infer import infer_chords, refit, transposed
from models.compose.arranger.listen import listen
from models.compose.arranger.material import Material
from models.compose.arranger.plan import LOOPING, Plan, plan_of
from sessions.errors import Code, Refused
from sessions.music.chords import Chords, Span
from sessions.music.notes import notes_of
from sessions.music.parts import PITCHED_PARTS, Part
from sessions.music.references import Context, ContextMode

if TYPE_CHECKING:
    from models.compose.composer import Parent
    from sessions.music.section import Request

__all__ = ["Setting", "set_up"]

HIGHEST_SEED = 2**32


@dataclass(frozen=True, slots=True)
class Setting:
    """All that players start from; `kicks` and `bass_onsets` are in ticks from each bar's start, bar by bar of the parent."""

    plan: Plan
    context: Context | None = None
    parent: Parent | None = None
    material: Material = field(default_factory=Material)
    kicks: tuple[tuple[int, ...], ...] = ()
    bass_onsets: tuple[tuple[int, ...], ...] = ()
    last_bass: int | None = None
    last_melody: int | None = None

    @property
    def mode(self) -> ContextMode | None:
        """What is done with the parent."""
        return self.context.mode if self.context else None


def set_up(request: Request, parent: Parent | None) -> Setting:
    """The setting for a request. Raises Refused where the take is missing, or does not fit."""
    context = request.context
    if context is None:
        return Setting(plan_of(request))
    if parent is None:
        raise Refused(
            Code.BAD_VALUE, f"context: the notes of {context.take} are not at hand; name a take of this session"
        )
    same_metre = parent.request.meter == request.meter
    if context.mode in (ContextMode.VARY, ContextMode.BARS) and not same_metre:
        advice = f"{context.take} is in {parent.request.meter}; ask for that meter, or continue it in {request.meter}"
        raise Refused(Code.BAD_VALUE, f"context: {advice}")
    heard = _parent_plan(parent)
    if context.mode is ContextMode.BARS:
        # Written anew must not mean written the same, should the seed be the take's own.
        seed = int(spot(request.seed, "rewrite", context.first, context.last) * HIGHEST_SEED)
        request = replace(request, seed=seed)
    plan = _plan(request, context, parent, heard)
    material = listen(heard, parent.bars) if same_metre else Material()
    same_style = parent.request.style == request.style
    if context.mode is ContextMode.ACCOMPANY:
        kicks = material.kicks if Part.DRUMS in parent.request.parts else ()
        onsets = _onsets(heard, parent) if same_metre and not any(kicks) else ()
        return Setting(plan, context, parent, Material(), kicks, onsets)
    material = material if same_style else Material(motifs=material.motifs)
    last_bass, last_melody = _last(parent, Part.BASS), _last(parent, Part.MELODY)
    if context.mode is ContextMode.CONTINUE:
        return Setting(plan, context, parent, replace(material, kicks=()), (), (), last_bass, last_melody)
    return Setting(plan, context, parent, material, material.kicks if Part.DRUMS not in request.parts else ())


def _parent_plan(parent: Parent) -> Plan:
    """The plan of the take, on its real chords."""
    request = parent.request
    if parent.chords:
        spans = Chords.parse(parent.chords).over(request.bars, request.meter)
        return plan_of(replace(request, context=None), spans)
    bare = plan_of(replace(request, context=None))
    if request.chords is not None:
        return bare
    notes = {part: notes_of(parent.bars, part) for part in PITCHED_PARTS}
    if not any(notes.values()):
        return bare
    return plan_of(replace(request, context=None), infer_chords(request.key, bare.grid.units(request.bars), notes))


def _plan(request: Request, context: Context, parent: Parent, heard: Plan) -> Plan:
    """The plan of the new section: on chords asked for, else on the parent's, in the parent's form."""
    old = parent.request
    goes_on = context.mode is ContextMode.CONTINUE
    letters = None if goes_on or old.bars != request.bars else "".join(phrase.letter for phrase in heard.phrases)
    if goes_on and old.kind is not request.kind and heard.idiom.harmony not in LOOPING:
        return plan_of(request)
    spans = refit(heard.spans, heard.grid.bar_ticks, old.bars, request.ticks_per_bar, request.bars)
    if goes_on:
        spans = tuple(Span(span.start, span.end, transposed(span.chord, old.key, request.key)) for span in spans)
    return plan_of(request, spans, letters, given=old.chords is not None and not goes_on)


def _last(parent: Parent, part: Part) -> int | None:
    notes = notes_of(parent.bars, part)
    return notes[-1].pitch if notes else None


def _onsets(heard: Plan, parent: Parent) -> tuple[tuple[int, ...], ...]:
    """Where the parent's bass starts its notes, in ticks from each bar's start."""
    return tuple(
        tuple(sorted({note.start - bar.start for note in parent.bars.get((Part.BASS, bar.index + 1), ())}))
        for bar in heard.bars
    )
