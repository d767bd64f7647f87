"""Answers: what is said to whom when something has happened.

Each event becomes messages in the words of the contract, addressed to everybody, to one member, or to a section's asker and
whoever watches (`To.SECTION`: doors that show the whole session, such as the studio's WebSocket, pass those on as well). The
host delivers them; where audio lies and how a listener gets it, only he knows, so a stem is told by its hash.
"""

from __future__ import annotations

from collections.abc import Iterator

from sessions import events as e
from sessions.answers import live, members, sections, takes
from sessions.answers.base import Message, Tell, To, refusal
from sessions.answers.live import accompaniment_answer
from sessions.answers.members import members_answer
from sessions.answers.sections import (
    bar_answer,
    outcome,
    positions,
    preview_answer,
    progress_answer,
    requested_summary,
)
from sessions.answers.takes import playing_answer, take_summary, transport_answer
from sessions.state import State

__all__ = [
    "Message",
    "Tell",
    "To",
    "accompaniment_answer",
    "bar_answer",
    "members_answer",
    "outcome",
    "positions",
    "preview_answer",
    "progress_answer",
    "refusal",
    "take_summary",
    "tell",
    "transport_answer",
    "welcome",
]

TAKES_AT_FIRST = 30
"""Takes, the newest, that whoever comes in is told of; a long session has thousands, so the others are asked for."""

_TELLERS = {**members.TELLERS, **sections.TELLERS, **takes.TELLERS, **live.TELLERS}


def tell(state: State, member: str, event: e.Event) -> tuple[Tell, ...]:
    """What an event, just applied, leads to being said."""
    teller = _TELLERS.get(type(event))
    return tuple(teller(state, member, event)) if teller is not None else ()


def welcome(state: State, member: str, now_us: int) -> Iterator[Tell]:
    """What somebody who comes in has to know of what is going on (to those who watch; others ask).

    What has come of the open sections is for the host to recite."""
    yield Tell((members_answer(state),), To.ONE, member)
    yield Tell(
        tuple({"type": "session.defined", "role": r, "grants": g} for r, g in state.roles.items()), To.ONE, member
    )
    now = transport_answer(state.transport, now_us)
    yield Tell(now.messages, To.ONE, member, now.at_us)
    for section in state.asked_for.open():
        yield Tell((requested_summary(section),), To.ONE, member)
    newest = list(state.takes)[-TAKES_AT_FIRST:]
    if earlier := len(state.takes) - len(newest):
        yield Tell(({"type": "session.takes", "first": newest[0], "earlier": earlier},), To.ONE, member)
    yield Tell(tuple({"type": "take.added", **take_summary(state, take)} for take in newest), To.ONE, member)
    for take in state.playing:
        sounding = playing_answer(state, take, "")
        yield Tell(sounding.messages, To.ONE, member, sounding.at_us)
    if state.accompaniment is not None:
        going = accompaniment_answer(state)
        yield Tell(going.messages, To.ONE, member, going.at_us)
