"""Drums, bass, harmony and melody are found by what they play."""

from __future__ import annotations

import numpy as np

from models.compose.corpus.lines import lowest_line, top_line, without_doubles
from models.compose.corpus.midi import Track, grid
from models.compose.corpus.roles import MOST_VOICES, parts_by_role, without_echoes
from models.compose.corpus.staves import parts_by_staff
from sessions.music.parts import Part

BARS = grid([], [], 16 * 3840)
SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def track(notes: list[tuple[int, int, int, int]], name: str = "", program: int = 0, *, drums: bool = False) -> Track:
    return Track(name, program, drums, np.array(sorted(notes), np.int64))


def bass(program: int = 33) -> Track:
    return track([(i * 480, 400, 36 + (0, 0, 7, 5)[i // 8 % 4], 100) for i in range(128)], program=program)


def lead(program: int = 81, delay: int = 0, velocity: int = 100, low: int = 0) -> Track:
    return track(
        [(i * 480 + delay, 400, low + SCALE[i * 5 % 8] + 12 * (i % 3 == 0), velocity) for i in range(128)], "", program
    )


def pad() -> Track:
    return track([(bar * 3840, 3800, pitch, 70) for bar in range(16) for pitch in (55, 60, 64)], "", 89)


def kit() -> Track:
    return track([(i * 960, 60, 36 if i % 2 == 0 else 38, 110) for i in range(64)], drums=True)


def pitches(rows: np.ndarray) -> set[int]:
    return set(rows[:, 2].tolist())


def test_a_band_is_told_apart_whatever_the_order() -> None:
    for tracks in ([pad(), lead(), kit(), bass()], [bass(), kit(), lead(), pad()]):
        parts = parts_by_role(tracks, BARS)
        assert list(parts) == [Part.DRUMS, Part.BASS, Part.HARMONY, Part.MELODY]
        assert parts[Part.BASS].tolist() == bass().notes.tolist()
        assert parts[Part.MELODY].tolist() == lead().notes.tolist()
        assert pitches(parts[Part.HARMONY]) == {55, 60, 64}
        assert len(parts[Part.DRUMS]) == 64


def test_programs_may_say_nothing() -> None:
    parts = parts_by_role([pad(), lead(program=0), bass(program=0)], BARS)
    assert pitches(parts[Part.BASS]) == pitches(bass().notes)
    assert pitches(parts[Part.MELODY]) == pitches(lead().notes)


def test_echoes_and_doubles_go() -> None:
    echo, double = lead(delay=240, velocity=50), lead(program=85, velocity=80)
    left = without_echoes([bass(), double, lead(), echo])
    assert [one.program for one in left] == [33, 81]
    assert Part.HARMONY not in parts_by_role([lead(), echo, double, bass()], BARS)


def test_the_melody_moves_on_when_its_track_is_silent() -> None:
    first = track([row for row in map(tuple, lead().notes.tolist()) if row[0] < 8 * 3840], "", 81)
    second = track([row for row in map(tuple, lead(program=73).notes.tolist()) if row[0] >= 8 * 3840], "", 73)
    parts = parts_by_role([first, second, bass(), pad()], BARS)
    assert parts[Part.MELODY].tolist() == lead().notes.tolist()


def test_riffs_below_are_no_melody() -> None:
    riffs = lead(program=30, low=-24)
    assert Part.MELODY not in parts_by_role([riffs, bass(), kit()], BARS)


def test_harmony_has_six_voices_at_most() -> None:
    crowd = [track([(0, 3840, 48 + 3 * i + j, 60 + i) for j in (0, 7)], "", 48) for i in range(8)]
    rows = parts_by_role([*crowd, lead(), bass()], BARS)[Part.HARMONY]
    assert (
        max(int(((rows[:, 0] <= at) & (rows[:, 0] + rows[:, 1] > at)).sum()) for at in rows[:, 0].tolist())
        <= MOST_VOICES
    )


def test_no_pitched_track_is_fine() -> None:
    assert list(parts_by_role([kit()], BARS)) == [Part.DRUMS]


def test_stride_piano_has_its_bass_on_the_beat() -> None:
    stride = [(beat * 960, 480, 36 + 7 * (beat % 2), 90) for beat in range(16)]
    stride += [(bar * 1920 + at, 400, pitch, 80) for bar in range(8) for at in (480, 1440) for pitch in (52, 55)]
    line, rest = lowest_line(np.array(sorted(stride)), strict=False)
    assert (pitches(line), pitches(rest)) == ({36, 43}, {52, 55})


def test_a_waltz_has_its_bass_on_the_first_beat() -> None:
    waltz = [(bar * 2880, 900, 38, 90) for bar in range(8)]
    waltz += [(bar * 2880 + at, 800, pitch, 80) for bar in range(8) for at in (960, 1920) for pitch in (53, 57)]
    line, rest = lowest_line(np.array(sorted(waltz)), strict=False)
    assert (pitches(line), pitches(rest)) == ({38}, {53, 57})


def test_a_walking_bass_is_all_bass() -> None:
    walk = np.array([[i * 960, 900, 40 + (0, 4, 7, 9, 12, 9, 7, 4)[i % 8], 90] for i in range(32)])
    assert lowest_line(walk, strict=False)[0].tolist() == walk.tolist()


def test_a_held_note_hides_what_moves_below_it() -> None:
    rows = np.array([[0, 3840, 76, 90], [960, 480, 60, 90], [1920, 480, 64, 90]])
    line, rest = top_line(rows)
    assert (pitches(line), pitches(rest)) == ({76}, {60, 64})


def test_doubles_are_found_near_enough() -> None:
    rows = np.array([[0, 960, 60, 90], [965, 960, 62, 90], [1920, 960, 64, 90]])
    assert without_doubles(rows, np.array([[3, 1, 60, 1], [960, 1, 62, 1]]))[:, 2].tolist() == [64]


def test_a_choir_reads_from_the_top() -> None:
    voices = [track([(i * 960, 960, pitch + i % 3, 90) for i in range(16)], "", 52) for pitch in (48, 72, 60, 66)]
    parts = parts_by_staff(voices)
    assert (min(pitches(parts[Part.BASS])), max(pitches(parts[Part.MELODY]))) == (48, 74)
    assert len(parts[Part.HARMONY]) == 32


def test_a_singer_has_the_melody_over_a_higher_piano() -> None:
    voice = track([(i * 960, 960, SCALE[i % 8], 90) for i in range(16)], "voice", 53)
    right = track([(i * 960, 900, pitch, 80) for i in range(16) for pitch in (76, 79, 84)], "upper:")
    left = track([(i * 1920, 1800, 40, 80) for i in range(8)], "lower:")
    parts = parts_by_staff([right, left, voice])
    assert pitches(parts[Part.MELODY]) == set(SCALE)
    assert (pitches(parts[Part.BASS]), pitches(parts[Part.HARMONY])) == ({40}, {76, 79, 84})


def test_a_lone_voice_is_a_melody() -> None:
    assert list(parts_by_staff([track([(0, 960, 40, 90), (960, 960, 76, 90)])])) == [Part.MELODY]
