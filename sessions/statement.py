"""A take's statement: who asked, in which role, for what, from what, by which model and sound, and the hashes of its files.

The log holds the statement and its hash; `sessions.certificate` puts index, proof and checkpoint around it.
"""

from __future__ import annotations

import hashlib
from typing import Any

from sessions.commands import EngineDone
from sessions.plain import to_plain
from sessions.state import Section, State

__all__ = ["STATEMENT_VERSION", "make_statement"]

STATEMENT_VERSION = "starbridge-take-v1"


def make_statement(
    state: State, section: Section, take: str, done: EngineDone, midi: bytes, time: str
) -> dict[str, Any]:
    """Plain JSON, complete in itself; `midi` is the bytes of section.mid."""
    asker = state.members[section.asker]
    request = section.request
    context = request.context
    files = {f"stems/{part}.wav": stem.sha256 for part, stem in section.stems.items() if part != "mix"}
    if "mix" in section.stems:
        files["mix.wav"] = section.stems["mix"].sha256
    return {
        "version": STATEMENT_VERSION,
        "session": state.name,
        "origin": state.origin,
        "take": take,
        "section": section.name,
        "asked_by": {
            "member": asker.name,
            "role": section.role,
            "key": asker.key,
            "index": section.index,
            "time": section.time,
        },
        "approved_by": section.approver,
        "request": request.to_fields(),
        "references": [],
        "parents": [{"take": context.take, "statement": state.takes[context.take].statement}]
        if context is not None
        else [],
        "seed": request.seed,
        "chords": done.chords,
        "composer": to_plain(done.composer),
        "renderer": to_plain(done.renderer),
        "engine": {"member": section.engine, "key": state.members[section.engine].key},
        "files": {"section.mid": hashlib.sha256(midi).hexdigest(), **files},
        "time": time,
    }
