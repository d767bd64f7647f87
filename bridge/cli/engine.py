"""`starbridge engine`: the engine that a server starts for itself, joining from another machine."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.friendly import say
from bridge.cli.options import AudiocraftPython, MusicgenFolder, MusicgenPrecision, SoundfontFile, Weights
from sessions.errors import Refused

__all__ = ["engine"]


def engine(
    join: Annotated[
        str, typer.Option("--join", metavar="URL", help="The server, as `serve` prints it.", show_default=False)
    ],
    token: Annotated[
        str,
        typer.Option(
            "--token",
            metavar="T",
            envvar="STARBRIDGE_TOKEN",
            help="An invite with the role engine, or the link that has it; the environment keeps it out of the list of"
            " processes.",
            show_default=False,
        ),
    ],
    name: Annotated[str, typer.Option("--name", metavar="N", help="What the session calls it.")] = "engine",
    weights: Weights = None,
    soundfont: SoundfontFile = None,
    musicgen: MusicgenFolder = None,
    precision: MusicgenPrecision = None,
    audiocraft: AudiocraftPython = None,
    ca: Annotated[
        Path | None,
        typer.Option(
            "--ca", metavar="FILE", help="A certificate (PEM) to trust: a copy of the server's own, where it made one."
        ),
    ] = None,
) -> None:
    """Lend this machine to a session as its engine: it joins, and answers section requests until Ctrl-C.

    [bold]Examples[/bold]

      starbridge invite jam --role engine        (where the server runs)

      starbridge engine --join https://studio.local:8765 --token TOKEN --ca cert.pem
    """
    from bridge.config import default_musicgen
    from bridge.engine.client import run_engine
    from bridge.engine.where import read_url

    try:
        where = read_url(join, ca=ca is not None)
    except Refused as no:
        name_, _, advice = no.advice.partition(": ")
        raise typer.BadParameter(advice, param_hint=f"--{'join' if name_ == 'url' else name_}") from None
    logging.basicConfig(level=logging.WARNING, format="%(message)s")  # to stderr
    logging.getLogger("starbridge").setLevel(logging.INFO)
    say(f"Engine {name} joins {where.url}; Ctrl-C takes it away.")
    token = token.strip().rpartition("#token=")[2]
    asyncio.run(
        run_engine(
            where.url,
            [token],
            soundfont=soundfont,
            weights=weights,
            musicgen=musicgen if musicgen or audiocraft else default_musicgen(),
            precision=precision,
            audiocraft=audiocraft,
            ca=ca,
            name=name,
        )
    )
