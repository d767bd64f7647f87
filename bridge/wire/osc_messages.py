"""OSC to messages and back, by the schemas: what an address and its values mean.

Pure. A message is a flat dict, the same as on the WebSocket: its type is the address with dots, its fields have the
schema's names. Types are strict, with one mercy: Pd, Max and TouchOSC send floats for everything, so a whole float is
taken where an int is asked. Ranges and the names of a request's keys are left to `sessions.commands`, which every door
asks. Foreign bytes raise exactly `Refused`.

>>> from bridge.wire.osc import Packet, pack
>>> read(Packet(pack("/take/rate", "sf", ("take-1", 4.0))))
{'type': 'take.rate', 'take': 'take-1', 'stars': 4}
>>> encode([{"type": "take.rate", "take": "take-1", "stars": 4, "member": "ada"}])
b'/take/rate\\x00\\x00,si\\x00take-1\\x00\\x00\\x00\\x00\\x00\\x04'
"""

from __future__ import annotations

import difflib
import functools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from bridge.wire.osc import MAX_PACKET, Packet, Value, bundle, pack, parse, shown, unbundle
from osc_schemas import Answer, Argument, Ask, Type, address_of, book
from sessions.commands import ENVELOPE
from sessions.errors import Code, Refused

__all__ = ["MAX_DATAGRAM", "Message", "datagrams", "decode", "encode", "read", "subject"]

Message = dict[str, Any]

MAX_DATAGRAM: Final = MAX_PACKET
"""Bytes of one datagram that goes out. A bar is one bundle and a bundle one datagram, so the limit is UDP's own and not
a network's packet size: beyond 1400 bytes (about 16 notes) the network layer cuts a datagram up and joins it again."""
MAX_WHOLE: Final = 2**53
"""Up to here a double holds every whole number."""
MAX_SUBJECT: Final = 128
"""Characters of an id or address that a refusal repeats."""
BUNDLE_HEAD: Final = 16
"""Bytes in front of a bundle's elements; each element has four more for its size."""

_EXACTLY: Final[dict[Type, Any]] = {Type.INT: int, Type.FLOAT: float, Type.TEXT: str}
_WORDS: Final = {Type.INT: "a whole number (i)", Type.FLOAT: "a number (f)", Type.TEXT: "text (s)"}


def decode(datagram: bytes) -> tuple[tuple[Message, int | None], ...]:
    """All messages of a datagram, each with the time it is dated; raises `Refused` for the first that is wrong."""
    return tuple((read(packet), packet.at_us) for packet in unbundle(datagram))


def read(packet: Packet) -> Message:
    """The message that a client's packet states; raises `Refused`."""
    spoken = parse(packet.data)
    ask = book().asks.get(spoken.address)
    if ask is None:
        raise _unknown(spoken.address)
    values = spoken.values
    if len(values) < ask.required or (len(values) > len(ask.args) and not ask.pairs):
        raise Refused(Code.BAD_VALUE, f"{ask.address}: {len(values)} values don't fit; send {_signature(ask)}")
    message: Message = {"type": ask.type}
    for arg, value in zip(ask.args, values, strict=False):
        message[arg.name] = _as(arg, value)
    for name, value in _pairs(values[len(ask.args) :]):
        if name in ENVELOPE or name == "id":
            raise Refused(Code.UNKNOWN_FIELD, f"{name}: is no key of a request; leave it out")
        if name in message:
            raise Refused(Code.BAD_VALUE, f"{shown(name)}: is there twice; send it once")
        message[name] = value
    return message


def subject(packet: Packet) -> str:
    """What a refusal of this packet is about: the id it was asked under, or else its address."""
    try:
        spoken = parse(packet.data)
    except Refused:
        text = packet.data[:MAX_SUBJECT].split(b"\0")[0].decode("ascii", "replace")
        return text if text.startswith("/") and text.isprintable() else "/"
    ask = book().asks.get(spoken.address)
    if ask and ask.args and ask.args[0].name == "id" and spoken.values and isinstance(spoken.values[0], str):
        return spoken.values[0][:MAX_SUBJECT] or spoken.address
    return spoken.address[:MAX_SUBJECT]


def _unknown(address: str) -> Refused:
    if any(sign in address for sign in "*?[]{}"):
        return Refused(Code.UNKNOWN_FIELD, f"address: {shown(address)} is a pattern; send each address by its name")
    if any(address == answer.address for answer in book().answers.values()):
        return Refused(Code.UNKNOWN_FIELD, f"address: {address} is for the server to say; ask for what leads to it")
    near = difflib.get_close_matches(address[:MAX_SUBJECT], book().asks, n=1)
    hint = f"did you mean {near[0]}?" if near else "OSCQuery and the address table list what there is"
    return Refused(Code.UNKNOWN_FIELD, f"address: there is no {shown(address)} here; {hint}")


def _signature(ask: Ask) -> str:
    """What an address takes, in words: `s take, i stars`."""
    words = [f"{arg.type} {arg.name}" + " (or nothing)" * arg.optional for arg in ask.args]
    return ", ".join(words + ["then pairs of s key and a value"] * ask.pairs) or "none"


def _as(arg: Argument, value: Value) -> Value:
    """The value in the argument's type; raises `Refused`."""
    match arg.type, value:
        case (Type.TEXT, str()) | (Type.INT, int()) | (Type.FLOAT, float()):
            return value
        case Type.FLOAT, int():
            return float(value)
        case Type.INT, float() if value.is_integer() and abs(value) < MAX_WHOLE:
            return int(value)
    it = shown(value) if isinstance(value, str) else f"{value:g}"
    raise Refused(Code.BAD_VALUE, f"{arg.name}: {it} can't be used; send {_WORDS[arg.type]}")


def _pairs(values: Sequence[Value]) -> Iterator[tuple[str, Value]]:
    """Keys with their values in the key's type; a key that nobody knows goes on as it is, for `sessions` to refuse."""
    for index in range(0, len(values), 2):
        name = values[index]
        if not isinstance(name, str):
            wanted = "send s key, value, s key, value"
            raise Refused(Code.BAD_VALUE, f"pairs: {name:g} stands where a key belongs; {wanted}")
        if index + 1 == len(values):
            raise Refused(Code.BAD_VALUE, f"{shown(name)}: has no value; send one after it")
        key, value = book().keys.get(name), values[index + 1]
        yield name, value if key is None else _as(key, value)


def encode(messages: Iterable[Message], at_us: int | None = None) -> bytes:
    """One packet with all of these answers that exist over OSC; empty where none does.

    Alone and undated a message is sent plainly unless its schema wants a bundle. Raises ValueError for an answer that
    lacks what its schema says: a bug of ours.
    """
    packed, bundled = _pack_all(messages)
    if not packed:
        return b""
    return bundle(packed, at_us) if bundled or at_us is not None or len(packed) > 1 else packed[0]


def datagrams(messages: Sequence[Message], at_us: int | None = None, limit: int = MAX_DATAGRAM) -> list[bytes]:
    """The same as `encode`, in datagrams of at most `limit` bytes.

    Nearly always that is one. A bar of some 700 notes or more goes out as several bundles of one time tag, its
    `/section/bar` in the last; a single message that no datagram holds becomes a `/refused` that says where to get it.
    """
    whole = encode(messages, at_us)
    if len(whole) <= limit:
        return [whole] if whole else []
    found: list[list[bytes]] = []
    room = 0
    for message in messages:
        for packed in _pack_all([message])[0]:
            fitting = packed if BUNDLE_HEAD + 4 + len(packed) <= limit else _too_long(message)
            if len(fitting) + 4 > room:
                found.append([])
                room = limit - BUNDLE_HEAD
            found[-1].append(fitting)
            room -= len(fitting) + 4
    return [bundle(packed, at_us) for packed in found]


def _too_long(message: Message) -> bytes:
    advice = "this is too long for a datagram; ask for it over OSC on TCP, or by HTTP"
    what = str(message.get("id") or address_of(message["type"]))[:MAX_SUBJECT]
    return encode([{"type": "refused", "what": what, "code": Code.TOO_LARGE, "advice": advice}])


def _pack_all(messages: Iterable[Message]) -> tuple[list[bytes], bool]:
    """Each answer in bytes, without those that only exist elsewhere; and whether one of them wants a bundle."""
    packed, bundled = [], False
    for message in messages:
        answer, tags = _answer(message["type"])
        if answer is not None:
            packed.append(pack(answer.address, tags, [_said(answer, arg, message) for arg in answer.args]))
            bundled = bundled or answer.bundle
    return packed, bundled


@functools.cache  # of types that are ours, so there are only so many; a note's is asked for a thousand times a second
def _answer(kind: str) -> tuple[Answer | None, str]:
    answer = book().answers.get(kind)
    return answer, "" if answer is None else answer.tags


def _said(answer: Answer, arg: Argument, message: Mapping[str, Any]) -> Value:
    value: Any = message.get(arg.name)
    if type(value) is _EXACTLY[arg.type] and answer.type != "refused":
        as_it_is: Value = value
        return as_it_is
    if value is None and arg.json in message:
        return json.dumps(message[arg.json], ensure_ascii=False, separators=(",", ":"))
    if value is None:
        if not arg.optional:
            raise ValueError(f"{answer.type} says no {arg.name}")
        return "" if arg.type is Type.TEXT else 0
    if answer.type == "refused" and arg.name == "what" and address_of(value) in book().asks:
        return address_of(value)  # what the session calls by its type has an address here
    return str(value) if arg.type is Type.TEXT else value if isinstance(value, float) else int(value)
