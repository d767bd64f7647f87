"""Builds the corpus: `python -m models.compose.corpus --data DIR --out corpus.npz`.

Lives here: the command, its progress and its table. Everything else is in the modules beside it.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from models.compose.corpus.duplicates import without_duplicates
from models.compose.corpus.piece import Piece, Skipped
from models.compose.corpus.readers import READERS
from models.compose.corpus.store import save


def main(arguments: Sequence[str] | None = None) -> int:
    """Reads what is there, drops what is there twice, writes one file; 1 where there is nothing to read."""
    parser = argparse.ArgumentParser(prog="python -m models.compose.corpus", description="Build the training corpus.")
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds the sets' folders")
    parser.add_argument("--out", type=Path, required=True, help="the file to write, such as corpus.npz")
    parser.add_argument("--only", default="", help="sets to read, separated by commas; all without it")
    parser.add_argument("--verbose", action="store_true", help="tell each piece that is left out, and why")
    options = parser.parse_args(arguments)
    console = Console()
    only = {name.strip() for name in options.only.split(",") if name.strip()}
    unknown = only - {reader.folder for reader in READERS}
    if unknown:
        console.print(f"no such set: {', '.join(sorted(unknown))}; known: {', '.join(r.folder for r in READERS)}")
        return 2
    readers = [r for r in READERS if (options.data / r.folder).is_dir() and (not only or r.folder in only)]
    if not readers:
        console.print(
            f"{options.data} holds none of the sets; give the folder that has freedoom, groove and so on in it"
        )
        return 1
    pieces: list[Piece] = []
    skipped: list[Skipped] = []
    columns = (TextColumn("{task.description:20}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        for reader in readers:
            folder = options.data / reader.folder
            task = progress.add_task(reader.folder, total=sum(1 for _ in folder.glob(reader.files)))
            for made in reader.read(folder):
                if isinstance(made, Piece):
                    pieces.append(made)
                else:
                    skipped.append(made)
                progress.advance(task)
        task = progress.add_task("duplicates", total=1)
        kept, doubles = without_duplicates(pieces)
        progress.advance(task)
    save(options.out, kept)
    console.print(_table(kept, skipped, doubles))
    if options.verbose:
        for one in [*skipped, *doubles]:
            console.print(f"{one.source}/{one.name}: {one.reason}", highlight=False, markup=False, soft_wrap=True)
    return 0


def _table(pieces: Sequence[Piece], skipped: Sequence[Skipped], doubles: Sequence[Skipped]) -> Table:
    table = Table("set", "licence", "pieces", "bars", "notes", "held out", "unreadable", "doubles")
    for column in table.columns[2:]:
        column.justify = "right"
    bad, twice = Counter(one.source for one in skipped), Counter(one.source for one in doubles)
    sources = dict.fromkeys([piece.source for piece in pieces] + [one.source for one in (*skipped, *doubles)])
    for source in sources:
        mine = [piece for piece in pieces if piece.source == source]
        licences = sorted({piece.licence for piece in mine})
        figures = _figures(mine)
        table.add_row(source, ", ".join(licences), *figures, str(bad[source]), str(twice[source]))
    table.add_section()
    table.add_row("all", "", *_figures(pieces), str(len(skipped)), str(len(doubles)))
    return table


def _figures(pieces: Sequence[Piece]) -> tuple[str, str, str, str]:
    notes = sum(len(row) for piece in pieces for row in piece.notes.values())
    bars = sum(len(piece.bars) for piece in pieces)
    return f"{len(pieces):,}", f"{bars:,}", f"{notes:,}", str(sum(piece.held_out for piece in pieces))


if __name__ == "__main__":
    sys.exit(main())
