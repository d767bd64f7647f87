"""What the card says, measured: runs of the training music, bits a note beside the baselines, generated music, samples.

Lives here: each measurement of the card as a function that gives plain JSON. How it reads is in `page`.

    learnt_by(Path("run"))     # steps, minutes, settings of a training run
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.compose.corpus.piece import Origin
from models.compose.evaluate.controls import steer
from models.compose.evaluate.likelihood import figures, predict, total
from models.compose.evaluate.report import human_column, to_fields, trial_column
from models.compose.evaluate.trial import requests, try_out
from models.compose.lessons import Tally, judging
from models.compose.originality import RunIndex, bottom_line, top_line
from models.compose.tokens.stock import Shelf
from sessions.music.parts import PITCHED_PARTS

if TYPE_CHECKING:
    from models.compose.composer import Composer
    from models.compose.corpus.piece import Piece
    from models.compose.evaluate.human import Human
    from models.compose.evaluate.likelihood import Predictor

__all__ = ["baselines", "curve_of", "held_out", "index_of", "learnt_by", "music"]

TRIAL_SEED = 2026
"""Of the requests that card and `starbridge evaluate` ask."""

ALL_REAL = "all by people"
FINAL, LOOK = "kept_back_all", "kept_back"

Told = Callable[[str, float], None]
"""Called with a stage and how far it is."""


def index_of(pieces: Iterable[Piece]) -> RunIndex:
    """The melodic runs of all music by people that was learned from: top and bottom line of each pitched part."""
    lines = (
        [note.pitch for note in line]
        for piece in pieces
        if piece.origin is Origin.REAL and not piece.held_out
        for part in PITCHED_PARTS
        if (notes := piece.notes.get(part))
        for line in (top_line(notes), bottom_line(notes))
    )
    return RunIndex.build(lines)


def learnt_by(run: Path) -> dict[str, Any]:
    """How a run went: its settings, its steps, minutes and tokens, its bits a token at its beginning and end."""
    settings = json.loads((run / "settings.json").read_text(encoding="utf-8"))
    rows = _rows(run / "curves.jsonl")
    learnt = [row for row in rows if "bits" in row]
    last = rows[-1]
    return {
        "settings": settings,
        "steps": last["step"],
        "minutes": round(last["seconds"] / 60, 1),
        "tokens": last["step"] * settings["rows"] * settings["length"],
        "bits_at_first": learnt[0]["bits"],
        "bits_at_last": learnt[-1]["bits"],
    }


def curve_of(run: Path) -> list[dict[str, Any]]:
    """The looks at kept-back music: the step, and bits a note by set."""
    return [
        {"step": row["step"], "sets": {name: round(one["bits_per_note"], 3) for name, one in row[LOOK].items()}}
        for row in _rows(run / "curves.jsonl")
        if LOOK in row
    ]


def _rows(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def baselines(own: Path, ngram: Path | None, rules: Path | None) -> dict[str, Mapping[str, Any]]:
    """Bits a note by set as others found them: this run's own look in float32, the n-gram model, the run on rules alone."""
    found: dict[str, Mapping[str, Any]] = {}
    for name, run in (("float32", own), ("rules", rules)):
        rows = _rows(run / "curves.jsonl") if run is not None else []
        looks = [row[FINAL] for row in rows if FINAL in row] or [row[LOOK] for row in rows if LOOK in row]
        if looks:
            found[name] = {
                one: {"bits_per_note": v["bits_per_note"], "notes": v["notes"]} for one, v in looks[-1].items()
            }
    if ngram is not None:
        found["ngram"] = json.loads(ngram.read_text(encoding="utf-8"))["sets"]
    return found


def held_out(model: Predictor, pieces: Sequence[Piece], told: Told, most_tokens: int | None = None) -> dict[str, Any]:
    """Bits a note of what was kept back, by set and of all music by people, as the weights are played."""
    shelf = Shelf(pieces, held_out=True)
    music = judging(shelf, most_tokens=most_tokens)
    tallies: dict[str, Tally] = {}
    for number, (name, some) in enumerate(music.items()):
        told("kept back", number / len(music))
        tallies[name] = predict(model, some)
    told("kept back", 1.0)
    real = [name for name, some in shelf.sets.items() if some[0].origin is Origin.REAL]
    tallies[ALL_REAL] = total(tallies[name] for name in real)
    return {name: figures(tally) for name, tally in tallies.items()}


def music(
    composers: Mapping[str, Composer], index: RunIndex, human: Human, sections: int, seeds: int, told: Told
) -> dict[str, Any]:
    """What the composers' own music is like over random requests, the first one's controls, beside people's music."""
    columns, failures = {}, {}
    for name, composer in composers.items():
        done = _Counter(name, sections, told)
        trial = try_out(composer, requests(sections, seed=TRIAL_SEED), index, done)
        columns[name] = trial_column(trial, human)
        failures[name] = trial.failures
    first = next(iter(composers.values()))
    steering = [
        {"control": one.control, "correlation": one.correlation, "sections": one.sections, "means": one.means}
        for one in steer(first, seeds, lambda: told("controls", 0.0))
    ]
    columns["people"] = human_column(human)
    return {"sections": sections, "measures": to_fields(columns), "failures": failures, "controls": steering}


class _Counter:
    """Tells a stage's progress, call by call."""

    def __init__(self, stage: str, total: int, told: Told) -> None:
        self._stage, self._total, self._told, self._done = stage, total, told, 0

    def __call__(self) -> None:
        self._done += 1
        self._told(self._stage, self._done / self._total)
