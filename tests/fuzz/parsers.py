"""Every parser of foreign bytes, with bytes that it takes, and the one kind of error that it may raise.

for parser in PARSERS.values():
    try_bytes(parser, b"anything")      # raises whatever the parser may not
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from bridge.cli.logs import check, log_lines
from bridge.engine.link import read_message
from bridge.engine.orders import read_work
from bridge.engine.trouble import refusal
from bridge.engine.where import Where
from bridge.ports.http.guard import Hosts
from bridge.ports.oscquery import OscQuery
from bridge.wire.frames import parse_frame
from bridge.wire.midi import Tokenizer
from bridge.wire.osc import bundle, pack, unbundle
from bridge.wire.osc_messages import read, subject
from bridge.wire.slip import Framing, length_prefixed, slip
from bridge.wire.smf import from_smf, to_smf
from bridge.wire.wav import read_head
from models.compose.evaluate.reading import Unreadable, read_music
from models.compose.runtime.weights import BadWeights
from models.compose.runtime.weights import read as read_weights
from models.fetched import RECORD, BadRecord, read_record
from models.render.soundfont import Soundfont
from sessions.certificate import verify_certificate
from sessions.checkpoint import make_checkpoint, read_note, verify_checkpoint
from sessions.commands import parse_command
from sessions.errors import Refused
from sessions.heads import Head, make_head, read_heads
from sessions.invites import make_invite, peek, read_token
from sessions.keys import log_key
from sessions.log import Chain, read_line
from sessions.music import Note, Part, parse_request
from tests.support.wav import wav

__all__ = ["PARSERS", "Parser", "try_bytes"]

KEY = log_key("jam", bytes(32))
NOW_US = 1_800_000_000_000_000


@dataclass(frozen=True, slots=True)
class Parser:
    """What reads, what it may raise, and what it reads well."""

    read: Callable[[bytes], Any]
    seeds: tuple[bytes, ...]
    errors: tuple[type[Exception], ...] = (Refused,)
    broke: tuple[bytes, ...] = ()
    """What once broke it."""


def try_bytes(parser: Parser, data: bytes) -> None:
    """Something or the one kind of error, which has advice in it."""
    try:
        parser.read(data)
    except parser.errors as error:
        assert len(str(error)) > 10
        assert len(str(error)) < 1000


def _osc(data: bytes) -> None:
    for packet in unbundle(data):
        assert isinstance(subject(packet), str)
        parse_command(read(packet))


def _stream(data: bytes) -> None:
    framing = Framing()
    found = framing.feed(data)
    pieces = Framing()
    singly = [item for at in range(len(data)) for item in pieces.feed(data[at : at + 1])]
    told = [item if isinstance(item, bytes) else str(item) for item in found]
    assert told == [item if isinstance(item, bytes) else str(item) for item in singly], "however it is cut"


def _token(data: bytes) -> None:
    token = data.decode("utf-8", "surrogateescape")
    peek(token)
    read_token(token, KEY.verifier, NOW_US)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _in_a_file(name: str, read_file: Callable[[Path], Any], beside: dict[str, bytes]) -> Callable[[bytes], Any]:
    def read_it(data: bytes) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            for other, content in beside.items():
                (Path(folder) / other).write_bytes(content)
            path = Path(folder) / name
            path.write_bytes(data)
            return read_file(path)

    return read_it


def _smf() -> bytes:
    request = parse_request({"bars": 2, "parts": "drums,bass"})
    bars = {(part, bar): (Note(bar * 3840 - 3840, 480, 36, 100),) for part in (Part.DRUMS, Part.BASS) for bar in (1, 2)}
    return to_smf(request, bars, "fuzz")


def _lines() -> tuple[bytes, ...]:
    chain = Chain()
    chain.append("", {"type": "session.created", "log_key": str(KEY.verifier)}, now_us=NOW_US)
    _, line = chain.append("ana", {"type": "chat.said", "text": "hello"}, now_us=NOW_US)
    return (line,)


def _order(data: bytes) -> None:
    message = read_message(data)
    if message is not None:
        read_work(message)


def _answer(data: bytes) -> None:
    """What any machine may answer to an engine that knocks at the wrong door."""
    for status in (200, 307, 401, 413, 500, 507):
        told = refusal(status, data, Where("10.0.0.7", 8765, True), _text(data[:40]))
        assert 0 < len(str(told)) < 1000


def _names(data: bytes) -> None:
    host, _, origin = data.decode("latin-1").partition("\n")
    for hosts in (Hosts.bound_to("127.0.0.1"), Hosts.bound_to("0.0.0.0")):
        refused = hosts.refusal(host, origin, secure=True)
        assert refused is None or len(refused.advice) < 600  # 80 characters of it, spelled out


_QUERY = OscQuery("127.0.0.1", 0, osc_port=9720)


def _parcel(path: Path) -> None:
    check(path, None, None)
    with log_lines(path) as lines:
        for _ in lines:
            pass


def _zip(name: str, data: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), data)
    return held.getvalue()


def _shifted(data: bytes) -> bytes:
    """A zip whose end names a place one byte too late: what is in it then begins before the file."""
    end = data.rindex(b"PK\x05\x06") + 16
    return data[:end] + (int.from_bytes(data[end : end + 4], "little") + 1).to_bytes(4, "little") + data[end + 4 :]


def _flagged(data: bytes, at: int, value: int) -> bytes:
    """A zip whose one file is encrypted (8), or packed by a method that it isn't (10)."""
    begin = data.index(b"PK\x01\x02") + at
    inside = data.index(b"PK\x03\x04") + at - 2
    changed = bytearray(data)
    changed[begin] = changed[inside] = value
    return bytes(changed)


def _safetensors() -> bytes:
    header = json.dumps({"one": {"dtype": "F16", "shape": [2, 2], "data_offsets": [0, 8]}}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(8)


_WEIGHTS = Path(__file__).parents[2] / "models" / "weights" / "config.json"
_NOTES = pack("/live/note", "sii", ("bass", 36, 100))
_ASKED = pack("/section/request", "sssisf", ("a", "style", "funk", 8, "bpm", 99.5))
_SCORE = (
    b'<score-partwise><part-list><score-part id="P1"><part-name>Piano</part-name></score-part></part-list><part id="P1">'
    b"<measure><attributes><divisions>1</divisions><key><fifths>0</fifths></key><time><beats>4</beats>"
    b"<beat-type>4</beat-type></time></attributes><harmony><root><root-step>C</root-step></root><kind>major</kind></harmony>"
    b"<note><pitch><step>C</step><octave>4</octave></pitch><duration>4</duration></note></measure></part></score-partwise>"
)
_SPANNING = b"PK\x03\x04" + b"PK\x06\x07" + b"n" * 16 + b"PK\x05\x06" + bytes(18)
"""A zip that goes on on other disks, by its own word."""
_LOCKED = tuple(_flagged(_zip("one.xml", _SCORE), at, value) for at, value in ((8, 1), (10, 99), (10, 14)))
_PARCEL = _zip("jam/log.jsonl", _lines()[0] + b"\n")
_HEAD = Head(1, 3, 900, sha256(b"").digest())

PARSERS: dict[str, Parser] = {
    "osc": Parser(_osc, (_NOTES, bundle([_NOTES, _NOTES]), bundle([bundle([_NOTES])], NOW_US), _ASKED)),
    "stream": Parser(_stream, (slip(_NOTES) * 2, length_prefixed(_NOTES) * 2)),
    "frame": Parser(
        lambda data: parse_command(parse_frame(data)),
        (
            b'{"type":"section.request","id":"a","bars":8,"bass.density":0.5}',
            b'{"type":"engine.bar","section":"a/b","part":"bass","bar":1,"notes":[[0,480,36,100]]}',
            b'{"type":"session.define","name":"dj","grants":["take.play","live.note drums"]}',
        ),
    ),
    "midi": Parser(Tokenizer().feed, (bytes([0x90, 60, 100, 60, 0]), bytes([0xF0, 1, 2, 0xF7, 0xF8]))),
    "smf": Parser(from_smf, (_smf(),)),
    "wav": Parser(lambda data: read_head(io.BytesIO(data)), (wav(20, 1),)),
    "token": Parser(_token, (make_invite(KEY, "jam", "leader", "ana", 4_000_000_000, "00" * 8).encode(),)),
    "checkpoint": Parser(
        lambda data: (read_note(_text(data)), verify_checkpoint(_text(data), KEY.verifier)),
        (make_checkpoint(KEY, 3, sha256(b"").digest()).encode(),),
    ),
    "certificate": Parser(
        verify_certificate, (b'{"certificate":1,"statement":{},"entry":{},"proof":[],"checkpoint":""}',)
    ),
    "log_line": Parser(read_line, _lines()),
    "heads": Parser(lambda data: read_heads(_text(data), KEY.verifier), (make_head(KEY, _HEAD).encode(),)),
    "order": Parser(
        _order,
        (
            b'{"type":"engine.work","section":"a/b","request":{"bars":1},"context":null,"attempt":1}',
            b'{"type":"engine.work","section":"a/b","request":{},"context":{"request":{},"bars":[["bass",1,[]]],"chords":""}}',
        ),
    ),
    "answer": Parser(_answer, (b'{"code":"failed","advice":"the disk is full; make room"}',)),
    "names": Parser(_names, (b"localhost:8765\nhttp://localhost:8765", b"[::1]\nhttps://[::1]")),
    "oscquery": Parser(
        lambda data: _QUERY.answer(data.decode("latin-1")),
        (b"GET /section/request?TYPE HTTP/1.1", b"GET /%2f HTTP/1.1"),
    ),
    "record": Parser(
        _in_a_file(RECORD, lambda path: read_record(path.parent), {}),
        (b'{"licence":"CC0-1.0","commercial":true,"files":{"a":{"size":1,"sha256":"","stated":""}}}',),
        (BadRecord,),
    ),
    "parcel": Parser(_in_a_file("one.zip", _parcel, {}), (_PARCEL,), broke=(_shifted(_PARCEL), _SPANNING)),
    "music": Parser(_in_a_file("one.mid", read_music, {}), (_smf(),), (Unreadable,)),
    "score": Parser(_in_a_file("one.musicxml", read_music, {}), (_SCORE,), (Unreadable,)),
    "score_zip": Parser(_in_a_file("one.mxl", read_music, {}), (_zip("one.xml", _SCORE),), (Unreadable,), _LOCKED),
    "soundfont": Parser(_in_a_file("one.sf2", Soundfont.load, {}), (b"RIFF\x0c\x00\x00\x00sfbkLIST\x00\x00\x00\x00",)),
    "safetensors": Parser(
        _in_a_file("model.safetensors", lambda path: read_weights(path.parent), {"config.json": _WEIGHTS.read_bytes()}),
        (_safetensors(),),
        (BadWeights,),
    ),
}
"""All of them by name."""
