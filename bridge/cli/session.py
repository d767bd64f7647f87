"""`starbridge session`: what can be done with a session's folder while no server has it open."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bridge.export import Parcel

__all__ = ["app", "export"]

app = typer.Typer(help="Take a session with you.", no_args_is_help=True)


@app.callback()
def session() -> None:
    """Take a session with you."""


@app.command("export")
def export(
    name: Annotated[str, typer.Argument(metavar="SESSION", help="The session to pack.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="F", help="The zip to write; SESSION.zip by default.", show_default=False),
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Where `serve` keeps its sessions.")
    ] = None,
) -> None:
    """Pack a session into one zip: log, checkpoint, and each take's MIDI, stems and certificate. The key stays at home.

    While a server has it open, a leader gets the same from the studio, or by GET /api/sessions/SESSION/export.

    [bold]Examples[/bold]

      starbridge session export friday

      starbridge log verify friday.zip
    """
    from bridge.config import default_data
    from bridge.ports.disk import is_session, session_folder
    from sessions.errors import Code, Refused

    folder = session_folder(data or default_data(), name)
    if not is_session(folder):
        raise Refused(Code.BAD_VALUE, f"there is no session {name} in {folder.parent}; check --data")
    target = out or Path(f"{name}.zip")
    asyncio.run(pack(folder, name, target))
    typer.echo(target)


async def pack(folder: Path, name: str, target: Path) -> None:
    """The session of a folder as a zip; raises `Refused`, also where a server has it open."""
    from bridge.export import Parcel
    from bridge.host import Host
    from bridge.ledger import open_ledger
    from bridge.ports.clock import SystemClock

    clock = SystemClock()
    ledger = await asyncio.to_thread(open_ledger, folder, name, clock)
    try:
        await ledger.flush()
        await asyncio.to_thread(write, Parcel.of(Host(ledger, clock)), target)
    finally:
        await ledger.close()


def write(parcel: Parcel, target: Path) -> None:
    """The zip beside its place and then moved there, so that half a one never lies about."""
    from bridge.export import write_zip

    half = target.with_name(target.name + ".part")
    try:
        with open(half, "wb") as file:
            write_zip(parcel, file)
        half.replace(target)
    finally:
        half.unlink(missing_ok=True)
