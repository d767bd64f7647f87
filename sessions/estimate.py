"""Estimate: how long a section may take, by how long others like it took here.

What is learned of each one that was finished: how long a second of one part took, by the renderer that was asked for, or for notes
alone. It counts sections made in turns as they were made, in turns. Before anything was measured nothing is said.

    learn(state, section, took_us=3_000_000)        # when it is done
    eta_s(state, "ana/2", now_us)                   # 12.5, or None
"""

from __future__ import annotations

import heapq
import math

from sessions.log import time_us
from sessions.state import Section, State

__all__ = ["eta_s", "kind_of", "learn", "left_s"]

SHARE = 4
"""A section counts for this share of the pace that is expected of the next one."""
LATE = 10
"""Of what takes longer than it was thought to, this share of the whole is thought to be left."""


def kind_of(section: Section) -> str:
    """What sections are alike in the time they take."""
    return section.request.renderer.value if section.request.stems else "notes"


def learn(state: State, section: Section, took_us: int) -> None:
    """One more was finished."""
    length = section.request.seconds * len(section.request.parts)
    pace_us = int(took_us / length)
    before = state.paces.get(kind_of(section))
    state.paces[kind_of(section)] = pace_us if before is None else before + (pace_us - before) // SHARE


def left_s(state: State, section: Section, now_us: int) -> float:
    """Seconds until a section that is worked on is done; infinite where nothing is known."""
    whole_s = _whole_s(state, section)
    if math.isinf(whole_s) or not section.started:
        return whole_s
    return max(whole_s - (now_us - time_us(section.started)) / 1e6, whole_s / LATE)


def eta_s(state: State, name: str, now_us: int) -> float | None:
    """Seconds until a section is done, waiting included; None where nothing is known, or nothing is to come."""
    section = state.sections[name]
    found = math.inf
    if name in state.queue:
        found = _waited_s(state, name, now_us)
    elif section.engine and not section.status.over:
        found = left_s(state, section, now_us)
    return None if math.isinf(found) else round(found, 1)


def _whole_s(state: State, section: Section) -> float:
    pace_us = state.paces.get(kind_of(section))
    return math.inf if pace_us is None else float(pace_us * section.request.seconds * len(section.request.parts)) / 1e6


def _waited_s(state: State, name: str, now_us: int) -> float:
    """The queue played out: each section goes to the hand that is free first."""
    hands: list[float] = []
    for engine in state.offers:
        held = [left_s(state, state.sections[one], now_us) for one in state.hands.get(engine, ())]
        hands += held + [0.0] * (state.at_once.get(engine, 1) - len(held))
    if not hands:
        return math.inf
    heapq.heapify(hands)
    for one in state.queue:
        done_s = heapq.heappop(hands) + _whole_s(state, state.sections[one])
        if one == name:
            return done_s
        heapq.heappush(hands, done_s)
    return math.inf
