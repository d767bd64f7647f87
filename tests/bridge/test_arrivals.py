"""Arrivals: a band comes in at once, a flood of one link is turned away, and other links are no worse for it."""

from __future__ import annotations

import pytest

from bridge import buckets
from bridge.arrivals import JOINS_BURST, JOINS_PER_S, Arrivals
from sessions.decide.members import MAX_MEMBERS_PER_INVITE
from sessions.errors import Code, Refused


def came(arrivals: Arrivals, invite: str, times: int, at_s: float) -> int:
    """How many of so many are let in."""
    let = 0
    for _ in range(times):
        try:
            arrivals.let(invite, round(at_s * 1e6))
            let += 1
        except Refused as refused:
            assert refused.code is Code.TOO_MANY
            assert "by this invite" in refused.advice
    return let


def test_all_who_may_come_by_an_invite_come_at_once_and_of_a_flood_no_more() -> None:
    arrivals = Arrivals()
    assert JOINS_BURST >= MAX_MEMBERS_PER_INVITE
    assert came(arrivals, "one", 1000, 5.0) == JOINS_BURST
    assert came(arrivals, "one", 1000, 6.0) == JOINS_PER_S
    assert arrivals.turned_away == 2000 - JOINS_BURST - JOINS_PER_S
    assert came(arrivals, "two", 8, 6.0) == 8, "another link"


def test_so_many_invites_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "MAX_BUCKETS", 3)
    arrivals = Arrivals()
    for invite in "abc":
        came(arrivals, invite, JOINS_BURST, 5.0)
    assert came(arrivals, "d", 1, 5.0) == 1
    assert came(arrivals, "c", 1, 5.0) == 0
    assert came(arrivals, "a", 1, 5.0) == 1, "forgotten, as the longest unasked"
