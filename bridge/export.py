"""A session as one file: what a leader takes home.

The parcel of a live session is packed in the loop, where the state lies still, a take in each turn, for its certificate
takes a millisecond; it is written in a thread. That of a folder holds what is signed, whether a server has it open or not. Its log
can be checked with `starbridge log verify`, its certificates with `starbridge verify`, on any machine.

    write_zip(await Parcel.of(host), file)
    write_zip(Parcel.at_rest(read_signed(folder)), file)
"""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from bridge.host import Host
from bridge.ledger import fold
from bridge.ports.disk import Signed
from bridge.wire.smf import to_smf
from sessions.music import Bars, Request
from sessions.state import State
from sessions.use import credits_of, use_sentence

__all__ = ["PackedTake", "Parcel", "write_zip"]

LICENCES = "LICENCES.txt"
_DAY_ONE = (1980, 1, 1, 0, 0, 0)
_PIECE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class PackedTake:
    """What a take's folder is made from."""

    name: str
    request: Request
    bars: Bars
    certificate: Mapping[str, Any]
    audio: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class Parcel:
    """All of a session that is on disk by now."""

    session: str
    log: Path
    log_bytes: int
    checkpoint: str
    log_key: str
    takes: tuple[PackedTake, ...]

    @classmethod
    async def of(cls, host: Host) -> Parcel:
        """Pack a session; takes that the disk does not have yet, or that come meanwhile, stay behind."""
        record, seal = host.record, host.record.seal()
        takes: list[PackedTake] = []
        for take in _takes(host.state, seal.size, record.certificate, host.blob_path):
            takes.append(take)
            await asyncio.sleep(0)
        key = str(record.key.verifier)
        return cls(host.name, record.log_path, seal.log_bytes, seal.checkpoint, key, tuple(takes))

    @classmethod
    def at_rest(cls, signed: Signed) -> Parcel:
        """Pack what is signed in a folder; raises `Refused`. It blocks."""
        state = fold(State(), signed.entries)
        takes = tuple(_takes(state, state.size, signed.certificate, signed.blob_path))
        text = signed.checkpoint.text
        return cls(state.name, signed.log_path, signed.log_bytes, text, str(signed.key), takes)


def _takes(
    state: State,
    size: int,
    certificate: Callable[[int, Mapping[str, Any]], Mapping[str, Any]],
    blob_path: Callable[[str], Path | None],
) -> Iterator[PackedTake]:
    """The takes within the first `size` entries."""
    for take in list(state.takes.values()):
        if take.index >= size:
            continue
        section = state.sections[take.section]
        paths = {part: blob_path(stem.sha256) for part, stem in section.stems.items()}
        audio = {_wav(part): path for part, path in paths.items() if path is not None}
        proved = certificate(take.index, take.stated)
        yield PackedTake(take.name, section.request, section.written(), proved, audio)


def write_zip(parcel: Parcel, file: IO[bytes]) -> int:
    """Write the parcel from the file's start and go back there; how many bytes it has. It blocks on the disk."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        with parcel.log.open("rb") as log:
            _copy(archive, f"{parcel.session}/log.jsonl", log, parcel.log_bytes, compress=True)
        _add(archive, f"{parcel.session}/checkpoint", parcel.checkpoint.encode())
        _add(archive, f"{parcel.session}/verifier-key", parcel.log_key.encode() + b"\n")
        _add(archive, f"{parcel.session}/{LICENCES}", licences(parcel).encode())
        for take in parcel.takes:
            at = f"{parcel.session}/takes/{take.name}"
            _add(archive, f"{at}/section.mid", to_smf(take.request, take.bars, take.name))
            _add(archive, f"{at}/certificate.json", json.dumps(take.certificate, indent=2, sort_keys=True).encode())
            for name, path in take.audio.items():
                with path.open("rb") as audio:
                    _copy(archive, f"{at}/{name}", audio, path.stat().st_size, compress=False)
    size = file.tell()
    file.seek(0)
    return size


def licences(parcel: Parcel) -> str:
    """Who made each take and under which licence, and first of all what is not for commercial use."""
    lines = [
        f"What the takes of session {parcel.session} may be used for. Their certificates say the same, signed.",
        "",
    ]
    for take in parcel.takes:
        stated = take.certificate["statement"]
        lines += [f"{take.name}: {use_sentence(stated)}", f"    {credits_of(stated)}", ""]
    return "\n".join(lines)


def _wav(part: str) -> str:
    return "mix.wav" if part == "mix" else f"stems/{part}.wav"


def _info(name: str, *, compress: bool) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _DAY_ONE)  # no clock in it: the same session gives the same bytes
    info.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    info.external_attr = 0o644 << 16
    return info


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(_info(name, compress=True), data)


def _copy(archive: zipfile.ZipFile, name: str, source: IO[bytes], size: int, *, compress: bool) -> None:
    info = _info(name, compress=compress)
    info.file_size = size
    with archive.open(info, "w") as target:
        while size and (piece := source.read(min(_PIECE_BYTES, size))):
            target.write(piece)
            size -= len(piece)
