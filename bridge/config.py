"""How a server is set up: every choice that its owner has, with the default.

>>> Config().http
Address(host='127.0.0.1', port=8765)
>>> Address.parse("0.0.0.0:9000")
Address(host='0.0.0.0', port=9000)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from platformdirs import user_cache_path, user_data_path

from bridge.loopback import is_loopback
from bridge.midi.choice import SYSTEMS, MidiChoice
from models.catalogue import catalogue
from models.fetched import whole
from sessions.errors import Code, Refused

__all__ = [
    "Address",
    "Config",
    "Ready",
    "default_cache",
    "default_data",
    "default_musicgen",
    "default_packed",
    "default_weights",
]

HTTP_PORT, OSC_PORT = 8765, 9720
"""Where the doors are unless told otherwise."""


def default_data() -> Path:
    """Where sessions are kept unless told otherwise: the user's own place for data."""
    return user_data_path("starbridge", appauthor=False)


def default_cache() -> Path:
    """Where lies what can be made again: the user's own place for it."""
    return user_cache_path("starbridge", appauthor=False)


def default_packed() -> Path:
    """Where packed weights of MusicGen are kept."""
    return default_cache() / "musicgen"


def default_weights() -> Path:
    """Where fetched weights are kept unless told otherwise, each in a folder of its name."""
    return default_data() / "weights"


def default_musicgen() -> Path | None:
    """The fetched weights that play unless told otherwise: the first of the catalogue that is whole."""
    return whole(default_weights(), catalogue())


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port; port 0 picks a free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """`HOST:PORT`, `[::1]:PORT` or `PORT`; raises `Refused`."""
        host, _, port = text.rpartition(":")
        host = host.strip("[]") or "127.0.0.1"
        if not port.isdecimal() or int(port) > 65_535:
            raise Refused(Code.BAD_VALUE, f"address: {text!r} has no port; write HOST:PORT, such as 127.0.0.1:8765")
        return cls(host, int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Reached from this machine only."""
        return is_loopback(self.host)

    @property
    def reachable(self) -> str:
        """The host to call when this one means every address of the machine."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)


@dataclass(frozen=True, slots=True)
class Config:
    """A server's set-up."""

    data: Path = field(default_factory=default_data)
    http: Address = Address("127.0.0.1", HTTP_PORT)
    osc: Address = Address("127.0.0.1", OSC_PORT)
    session: str = "jam"
    osc_as: str | None = None
    osc_reply: int | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    ready_file: Path | None = None
    soundfont: Path | None = None
    weights: Path | None = None
    musicgen: Path | None = None
    """A checkpoint; none of it is read before a section asks for it."""
    precision: str | None = None
    midi: MidiChoice | None = None
    """A MIDI port, where this machine has MIDI."""
    audiocraft: Path | None = None
    """The Python, or its environment, whose audiocraft plays `musicgen`, which is then a folder or a name on the hub."""
    engine: bool = True
    """Start an engine of our own; without it, one has to join from elsewhere."""

    def __post_init__(self) -> None:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise Refused(Code.BAD_VALUE, "tls: a certificate and its key go together; give --tls-cert and --tls-key")
        if self.osc_reply is not None and self.osc_as is None:
            raise Refused(
                Code.BAD_VALUE, "osc-reply: it is the port that --osc-as answers to; give --osc-as ROLE as well"
            )
        if self.midi is not None and self.midi.system not in ("", *SYSTEMS):
            raise Refused(Code.BAD_VALUE, f"midi-system: {self.midi.system!r} is none; choose {', '.join(SYSTEMS)}")


@dataclass(frozen=True, slots=True)
class Ready:
    """Where a server is reached once every door is open; all but the last two is what the ready file says."""

    http: str
    osc: str
    osc_tcp: str
    oscquery: str
    session: str
    invites: dict[str, str]
    certificate: tuple[Path, str] | None = None
    """The certificate that the server made for itself, and its fingerprint: for people, not in the file."""
    midi: str = ""
    """The MIDI port and its system, or why there is none, for people; empty where none was wanted."""
