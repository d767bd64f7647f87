"""`starbridge bench`: how fast it is here, with the machine and the commit named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bridge.cli.friendly import say

__all__ = ["bench"]

PIPE_WIDTH = 160
"""Columns where no terminal says how many it has: no row is longer."""


def bench(
    parts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PART]...", help="bridge, log, compose, stems, jam, catalog, sync; all, if none is named."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Figures as JSON, for a file that keeps them.")] = False,
    weights: Annotated[
        Path | None, typer.Option("--weights", metavar="FOLDER", help="The composer's weights, if not those that ship.")
    ] = None,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.01, max=600, help="How long one measurement may last.")
    ] = 2.0,
) -> None:
    """Measure how fast the parts are on this machine.

    Nothing else should be busy meanwhile; the load before and after is told beside the figures.

    [bold]Examples[/bold]

      starbridge bench compose

      starbridge bench compose log --json > bench.json
    """
    from bridge.bench import PARTS, run
    from bridge.bench.figures import Setting

    asked = parts or []
    unknown = [part for part in asked if part not in PARTS]
    if unknown:
        raise typer.BadParameter(f"there is no {unknown[0]!r} to measure; there are {', '.join(PARTS)}")
    setting = Setting(seconds=seconds) if weights is None else Setting(weights, seconds)
    report = run(asked, setting, lambda part: say(f"measuring {part} ..."))
    if as_json:
        typer.echo(json.dumps(report, indent=2))
    else:
        show(report)


def show(report: dict[str, Any]) -> None:
    """Tables for people."""
    console = Console(emoji=False, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console = Console(emoji=False, highlight=False, soft_wrap=True, width=PIPE_WIDTH)
    machine = report["machine"]
    console.print(
        f"{machine['processor']}, {machine['cores']} cores, load {machine['load']}, Python {machine['python']}"
    )
    console.print(
        f"StarBridge {report['starbridge']}" + (f", commit {report['commit'][:12]}" if report["commit"] else "")
    )
    for part, figures in report["measured"].items():
        table = Table(title=part, title_justify="left", box=None, pad_edge=False)
        for heading, right in (("", False), ("", True), ("", False), ("p95", True), ("goal", False)):
            table.add_column(heading, justify="right" if right else "left")
        for name, figure in figures.items():
            p95 = f"{figure['p95']:,.3g}" if "p95" in figure else ""
            value = figure["value"]
            table.add_row(
                name, f"{value:,.0f}" if value >= 100 else f"{value:.3g}", figure["unit"], p95, figure.get("goal")
            )
        console.print(table)
    for part, why in report["not_measured"].items():
        console.print(f"{part}: {why}")
