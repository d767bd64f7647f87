"""OSC 1.1 packets: bytes to addressed values and back.

Pure: no socket, no clock, no session, and nothing of what an address means (see `bridge.wire.osc_messages`). This file
is the one strict wrapper around python-osc's codec, which by itself leaks UnicodeDecodeError, skips a type `c` without
its four bytes, fills up a cut float with zeros, walks backwards over a blob of negative size and holds times in a
double. Foreign bytes raise exactly `Refused`.

>>> spoken = parse(pack("/live/note", "sii", ("bass", 36, 100)))
>>> spoken.address, spoken.values
('/live/note', ('bass', 36, 100))
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pythonosc.parsing import osc_types

from sessions.errors import Code, Refused

__all__ = ["MAX_PACKET", "Packet", "Spoken", "Value", "bundle", "pack", "parse", "shown", "unbundle"]

MAX_PACKET: Final = 65_507
"""Bytes of one packet: what one UDP datagram holds over IPv4."""
MAX_DEPTH: Final = 8
"""Bundles in one another."""
MAX_MESSAGES: Final = 256
"""Messages in one packet."""
MAX_VALUES: Final = 160
"""Values of one message: a section request with every key sends under 80."""

_BUNDLE: Final = b"#bundle\0"
_IMMEDIATELY: Final = (0, 1)
"""The specification's time tag for at once, and the 0 that some programs write for it."""
_UNIX_EPOCH_S: Final = 2_208_988_800
"""1970 in the seconds of NTP, which time tags count from 1900 on."""
_ERA_S: Final = 1 << 32
"""Seconds of NTP wrap around in 2036; the lower half of them is read as the time after that (RFC 5905)."""

Value = int | float | str

_INSTEAD: Final = {
    "T": "send 1",
    "F": "send 0",
    "N": "leave it out",
    "I": "leave it out",
    "h": "send an i",
    "d": "send an f",
    "S": "send an s",
    "c": "send an s",
    "b": "send text, as an s",
    "r": "send an i",
    "m": "send three values, as in /live/note",
    "t": "date the bundle instead",
    "[": "send the values one by one",
}
"""What to send for the types that nothing here asks for."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One message of a datagram, still as bytes, and when its bundle is dated: Unix microseconds, None for at once."""

    data: bytes
    at_us: int | None = None


@dataclass(frozen=True, slots=True)
class Spoken:
    """One message: an address and its values."""

    address: str
    values: tuple[Value, ...]


def unbundle(datagram: bytes) -> tuple[Packet, ...]:
    """The messages of a datagram in order; raises `Refused` where its frame is broken, and then for all of it."""
    if len(datagram) > MAX_PACKET:
        raise Refused(Code.TOO_LARGE, f"packet: {len(datagram)} bytes are too many; send {MAX_PACKET} at most")
    found: list[Packet] = []
    _collect(datagram, None, 0, found)
    return tuple(found)


def _collect(data: bytes, at_us: int | None, depth: int, found: list[Packet]) -> None:
    if not data.startswith(_BUNDLE):
        if len(found) == MAX_MESSAGES:
            raise Refused(Code.TOO_MANY, f"bundle: holds too many messages; send {MAX_MESSAGES} at most")
        found.append(Packet(data, at_us))
        return
    if depth == MAX_DEPTH:
        raise Refused(Code.TOO_LARGE, f"bundle: bundles are nested too deeply; send {MAX_DEPTH} levels at most")
    if len(data) < 16:
        raise _broken("bundle: ends before its time tag")
    own_us = _time_of(osc_types.get_uint64(data, 8)[0])
    at_us = max((time for time in (at_us, own_us) if time is not None), default=None)  # never before the outer one
    index = 16
    while index < len(data):
        if len(data) - index < 4:
            raise _broken("bundle: ends inside the size of an element")
        size, index = osc_types.get_int(data, index)
        if size <= 0 or size % 4 or size > len(data) - index:
            raise _broken(f"bundle: an element of {size} bytes does not fit")
        _collect(data[index : index + size], at_us, depth + 1, found)
        index += size


def _time_of(tag: int) -> int | None:
    if tag in _IMMEDIATELY:
        return None
    seconds, fraction = tag >> 32, tag & 0xFFFFFFFF
    if seconds < _ERA_S // 2:
        seconds += _ERA_S
    return (seconds - _UNIX_EPOCH_S) * 1_000_000 + (fraction * 1_000_000 + (1 << 31) >> 32)


def _tag_of(at_us: int) -> int:
    seconds, rest_us = divmod(at_us, 1_000_000)
    return (seconds + _UNIX_EPOCH_S) % _ERA_S << 32 | (rest_us << 32) // 1_000_000


def parse(data: bytes) -> Spoken:
    """One message from its bytes; raises `Refused`."""
    if len(data) % 4 or not data:
        raise _broken(f"message: {len(data)} bytes are not a multiple of four")
    address, index = _text(data, 0, "address")
    if not address.startswith("/"):
        raise Refused(Code.BAD_VALUE, f"address: {shown(address)} has no slash in front; send /{shown(address)}")
    if index == len(data):  # old senders leave the type tags out where there are no values
        return Spoken(address, ())
    tags, index = _text(data, index, "type tags")
    if not tags.startswith(","):
        raise _broken("type tags: are missing, or have no comma in front")
    if len(tags) > MAX_VALUES + 1:
        raise Refused(Code.TOO_LARGE, f"values: {len(tags) - 1} are too many; send {MAX_VALUES} at most")
    values: list[Value] = []
    for number, tag in enumerate(tags[1:], 1):
        value, index = _value(data, index, tag, number)
        values.append(value)
    if index != len(data):
        raise _broken(f"message: {len(data) - index} bytes are left over after its values")
    return Spoken(address, tuple(values))


def _value(data: bytes, index: int, tag: str, number: int) -> tuple[Value, int]:
    if tag == "s":
        return _text(data, index, f"value {number}")
    if tag not in ("i", "f"):
        instead = _INSTEAD.get(tag, "send i, f or s")
        raise Refused(Code.BAD_VALUE, f"value {number}: type {shown(tag)} is not taken here; {instead}")
    if len(data) - index < 4:
        raise _broken(f"value {number}: is cut off")
    if tag == "i":
        whole, index = osc_types.get_int(data, index)
        return int(whole), index
    number_f, index = osc_types.get_float(data, index)
    if number_f - number_f != 0:  # infinite, or not a number
        raise Refused(Code.BAD_VALUE, f"value {number}: {number_f} is not a number; send a finite one")
    return _shortest(number_f), index


def _shortest(value: float) -> float:
    """The decimal that was meant: 0.7, where 32 bits hold 0.699999988079071."""
    if value.is_integer():
        return value
    exact = struct.pack(">f", value)
    for digits in (6, 7, 8):
        short = float(f"{value:.{digits}g}")
        if struct.pack(">f", short) == exact:
            return short
    return float(f"{value:.9g}")  # nine digits tell all floats of 32 bits apart


def _text(data: bytes, index: int, name: str) -> tuple[str, int]:
    """A text, filled up with zeros to a multiple of four; python-osc looks for its end four bytes at a time, which takes long."""
    zero = data.find(0, index)
    end = zero + 4 - (zero - index) % 4
    if zero < 0 or end > len(data):
        raise _broken(f"{name}: has no end")
    try:
        text = data[index:zero].decode()
    except UnicodeDecodeError:
        raise Refused(Code.BAD_VALUE, f"{name}: is not UTF-8; send text as UTF-8") from None
    if data[zero:end].strip(b"\0"):
        raise _broken(f"{name}: is not filled up with zeros")
    return text, end


def pack(address: str, tags: str, values: Sequence[Value]) -> bytes:
    """The bytes of one message; raises ValueError for what its tags (i, f, s) can't hold: a bug of ours."""
    parts = [osc_types.write_string(address), osc_types.write_string("," + tags)]
    for tag, value in zip(tags, values, strict=True):
        try:
            if tag == "s":
                parts.append(osc_types.write_string(str(value).replace("\0", "")))  # a zero would end it early
            elif tag == "i":
                parts.append(osc_types.write_int(int(value)))
            else:
                parts.append(osc_types.write_float(float(value)))
        except (osc_types.BuildError, OverflowError) as error:
            raise ValueError(f"{address}: {value!r} is no {tag}: {error}") from error
    return b"".join(parts)


def bundle(messages: Sequence[bytes], at_us: int | None = None) -> bytes:
    """Messages in one bundle, dated in Unix microseconds (None: at once)."""
    head = _BUNDLE + struct.pack(">Q", 1 if at_us is None else _tag_of(at_us))
    return head + b"".join(osc_types.write_int(len(message)) + message for message in messages)


def shown(text: str) -> str:
    """A text of foreign origin, fit for a sentence."""
    text = "".join(sign if sign.isprintable() else "?" for sign in text[:64])
    return repr(text) if not text or " " in text else text


def _broken(advice: str) -> Refused:
    return Refused(Code.BAD_VALUE, f"{advice}; send an OSC 1.0 packet")
