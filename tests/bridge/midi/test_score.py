"""What a session's state sounds like over MIDI: takes on its beat, through loops and changes, and everybody's live notes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from bridge.midi.plan import LATE_US
from bridge.midi.score import AHEAD_US, PROGRAM_EARLY_US
from bridge.midi.voices import Voices
from bridge.wire.midi import Bend, Control, Program
from models.render.bands import players
from sessions.decide.takes import LEAD_US
from sessions.music import Part
from tests.support.midi_stage import Stage

BEAT = 960
FOUR = [(beat * BEAT, 480, 60 + beat, 90) for beat in range(4)]
"""Four notes, one a beat, each half a beat long."""


def near(found: list[int], expected: list[int], off_us: int = 2) -> bool:
    return len(found) == len(expected) and all(abs(a - b) <= off_us for a, b in zip(found, expected, strict=True))


def test_a_take_plays_on_the_beat_and_ends() -> None:
    stage = Stage()
    take = stage.take({"bass": FOUR, "drums": [(0, 100, 36, 127)]}, bpm=120)
    begins = stage.now_us + LEAD_US
    stage.do("take.play", take=take, at="now")
    stage.run(4)
    bass = [(begins + beat * 500_000, 0, 60 + beat) for beat in range(4)]
    assert sorted(stage.ons()) == sorted([(begins, 9, 36), *bass])
    ends = [at for at, channel, _ in stage.offs() if channel == 0]
    assert near(ends, [begins + beat * 500_000 + 250_000 for beat in range(4)])
    assert stage.hanging() == 0


def test_a_loop_goes_on_and_on_and_ends_when_it_is_told() -> None:
    stage = Stage()
    take = stage.take({"harmony": [(0, 4 * BEAT, 60, 90), (2 * BEAT, BEAT, 64, 90)]}, bpm=120)
    begins = stage.now_us + LEAD_US
    stage.do("take.loop", take=take, at="now")
    stage.run(60)
    ons = [at for at, _, pitch in stage.ons() if pitch == 60]
    assert near(ons, [begins + number * 2_000_000 for number in range(30)])
    stopped = stage.now_us
    stage.do("take.stop", take=take)
    stage.run(3)
    assert stage.hanging() == 0
    assert stage.sent[-1][0] <= stopped, "what sounded ended at once"


@pytest.mark.parametrize("kind", ["transport.stop", "take.stop", "transport.locate"])
def test_a_note_that_sounds_ends_with_what_stops_it(kind: str) -> None:
    stage = Stage()
    take = stage.take({"harmony": [(0, 4 * BEAT, 60, 90)]}, bpm=60)
    stage.do("take.play", take=take, at="now")
    stage.run(1)
    assert stage.hanging() == 1
    fields: dict[str, Any] = {"take": take} if kind == "take.stop" else {"beat": 100} if "locate" in kind else {}
    stage.do(kind, **fields)
    stage.run(0.2)
    assert stage.hanging() == 0
    assert len(stage.ons()) == len(stage.offs()) == 1


def test_through_a_ramp_of_tempo_each_note_is_where_the_transport_has_it() -> None:
    """Notes every sixteenth, a new tempo every 70 ms: the times are added up here by hand."""
    stage = Stage()
    notes = [(number * 240, 200, 40 + number % 16, 90) for number in range(16 * 8)]
    take = stage.take({"melody": notes}, bars=8, bpm=100)
    stage.do("take.play", take=take, at="now")
    tempos = [(0.0, stage.now_us + LEAD_US, 100.0)]  # a tick, its time, and bpm from there on
    bpm = 100.0
    for step in range(60):
        stage.run(0.07)
        bpm = round(bpm + (2.5 if step < 30 else -1.5), 3)
        tick, at_us, before = tempos[-1]
        changes_us = stage.now_us + LEAD_US
        tempos.append((tick + (changes_us - at_us) * before * BEAT / 60e6, changes_us, bpm))
        stage.do("transport.tempo", bpm=bpm)
    stage.run(12)

    def expected(tick: int) -> int:
        from_tick, at_us, its_bpm = next(one for one in reversed(tempos) if one[0] <= tick)
        return round(at_us + (tick - from_tick) * 60e6 / (its_bpm * BEAT))

    assert near([at for at, _, _ in stage.ons()], [expected(start) for start, *_ in notes], 3)
    assert [pitch for _, _, pitch in stage.ons()] == [pitch for _, _, pitch, _ in notes]
    assert near([at for at, _, _ in stage.offs()], [expected(start + length) for start, length, *_ in notes], 3)


@pytest.mark.parametrize("stall_s", [0.15, 0.35, 0.8])
def test_a_server_that_plans_late_through_a_ramp_loses_no_note(stall_s: float) -> None:
    """It hears of each tempo, but has no time to plan until a while after some of them have begun."""
    stage = Stage()
    notes = [(number * 60, 50, 40 + number % 16, 90) for number in range(16 * 30)]
    take = stage.take({"melody": notes}, bars=10, bpm=100)
    stage.do("take.play", take=take, at="now")
    for step in range(30):
        bpm = 100 + 4 * step if step < 15 else 160 - 3 * (step - 15)
        stage.band.do("ana", "transport.tempo", bpm=bpm)
        stage.score.moved(stage.band.state, stage.now_us)
        stage.run(stall_s if step % 3 else 0.12, planned=False)
        stage.run(0.01)
    stage.run(20)
    assert [pitch for _, _, pitch in stage.ons()] == [pitch for _, _, pitch, _ in notes]
    assert stage.hanging() == 0


def test_a_jump_plays_what_is_there_and_not_again_what_was() -> None:
    stage = Stage()
    take = stage.take({"bass": FOUR}, bpm=120)
    stage.do("take.loop", take=take, at="now")
    stage.run(LEAD_US / 1e6 + 0.9)  # two notes have begun
    jumped = stage.now_us + LEAD_US
    stage.do("transport.locate", beat=3.0)
    stage.run(1.2)
    after = [(at, pitch) for at, _, pitch in stage.ons() if at >= jumped]
    assert [pitch for _, pitch in after] == [63, 60, 61]
    assert near([at for at, _ in after], [jumped, jumped + 500_000, jumped + 1_000_000])
    assert stage.ons()[0][2] == 60
    again = stage.now_us + LEAD_US
    stage.do("transport.locate", beat=0)
    stage.run(0.7)
    assert [(at - again, pitch) for at, _, pitch in stage.ons() if at >= again] == [(0, 60), (500_000, 61)]


def test_the_old_tempo_holds_until_the_new_one_begins() -> None:
    """A note between the two is where it was: the new transport by itself would have it elsewhere."""
    stage = Stage()
    notes = [(number * 60, 50, 60, 90) for number in range(64)]
    take = stage.take({"melody": notes}, bpm=60)
    stage.do("take.play", take=take, at="now")
    stage.run(1.03)
    stage.do("transport.tempo", bpm=240)
    stage.run(3)
    gaps = [b - a for (a, *_), (b, *_) in pairwise(stage.ons())]
    slow, fast = 62_500, 15_625
    assert all(abs(gap - slow) < 3 or abs(gap - fast) < 3 or fast < gap < slow for gap in gaps)
    assert sum(not (abs(gap - slow) < 3 or abs(gap - fast) < 3) for gap in gaps) <= 1, "one gap has both tempos in it"
    assert gaps.count(slow) >= 16


def test_takes_at_once_share_their_channels_and_none_hangs() -> None:
    stage = Stage()
    one = stage.take({"bass": FOUR}, bpm=120)
    two = stage.take({"bass": [(240, 900, 60, 80), (1200, 900, 61, 80)]}, bpm=120)
    stage.do("take.loop", take=one, at="now")
    stage.do("take.loop", take=two, at="now")
    stage.run(20)
    stage.do("transport.stop")
    stage.run(0.1)
    assert stage.hanging() == 0
    assert len(stage.ons()) == len(stage.offs())


def test_a_server_that_is_busy_for_a_while_is_not_heard_to_be() -> None:
    stage = Stage()
    take = stage.take({"bass": FOUR}, bpm=240)
    stage.do("take.loop", take=take, at="now")
    stage.run(1)
    stage.run((AHEAD_US - LATE_US) / 1e6 - 0.1, planned=False)
    stage.run(1)
    gaps = {b - a for (a, *_), (b, *_) in pairwise(stage.ons())}
    assert gaps == {250_000}


def test_a_server_that_dies_leaves_no_note() -> None:
    stage = Stage()
    take = stage.take({"harmony": FOUR}, bpm=120)
    stage.do("take.loop", take=take, at="now")
    stage.run(1)
    stage.run(5, planned=False)
    assert stage.hanging() == 0


def test_a_port_that_opens_late_joins_in_and_catches_up_on_nothing() -> None:
    stage = Stage()
    take = stage.take({"bass": FOUR, "harmony": [(0, 3840, 50, 90)]}, bpm=60)
    stage.band.do("ana", "take.play", take=take, at="now")
    begins = stage.now_us + LEAD_US
    stage.band.now_us += LEAD_US + 1_500_000
    stage.run(4)
    assert [(at - begins, pitch) for at, _, pitch in stage.ons()] == [(2_000_000, 62), (3_000_000, 63)]


def test_the_players_of_a_style_are_named_before_it_begins() -> None:
    stage = Stage()
    take = stage.take({"drums": [(0, 10, 36, 90)], "bass": FOUR}, style="jazz", band=2)
    begins = stage.now_us + LEAD_US
    stage.do("take.loop", take=take, at="now")
    stage.run(30)
    named = [(at, one) for at, one in stage.messages() if isinstance(one, Program)]
    band = players("jazz", 2)
    programs = {9: band.program(Part.DRUMS)[0], 0: band.program(Part.BASS)[0]}
    assert {one.channel: one.program for _, one in named} == programs
    assert [at for at, _ in named] == [begins - PROGRAM_EARLY_US] * 2, "once, not in every round"
    silent = Stage(programs=False)
    silent.do("take.play", take=silent.take({"bass": FOUR}), at="now")
    silent.run(3)
    assert not [one for _, one in silent.messages() if isinstance(one, Program)]


def test_a_synth_that_comes_while_something_plays_hears_who_plays_it() -> None:
    """It would play the whole loop as a piano otherwise; and a pedal that is held is held there as well."""
    stage = Stage()
    take = stage.take({"drums": [(0, 10, 36, 90)], "bass": FOUR}, style="jazz", band=2)
    stage.do("take.loop", take=take, at="now")
    stage.do("live.control", "rhy", part="bass", controller=64, value=127)
    stage.do("live.control", "rhy", part="bass", controller=1, value=10)
    stage.do("live.control", "rhy", part="bass", controller=1, value=0)
    stage.do("live.bend", "rhy", part="drums", value=55)
    stage.run(3)
    stage.sent.clear()
    band = players("jazz", 2)
    for channels in ([9, 0], [9], []):
        stage.score.again(channels, stage.band.state, stage.now_us)
        stage.plan()
        stage.run(0.05)
        said = {one for _, one in stage.messages() if isinstance(one, Program | Control | Bend)}
        drums = {Program(9, band.program(Part.DRUMS)[0]), Bend(9, 55)}
        bass = {Program(0, band.program(Part.BASS)[0]), Control(0, 64, 127)}
        assert said == (drums if 9 in channels else set()) | (bass if 0 in channels else set())
        stage.run(0.2)
        stage.sent.clear()
    silent = Stage(programs=False)
    silent.do("take.loop", take=silent.take({"bass": FOUR}), at="now")
    silent.run(1)
    silent.score.again([0], silent.band.state, silent.now_us)
    silent.plan()
    silent.run(0.1)
    assert not [one for _, one in silent.messages() if isinstance(one, Program)]


# -- what is played by hand ------------------------------------------------------------------------------------------


def test_live_notes_of_others_go_out_at_once_and_ones_own_do_not() -> None:
    stage = Stage()
    stage.do("live.note", "rhy", part="bass", pitch=40, velocity=77)
    stage.do("live.note", "own", part="bass", pitch=41, velocity=77)
    began = stage.now_us
    stage.run(5)
    assert stage.ons() == [(began, 0, 40)]
    assert stage.hanging() == 1
    stage.do("live.note", "rhy", part="bass", pitch=40, velocity=0)
    stage.run(0.1)
    assert stage.hanging() == 0


def test_a_drum_that_is_hit_and_let_go_within_a_cycle_is_heard() -> None:
    stage = Stage()
    for _ in range(3):
        stage.do("live.note", "rhy", part="drums", pitch=38, velocity=100)
        stage.do("live.note", "rhy", part="drums", pitch=38, velocity=0)
    stage.run(0.3)
    assert len(stage.ons()) == len(stage.offs()) == 3


def test_a_key_that_is_held_through_a_stall_sounds_late_and_one_that_is_up_again_does_not() -> None:
    stage = Stage()
    stage.band.do("rhy", "live.note", part="bass", pitch=40, velocity=77)
    stage.band.do("rhy", "live.note", part="bass", pitch=41, velocity=77)
    stage.hear()
    stage.run(0.5, planned=False)
    stage.band.do("rhy", "live.note", part="bass", pitch=41, velocity=0)
    stage.hear()
    stage.run(0.5, planned=False)
    stage.run(1)
    assert [pitch for *_, pitch in stage.ons()] == [40]
    stage.voices = Voices()  # another sender, or JACK has been away
    stage.run(1)
    assert [pitch for *_, pitch in stage.ons()] == [40, 40], "what is still held sounds on"
    stage.do("live.note", "rhy", part="bass", pitch=40, velocity=0)
    stage.run(0.1)
    assert stage.hanging() == 0


def test_a_pedal_that_comes_up_while_nobody_plans_or_sends_comes_up() -> None:
    """A stall of the server, then one of the cable: a note would be late by then, and is left out; a pedal is not."""
    stage = Stage()
    stage.do("live.control", "rhy", part="bass", controller=64, value=127)
    stage.run(1)
    stage.band.do("rhy", "live.control", part="bass", controller=64, value=0)
    stage.hear()
    stage.run(0.5, planned=False)
    first = stage.score.plan(stage.band.state, stage.now_us)
    stage.band.now_us += 500_000
    second = stage.score.plan(stage.band.state, stage.now_us)
    assert not second.said
    stage.voices.take(second.after(first))
    stage.run(0.01, planned=False)
    assert [one for _, one in stage.messages()] == [Control(0, 64, 127), Control(0, 64, 0)]


def test_who_goes_away_leaves_no_note() -> None:
    stage = Stage()
    stage.do("live.note", "rhy", part="bass", pitch=40, velocity=77)
    stage.do("live.control", "rhy", part="bass", controller=64, value=127)
    stage.do("live.bend", "rhy", part="bass", value=-1000)
    stage.run(1)
    stage.band.lose("rhy")
    stage.changed()
    stage.run(0.1)
    assert stage.hanging() == 0
    moved = [one for _, one in stage.messages() if isinstance(one, Control | Bend)]
    assert moved == [Control(0, 64, 127), Bend(0, -1000), Control(0, 64, 0), Bend(0, 0)]


def test_an_accompaniment_sounds_as_it_was_said_and_ends_with_its_rest() -> None:
    stage = Stage()
    stage.do("live.accompany", id="solo", parts="bass", style="funk")
    going = stage.band.state.accompaniment
    assert going is not None
    begins = stage.band.state.transport.time_us_at(going.tick)
    notes = [[going.tick + number * 480, 400, 40 + number, 90] for number in range(8)]
    fields = {"section": "ana/solo", "start": going.tick, "end": going.tick + 3840, "notes": {"bass": notes}}
    stage.do("engine.ahead", "engine", **fields)
    stage.run((begins - stage.now_us) / 1e6 + 0.8)
    us = 60e6 / going.request.bpm / 2
    assert near([at for at, *_ in stage.ons()], [round(begins + number * us) for number in range(len(stage.ons()))])
    assert len(stage.ons()) >= 2
    stage.do("live.rest", id="solo")
    stage.run(0.05)
    count = len(stage.ons())
    assert stage.hanging() == 0
    stage.run(3)
    assert len(stage.ons()) == count
