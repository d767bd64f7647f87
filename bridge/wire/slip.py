"""OSC over a stream: packets out of bytes that come in any pieces, and bytes for packets.

Pure. OSC 1.1 frames packets by SLIP (RFC 1055, an END in front and one behind), OSC 1.0 by a length in front of each;
the first byte of a connection tells which. Whatever is wrong comes out as a `Refused` in its place among the packets,
so nothing in front of it is lost; after a wrong length the stream can't be read any further (`broken`).

>>> framing = Framing()
>>> framing.feed(slip(b"/a\\0\\0,\\0\\0\\0") + b"\\xc0/b\\0")
[b'/a\\x00\\x00,\\x00\\x00\\x00']
>>> framing.feed(b"\\0,\\0\\0\\0\\xc0")
[b'/b\\x00\\x00,\\x00\\x00\\x00']
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Protocol

from sessions.errors import Code, Refused

__all__ = ["MAX_PACKET", "Framing", "Lengths", "Slip", "length_prefixed", "slip"]

MAX_PACKET: Final = 65_507
"""Bytes of one packet that comes in: no more than over UDP."""

_END, _ESC, _ESC_END, _ESC_ESC = b"\xc0", b"\xdb", b"\xdb\xdc", b"\xdb\xdd"
_BAD_ESCAPE = re.compile(rb"\xdb(?![\xdc\xdd])")

Items = list[bytes | Refused]


def slip(packet: bytes) -> bytes:
    """A packet between two ENDs."""
    return _END + packet.replace(_ESC, _ESC_ESC).replace(_END, _ESC_END) + _END


def length_prefixed(packet: bytes) -> bytes:
    """A packet behind its length."""
    return len(packet).to_bytes(4, "big") + packet


class Decoder(Protocol):
    """Bytes in, packets out."""

    broken: bool

    def feed(self, data: bytes) -> Items: ...


class Slip:
    """Packets between ENDs; a bad one is refused, and reading goes on behind its END."""

    def __init__(self, max_packet: int = MAX_PACKET) -> None:
        self.broken = False
        self._max = max_packet
        self._open = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> Items:
        """The packets that these bytes complete, and a `Refused` for each that is no good."""
        found: Items = []
        *ended, rest = data.split(_END)
        for piece in ended:
            self._open += piece
            if self._skipping:  # the end of what was too long
                self._skipping = False
            elif self._open:
                found.append(self._unescape(bytes(self._open)))
            self._open.clear()
        if not self._skipping:
            self._open += rest
            if len(self._open) > 2 * self._max:  # every byte may come as two
                self._open.clear()
                self._skipping = True
                found.append(self._too_long())
        return found

    def _unescape(self, raw: bytes) -> bytes | Refused:
        if _BAD_ESCAPE.search(raw):
            return Refused(Code.BAD_VALUE, "slip: an ESC stands before neither ESC_END nor ESC_ESC; see RFC 1055")
        packet = raw.replace(_ESC_END, _END).replace(_ESC_ESC, _ESC)
        return packet if len(packet) <= self._max else self._too_long()

    def _too_long(self) -> Refused:
        return Refused(Code.TOO_LARGE, f"packet: is too long; send {self._max} bytes at most")


class Lengths:
    """Packets behind their lengths; after a wrong length nothing can be read any more."""

    def __init__(self, max_packet: int = MAX_PACKET) -> None:
        self.broken = False
        self._max = max_packet
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Items:
        """The packets that these bytes complete; last a `Refused` where a length is impossible."""
        found: Items = []
        if self.broken:
            return found
        self._buffer += data
        start = 0
        while len(self._buffer) - start >= 4:
            size = int.from_bytes(self._buffer[start : start + 4], "big")
            if not 0 < size <= self._max:
                self.broken = True
                self._buffer.clear()
                advice = f"packet: a length of {size} bytes can't be; send 1 to {self._max}, or use SLIP"
                return [*found, Refused(Code.TOO_LARGE, advice)]
            if len(self._buffer) - start - 4 < size:
                break
            found.append(bytes(self._buffer[start + 4 : start + 4 + size]))
            start += 4 + size
        del self._buffer[:start]
        return found


class Framing:
    """What a connection uses, told by its first byte; answers go out in the same way."""

    def __init__(self, max_packet: int = MAX_PACKET) -> None:
        self._max = max_packet
        self._decoder: Decoder | None = None
        self._junk = False
        self.frame: Callable[[bytes], bytes] = slip
        """A packet as bytes for this connection."""

    @property
    def broken(self) -> bool:
        """Nothing more can be read: close the connection."""
        return self._junk or (self._decoder is not None and self._decoder.broken)

    def feed(self, data: bytes) -> Items:
        """The packets that these bytes complete, and a `Refused` for each that is no good."""
        if not data or self._junk:
            return []
        if self._decoder is None:
            if data[:1] in (_END, b"/", b"#"):  # some SLIP senders leave the first END out
                self._decoder = Slip(self._max)
            elif data[0] == 0:  # lengths are below 2**24
                self._decoder, self.frame = Lengths(self._max), length_prefixed
            else:
                self._junk = True
                return [Refused(Code.BAD_VALUE, "stream: this is not OSC; frame packets by SLIP or by their lengths")]
        return self._decoder.feed(data)
