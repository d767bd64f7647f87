"""An evaluation: given music under some weights, and what the composer's own music is like beside others'.

Lives here: the order of the work, what of it goes on without the rest (a broken file, weights without a card), and the outcome as
plain fields. Raises `NothingToEvaluate` where no file holds music and BadWeights where the weights can't be played.

    evaluation = evaluate([Path("songs")], sections=50)
    evaluation.to_fields()["all"]["bits_per_note"]
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.compose.arranger import Arranger
from models.compose.composer import Composer
from models.compose.evaluate.excerpt import of_piece
from models.compose.evaluate.human import FILE as HUMAN
from models.compose.evaluate.human import Human
from models.compose.evaluate.likelihood import Predictor, examples_of, figures, predict, total
from models.compose.evaluate.portrait import Portrait
from models.compose.evaluate.reading import ENDINGS, Unreadable, music_below, read_music
from models.compose.evaluate.report import Column, column_of, human_column, to_fields, trial_column
from models.compose.evaluate.trial import requests, try_out
from models.compose.lessons import Tally
from models.compose.originality import BadIndex, RunIndex
from models.compose.runtime import Runtime
from models.compose.tokens.vocabulary import VOCABULARY
from models.compose.writer import BadWeights, Transformer, shipped

__all__ = ["Evaluation", "GivenSet", "NothingToEvaluate", "evaluate"]

TRIAL_SEED = 2026
"""Of the random requests, the same for everyone, so that figures compare."""

RUNS, FIGURES = "runs.npz", "figures.json"

Told = Callable[[str, float], None]
"""Called with a stage and how far it is, 0 to 1."""


class NothingToEvaluate(ValueError):
    """There is no music where it was looked for; the text says what to do."""


@dataclass(slots=True)
class GivenSet:
    """The music of one path, or of one folder in it."""

    files: int = 0
    tally: Tally = field(default_factory=Tally)


@dataclass(slots=True)
class Evaluation:
    """What was found. `skipped` are files and why; `hints` are what could not be measured, and why."""

    sha256: str
    sets: dict[str, GivenSet] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    hints: list[str] = field(default_factory=list)
    columns: dict[str, Column] = field(default_factory=dict)
    failures: dict[str, list[str]] = field(default_factory=dict)
    kept_back: float | None = None
    """Bits a note of the music by people that was kept back from the weights' training, as their card says."""

    @property
    def all(self) -> Tally:
        """All sets together."""
        return total(one.tally for one in self.sets.values())

    def to_fields(self) -> dict[str, Any]:
        """As JSON carries it."""
        return {
            "weights": self.sha256,
            "sets": {name: {"files": one.files, **figures(one.tally)} for name, one in self.sets.items()},
            "all": {"files": sum(one.files for one in self.sets.values()), **figures(self.all)},
            "kept_back_bits_per_note": self.kept_back,
            "skipped": self.skipped,
            "music": to_fields(self.columns),
            "failures": self.failures,
            "hints": self.hints,
        }


def _nothing(stage: str, done: float) -> None:
    """Tells nobody."""


def evaluate(
    paths: Sequence[Path], *, weights: Path | None = None, sections: int = 50, told: Told = _nothing
) -> Evaluation:
    """Given files and folders under the weights of a folder (else those that ship), then so many sections of its own."""
    folder = weights or shipped()
    files = _files(paths)
    runtime = Runtime.load(folder, vocabulary=VOCABULARY.sha256)
    found = Evaluation(runtime.sha256, kept_back=_kept_back(folder))
    index, human = _beside(folder, found)
    given = Portrait()
    for number, (name, path) in enumerate(files):
        told("given", number / len(files))
        _judge(runtime, path, found, found.sets.setdefault(name, GivenSet()), given, index)
    told("given", 1.0)
    found.sets = {name: one for name, one in found.sets.items() if one.files}
    if not found.sets:
        raise NothingToEvaluate(_told_why(found.skipped))
    if sections:
        _own(folder, runtime, found, index, human, sections, told)
    if given.excerpts:
        found.columns["given"] = column_of(given, human)
    if human is not None:
        found.columns["people"] = human_column(human)
    return found


def _files(paths: Sequence[Path]) -> list[tuple[str, Path]]:
    """The music below the paths, each with the set it counts to: a path itself, or a folder right below one."""
    found = []
    for path in paths:
        if not path.exists():
            raise NothingToEvaluate(f"{path}: there is no such file or folder; name MIDI or MusicXML files, or folders")
        below = list(music_below(path))
        if not below:
            raise NothingToEvaluate(f"{path}: holds no music; files end in {', '.join(ENDINGS)}")
        for file in below:
            inner = file.relative_to(path).parts if path.is_dir() else ()
            found.append((str(path / inner[0]) if len(inner) > 1 else str(path), file))
    return found


def _told_why(skipped: dict[str, str]) -> str:
    path, why = next(iter(skipped.items()))
    more = f", and {len(skipped) - 1} more like it" if len(skipped) > 1 else ""
    return f"{path}: {why}{more}; name MIDI or MusicXML files that have notes"


def _judge(
    runtime: Predictor, path: Path, found: Evaluation, into: GivenSet, given: Portrait, index: RunIndex | None
) -> None:
    """One file: its bits, and what its music is like."""
    try:
        piece = read_music(path)
    except Unreadable as error:
        found.skipped[str(path)] = str(error)
        return
    tally = predict(runtime, examples_of(piece))
    if not tally.notes:
        found.skipped[str(path)] = "it has no notes that can be told"
        return
    into.files += 1
    into.tally = total((into.tally, tally))
    for excerpt in of_piece(piece):
        given.add(excerpt, index)


def _beside(folder: Path, found: Evaluation) -> tuple[RunIndex | None, Human | None]:
    """What should lie beside the weights; without it some rows are missing, which is told."""
    index, human = None, None
    try:
        index = RunIndex.load(folder / RUNS)
    except BadIndex as error:
        found.hints.append(f"Copied runs were not looked for: {error}")
    try:
        human = Human.load(folder / HUMAN)
    except (OSError, ValueError) as error:
        found.hints.append(f"People's music does not stand beside: {error}")
    return index, human


def _kept_back(folder: Path) -> float | None:
    try:
        return float(
            json.loads((folder / FIGURES).read_text(encoding="utf-8"))["held_out"]["all by people"]["bits_per_note"]
        )
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _own(
    folder: Path,
    runtime: Runtime,
    found: Evaluation,
    index: RunIndex | None,
    human: Human | None,
    sections: int,
    told: Told,
) -> None:
    """The transformer's own music, and the arranger's for the same requests."""
    composers: dict[str, Composer] = {}
    try:
        composers["transformer"] = Transformer.load(folder)
    except BadWeights as error:
        found.hints.append(f"The transformer's own music was not measured: {error}")
    composers["arranger"] = Arranger()
    for name, composer in composers.items():
        counter = _Counter(name, sections, told)
        trial = try_out(composer, requests(sections, seed=TRIAL_SEED), index, counter)
        found.columns[name] = trial_column(trial, human)
        found.failures[name] = trial.failures


class _Counter:
    """Tells a stage's progress, call by call."""

    def __init__(self, stage: str, total: int, told: Told) -> None:
        self._stage, self._total, self._told, self._done = stage, total, told, 0

    def __call__(self) -> None:
        self._done += 1
        self._told(self._stage, self._done / self._total)
