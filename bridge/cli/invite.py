"""`starbridge invite`: a token for one role in one session, signed with the session's key.

It needs the session's folder, not its server: whoever can read the key there may let people in.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["invite"]


def invite(
    session: Annotated[str, typer.Argument(metavar="SESSION", help="The session to invite to.", show_default=False)],
    role: Annotated[
        str,
        typer.Option(
            "--role",
            metavar="ROLE",
            help="leader, rhythm, harmony, guest, listener, engine, or one that a leader defined.",
        ),
    ],
    name: Annotated[
        str,
        typer.Option(
            "--name", metavar="N", help="Who it is for: only this name may come in with it.", show_default=False
        ),
    ] = "",
    expires: Annotated[
        str, typer.Option("--expires", metavar="SPAN", help="How long it lets people in: 90m, 12h, 7d.")
    ] = "12h",
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Where `serve` keeps its sessions.")
    ] = None,
) -> None:
    """Print a token that lets somebody into a session.

    [bold]Examples[/bold]

      starbridge invite jam --role guest

      starbridge invite jam --role rhythm --name jo --expires 3h
    """
    import secrets

    from bridge.config import default_data
    from bridge.ports.clock import SystemClock
    from bridge.ports.disk import read_key, session_folder
    from sessions.invites import make_invite, read_span

    span_s = read_span(expires)
    folder = session_folder(data or default_data(), session)
    key = read_key(folder)
    check_role(folder, role)
    expires_s = SystemClock().now_us() // 1_000_000 + span_s
    typer.echo(make_invite(key, session, role, name, expires_s=expires_s, id=secrets.token_hex(8)))


def check_role(folder: Path, role: str) -> None:
    """Is there such a role in the session? Those that a leader defined stand in its log. Raises `Refused`."""
    from bridge.ledger import fold
    from sessions.errors import Code, Refused
    from sessions.log import read_line
    from sessions.roles import ROLES
    from sessions.state import State

    if role in ROLES:
        return
    lines = (folder / "log.jsonl").read_bytes().split(b"\n")[:-1]  # what follows the last line feed is not a line yet
    state = fold(State(), map(read_line, lines))
    if not state.has_role(role):
        known = ", ".join([*ROLES, *state.roles])
        raise Refused(Code.BAD_VALUE, f"role: there is no role {role[:64]!r} in this session; there are {known}")
