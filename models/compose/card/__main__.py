"""Ships weights: `python -m models.compose.card --run RUN --corpus FILE... --data DIR --out models/weights`.

Lives here: the command and its order. What ships is all of the folder: tensors as bfloat16, the index of melodic runs, figures of
people's music, licences, pictures, the card. The page is written after each measurement, so it stands as soon as weights do. Asked
again for the same weights, the command keeps what it measured and adds what is new; --anew forgets all.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from models.compose.arranger import Arranger
from models.compose.card import gather
from models.compose.card.page import NOTE, page
from models.compose.card.rolls import Roll, picture
from models.compose.card.sources import copy_licences, counted
from models.compose.card.tensors import ship
from models.compose.composer import Composer
from models.compose.corpus.piece import Piece
from models.compose.corpus.store import load as load_corpus
from models.compose.evaluate.excerpt import of_section
from models.compose.evaluate.human import FILE as HUMAN
from models.compose.evaluate.human import Human
from models.compose.originality import RunIndex
from models.compose.runtime import Runtime
from models.compose.runtime.weights import TENSORS, read
from models.compose.tokens.vocabulary import VOCABULARY
from models.compose.writer import Transformer
from sessions.music.section import parse_request

CARD, PAGE, FIGURES, RUNS, ROLLS, LICENCES = (
    "card.json",
    "README.md",
    "figures.json",
    "runs.npz",
    "rolls.svg",
    "licences",
)
LICENCE = "Apache-2.0"

SAMPLES: tuple[Mapping[str, Any], ...] = (
    {"style": "rock", "kind": "chorus", "key": "E", "bars": 8},
    {"style": "house", "kind": "drop", "key": "Am", "bars": 8},
    {"style": "funk", "kind": "verse", "key": "D dorian", "bars": 8},
    {"style": "hip-hop", "kind": "loop", "key": "Fm", "bars": 8},
    {"style": "jazz", "kind": "verse", "chords": "Dm7 G7 Cmaj7 A7", "bars": 8},
    {"style": "dnb", "kind": "drop", "key": "Gm", "bars": 8},
    {"style": "ballad", "kind": "bridge", "key": "Bb", "bars": 8},
    {"style": "metal", "kind": "intro", "meter": "7/8", "key": "F# phrygian", "bars": 8},
)
"""What is drawn: the seed is 1 for each, nothing was picked."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Makes the folder; 2 where the command makes no sense."""
    parser = argparse.ArgumentParser(prog="python -m models.compose.card", description="Weights with their card.")
    parser.add_argument("--run", type=Path, required=True, help="the folder of a training run")
    parser.add_argument(
        "--corpus", type=Path, nargs="+", required=True, help="files of python -m models.compose.corpus"
    )
    parser.add_argument("--data", type=Path, required=True, help="the folder of the sets, for their licences")
    parser.add_argument("--out", type=Path, required=True, help="the folder to make, such as models/weights")
    parser.add_argument("--before", type=Path, nargs="+", default=[], help="corpora that the run began with")
    parser.add_argument("--before-steps", type=int, default=0, help="steps in which it learned from those")
    parser.add_argument("--version", default="1", help="of the weights")
    parser.add_argument("--ngram", type=Path, help="the figures of python -m models.compose.ngram")
    parser.add_argument("--rules", type=Path, help="the folder of a run with --origin rules")
    parser.add_argument("--machine", default="two processor cores", help="what it was trained on, in words")
    parser.add_argument("--sections", type=int, default=100, help="random requests to write; 0 measures no music")
    parser.add_argument("--seeds", type=int, default=10, help="sections for each value of each control")
    parser.add_argument("--judge-tokens", type=int, help="of each set kept back at most; all without it")
    parser.add_argument("--anew", action="store_true", help="make the runs' index and people's figures again")
    told = parser.parse_args(arguments)
    out: Path = told.out
    weights = ship(told.run / "weights", out, vocabulary=VOCABULARY.sha256)
    card = {"version": told.version, "licence": LICENCE, "note": NOTE, "commercial": True}
    (out / CARD).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    for figures in _figures(told, out, weights):
        (out / FIGURES).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
        (out / PAGE).write_text(page(figures), encoding="utf-8")
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    sys.stdout.write(f"{out}: {size / 1e6:.1f} MB\n")
    return 0


def _figures(told: argparse.Namespace, out: Path, weights: int) -> Iterator[dict[str, Any]]:
    """The figures, after each thing that is measured."""
    pieces: list[Piece] = [piece for file in told.corpus for piece in load_corpus(file)]
    sets = counted(pieces)
    index, human = _of_corpus(pieces, told.before, out, anew=told.anew)
    copy_licences(told.data, list(sets), out / LICENCES)
    run = gather.learnt_by(told.run)
    model = _model(out, told.version, weights)
    known = {} if told.anew else _known(out / FIGURES, model["sha256"])
    figures: dict[str, Any] = {
        "model": model,
        "sets": {name: counts.to_fields() for name, counts in sets.items()},
        "runs": {"runs": index.runs, "bytes": (out / RUNS).stat().st_size / 1e6, "sha256": index.sha256},
        "training": run
        | {"command": _command(run["settings"]), "machine": told.machine, "before_steps": told.before_steps},
        "curve": gather.curve_of(told.run),
        "baselines": gather.baselines(told.run, told.ngram, told.rules),
        **({"rules": gather.learnt_by(told.rules)} if told.rules else {}),
        **known,
    }
    yield figures
    if figures.get("judge_tokens", 0) != told.judge_tokens or "held_out" not in figures:
        runtime = Runtime.load(out, vocabulary=VOCABULARY.sha256)
        figures["held_out"] = gather.held_out(runtime, pieces, _say, told.judge_tokens)
        figures["judge_tokens"] = told.judge_tokens
        yield figures
    del pieces
    ours = Transformer.load(out)
    (out / ROLLS).write_text(picture(list(_rolls(ours))), encoding="utf-8")
    if told.sections and figures.get("music", {}).get("sections") != told.sections:
        both: dict[str, Composer] = {"transformer": ours, "arranger": Arranger()}
        figures["music"] = gather.music(both, index, human, told.sections, told.seeds, _say)
        yield figures


def _known(path: Path, sha256: str) -> dict[str, Any]:
    """What was measured on these very weights before."""
    if not path.exists():
        return {}
    before = json.loads(path.read_text(encoding="utf-8"))
    same = before.get("model", {}).get("sha256") == sha256
    return {name: before[name] for name in ("held_out", "judge_tokens", "music") if same and name in before}


def _of_corpus(pieces: Sequence[Piece], before: Sequence[Path], out: Path, *, anew: bool) -> tuple[RunIndex, Human]:
    """What depends on the corpus alone, made where it is not there; what was learned from before is known as well."""
    if anew or not (out / RUNS).exists():
        earlier = (piece for file in before for piece in load_corpus(file))
        gather.index_of((*pieces, *earlier)).save(out / RUNS)
    if anew or not (out / HUMAN).exists():
        Human.of(pieces).save(out / HUMAN)
    return RunIndex.load(out / RUNS), Human.load(out / HUMAN)


def _model(out: Path, version: str, weights: int) -> dict[str, Any]:
    found = read(out)
    shape = found.shape
    return {
        "weights": weights, "version": version, "licence": LICENCE, "sha256": found.sha256,
        "bytes": (out / TENSORS).stat().st_size / 1e6, "width": shape.width, "layers": shape.layers,
        "heads": shape.heads, "head": shape.head_width, "groups": shape.groups, "inner": shape.inner,
        "context": shape.context, "vocabulary": shape.vocabulary,
    }  # fmt: skip


def _command(settings: Mapping[str, Any]) -> str:
    """The command that trains the same."""
    words = ["python -m models.compose.train --corpus corpus.npz --out run"]
    words.append(f"--steps {settings['steps']}" if settings["steps"] else f"--minutes {settings['minutes']:g}")
    words += [f"--{name} {settings[name]}" for name in ("size", "rate", "rows", "threads", "seed", "device")]
    return " ".join(words)


def _rolls(composer: Composer) -> Iterable[Roll]:
    for fields in SAMPLES:
        request = parse_request({**fields, "seed": 1})
        writing = composer.stream(request)
        excerpt = of_section(request, list(writing), writing.chords)
        title = f"{request.style} {request.kind}, {request.key}, {request.meter}, {request.bpm:g} bpm"
        yield Roll(title, excerpt.notes, excerpt.meter, excerpt.bars)


def _say(stage: str, done: float) -> None:
    sys.stderr.write(f"\r{stage} {done:.0%}   ")
    sys.stderr.flush()


if __name__ == "__main__":
    raise SystemExit(main())
