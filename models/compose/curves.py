"""The curves of a training run: a line of JSON for each look at it, and a picture.

Lives here: `curves.jsonl`, which goes on where a run goes on, and `curves.png` where matplotlib is there to draw it.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     curves = Curves(Path(folder))
    ...     curves.add({"step": 20, "bits": 5.5})
    ...     curves.rows
    [{'step': 20, 'bits': 5.5}]
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Curves"]

LINES_FILE, PICTURE_FILE = "curves.jsonl", "curves.png"


class Curves:
    """The rows of one run. What lies there from beyond step `after` is forgotten: the run was resumed before it."""

    def __init__(self, folder: Path, *, after: int = 0) -> None:
        self.folder = folder
        self.path = folder / LINES_FILE
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        self.rows: list[Mapping[str, Any]] = [row for line in lines if (row := json.loads(line))["step"] <= after]
        text = "".join(json.dumps(row) + "\n" for row in self.rows)
        self.path.write_text(text, encoding="utf-8")

    def add(self, row: Mapping[str, Any]) -> None:
        """One look at the run; it has a `step`."""
        self.rows.append(row)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def draw(self) -> bool:
        """The picture: bits by token kind, and bits a note of kept-back music by set. False without matplotlib."""
        try:
            from matplotlib.figure import Figure  # type: ignore[import-not-found, unused-ignore]
        except ImportError:
            return False
        figure = Figure(figsize=(14, 6), layout="constrained")
        left, right = figure.subplots(1, 2)
        learnt = [row for row in self.rows if "bits" in row]
        left.plot([row["step"] for row in learnt], [row["bits"] for row in learnt], color="black", label="all")
        for kind in sorted({kind for row in learnt for kind in row["kinds"]}):
            some = [(row["step"], row["kinds"][kind]) for row in learnt if kind in row["kinds"]]
            left.plot(*zip(*some, strict=True), linewidth=0.8, label=kind)
        left.set(xlabel="step", ylabel="bits a token", title="music it learns from")
        judged = [row for row in self.rows if "kept_back" in row]
        for name in sorted({name for row in judged for name in row["kept_back"]}):
            points = [
                (row["step"], row["kept_back"][name]["bits_per_note"]) for row in judged if name in row["kept_back"]
            ]
            right.plot(*zip(*points, strict=True), marker=".", label=name)
        right.set(xlabel="step", ylabel="bits a note", title="music kept back")
        for axes in (left, right):
            axes.grid(alpha=0.3)
            if axes.has_data():
                axes.legend(fontsize="small", ncols=2)
        figure.savefig(self.folder / PICTURE_FILE, dpi=90)
        return True
