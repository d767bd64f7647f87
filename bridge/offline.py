"""One section without a server: composed, rendered and certified into a folder.

The folder holds what a session would hand out (`section.mid`, `stems/PART.wav`, `mix.wav`, `certificate.json`) and a log of its
own with the one entry that the certificate proves, signed with a key that is made for it.

    result = ask({"prompt": "dark dubstep", "bars": 4}, Path("drop"))
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bridge.engine.own import own_engine
from bridge.ledger import SOFTWARE
from bridge.ports.clock import Clock, SystemClock
from bridge.ports.disk import SYSTEM, write_whole
from bridge.wire.smf import to_smf
from models.engine import Engine
from models.work import BarWritten, Finished, Progress, StemRendered, Work
from sessions.certificate import make_certificate, statement_hash
from sessions.checkpoint import make_checkpoint
from sessions.errors import Code, Refused
from sessions.keys import log_key
from sessions.log import Chain, line_of, time_text
from sessions.merkle import inclusion_proof
from sessions.music import Note, Part, Request, parse_request
from sessions.plain import to_plain
from sessions.roles import LEADER
from sessions.statement import state_take, stems_of
from sessions.use import is_commercial, use_of, use_sentence

__all__ = ["Result", "ask"]

SESSION, TAKE, SECTION = "ask", "take-1", "you/ask"
_AUDIO = {"mix.wav", *(f"stems/{part}.wav" for part in Part)}


@dataclass(frozen=True, slots=True)
class Result:
    """What was made, the files that hold it, and what keeps it from commercial use, in words: nothing as a rule."""

    request: Request
    files: tuple[Path, ...]
    caution: str = ""


def ask(
    fields: Mapping[str, object],
    out: Path,
    *,
    soundfont: Path | None = None,
    weights: Path | None = None,
    musicgen: Path | None = None,
    precision: str | None = None,
    audiocraft: Path | None = None,
    progress: Callable[[str, float], None] = lambda stage, done: None,
    clock: Clock | None = None,
) -> Result:
    """Make one section into `out`; raises `Refused` before anything is written where it can't be had."""
    request = parse_request(fields, seed=secrets.randbits(31))
    if request.like:
        raise Refused(Code.BAD_VALUE, f"like: there is no catalog {request.like[0].name!r} here; leave `like` out")
    if request.context:
        raise Refused(Code.BAD_VALUE, "context: it speaks of a session's take; ask in that session, or leave it out")
    engine = own_engine(soundfont, weights, musicgen, precision, audiocraft)()
    made = _make(request, engine, progress)
    clock = clock or SystemClock()
    SYSTEM.make_folder(out)
    files = {"section.mid": to_smf(request, made.bars, TAKE), **made.wavs}
    files |= _certify(request, made, files["section.mid"], clock.now_us())
    for left in _AUDIO - files.keys():
        SYSTEM.remove(out / left)  # of a section that was asked into the same folder before
    for name, data in files.items():
        path = out / name
        SYSTEM.make_folder(path.parent)
        write_whole(SYSTEM, path, data, locked=False)
    stated = json.loads(files["certificate.json"])["statement"]
    return Result(request, tuple(out / name for name in files), "" if is_commercial(stated) else use_sentence(stated))


@dataclass(slots=True)
class _Made:
    bars: dict[tuple[Part, int], tuple[Note, ...]]
    wavs: dict[str, bytes]
    finished: Finished


def _make(request: Request, engine: Engine, progress: Callable[[str, float], None]) -> _Made:
    """Let an engine of our own do the work."""
    bars: dict[tuple[Part, int], tuple[Note, ...]] = {}
    wavs: dict[str, bytes] = {}
    for output in engine.work(Work(SECTION, request), cancelled=lambda: False):
        match output:
            case BarWritten(part=part, bar=bar, notes=notes):
                bars[part, bar] = notes
            case StemRendered(part=name, wav=wav):
                wavs["mix.wav" if name == "mix" else f"stems/{name}.wav"] = wav
            case Progress(stage=stage, done=done):
                progress(stage, done)
            case Finished():
                return _Made(bars, wavs, output)
    raise Refused(Code.FAILED, "the engine stopped before it was done; ask again")


def _certify(request: Request, made: _Made, midi: bytes, now_us: int) -> dict[str, bytes]:
    """The certificate, and the log, checkpoint and key around it."""
    key = log_key(SESSION)
    stems = {
        name.removeprefix("stems/").removesuffix(".wav"): hashlib.sha256(wav).hexdigest()
        for name, wav in made.wavs.items()
    }
    finished = made.finished
    composer = finished.composer.to_fields()
    renderer = finished.renderer.to_fields() if finished.renderer is not None else {}
    statement: dict[str, Any] = {
        **state_take(SESSION, key.name, TAKE, SECTION, request, finished.chords, midi, stems),
        "asked_by": {"member": "you", "role": LEADER, "key": "", "index": 0, "time": time_text(now_us)},
        "approved_by": "",
        "parents": [],
        "composer": composer,
        "renderer": renderer,
        **use_of(composer, renderer),
        "originality": finished.originality.to_fields() if finished.originality is not None else {},
        **stems_of(to_plain(finished.stems)),
        "engine": {"member": "", "key": ""},
        "time": time_text(now_us),
    }
    event = {
        "type": "section.done",
        "session": SESSION,
        "origin": key.name,
        "log_key": str(key.verifier),
        "software": f"{SOFTWARE} {version(SOFTWARE)}",
        "section": SECTION,
        "take": TAKE,
        "statement": statement_hash(statement),
        "stated": statement,
    }
    chain = Chain()
    entry, line = chain.append("", event, now_us=now_us)
    checkpoint = make_checkpoint(key, chain.size, chain.tree.root())
    certificate = make_certificate(statement, entry, inclusion_proof(chain.tree, 0, 1), checkpoint, key.verifier)
    assert line == line_of(entry)
    return {
        "certificate.json": json.dumps(certificate, indent=1).encode() + b"\n",
        "log.jsonl": line + b"\n",
        "checkpoint": checkpoint.encode(),
    }
