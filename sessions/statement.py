"""A take's statement: who asked, in which role, for what, from what, by which model and sound, what
keeps it from commercial use, and the hashes of its files.

The log holds the statement and its hash; `sessions.certificate` puts index, proof and checkpoint around it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from sessions.commands import EngineDone
from sessions.music import Request
from sessions.plain import to_plain
from sessions.state import Section, State
from sessions.use import use_of

__all__ = ["STATEMENT_VERSION", "make_statement", "state_take", "stems_of"]

STATEMENT_VERSION = "starbridge-take-v1"


def make_statement(
    state: State, section: Section, take: str, done: EngineDone, midi: bytes, time: str, unheard: str = ""
) -> dict[str, Any]:
    """The statement of a section that an engine has finished: `midi` is section.mid, `unheard` why sound is missing."""
    asker = state.members[section.asker]
    context = section.request.context
    composer, renderer = to_plain(done.composer), to_plain(done.renderer)
    made = to_plain(done.stems)
    if unheard:  # nothing is stated of sound that is not there
        renderer = renderer if section.stems else {}
        made = {part: how for part, how in made.items() if part in section.stems}
    parents = [state.takes[context.take]] if context else []
    files = {name: stem.sha256 for name, stem in section.stems.items()}
    return {
        **state_take(state.name, state.origin, take, section.name, section.request, done.chords, midi, files),
        "asked_by": {
            "member": asker.name,
            "role": section.role,
            "key": asker.key,
            "index": section.index,
            "time": section.time,
        },
        "approved_by": section.approver,
        "parents": [{"take": parent.name, "statement": parent.statement} for parent in parents],
        "composer": composer,
        "renderer": renderer,
        **use_of(composer, renderer, [parent.stated for parent in parents]),
        "originality": to_plain(done.originality),
        **stems_of(made),
        **({"unheard": unheard} if unheard else {}),
        "engine": {"member": section.engine, "key": state.members[section.engine].key},
        "time": time,
    }


def stems_of(made: Mapping[str, Any]) -> dict[str, Any]:
    """What a statement says of how its stems were made, part by part; nothing where there is nothing to say.

    >>> stems_of({"bass": {"by": "sampler", "tries": 3, "reason": "it is silent"}}), stems_of({})
    ({'stems': {'bass': {'by': 'sampler', 'tries': 3, 'reason': 'it is silent'}}}, {})
    """
    return {"stems": dict(made)} if made else {}


def state_take(
    session: str,
    origin: str,
    take: str,
    section: str,
    request: Request,
    chords: str,
    midi: bytes,
    stems: Mapping[str, str],
) -> dict[str, Any]:
    """What every take states of itself; `stems` are hashes by part, `mix` among them."""
    files = {"mix.wav" if part == "mix" else f"stems/{part}.wav": sha256 for part, sha256 in stems.items()}
    return {
        "version": STATEMENT_VERSION,
        "session": session,
        "origin": origin,
        "take": take,
        "section": section,
        "request": request.to_fields(),
        "references": [],
        "seed": request.seed,
        "chords": chords,
        "files": {"section.mid": hashlib.sha256(midi).hexdigest(), **files},
    }
