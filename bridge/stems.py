"""Stems that an engine hands in: is the audio here, and as long as its section?

`sessions` knows which stems a section wants; only who holds the blobs knows whether one is there. An engine is believed as
little as any member: what nobody could play is refused before it is written, and the engine is told.

    check_stems(state, decision.events, host.blob_path)      # raises Refused
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from sessions.errors import Code, Refused
from sessions.events import Event, StemRendered
from sessions.state import State

__all__ = ["check_stems"]


def check_stems(state: State, events: Iterable[Event], path_of: Callable[[str], Path | None]) -> None:
    """Raise `Refused` for a stem without its blob, or of another length than its section."""
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
