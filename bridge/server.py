"""The server: house, doors and engine, opened in order and closed in order.

    await serve(Config(session="jam"), on_ready=print)

Every door is open before anybody is told so; on the way down doors close first, then the engine, then the record, so that what
was acknowledged is on disk and nothing is left running.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from bridge.config import Address, Config, Ready
from bridge.crowd import Crowd
from bridge.engine.supervisor import EngineState, Supervisor
from bridge.host import Host
from bridge.house import House
from bridge.midi.choice import MidiChoice
from bridge.ports.announce import Announcement
from bridge.ports.audiocraft import find_python
from bridge.ports.clock import SystemClock
from bridge.ports.descriptors import Exhausted, raise_limit
from bridge.ports.disk import SYSTEM, Files, write_whole
from bridge.ports.http.app import create_app, self_description, warm_up
from bridge.ports.http.certificate import check_certificate
from bridge.ports.http.guard import Hosts
from bridge.ports.http.server import HttpServer
from bridge.ports.midi.door import MidiDoor
from bridge.ports.midi.link import Link
from bridge.ports.osc_tcp import OscTcp
from bridge.ports.osc_udp import OscUdp
from bridge.ports.oscquery import OscQuery
from bridge.ports.own_certificate import OwnCertificate, names_of, own_certificate
from bridge.ports.secret import secret_of
from models.render.audiocraft.weights import Weights
from osc_schemas import book
from sessions.errors import Code, Refused
from sessions.roles import ROLES

__all__ = ["INVITE_S", "Server", "Shut", "serve", "write_ready"]

INVITE_S = 7 * 24 * 3600
"""How long the invites hold that a server prints at its start."""
ENGINE_INVITE_S = 10 * 365 * 24 * 3600
"""The server's own engine stays as long as the server."""

SWITCH_S = 0.0001
"""How long another thread may compute before the loop has its turn, and the loop before what is on its way to the disk goes on. The
interpreter's own 5 ms is as much as a live note may take to reach everybody; with 0.5 ms a request beside a thousand signed notes a
second took an eighth longer, with 0.03 ms as long again."""

_log = logging.getLogger(__name__)


class Shut(Exception):
    """A door that does not open: its name, where it should have been, and what the system says."""

    def __init__(self, door: str, address: Address, error: OSError) -> None:
        super().__init__(f"{door} does not open at {address}: {error}")
        self.door = door
        self.address = address
        self.error = error


class _Opens(Protocol):
    async def start(self) -> tuple[str, int]: ...


class Server:
    """Everything that runs; `start` and `close` once each."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._url = ""
        self._engine: Supervisor | None = None
        self._clock = SystemClock()
        self.house = House(config.data, self._clock, engine_expected=self._engine_is_coming, base_url=lambda: self._url)
        self._opened = contextlib.AsyncExitStack()
        self._counted: dict[str, Callable[[], dict[str, int]]] = {}
        self._describe: Callable[[], object] = lambda: None

    def statistics(self) -> dict[str, Any]:
        """Sizes of all that can grow, and how often somebody was refused, by door and by session."""
        return {name: count() for name, count in self._counted.items()} | {"sessions": self.house.statistics()}

    def describe(self) -> None:
        """Make what `/openapi.json` answers before somebody plays, who would notice it. It blocks."""
        self._describe()

    def _engine_is_coming(self) -> bool:
        return self._engine is not None and self._engine.status.state is not EngineState.GAVE_UP

    async def start(self) -> Ready:
        """Open every door; raises `Refused`, `Shut` or OSError, with everything closed again."""
        try:
            return await self._start()
        except BaseException:
            await self.close()
            raise

    async def _start(self) -> Ready:
        config = self.config
        if config.soundfont is not None:
            await asyncio.to_thread(_check_soundfont, config.soundfont)
        if config.audiocraft is not None:
            await asyncio.to_thread(_check_audiocraft, config)
        elif config.musicgen is not None:
            await asyncio.to_thread(_check_musicgen, config.musicgen)
        own = None
        if config.tls_cert is not None and config.tls_key is not None:
            await asyncio.to_thread(check_certificate, config.tls_cert, config.tls_key)
        elif not config.http.loopback:
            own = await asyncio.to_thread(self._own_certificate)
            self.config = config = replace(config, tls_cert=own.cert, tls_key=own.key)
        host = await self.house.start(config.session)
        self._opened.push_async_callback(self.house.close)
        midi = await self._start_midi(host, config.midi) if config.midi is not None else None
        crowd = Crowd()  # one, for they all share a loop
        self._opened.callback(crowd.close)
        app = create_app(self.house, hosts=Hosts.bound_to(config.http.host), crowd=crowd, statistics=self.statistics)
        self._describe = lambda: self_description(app)
        await asyncio.to_thread(warm_up, app)
        await asyncio.to_thread(book)  # read once, and not by the first datagram
        http = HttpServer(
            app, config.http.host, config.http.port, tls_cert=config.tls_cert, tls_key=config.tls_key, crowd=crowd
        )
        bound = await _open("HTTP", config.http, http)
        self._opened.push_async_callback(http.close)
        self._url = f"{http.scheme}://{Address(bound.reachable, bound.port)}"
        if config.engine:
            await self._start_engine()
        udp = OscUdp(
            self.house,
            config.osc.host,
            config.osc.port,
            session=config.session,
            act_as=config.osc_as,
            reply_port=config.osc_reply,
            crowd=crowd,
        )
        osc = await _open("OSC over UDP", config.osc, udp)
        self._opened.push_async_callback(udp.close)
        tcp = OscTcp(
            self.house,
            config.osc.host,
            osc.port,
            session=config.session,
            act_as=config.osc_as,
            any_port=config.osc.port == 0,
            crowd=crowd,
        )
        osc_tcp = await _open("OSC over TCP", Address(config.osc.host, osc.port), tcp)
        self._opened.push_async_callback(tcp.close)
        query = OscQuery(config.osc.host, 0, osc_port=osc.port, crowd=crowd)
        described = await _open("OSCQuery", Address(config.osc.host, 0), query)
        self._opened.push_async_callback(query.close)
        self._counted = {
            "http": http.statistics,
            "osc_udp": udp.statistics,
            "osc_tcp": tcp.statistics,
            "oscquery": query.statistics,
            "crowd": crowd.statistics,
        }
        if not config.osc.loopback:
            name = f"StarBridge {config.session}"
            announcement = Announcement(name, config.osc.host, osc_port=osc.port, oscquery_port=described.port)
            await announcement.start()
            self._opened.push_async_callback(announcement.close)
        return Ready(
            http=self._url,
            osc=str(Address(osc.reachable, osc.port)),
            osc_tcp=str(Address(osc_tcp.reachable, osc_tcp.port)),
            oscquery=f"http://{Address(described.reachable, described.port)}",
            session=config.session,
            midi=await midi if midi is not None else "",
            invites={role: host.make_invite(role, expires_s=INVITE_S) for role in ROLES},
            certificate=(own.cert, own.fingerprint) if own is not None else None,
        )

    def _own_certificate(self) -> OwnCertificate:
        """Beyond this machine nothing is in the clear."""
        names = names_of(self.config.http.host)
        return own_certificate(self.config.data / "tls", names, datetime.fromtimestamp(self._clock.now_us() / 1e6, UTC))

    async def _start_midi(self, host: Host, choice: MidiChoice) -> asyncio.Task[str]:
        """Begin to open a MIDI port; what there is to say of it comes with the task. Raises `Refused` for a wrong role."""
        door = MidiDoor(host, self._clock, choice, lambda hear: Link(choice, self._clock, hear))
        opening = asyncio.create_task(self._open_midi(door))
        self._opened.push_async_callback(door.close)
        return opening

    async def _open_midi(self, door: MidiDoor) -> str:
        opened = await door.start()
        self.house.doors["midi"] = door.statistics
        return opened or f"none: {door.why}"

    async def _start_engine(self) -> None:
        config = self.config
        seed = await asyncio.to_thread(secret_of, config.data / "engine.key")
        self._engine = Supervisor(
            soundfont=config.soundfont,
            weights=config.weights,
            musicgen=config.musicgen,
            precision=config.precision,
            audiocraft=config.audiocraft,
            ca=config.tls_cert,
            seed=seed,
            on_gave_up=self._engine_gave_up,
        )
        await self._engine.start()
        self._opened.push_async_callback(self._engine.close)
        for name, host in self.house.hosts.items():
            token = host.invite_own_engine(ENGINE_INVITE_S)
            self._engine.join(self._url, name, token, origin=host.origin)

    def _engine_gave_up(self, why: str) -> None:
        _log.error("%s", why)
        for host in self.house.hosts.values():
            host.no_engine_left()

    async def close(self) -> None:
        """Close the doors, the engine and the record."""
        await self._opened.aclose()


async def _open(name: str, address: Address, door: _Opens) -> Address:
    """Open a door; where it is now. Raises `Shut`."""
    try:
        return Address(*await door.start())
    except OSError as error:
        raise Shut(name, address, error) from error


async def serve(config: Config, *, on_ready: Callable[[Ready], None]) -> None:
    """Run until SIGINT or SIGTERM."""
    sys.setswitchinterval(SWITCH_S)
    stop = asyncio.Event()
    raise_limit()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(Exhausted(SystemClock()))
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C cancels the main task instead
            loop.add_signal_handler(number, stop.set)
    server = Server(config)
    try:
        ready = await server.start()
        if config.ready_file is not None:
            await asyncio.to_thread(write_ready, config.ready_file, ready)
        await asyncio.to_thread(gc.collect)
        gc.freeze()  # all that stays: else the collector walks through it again and again, for 80 ms each
        gc.enable()  # where it started in haste
        on_ready(ready)
        await asyncio.to_thread(server.describe)
        await stop.wait()
    finally:
        await server.close()


def _check_soundfont(path: Path) -> None:
    """Refuse what is plainly no soundfont before anything is open; the engine looks closer."""
    if not path.is_file():
        raise Refused(Code.BAD_VALUE, f"soundfont: there is no file {path}; give an SF2 or SF3 file")
    with path.open("rb") as file:
        head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise Refused(Code.BAD_VALUE, f"soundfont: {path} is none; give an SF2 or SF3 file")


def _check_musicgen(folder: Path) -> None:
    """The same for a folder that holds no checkpoint at all."""
    if not (folder / "config.json").is_file():
        advice = "give a folder as `starbridge models fetch` makes it"
        raise Refused(Code.BAD_VALUE, f"musicgen: there is no checkpoint in {folder}; {advice}")


def _check_audiocraft(config: Config) -> None:
    """The same for a Python that is none, and for what it is to play; neither is started or read."""
    assert config.audiocraft is not None
    find_python(config.audiocraft)
    Weights.chosen(config.musicgen, config.precision)


def write_ready(path: Path, ready: Ready, files: Files = SYSTEM) -> None:
    """All of it at once: whoever waits for the file never reads half of it. It holds invites, so it is the owner's alone."""
    promised = {name: value for name, value in asdict(ready).items() if name not in ("midi", "certificate")}
    files.make_folder(path.parent)
    write_whole(files, path, json.dumps(promised, indent=2).encode(), secret=True, locked=False)
