"""Where a server is, as a person writes it, and whose certificate to believe there.

>>> read_url("ws://127.0.0.1:8765/#token=abc")
Where(host='127.0.0.1', port=8765, secure=False)
>>> read_url("studio.local:8765").url      # beyond this machine a server speaks TLS
'https://studio.local:8765'
>>> read_url("ftp://studio.local")
Traceback (most recent call last):
    ...
sessions.errors.Refused: bad-value: url: 'ftp' leads to no StarBridge server; write http://HOST:PORT or https://HOST:PORT
"""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from bridge.loopback import is_loopback
from sessions.errors import Code, Refused

__all__ = ["Where", "read_url", "trust"]

SCHEMES = {"http": False, "ws": False, "https": True, "wss": True}
EXAMPLE = "give the address that `starbridge serve` prints, such as http://127.0.0.1:8765"

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_.])?")


@dataclass(frozen=True, slots=True)
class Where:
    """A host, a port, and whether TLS is spoken there."""

    host: str
    port: int
    secure: bool

    @property
    def authority(self) -> str:
        """Host and port, as a URL and a Host header write them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole address."""
        return f"{'https' if self.secure else 'http'}://{self.authority}"


def read_url(url: str, *, ca: bool = False) -> Where:
    """Where `http`, `https`, `ws` or `wss` leads, whatever path follows; raises `Refused`.

    Without a scheme this machine is asked in plain HTTP, and any other one over TLS, as is one whose certificate (`ca`)
    was given along.
    """
    text = url.strip()
    if not text.isprintable():  # urlsplit would look past line feeds
        raise _bad(f"{url[:80]!r} is no address of a server; {EXAMPLE}")
    scheme, has_scheme, rest = text.partition("://")
    scheme = scheme.lower()
    if has_scheme and scheme not in SCHEMES:
        raise _bad(f"{scheme[:20]!r} leads to no StarBridge server; write http://HOST:PORT or https://HOST:PORT")
    try:
        parts = urlsplit(f"//{rest if has_scheme else text}")
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError:
        raise _bad(f"{url[:80]!r} is no address of a server; {EXAMPLE}") from None
    if not host or port == 0 or parts.netloc.endswith(":"):
        raise _bad(f"{url[:80]!r} is no address of a server; {EXAMPLE}")
    if parts.username is not None:
        raise _bad(f"leave out what stands before the @, and give the invite with --token; {EXAMPLE}")
    secure = SCHEMES[scheme] if has_scheme else ca or not is_loopback(host)
    where = Where(host, port or (443 if secure else 80), secure)
    if ca and not secure:
        raise Refused(Code.BAD_VALUE, f"ca: {url[:80]} is plain HTTP, without a certificate; write https://")
    return where


def trust(host: str, ca: Path | None) -> ssl.SSLContext:
    """Whom to believe: those that the system does, or the certificates of `ca`, a server's own among them."""
    if ca is None:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a certificate without those above it is trusted as well
    # On this machine the server is known by its certificate; what names are in it is for others.
    context.check_hostname = not is_loopback(host)
    try:
        context.load_verify_locations(ca)
    except (OSError, ssl.SSLError) as error:
        why = "no certificate in PEM form is in it" if isinstance(error, ssl.SSLError) else error.strerror
        raise Refused(Code.BAD_VALUE, f"ca: {ca}: {why}; give the file of the server's --tls-cert") from None
    return context


def _host(text: str) -> str:
    """An address, or a name as the wire has it; empty for what is neither. Raises ValueError."""
    if ":" in text:
        return str(ip_address(text))
    name = text.encode("idna").decode()
    return name if _NAME.fullmatch(name) else ""


def _bad(why: str) -> Refused:
    return Refused(Code.BAD_VALUE, f"url: {why}")
