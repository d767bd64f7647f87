"""`starbridge log`: a session's log, checked and shown, without any server."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from bridge.cli.columns import columns
from bridge.cli.friendly import say

__all__ = ["app", "show", "verify"]

app = typer.Typer(help="Check and show a session's log, offline.", no_args_is_help=True)

PIPE_WIDTH = 240
"""Columns where no terminal says how many it has: no line of ours is longer."""

PATH = typer.Argument(metavar="PATH", help="A log.jsonl, a session's folder, or an exported zip.", show_default=False)


@app.command("verify")
def verify(
    path: Annotated[Path, PATH],
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="VKEY", help="The log key you expect: name+id+key, as entry 0 has it."),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against", metavar="CHECKPOINT", help="A checkpoint of the same log that you kept, or got from another."
        ),
    ] = None,
) -> None:
    """Check every entry, link and signature. Exit 0, or 1 with the first entry that is wrong and why.

    [bold]Examples[/bold]

      starbridge log verify ~/jams/sessions/friday

      starbridge log verify friday.zip --against friday-last-week.checkpoint
    """
    from bridge.cli.logs import check, read_text
    from bridge.cli.progress import Progress
    from bridge.cli.telling import plain
    from sessions.keys import VerifierKey

    expected = VerifierKey.parse(key) if key is not None else None
    other = read_text(against) if against else None
    with Progress() as progress:
        report = check(path, expected, other, progress)
    if not report.ok:
        typer.echo(plain(report, 1000))
        raise typer.Exit(1)
    typer.echo(str(report))
    signed = report.covered if report.covered is not None else 0
    extent = "it" if report.entries == 1 else f"{signed} of them"
    typer.echo(f"the checkpoint signs {extent}, root {report.root.hex()}")
    if other is not None:
        typer.echo(f"{against} is an earlier or equal state of this log")
    if expected is None:
        say(f"Checked with the key that entry 0 names; whose it is you know with --key {report.key}", style="dim")


@app.command("show")
def show(
    path: Annotated[Path, PATH],
    everything: Annotated[
        bool, typer.Option("--all", help="Every entry: bars, stems and played notes as well.", show_default=False)
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="A JSON object a line, for programs.", show_default=False)
    ] = False,
) -> None:
    """Show who asked for what and who played what. It checks nothing: that is `log verify`.

    [bold]Examples[/bold]

      starbridge log show ~/jams/sessions/friday

      starbridge log show friday.zip --json | jq 'select(.event.type == "take.played")'
    """
    from bridge.cli.logs import log_lines
    from bridge.cli.telling import STEPS, plain, telling
    from sessions.canonical import parse_object
    from sessions.log import MAX_LINE, Entry, unpack_event
    from sessions.music import Transport
    from sessions.plain import to_plain

    rows = [("#", "time", "who", "what")]
    left_out: Counter[str] = Counter()
    transport: Mapping[str, Any] = to_plain(Transport())
    with log_lines(path) as lines:
        for line in lines:
            if not line.endswith(b"\n"):
                break  # half a line: it is being written, or was torn
            fields = parse_object(line.removesuffix(b"\n"), MAX_LINE)
            if not as_json and not everything and (kind := kind_of(fields)) in STEPS:
                left_out[kind] += 1
                continue
            entry = Entry.from_object(fields)
            event = unpack_event(entry.event)
            told = telling(event, transport)
            transport = event.get("transport") or transport
            if as_json:
                shown: dict[str, Any] = entry.to_object() | {"event": event, "telling": told}
                typer.echo(json.dumps(shown, ensure_ascii=False))
            else:
                who = plain(entry.member or doer(event)) or "the server"
                signed = "" if entry.signature else " (unsigned)" if entry.member else ""
                rows.append((str(entry.index), entry.time.replace("T", " ").removesuffix("Z"), who + signed, told))
    if as_json:
        return
    console = Console(emoji=False, highlight=False)
    header, *lines_below = columns(rows, console.width if console.is_terminal else PIPE_WIDTH)
    console.print(Text(header, style="bold"))
    typer.echo("".join(f"{line}\n" for line in lines_below), nl=False)
    if left_out:
        counts = ", ".join(f"{count} {kind}" for kind, count in sorted(left_out.items()))
        say(f"Left out: {counts}. --all shows them.", style="dim")


def kind_of(fields: Mapping[str, Any]) -> str:
    """What a line's event is, before anybody has looked whether it is one."""
    event = fields.get("event")
    return str(event.get("type", "")) if isinstance(event, Mapping) else ""


def doer(event: Mapping[str, Any]) -> str:
    """Who came or went, where the server noticed it for him."""
    return str(event.get("member", "")) if event["type"] in {"session.joined", "session.left"} else ""
