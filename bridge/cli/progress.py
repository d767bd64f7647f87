"""Progress of long work, on stderr, so that stdout stays clean for data; in a pipe or a log file it is silent."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

__all__ = ["Progress"]


class Progress:
    """One bar a stage, called as the work goes on.

    with Progress() as progress:
        progress("compose", 0.5)
    """

    def __init__(self) -> None:
        columns = (TextColumn("{task.description:<10}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        console = Console(stderr=True, emoji=False)
        self._bars = Bars(*columns, console=console, disable=not console.is_terminal)
        self._stages: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: float) -> None:
        if stage not in self._stages:
            self._stages[stage] = self._bars.add_task(stage, total=1.0)
        self._bars.update(self._stages[stage], completed=min(max(done, 0.0), 1.0))

    def __enter__(self) -> Progress:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()
