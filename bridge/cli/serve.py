"""`starbridge serve`: the server, its addresses and an invite for each role.

What it prints is for people; programs read the file that `--ready-file` names, which is there once every door is open.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from bridge.cli.friendly import say
from bridge.cli.options import AudiocraftPython, MusicgenFolder, MusicgenPrecision, SoundfontFile, Weights
from bridge.haste import in_haste
from sessions.errors import Code, Refused

if TYPE_CHECKING:
    from bridge.config import Ready
    from bridge.server import Shut

__all__ = ["serve"]

EXAMPLES = """
[bold]Examples[/bold]

  starbridge serve
  starbridge serve --session friday --data ~/jams
  starbridge serve --osc-as leader          [dim]oscsend and simple controllers act as leader, from this machine[/dim]
  starbridge serve --midi-device Launchkey --midi-part melody          [dim]a keyboard that plays the melody[/dim]
  starbridge serve --http 0.0.0.0:8765      [dim]for the local network, over TLS by a certificate that it makes[/dim]
  starbridge serve --http 0.0.0.0:8765 --tls-cert cert.pem --tls-key key.pem
"""


@in_haste()
def serve(
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Where sessions, logs and takes are kept.")
    ] = None,
    http: Annotated[
        str | None,
        typer.Option(
            "--http",
            metavar="HOST:PORT",
            help="The studio, HTTP and WebSocket; port 0 picks a free one. \\[127.0.0.1:8765]",
        ),
    ] = None,
    osc: Annotated[
        str | None,
        typer.Option("--osc", metavar="HOST:PORT", help="OSC over UDP, and over TCP beside it. \\[127.0.0.1:9720]"),
    ] = None,
    session: Annotated[
        str, typer.Option("--session", metavar="NAME", help="The session to open, made anew if need be.")
    ] = "jam",
    osc_as: Annotated[
        str | None,
        typer.Option("--osc-as", metavar="ROLE", help="Programs on this machine act as ROLE over OSC without joining."),
    ] = None,
    osc_reply: Annotated[
        int | None,
        typer.Option(
            "--osc-reply", metavar="PORT", min=1, max=65535, help="With --osc-as: the local port to answer to."
        ),
    ] = None,
    tls_cert: Annotated[
        Path | None,
        typer.Option(
            "--tls-cert",
            metavar="F",
            help="A certificate (PEM) to serve over TLS; without one, a server open beyond this machine makes its own.",
        ),
    ] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", metavar="F", help="Its private key (PEM).")] = None,
    ready_file: Annotated[
        Path | None,
        typer.Option(
            "--ready-file", metavar="F", help="Written as JSON once every door is open: addresses and invites."
        ),
    ] = None,
    midi: Annotated[
        str, typer.Option("--midi", metavar="NAME", help="The MIDI port that DAWs and synths see, where MIDI is here.")
    ] = "StarBridge",
    no_midi: Annotated[
        bool, typer.Option("--no-midi", envvar="STARBRIDGE_NO_MIDI", help="No MIDI port.", show_envvar=False)
    ] = False,
    midi_device: Annotated[
        str,
        typer.Option(
            "--midi-device", metavar="NAME", help="A keyboard or synth that is connected whenever it is there."
        ),
    ] = "",
    midi_as: Annotated[
        str, typer.Option("--midi-as", metavar="ROLE", help="What comes in over MIDI is played as ROLE.")
    ] = "guest",
    midi_part: Annotated[
        str, typer.Option("--midi-part", metavar="PART", help="... on PART, and not on the channel's own part.")
    ] = "",
    midi_clock: Annotated[
        bool, typer.Option("--midi-clock", help="MIDI clock, start, stop and song position go out as well.")
    ] = False,
    no_midi_programs: Annotated[
        bool,
        typer.Option("--no-midi-programs", help="No program changes: the instruments are chosen at the other end."),
    ] = False,
    midi_system: Annotated[
        str, typer.Option("--midi-system", metavar="NAME", help="jack, alsa, core or windows, where several are here.")
    ] = "",
    weights: Weights = None,
    soundfont: SoundfontFile = None,
    musicgen: MusicgenFolder = None,
    precision: MusicgenPrecision = None,
    audiocraft: AudiocraftPython = None,
) -> None:
    """Open a session on this machine: studio page, OSC, WebSocket, and an engine to jam with."""
    from bridge.config import Address, Config, default_data, default_musicgen
    from bridge.midi.choice import MidiChoice
    from bridge.server import Shut
    from bridge.server import serve as run
    from sessions.music import parse_parts

    choice = MidiChoice(
        name=midi,
        device=midi_device,
        system=midi_system,
        role=midi_as,
        part=parse_parts(midi_part)[0] if midi_part else None,
        clock=midi_clock,
        programs=not no_midi_programs,
    )
    defaults = Config()
    config = Config(
        data=data or default_data(),
        http=Address.parse(http) if http else defaults.http,
        osc=Address.parse(osc) if osc else defaults.osc,
        session=session,
        osc_as=osc_as,
        osc_reply=osc_reply,
        tls_cert=tls_cert,
        tls_key=tls_key,
        ready_file=ready_file,
        soundfont=soundfont,
        weights=weights,
        musicgen=musicgen if musicgen or audiocraft else default_musicgen(),
        precision=precision,
        midi=None if no_midi else choice,
        audiocraft=audiocraft,
    )
    try:
        asyncio.run(run(config, on_ready=lambda ready: show(ready, config.data)))
    except Shut as shut:
        raise cannot_open(shut) from None
    say("Stopped. What was acknowledged is on disk.")


def cannot_open(shut: Shut) -> Refused:
    """What a person can do where a door does not open."""
    from bridge.config import Address

    option = "--http" if shut.door == "HTTP" else "--osc"
    host, error = shut.address.host, shut.error
    door = f"{option}: {shut.door} at {shut.address}"
    if error.errno == errno.EADDRINUSE:
        return Refused(
            Code.FAILED,
            f"{door}: another program has that port, perhaps a StarBridge that runs already;"
            f" end it, or choose another port ({option} {Address(host, 0)} picks a free one)",
        )
    if error.errno == errno.EACCES:
        return Refused(Code.FAILED, f"{door}: that port takes rights that you don't have; choose one above 1023")
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return Refused(
            Code.FAILED, f"{door}: {host} is no address of this machine; choose 127.0.0.1, or 0.0.0.0 for all"
        )
    return Refused(Code.FAILED, f"{door}: the system does not open it ({error.strerror or error}); choose another")


def show(ready: Ready, data: Path) -> None:
    """The addresses and invites, for a person to click and paste."""
    console = Console(emoji=False, highlight=False, soft_wrap=True)
    console.print(Text.assemble(("StarBridge", "bold"), f" is open: session {ready.session}"))
    console.print(f"  Studio   {ready.http}")
    console.print(f"  OSC      {ready.osc} (UDP), {ready.osc_tcp} (TCP), described at {ready.oscquery}")
    if ready.midi:
        console.print(f"  MIDI     {ready.midi}", markup=False)
    if ready.certificate is not None:
        path, fingerprint = ready.certificate
        console.print(f"  TLS      by a certificate of the server's own, {path}", markup=False)
        console.print(f"           whose SHA-256 must be what a browser shows when it warns: {fingerprint}")
    console.print(f"  Log      {data / 'sessions' / ready.session}", markup=False)
    console.print("Invites, each a link for one role; over OSC, send its token to /session/join:")
    for role, token in ready.invites.items():
        console.print(Text.assemble("  ", (f"{role:<9}", "bold"), f"{ready.http.rstrip('/')}/#token={token}"))
    console.print("Ctrl-C stops it.", style="dim")


serve.__doc__ = f"{serve.__doc__}\n{EXAMPLES}"
