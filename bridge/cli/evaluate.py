"""`starbridge evaluate`: how well the composer's weights predict given music, and what its own music is like."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridge.cli.friendly import say
from bridge.cli.options import Weights
from bridge.cli.telling import plain
from sessions.errors import Code, Refused

if TYPE_CHECKING:
    from models.compose.evaluate.evaluation import Evaluation

__all__ = ["evaluate"]

MOST_TOLD = 10
"""Skipped files that are named one by one."""
NO_WEIGHTS = "The composer's weights are not here or can't be played"


def evaluate(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATHS...", help="MIDI or MusicXML files, or folders of them.", show_default=False),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="All figures as JSON.")] = False,
    weights: Weights = None,
    sections: Annotated[
        int, typer.Option("--sections", metavar="N", min=0, max=10_000, help="Random requests to write; 0 writes none.")
    ] = 50,
) -> None:
    """How well the composer's weights predict given music, and what its own music is like.

    Bits a note: what the notes of given music cost the weights that ship, the fewer the better. Then the composer writes
    sections for random requests, the same for everyone, and they are measured beside the arranger's and people's music: are
    they what was asked, in key, alive in every part, how they repeat, how their rhythm, density and register differ from
    people's, and what of them is known from the training music.

    [bold]Examples[/bold]

      starbridge evaluate song.mid

      starbridge evaluate songs hymns --sections 200 --json > figures.json
    """
    from bridge.cli.progress import Progress
    from models.compose.evaluate.evaluation import NothingToEvaluate
    from models.compose.evaluate.evaluation import evaluate as judge
    from models.compose.writer import BadWeights

    try:
        with Progress() as progress:
            found = judge(paths, weights=weights, sections=sections, told=progress)
    except NothingToEvaluate as error:
        raise Refused(Code.BAD_VALUE, plain(str(error), 1000)) from None
    except BadWeights as error:
        advice = f"{NO_WEIGHTS}: {error} --weights names another folder; a training run leaves one, called weights"
        raise Refused(Code.FAILED, plain(advice, 1000)) from None
    for line in [*_skipped(found), *found.hints]:
        say(plain(line, 1000), style="yellow")
    if as_json:
        typer.echo(json.dumps(found.to_fields(), indent=2))
    else:
        show(found)


def _skipped(found: Evaluation) -> list[str]:
    told = [f"Skipped {path}: {why}" for path, why in list(found.skipped.items())[:MOST_TOLD]]
    rest = len(found.skipped) - len(told)
    return [*told, f"Skipped {rest} more; --json names them all"] if rest else told


def show(found: Evaluation) -> None:
    """Two tables for people: the given music, and all music beside each other."""
    from models.compose.evaluate.report import table

    console = Console(emoji=False, highlight=False, soft_wrap=True)
    bits = Table("given music", "files", "notes", "bits a note", "bits a token")
    bits.columns[0].overflow = "fold"
    for column in bits.columns[1:]:
        column.justify = "right"
    rows = [(name, one.files, one.tally) for name, one in found.sets.items()]
    for name, files, tally in rows:
        bits.add_row(
            Text(plain(name, 200)), f"{files:,}", f"{tally.notes:,}", f"{tally.per_note:.3f}", f"{tally.per_token:.3f}"
        )
    if len(rows) > 1:
        bits.add_section()
        total = found.all
        files = sum(one.files for one in found.sets.values())
        bits.add_row("all", f"{files:,}", f"{total.notes:,}", f"{total.per_note:.3f}", f"{total.per_token:.3f}")
    if found.kept_back is not None:
        bits.add_section()
        bits.add_row("kept back in training, as the card says", "", "", f"{found.kept_back:.3f}", "")
    console.print(bits)
    if found.columns:
        music = Table("music", *found.columns)
        for column in music.columns[1:]:
            column.justify = "right"
        for row in table(found.columns):
            music.add_row(row.name, *(row.text(name) for name in found.columns))
        console.print(music)
    for name, failures in found.failures.items():
        for failure in failures[:MOST_TOLD]:
            console.print(Text(f"{name}, not as asked: {failure}", style="red"))
