"""Steering: what is asked is heard, whatever the model says; what is not asked changes nothing; and it all comes again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from models.compose.arranger.plan import plan_of
from models.compose.composer import BarNotes, Parent
from models.compose.runtime import chance
from models.compose.tokens.controls import measure
from models.compose.tokens.grid import quantise
from models.compose.tokens.rules import PartRules, Rules
from models.compose.tokens.state import Phase
from models.compose.tokens.vocabulary import STEP_TICKS, VOCABULARY
from models.compose.writer import Transformer, window
from models.compose.writer.brief import header_of
from models.compose.writer.steer import STEERED, Steering, steering_of, wishes_of
from models.compose.writer.window import Bar, Taste, Window
from sessions.music.beats import Meter
from sessions.music.notes import Note
from sessions.music.parts import NOTE_PARTS, PITCHED_PARTS, Part
from sessions.music.section import Request
from tests.models.compose.sections import assert_lawful, child, parent_of, request
from tests.models.compose.writer.dreamer import Dream, Dreamer, composer

MEASURES = {"interest": "Interest", "syncopation": "Sync", "leap": "Leap"}


class Player(Dreamer):
    """Dreams in sixteenths."""

    def feed(self, state: Dream, ids: Sequence[int]) -> NDArray[np.float32]:
        logits = super().feed(state, ids).copy()
        places = VOCABULARY.range("Position")
        logits[places[places % 6 != places[0] % 6]] -= 20
        return logits


def parts_of(control: str) -> tuple[Part, ...]:
    return PITCHED_PARTS if control == "leap" else NOTE_PARTS


def player(seed: int) -> Transformer:
    return Transformer(Player(seed=seed, wild=1.0), composer().provenance)


def asked(control: str, value: float, **fields: object) -> Request:
    return request(**{f"{part}__{control}": value for part in parts_of(control)}, **fields)


def everything(value: float, **fields: object) -> Request:
    return request(**{f"{part}__{name}": value for name in STEERED for part in parts_of(name)}, **fields)


def written(by: Transformer, wanted: Request, parent: Parent | None = None) -> list[BarNotes]:
    return list(by.stream(wanted, parent))


def heard(wanted: Request, bars: list[BarNotes], part: Part, control: str) -> int:
    starts = range(0, wanted.total_ticks // STEP_TICKS + 1, wanted.ticks_per_bar // STEP_TICKS)
    notes = {part: [note for bar in bars for note in bar[part]]}
    return measure(quantise(notes, tuple(starts), human=True), part, wanted.meter)[MEASURES[control]]


@pytest.mark.parametrize("control", list(STEERED))
def test_it_moves_what_it_names(control: str) -> None:
    means: dict[Part, list[float]] = {part: [] for part in parts_of(control)}
    for value in (0.0, 1.0):
        found: dict[Part, list[int]] = {part: [] for part in means}
        for seed in range(4):
            wanted = asked(control, value, style="pop", bars=4, seed=seed)
            bars = written(player(seed), wanted)
            for part, bins in found.items():
                bins.append(heard(wanted, bars, part, control))
        for part, bins in found.items():
            means[part].append(sum(bins) / len(bins))
    assert all(low < high for low, high in means.values()), means
    assert sum(high - low for low, high in means.values()) > 0.8 * len(means), means


def test_one_half_is_left_to_the_model() -> None:
    plain = request(style="funk", bars=4, seed=3)
    assert wishes_of(everything(0.5, bars=4)) == {}
    assert steering_of(plain, {}, 1) is None
    by = composer(seed=3)
    assert written(by, everything(0.5, style="funk", bars=4, seed=3)) == written(by, plain)


@pytest.mark.parametrize("meter", ["7/8", "5/16", "1/16", "16/2", "6/8", "5/4"])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_extremes_are_lawful_in_every_metre(meter: str, value: float) -> None:
    for bars, bpm in ((1, 240), (3, 40)):
        wanted = everything(value, meter=meter, bars=bars, bpm=bpm, seed=2, energy=value)
        assert_lawful(wanted, written(composer(seed=bars), wanted))


@pytest.mark.parametrize("context", ["continue", "vary", "accompany", "bars 5-6"])
def test_every_context_is_lawful_and_comes_again(context: str) -> None:
    take = parent_of(
        request(
            style="pop",
            bars=8,
            seed=5,
            parts="drums,harmony" if context == "accompany" else "drums,bass,harmony,melody",
        )
    )
    wanted = child(take, context=context, seed=8, bass__syncopation=1.0, melody__leap=0.0, melody__interest=1.0)
    by = composer(seed=1)
    bars = written(by, wanted, take)
    assert_lawful(wanted, bars, foreign=take.chords)
    assert bars == written(by, wanted, take)


def test_windows_hear_what_was_written_before_them() -> None:
    short, long = composer(seed=4, context=400), everything(1.0, bars=12, seed=4)
    bars = written(short, long)
    assert_lawful(long, bars)
    assert bars == written(short, long)


def test_what_is_served_beside_it_changes_nothing() -> None:
    by = composer(seed=6)
    wanted = [everything(value, seed=1, bars=4) for value in (0.0, 0.3, 1.0)]
    alone = [written(by, one) for one in wanted]
    together = list(zip(*[by.stream(one) for one in wanted], strict=True))
    assert [[bars[i] for bars in together] for i in range(3)] == alone


def bars_of(again: set[int]) -> list[Bar]:
    """Bars of a steered window; some are written again the first time that they come."""
    wanted = everything(1.0, style="pop", bars=4, seed=5)
    rules = Rules(
        header_of(wanted, plan_of(wanted), wanted.note_parts),
        lefts=(4, 3, 2, 1),
        chords=(200,) * 8,
        before=(VOCABULARY.id("start"),),
        parts=dict.fromkeys(wanted.note_parts, PartRules(most_a_bar=8)),
    )
    walk = Window(Dreamer(seed=5), rules, first=1, seed=5, taste=Taste(), steering=steering_of(wanted, {}, 1))
    found: list[Bar] = []
    for bar in walk.bars():
        if bar.number in again:
            again.remove(bar.number)
            walk.again()
        else:
            found.append(bar)
    return found


def test_a_bar_written_again_finds_what_the_first_attempt_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "chance", lambda seed, position, _attempt=0: chance(seed, position))
    assert bars_of(again={1, 3, 4}) == bars_of(again=set())


def test_drums_that_hang_over_beats_keep_a_backbeat() -> None:
    plain, hanging = (
        sum(_backbeats(request(style="pop", bars=8, parts="drums", seed=seed, **asks)) for seed in range(3))
        for asks in ({}, {"drums__syncopation": 1.0})
    )
    assert hanging > 3 * plain + 12


def _backbeats(wanted: Request) -> int:
    """Second and fourth beats, of 16, with a snare, a clap or a stick."""
    struck = {
        (note.start + 20) // 960
        for bar in written(player(7), wanted)
        for note in bar[Part.DRUMS]
        if note.pitch in (37, 38, 39) and (note.start + 20) % 960 < 40
    }
    return len(struck & set(range(1, 32, 2)))


def tokens(*names: str) -> Iterator[int]:
    return (VOCABULARY.id(name) for name in names)


def leant(steering: Steering, phase: Phase, *families: str) -> NDArray[np.float32]:
    return steering.lean(phase, np.zeros(len(VOCABULARY), np.float32), VOCABULARY.mask(*families))


def test_it_presses_harder_until_it_is_heard() -> None:
    steering = Steering({Part.BASS: {"syncopation": 0.8}}, Meter(4, 4))
    by = []
    for _ in range(3):
        for token in tokens("Left_4", "Part_bass", "Position_0", "Pitch_36", "Dur_12", "Position_12"):
            steering.read(token)
        logits = leant(steering, Phase.OPEN, "Position")
        by.append(float(logits[VOCABULARY.id("Position_36")] - logits[VOCABULARY.id("Position_24")]))
        for token in tokens("Position_24", "Pitch_36", "Dur_12"):
            steering.read(token)
    assert 0 < by[0] < by[1] < by[2]


def test_a_part_without_a_wish_is_left_alone() -> None:
    steering = Steering({Part.BASS: {"leap": 1.0}}, Meter(4, 4))
    logits = np.zeros(len(VOCABULARY), np.float32)
    for token in tokens("Left_1", "Part_drums", "Position_0", "Hit_0_5"):
        steering.read(token)
    assert steering.lean(Phase.OPEN, logits, VOCABULARY.mask("Position")) is logits


def test_a_copy_goes_its_own_way() -> None:
    steering = Steering({Part.BASS: {"leap": 1.0}}, Meter(4, 4))
    for token in tokens("Left_1", "Part_bass", "Position_0", "Pitch_36", "Dur_12", "Position_12"):
        steering.read(token)
    before = leant(steering, Phase.PLACED, "Pitch")
    other = steering.copy()
    for token in tokens("Pitch_60", "Dur_12", "Position_24", "Pitch_36", "Left_2", "Part_bass", "Position_0"):
        other.read(token)
    assert leant(steering, Phase.PLACED, "Pitch").tolist() == before.tolist()
    assert leant(other, Phase.PLACED, "Pitch").tolist() != before.tolist()


def test_what_was_told_before_is_heard() -> None:
    wanted = request(bars=4, key="C", parts="bass", bass__leap=0.0)
    told = {(Part.BASS, bar): (Note((bar - 1) * 3840 + 2880, 480, 30 + 12 * (bar % 2), 90),) for bar in (1, 2)}
    steering = steering_of(wanted, told, 3)
    assert steering is not None
    for token in tokens("Left_2", "Part_bass", "Position_0"):
        steering.read(token)
    logits = leant(steering, Phase.PLACED, "Pitch")
    near = [VOCABULARY.name(int(token)) for token in np.flatnonzero(logits == logits.max())]
    assert near == [f"Pitch_{30 + by}" for by in (-2, -1, 1, 2)]


def test_energy_asks_for_what_it_is_measured_by() -> None:
    voices = [_voices(request(energy=energy, bass__velocity=0.0)) for energy in (0.0, 0.5, 1.0)]
    assert voices[1] == {Part.DRUMS: {}, Part.BASS: {"Loud": 1}, Part.HARMONY: {}, Part.MELODY: {}}
    for part in NOTE_PARTS:
        assert voices[0][part]["Density"] < voices[2][part]["Density"]
    assert (voices[0][Part.MELODY]["Loud"], voices[2][Part.MELODY]["Loud"], voices[2][Part.BASS]["Loud"]) == (1, 6, 1)
    assert _voices(request(energy=1.0, density=0.0))[Part.DRUMS]["Density"] == voices[0][Part.DRUMS]["Density"]


def _voices(wanted: Request) -> dict[Part, dict[str, int]]:
    return {voice.part: dict(voice.controls) for voice in header_of(wanted, plan_of(wanted), wanted.note_parts).voices}
