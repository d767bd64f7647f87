"""`bench bridge` in no time: every part works and says all that it is to say. No figure is judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.bench import bridge
from bridge.bench.attacks import ATTACKS
from bridge.bench.knee import knee
from bridge.bench.server import running_server
from bridge.bench.siege import SHORT, siege

pytestmark = [pytest.mark.timeout(180), pytest.mark.may_block("it measures")]

SECONDS = 0.05


def test_a_band_and_a_crowd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "MANY", 12)
    monkeypatch.setattr(bridge, "NOTES_PER_S", 100)
    with running_server(tmp_path, engine=False) as server:
        found = [*bridge.band(server, SECONDS), *bridge.crowd_of_many(server, SECONDS)]
        found += bridge.beside_peers(server, SECONDS)
    figures = {figure.name: figure for figure in found}
    for name in (
        "request to acknowledgement, on disk, OSC",
        "cancel to acknowledgement, on disk, OSC",
        "control change to all 8 members",
        "live note to all 8 members",
        "signed entries logged meanwhile",
        "    by the players who are timed",
        "live note to all 8 members, beside that",
        "a join, of 12",
        "memory of the server, 12 joined",
        "live note to all 12 members",
        "live note to 8 over osc, ours to python-osc's relay",
        "live note to 8 over ws, ours to websockets' broadcast",
    ):
        assert figures[name].value > 0
    assert figures["request to acknowledgement, on disk, OSC"].more["p95"] > 0


def test_a_siege_says_how_many_times_as_long_notes_take(tmp_path: Path) -> None:
    with running_server(tmp_path, engine=False) as server:
        (figure,) = siege(server, SECONDS, ["train"])
    assert figure.name == "live note to 4, to that alone, beside 10 MB of datagrams at once"
    assert figure.value == pytest.approx(figure.more["ms"] / figure.more["alone ms"], rel=0.1)
    assert figure.more["p95"] > 0
    assert set(SHORT) <= set(ATTACKS)


def test_rooms_until_it_is_too_much(tmp_path: Path) -> None:
    figures = {figure.name: figure for figure in knee(tmp_path, SECONDS, most=3)}
    told = figures["sessions with a light jam, acknowledged within 20 ms"]
    assert 0 <= told.value <= 3
    assert set(told.more["p95 by sessions"]) >= {"1"}


def test_nobody_plays(tmp_path: Path) -> None:
    figures = {figure.name: figure for figure in bridge.idle(tmp_path, SECONDS, engine=False)}
    assert figures["idle, processor"].value >= 0
    assert figures["idle, memory"].value > 1
