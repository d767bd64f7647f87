"""Chords and how they are voiced: in key, smoothly, never muddy; and the tables that they come from."""

from __future__ import annotations

import pytest

from models.compose.arranger.data.cadences import CADENCES, COLOURS
from models.compose.arranger.data.progressions import FAMILY_ROLES, MODAL, PROGRESSIONS
from models.compose.arranger.plan import plan_of
from models.compose.arranger.styles import IDIOMS
from models.compose.arranger.theory import chord_on, degree_of, nearest_in_key, tones_of
from models.compose.arranger.voicing import voice
from sessions.music.chords import Chord, Chords
from sessions.music.keys import MODES, Key
from sessions.music.kinds import Kind
from sessions.music.styles import STYLES
from tests.models.compose.sections import request


def test_the_tables_can_be_read() -> None:
    assert set(CADENCES) == set(MODES)
    for idiom in IDIOMS.values():
        assert set(idiom.colours) <= set(COLOURS)
        for group in PROGRESSIONS[idiom.harmony].values():
            assert set(group) == set(FAMILY_ROLES)
    texts = [
        text for table in PROGRESSIONS.values() for group in table.values() for role in group.values() for text in role
    ]
    for text in [*texts, *(text for turns in MODAL.values() for text in turns)]:
        for word in text.replace("+", " ").split():
            assert 0 <= degree_of(word) < 7
    for qualities in COLOURS.values():
        assert [Chord(0, quality).quality for quality in qualities] == list(qualities)


@pytest.mark.parametrize("mode", list(MODES))
def test_every_degree_of_every_mode_has_a_chord_in_the_scale(mode: str) -> None:
    for tonic in range(12):
        key = Key(tonic, mode)
        for numeral in ("i", "ii", "iii", "iv", "v", "vi", "vii", "iiø", "Vsus"):
            for colour in COLOURS:
                assert set(chord_on(key, numeral, colour).pitch_classes) <= set(key.scale)


@pytest.mark.parametrize("style", STYLES)
def test_the_plan_s_chords_can_be_asked_for(style: str) -> None:
    for meter in ("4/4", "7/8", "3/16", "1/16", "13/4", "9/2"):
        for kind in Kind:
            asked = request(style=style, kind=kind.value, meter=meter, bars=11, seed=3)
            plan = plan_of(asked)
            again = plan_of(
                request(style=style, kind=kind.value, meter=meter, bars=11, seed=3, chords=plan.chords_text)
            )
            assert again.spans == plan.spans
            assert plan.spans[0].start == 0
            assert plan.spans[-1].end == asked.total_ticks


def test_modes_show_their_colour() -> None:
    special = {"dorian": 5, "phrygian": 1, "lydian": 3, "mixolydian": 6, "harmonic minor": 6}
    for mode, degree in special.items():
        key = Key(2, mode)
        with_it = 0
        for seed in range(20):
            plan = plan_of(request(style="pop", key=str(key), bars=16, seed=seed))
            with_it += any(key.scale[degree] in span.chord.pitch_classes for span in plan.spans)
        assert with_it >= 14, mode


@pytest.mark.parametrize(
    "text", ["Am F C G", "Dm7 G7 Cmaj7 A7", "C#m7b5 F#7 Bm Bm", "Ebmaj9 Cm7 Fm9 Bb13", "E5 G5 A5 C5"]
)
@pytest.mark.parametrize("count", [3, 4, 5])
def test_voices_move_little(text: str, count: int) -> None:
    before: tuple[int, ...] = ()
    moves = []
    for chord, _ in Chords.parse(text).steps * 3:
        now = voice(chord.pitch_classes, count, (48, 76), before)
        assert {pitch % 12 for pitch in now} <= set(chord.pitch_classes)
        assert all(48 <= pitch <= 76 for pitch in now)
        assert list(now) == sorted(set(now))
        if len(before) == len(now):
            moves.append(sum(abs(a - b) for a, b in zip(now, before, strict=True)) / len(now))
        before = now
    assert sum(moves) / len(moves) < 3.5
    assert max(moves) <= 6


def test_over_a_foreign_chord_the_scale_gives_way() -> None:
    key, chord = Key.parse("Am"), Chord.parse("E")
    given = tones_of(key, chord, given=True)
    assert 8 in given.ladder
    assert 7 not in given.ladder
    strict = tones_of(key, chord, given=False)
    assert set(strict.ladder) <= set(key.scale)
    assert set(strict.chord) == {4, 11}


def test_a_foreign_chord_finds_its_relative_in_the_key() -> None:
    key = Key.parse("C")
    assert str(nearest_in_key(key, Chord.parse("Fm"))) == "F"
    assert str(nearest_in_key(key, Chord.parse("G7"))) == "G7"
    assert nearest_in_key(key, Chord.parse("E7")).root == 4
