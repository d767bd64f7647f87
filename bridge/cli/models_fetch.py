"""`starbridge models fetch`: the licence first, then a yes, then the bytes, with a bar for people."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as Bars

from bridge.cli.friendly import INTERRUPTED, say
from bridge.cli.telling import plain
from sessions.errors import Code, Refused

if TYPE_CHECKING:
    from bridge.fetching import Plan, Progress
    from models.catalogue import Entry

__all__ = ["fetch", "to_folder"]

SHIPPED = ("composer", "soundfont")


def to_folder(given: Path | None) -> Path:
    """Where fetched weights are kept."""
    from bridge.config import default_weights

    return given or default_weights()


def fetch(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="What to fetch; `starbridge models list` says.", show_default=False)
    ],
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="DIR",
            help="Where to; it gets a folder of its name there. The user's folder for data by default.",
        ),
    ] = None,
    revision: Annotated[
        str | None,
        typer.Option(
            "--revision", metavar="R", help="A commit, tag or branch of the repository instead of the newest."
        ),
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept-licence", help="Say yes to the licence beforehand, as a script has to.")
    ] = False,
) -> None:
    """Fetch weights that do not ship. Their licence is shown before, and each take that is made with them names it.

    Whatever interrupts it, the same command goes on from there. Every byte is held against the hash that the hub states;
    HF_ENDPOINT names another hub.

    [bold]Examples[/bold]

      starbridge models fetch musicgen-small

      starbridge models fetch musicgen-stereo-small --to /media/big --accept-licence
    """
    from bridge.fetching import amount, make_plan
    from bridge.ports.hub import Hub
    from models.catalogue import find

    if name.strip().lower() in SHIPPED:
        say(
            f"{name.strip().lower()} comes with StarBridge, there is nothing to fetch; `starbridge models list` looks at it"
        )
        return
    entry = find(name)
    folder = to_folder(to) / entry.name
    if revision is None and _is_whole(entry, folder):
        return
    if not accept and not _a_person_is_here():
        raise Refused(
            Code.NOT_ALLOWED,
            f"{entry.repo} is under {entry.licence.name}, {_terms(entry)}. "
            "Nobody is here to say yes to that; where you do, add --accept-licence",
        )
    hub = Hub()
    plan: Plan = make_plan(hub, entry, folder, revision)
    plan.check_room()
    say(f"{entry.repo}, commit {plan.listing.commit[:12]}: {entry.what}")
    say(f"Licence {entry.licence.name}, {_terms(entry)}", style="bold")
    have = plan.size_bytes - plan.missing_bytes
    rest = f"{amount(plan.missing_bytes)} of {amount(plan.size_bytes)}" if have else amount(plan.size_bytes)
    if not accept:
        typer.confirm(f"Accept it and fetch {rest} into {folder}?", abort=True, err=True)
    _bring(hub, plan)


def _bring(hub: object, plan: Plan) -> None:
    from bridge.fetching import amount, fetch
    from bridge.ports.clock import SystemClock
    from bridge.ports.hub import Hub
    from sessions.log import time_text

    assert isinstance(hub, Hub)
    try:
        with plan.held(), _bars(plan) as progress:
            record = fetch(hub, plan, time_text(SystemClock().now_us()), progress)
    except KeyboardInterrupt:
        have = plan.size_bytes - plan.missing_bytes
        say(
            f"Stopped. {amount(have)} of {amount(plan.size_bytes)} are in {plan.folder}, "
            f"and `starbridge models fetch {plan.entry.name}` goes on from there",
            style="yellow",
        )
        raise typer.Exit(INTERRUPTED) from None
    typer.echo(plan.folder)
    say(f"{plan.entry.name} is here, {amount(record.size_bytes)}, each file with the hash that {hub.endpoint} states")


def _is_whole(entry: Entry, folder: Path) -> bool:
    """Whether it is here already; says so. Every byte is looked at, for who asks again may have a reason to."""
    from models.fetched import BadRecord, read_record

    try:
        record = read_record(folder)
    except BadRecord:
        return False
    if record is None or not record.files:
        return False
    wrong = record.damage(folder) or record.change(folder)
    if wrong:
        say(f"{plain(wrong)}, and is fetched again")
        return False
    typer.echo(folder)
    say(f"{entry.name} is here and as it came, revision {record.revision[:12]}")
    return True


def _terms(entry: Entry) -> str:
    """What the licence asks for, in a sentence's half."""
    if entry.licence.commercial:
        return f"which lets you sell what you make with it ({entry.licence.url})"
    return (
        f"which keeps it and what you make with it from commercial use ({entry.licence.url}); "
        "every take that is made with it says so"
    )


def _a_person_is_here() -> bool:
    return sys.stdin.isatty()


@contextmanager
def _bars(plan: Plan) -> Iterator[Progress]:
    """A bar for all that comes, and one below it while a file is checked; silent where stderr is no terminal."""
    console = Console(stderr=True, emoji=False)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    come: dict[str, int] = {}
    with Bars(*columns, console=console, disable=not console.is_terminal) as bars:
        all_of_it = bars.add_task(plan.entry.name, total=plan.size_bytes)
        check = bars.add_task("checking", visible=False)

        def progress(stage: str, name: str, done: int, total: int) -> None:
            if stage == "check":
                bars.update(check, description=f"checking {name}", total=total, completed=done, visible=done < total)
            come[name] = total if stage == "check" else done
            bars.update(all_of_it, completed=sum(come.values()))

        yield progress
