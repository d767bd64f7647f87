"""A trial finds what is not as asked, and a control that steers from one that does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.compose.arranger import Arranger
from models.compose.composer import BarNotes, Parent, Provenance, Writing
from models.compose.evaluate.controls import MEASURED_BY, sections, steer
from models.compose.evaluate.trial import broken, requests, try_out
from sessions.music.fields import CONTROLS
from sessions.music.notes import Note
from sessions.music.parts import Part
from sessions.music.section import Request, parse_request

SOUND = {"level", "space"}
"""Controls that the renderer follows, not the composer."""


class Careless:
    """The arranger, whose first bar is played twice and whose asked controls are lost."""

    provenance = Provenance("careless", "0", "00", "CC0-1.0")

    def __init__(self, *, twice: bool) -> None:
        self._twice = twice

    def stream(self, request: Request, context: Parent | None = None, *, seed: int | None = None) -> Writing:
        deaf = replace(request, controls=(), energy=0.5)
        written = Arranger().stream(deaf, context, seed=seed)
        bars = list(written)
        return Writing(iter([bars[0], *bars[: len(bars) - 1]] if self._twice else bars), written.chords)


def test_the_same_seed_asks_the_same() -> None:
    assert requests(10, seed=1) == requests(10, seed=1)
    assert requests(10, seed=1) != requests(10, seed=2)
    assert all(str(request.meter) == "4/4" and len(request.note_parts) == 4 for request in requests(20, seed=1)[::2])


def test_the_arranger_does_what_is_asked() -> None:
    called: list[int] = []
    trial = try_out(Arranger(), requests(8, seed=1), told=lambda: called.append(1))
    assert (trial.sections, trial.failures, trial.obeyed, len(called)) == (8, [], 1.0, 8)
    assert trial.rows["pitched notes in key or chord"] == 1.0
    assert (trial.all.excerpts, trial.usual.excerpts) == (8, 4)


def test_what_is_not_as_asked_is_found() -> None:
    trial = try_out(Careless(twice=True), requests(2, seed=1))
    assert trial.obeyed < 1
    assert "bar" in trial.failures[0]


@pytest.mark.parametrize(
    ("bars", "why"),
    [
        ([{Part.BASS: ()}], "1 bars for 2"),
        ([{Part.BASS: ()}, {}], "other parts"),
        ([{Part.BASS: ()}, {Part.BASS: ()}], "bass is silent"),
        ([{Part.BASS: (Note(3840, 9, 40, 90),)}, {Part.BASS: ()}], "a note of bar 2 in bar 1"),
        ([{Part.BASS: ()}, {Part.BASS: (Note(3840, 3841, 40, 90),)}], "rings on"),
        ([{Part.BASS: (Note(0, 9, 60, 90),)}, {Part.BASS: ()}], "pitch 60"),
        ([{Part.BASS: (Note(0, 9, 40, 90),)}, {Part.BASS: ()}], ""),
    ],
)
def test_broken_says_how(bars: list[BarNotes], why: str) -> None:
    request = parse_request({"bars": 2, "parts": "bass", "bass.range": "E2-E3"})
    assert why in broken(request, bars)
    assert bool(broken(request, bars)) == bool(why)


def test_every_control_is_measured() -> None:
    assert {control.name for control in CONTROLS} == {*MEASURED_BY, *SOUND}


def test_deaf_ears_show() -> None:
    heard = {one.control: one for one in steer(Careless(twice=False), seeds=1)}
    assert len(heard) == 1 + sum(control.name not in SOUND for control in CONTROLS)
    assert all(one.correlation == 0 for one in heard.values() if not one.control.endswith("range"))


def test_the_arrangers_controls_steer() -> None:
    called: list[int] = []
    found = {one.control: one.correlation for one in steer(Arranger(), seeds=1, told=lambda: called.append(1))}
    assert len(called) == sections(1)
    assert found["bass.range"] > 0.9
    assert found["drums.density"] > 0.5
    assert found["melody.velocity"] > 0.5
