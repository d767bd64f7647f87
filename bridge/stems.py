"""Stems that an engine hands in: is the audio here, and as long as its section?

`sessions` knows which stems a section wants; only who holds the blobs knows whether one is there, and how long it is. An engine
is believed as little as any member: what nobody could play is refused before it is written, and the engine is told. Any rate
will do, as long as the frames are the section's at that rate; of the blob only the head is read.

    check_stems(state, decision.events, host.blob_path)      # raises Refused
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from bridge.wire.wav import read_head
from sessions.errors import Code, Refused
from sessions.events import Event, StemRendered
from sessions.state import State

__all__ = ["check_stems"]


def check_stems(state: State, events: Iterable[Event], path_of: Callable[[str], Path | None]) -> None:
    """Raise `Refused` for a stem without its blob, or of another length than its section, by its word or in its file."""
    for event in events:
        if isinstance(event, StemRendered):
            _check(event, state.sections[event.section].request.frames(event.rate), path_of(event.sha256))


def _check(stem: StemRendered, frames: int, path: Path | None) -> None:
    if stem.frames != frames:
        raise Refused(
            Code.BAD_VALUE,
            f"frames: the section has {frames} at {stem.rate} Hz, not {stem.frames}; send a stem as long as its section",
        )
    if path is None:
        raise Refused(
            Code.BAD_VALUE,
            f"sha256: there is no blob {stem.sha256[:16]}... here; hand it in by PUT before engine.stem names it",
        )
    try:
        with path.open("rb") as file:
            head = read_head(file)
    except OSError as error:
        raise Refused(Code.FAILED, f"{path.name} can't be read back ({error.strerror}); look at the disk") from error
    if (head.frames, head.rate) != (stem.frames, stem.rate):
        raise Refused(
            Code.BAD_VALUE,
            f"sha256: that blob has {head.frames} frames at {head.rate} Hz, and the section {frames} at {stem.rate} Hz;"
            " send a stem as long as its section",
        )
