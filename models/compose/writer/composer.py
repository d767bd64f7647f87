"""The transformer as a composer: weights that a folder holds, and sections written with them.

Lives here: loading what ships, its provenance, and the way from a request to a `Writing`. What is wrong with a folder is
told by `BadWeights`, in a sentence that says what to do.

    composer = Transformer.load(folder)
    for bar in composer.stream(request, seed=7): ...
"""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.compose.arranger.follow import set_up
from models.compose.composer import Writing
from models.compose.originality import BadIndex, RunIndex
from models.compose.runtime.runtime import Runtime
from models.compose.runtime.weights import BadWeights
from models.compose.tokens.vocabulary import VOCABULARY
from models.compose.writer.ahead import bars_ahead
from models.compose.writer.scene import scene_of
from models.compose.writer.writing import Scribe
from models.provenance import Provenance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.compose.composer import BarNotes, Parent
    from models.compose.writer.ahead import Situation
    from models.compose.writer.window import Model
    from sessions.music.section import Request

__all__ = ["BadWeights", "Transformer", "shipped"]

NAME = "transformer"
CARD, RUNS = "card.json", "runs.npz"


def shipped() -> Path:
    """The folder of the weights that ship."""
    return Path(str(files("models") / "weights"))


class Transformer:
    """Writes sections with a model; one for any number of sections at once."""

    def __init__(self, model: Model, provenance: Provenance, index: RunIndex | None = None) -> None:
        self._model, self._index = model, index
        self.provenance = provenance

    @classmethod
    def load(cls, folder: Path | None = None) -> Transformer:
        """The weights of a folder, or those that ship. Raises BadWeights."""
        folder = folder or shipped()
        card = _card(folder / CARD)
        runtime = Runtime.load(folder, vocabulary=VOCABULARY.sha256)
        try:
            index = RunIndex.load(folder / RUNS)
        except BadIndex as error:
            raise BadWeights(str(error)) from error
        made_by = Provenance(
            NAME,
            str(card["version"]),
            runtime.sha256,
            str(card["licence"]),
            str(card["note"]),
            bool(card["commercial"]),
        )
        return cls(runtime, made_by, index)

    def stream(self, request: Request, context: Parent | None = None, *, seed: int | None = None) -> Writing:
        """The bars of a section in order; `seed` goes before the request's. Raises Refused where the context does not fit."""
        if seed is not None:
            request = replace(request, seed=seed)
        setting = set_up(request, context)
        scribe = Scribe(self._model, request, setting.plan, scene_of(request, setting), index=self._index)
        return Writing(scribe.bars(), setting.plan.chords_text, lambda: scribe.originality)

    def ahead(self, situation: Situation) -> Iterator[BarNotes]:
        """The coming bars of a live accompaniment, as they are written; `writer.live` says what is done with them."""
        return bars_ahead(self._model, self._index, situation)


def _card(path: Path) -> dict[str, Any]:
    """What is to be known of weights, for provenance. Raises BadWeights."""
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        missing = {"version", "licence", "note", "commercial"} - card.keys()
    except (OSError, ValueError, AttributeError) as error:
        advice = "weights need a card beside them; put back the folder that came with StarBridge"
        raise BadWeights(f"{path}: {error}; {advice}") from error
    if missing:
        raise BadWeights(
            f"{path}: {', '.join(sorted(missing))} is missing; a card says version, licence, note, commercial"
        )
    return dict(card)
