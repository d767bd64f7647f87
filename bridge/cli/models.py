"""`starbridge models`: which weights and sounds are here, and what they may be used for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from bridge.cli.friendly import say
from bridge.cli.telling import plain
from sessions.errors import Code, Refused

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="The weights and sounds that are here, and what they may be used for.")

Weights = Annotated[
    Path | None,
    typer.Option("--weights", metavar="DIR", help="The folder of the composer's weights; some are included."),
]
Sounds = Annotated[
    Path | None,
    typer.Option("--soundfont", metavar="F", help="The sampler's soundfont (SF2); a small one is included."),
]


@app.command("list")
def listed(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    weights: Weights = None,
    soundfont: Sounds = None,
) -> None:
    """The weights and sounds that are here: size, hash, licence, and what they may be used for.

    [bold]Examples[/bold]

      starbridge models list

      starbridge models list --weights run/weights --json
    """
    from models.inventory import ELSEWHERE, inventory

    items = list(inventory(weights, soundfont))
    if as_json:
        typer.echo(json.dumps({"here": [item.to_fields() for item in items], "not_here": ELSEWHERE}, indent=2))
        return
    console = Console(highlight=False, soft_wrap=True)
    for item in items:
        console.print(Text(item.name, style="bold" if not item.problem else "bold red"))
        rows = {"what": item.what, "where": item.path}
        if not item.problem:
            rows["size"] = f"{item.size_bytes / 1e6:.1f} MB"
            rows |= {"version": item.version, "sha256": item.sha256, "licence": item.licence}
        rows |= {"for": item.use, "note": item.note}
        for label, value in rows.items():
            if value:
                console.print(Text.assemble(f"  {label:<9}", plain(value, 1000)))
    for name, why in ELSEWHERE.items():
        console.print(Text.assemble((name, "dim"), f": {why}"))


@app.command("fetch")
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to fetch.", show_default=False)],
) -> None:
    """Fetch weights that do not ship. There are none yet: what StarBridge plays, it brings along.

    [bold]Examples[/bold]

      starbridge models fetch musicgen
    """
    from models.inventory import ELSEWHERE, inventory

    word = name.strip().lower()
    here = {item.name: item for item in inventory()}
    if word in here:
        item = here[word]
        if item.problem:
            raise Refused(
                Code.FAILED, f"{word} comes with StarBridge and can't be fetched: {plain(item.problem, 1000)}"
            )
        say(f"{word} came with StarBridge and is here: {item.path}")
    elif word in ELSEWHERE:
        raise Refused(Code.FAILED, ELSEWHERE[word])
    else:
        known = ", ".join([*here, *ELSEWHERE])
        raise Refused(Code.BAD_VALUE, f"{plain(name, 100)} is not known; there are {known}")
