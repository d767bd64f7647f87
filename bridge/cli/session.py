"""`starbridge session`: what can be done with a session's folder, whether a server has it open or not."""

from __future__ import annotations

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

    It holds what the log's checkpoint signs: all of it after a stop, all up to a second ago while a server has it open.
    A leader gets the same from the studio, or by GET /api/sessions/SESSION/export.

    [bold]Examples[/bold]

      starbridge session export friday

      starbridge log verify friday.zip
    """
    from bridge.config import default_data
    from bridge.export import Parcel
    from bridge.ports.disk import is_session, read_signed, session_folder
    from sessions.errors import Code, Refused

    folder = session_folder(data or default_data(), name)
    if not is_session(folder):
        raise Refused(Code.BAD_VALUE, f"there is no session {name} in {folder.parent}; check --data")
    target = out or Path(f"{name}.zip")
    write(Parcel.at_rest(read_signed(folder)), target)
    typer.echo(target)


def write(parcel: Parcel, target: Path) -> None:
    """The zip beside its place and then moved there, so that half a one never lies about."""
    from bridge.export import write_zip
    from bridge.ports.disk import SYSTEM

    half = target.with_name(target.name + ".part")
    try:
        with open(half, "wb") as file:
            write_zip(parcel, file)
            file.flush()
            SYSTEM.sync(file.fileno())
        SYSTEM.replace(half, target)
        SYSTEM.sync_folder(target.parent)
    finally:
        SYSTEM.remove(half)
