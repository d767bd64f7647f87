"""The command line: one file a command, all thin. What they do is done by the rooms; here it is only asked for and shown.

Data goes to stdout, everything said to a person to stderr, so that `starbridge invite ... | pbcopy` works. Whatever a
user can get wrong ends in one line that says what to do (exit 1; 2 where the command itself was mistyped). Commands
import what they need when they run, so that `--help` is there at once.

    starbridge ask "dark dubstep, 140 bpm" --bars 8 --out drop
"""

from __future__ import annotations

import typer

from bridge.cli import ask, bench, engine, evaluate, invite, log, models, serve, session, verify
from bridge.cli.friendly import Friendly

__all__ = ["app"]

app = typer.Typer(
    name="starbridge",
    cls=Friendly,
    help="A bandmate that listens on OSC, HTTP and WebSocket: ask it for sections of music, and keep a signed log of the jam.",
    epilog="Start with: starbridge serve. Every command explains itself with --help.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("serve")(serve.serve)
app.command("ask")(ask.ask)
app.command("invite")(invite.invite)
app.command("verify")(verify.verify)
app.command("engine")(engine.engine)
app.command("bench")(bench.bench)
app.command("evaluate")(evaluate.evaluate)
app.add_typer(log.app, name="log")
app.add_typer(models.app, name="models")
app.add_typer(session.app, name="session")
