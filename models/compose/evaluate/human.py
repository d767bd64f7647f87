"""Human music in figures: what ships beside the weights, so that nobody needs the music itself.

Lives here: the portraits of what people wrote, made from a corpus by one command, and reading them. Bands and written music
(classical, hymns, songs) have one each; so has how far one half of the bands' music is from the other, which is as near as
anybody can come.

    python -m models.compose.evaluate.human --corpus corpus.npz --out models/weights/human.json
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from models.compose.corpus.piece import Origin
from models.compose.corpus.store import load as load_corpus
from models.compose.evaluate.excerpt import of_piece
from models.compose.evaluate.portrait import Portrait

if TYPE_CHECKING:
    from models.compose.corpus.piece import Piece

__all__ = ["FILE", "Human", "main"]

FILE = "human.json"
VERSION = 1
WRITTEN = "written"


@dataclass(frozen=True, slots=True)
class Human:
    """What people's music is like; `halves` is how far one half of the bands' is from the other."""

    band: Portrait
    written: Portrait
    halves: Mapping[str, float | None]

    @classmethod
    def of(cls, pieces: Iterable[Piece]) -> Human:
        """The portraits of all pieces that people made."""
        band, written = Portrait(), Portrait()
        halves = Portrait(), Portrait()
        for piece in pieces:
            if piece.origin is not Origin.REAL:
                continue
            half = hashlib.sha1(f"{piece.source}/{piece.song or piece.name}".encode(), usedforsecurity=False).digest()[
                -1
            ]
            for excerpt in of_piece(piece):
                if excerpt.group == WRITTEN:
                    written.add(excerpt)
                else:
                    band.add(excerpt)
                    halves[half % 2].add(excerpt)
        return cls(band, written, halves[0].distances(halves[1]))

    def save(self, path: Path) -> None:
        """Writes the figures; the same music gives the same bytes."""
        fields = {
            "version": VERSION,
            "band": self.band.to_fields(),
            "written": self.written.to_fields(),
            "halves": self.halves,
        }
        path.write_text(json.dumps(fields, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Human:
        """The figures in a file. Raises ValueError where it holds none, OSError where it can't be read."""
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))
            if fields["version"] != VERSION:
                raise ValueError(f"{path}: written by another version; put the file that came with the weights there")
            portraits = Portrait.from_fields(fields["band"]), Portrait.from_fields(fields["written"])
            return cls(*portraits, dict(fields["halves"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"{path}: no figures of human music ({error}); put back what came with the weights"
            ) from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Reads corpus files, writes the figures."""
    parser = argparse.ArgumentParser(
        prog="python -m models.compose.evaluate.human", description="Human music in figures."
    )
    parser.add_argument(
        "--corpus", type=Path, nargs="+", required=True, help="files of python -m models.compose.corpus"
    )
    parser.add_argument("--out", type=Path, required=True, help="the file to write, such as human.json")
    told = parser.parse_args(arguments)
    human = Human.of(piece for file in told.corpus for piece in load_corpus(file))
    human.save(told.out)
    sys.stdout.write(f"{human.band.excerpts:,} excerpts of bands, {human.written.excerpts:,} of written music\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
