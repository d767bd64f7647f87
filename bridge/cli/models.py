"""`starbridge models`: which weights and sounds are here or can be fetched, and what they may be used for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from bridge.cli.friendly import say
from bridge.cli.models_fetch import fetch, to_folder
from bridge.cli.options import SoundfontFile, Weights
from bridge.cli.telling import plain
from sessions.errors import Code, Refused

if TYPE_CHECKING:
    from models.inventory import Item

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, help="The weights and sounds that are here or can be fetched, and what they may be used for."
)

In = Annotated[
    Path | None,
    typer.Option("--in", metavar="DIR", help="Where fetched weights are; the user's folder for data by default."),
]

app.command("fetch")(fetch)


@app.command("list")
def listed(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Read every byte of what was fetched, and hold it against its hash.")
    ] = False,
    folder: In = None,
    weights: Weights = None,
    soundfont: SoundfontFile = None,
) -> None:
    """The weights and sounds that are here, and those that can be fetched: size, hash, licence, and what they may be used for.

    [bold]Examples[/bold]

      starbridge models list

      starbridge models list --check

      starbridge models list --weights run/weights --json
    """
    from models.inventory import fetched, inventory

    there = to_folder(folder)
    items = [*inventory(weights, soundfont), *fetched(there, check=check)]
    rest = _to_fetch({item.name for item in items}, there)
    if as_json:
        here = [item.to_fields() for item in items]
        typer.echo(json.dumps({"here": here, "to_fetch": rest, "folder": str(there)}, indent=2))
        return
    console = Console(emoji=False, highlight=False, soft_wrap=True)
    for item in items:
        _show(console, item)
    if rest:
        console.print(Text("Can be fetched with `starbridge models fetch NAME`:", style="dim"))
    for offered in rest:
        begun = f"; {offered['begun']}" if offered["begun"] else ""
        facts = f"about {offered['size']}, {offered['licence']}, for {offered['use']}{begun}"
        console.print(Text.assemble((f"{offered['name']:<23}", "bold"), f" {offered['what']}\n  {facts}"))


def _to_fetch(here: set[str], folder: Path) -> list[dict[str, object]]:
    """What the catalogue has and this machine has not, with how much of it has come already."""
    from bridge.fetching import amount, here_bytes
    from models.catalogue import catalogue
    from models.inventory import use_of

    rest: list[dict[str, object]] = []
    for name, entry in catalogue().items():
        if name not in here:
            begun = here_bytes(folder / name)
            facts = {"name": name, "repo": entry.repo, "what": entry.what, "size_bytes": entry.size_bytes}
            licence = {"licence": entry.licence.name, "commercial": entry.licence.commercial}
            words = {"size": amount(entry.size_bytes), "use": use_of(entry.licence.commercial)}
            rest.append(facts | licence | words | {"begun": f"{amount(begun)} have come" if begun else ""})
    return rest


def _show(console: Console, item: Item) -> None:
    """What is here, a fact a line."""
    console.print(Text(item.name, style="bold" if not item.problem else "bold red"))
    rows = {"what": item.what, "where": item.path}
    if not item.problem:
        rows["size"] = f"{item.size_bytes / 1e6:.1f} MB"
        rows |= {"version": item.version, "sha256": item.sha256, "licence": item.licence}
    rows |= {"for": item.use, "note": item.note}
    for label, value in rows.items():
        if value:
            console.print(Text.assemble(f"  {label:<9}", plain(value, 1000)))


@app.command("remove")
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What was fetched, whole or half.", show_default=False)],
    folder: In = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Take fetched weights away again. What shipped stays, and so does whatever else lies in their folder.

    [bold]Examples[/bold]

      starbridge models remove musicgen-small
    """
    from bridge.fetching import amount, here_bytes
    from bridge.fetching import remove as take_away
    from models.catalogue import find
    from models.fetched import BadRecord, read_record

    entry = find(name)
    place = to_folder(folder) / entry.name
    try:
        if read_record(place) is None and not here_bytes(place):
            raise Refused(Code.BAD_VALUE, f"{entry.name} is not in {place.parent}")
        if not yes:
            typer.confirm(f"Take {entry.name} away from {place}?", abort=True, err=True)
        freed = take_away(place)
    except BadRecord as error:
        raise Refused(Code.FAILED, f"{error}. Nothing was taken away") from None
    say(f"{entry.name} is gone from {place}: {amount(freed)}")
