"""MIDI files become tracks on our ticks and bars without gaps."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest

from models.compose.corpus.beat import in_time
from models.compose.corpus.midi import Song, Track, grid, is_played, read_midi


def written(path: Path, notes: list[tuple[int, int, int]], ticks: int = 480, **track: object) -> Path:
    """A file with one track of (start, length, pitch) in the file's own ticks."""
    file = mido.MidiFile(ticks_per_beat=ticks)
    head = mido.MidiTrack([mido.MetaMessage("time_signature", numerator=3, denominator=4)])
    head += [mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(90)), mido.MetaMessage("key_signature", key="Bb")]
    events = sorted(
        [(start, 1, pitch) for start, _, pitch in notes]
        + [(start + length, 0, pitch) for start, length, pitch in notes]
    )
    line = mido.MidiTrack([mido.MetaMessage("track_name", name="lead"), mido.Message("program_change", program=81)])
    at = 0
    for time, on, pitch in events:
        line.append(mido.Message("note_on", note=pitch, velocity=100 * on, time=time - at))
        at = time
    file.tracks += [head, line]
    file.save(path)
    return path


def test_notes_come_on_our_ticks(tmp_path: Path) -> None:
    song = read_midi(written(tmp_path / "a.mid", [(0, 1, 60), (1, 95, 62), (96, 32, 64)], ticks=96))
    assert song.tracks[0].notes.tolist() == [[0, 10, 60, 100], [10, 950, 62, 100], [960, 320, 64, 100]]
    assert (song.tracks[0].name, song.tracks[0].program, song.tracks[0].is_drum) == ("lead", 81, False)
    assert (song.meters, song.tempos, song.signatures) == (
        ((0, 3, 4),),
        ((0, pytest.approx(90, abs=0.01)),),
        ((0, -2, False),),
    )
    assert song.end == 1280


def test_what_is_no_music_is_refused(tmp_path: Path) -> None:
    (tmp_path / "junk.mid").write_bytes(b"MThd\0\0\0\6\0\1")
    with pytest.raises(ValueError, match="no MIDI file"):
        read_midi(tmp_path / "junk.mid")
    with pytest.raises(ValueError, match="no notes"):
        read_midi(written(tmp_path / "empty.mid", []))


def test_bars_follow_the_time_signatures() -> None:
    bars = grid([(0, 4, 4), (7680, 7, 8), (7680 + 3360, 4, 4)], [(0, 120.0), (7680, 60.0)], 7680 + 3360 + 1)
    assert [(bar.start, str(bar.meter), bar.bpm) for bar in bars] == [
        (0, "4/4", 120.0), (3840, "4/4", 120.0), (7680, "7/8", 60.0), (11040, "4/4", 60.0),
    ]  # fmt: skip


def test_a_change_inside_a_bar_cuts_it_or_waits() -> None:
    assert [str(bar.meter) for bar in grid([(0, 4, 4), (960, 3, 4)], [], 6000)] == ["1/4", "3/4", "3/4"]
    assert [str(bar.meter) for bar in grid([(0, 4, 4), (7, 3, 4)], [], 6000)] == ["4/4", "3/4"]


def test_metres_beyond_ours_are_split() -> None:
    assert str(grid([(0, 24, 8)], [], 1)[0].meter) == "12/8"
    assert str(grid([(0, 2, 1)], [], 1)[0].meter) == "4/2"
    assert str(grid([(0, 8, 32)], [], 1)[0].meter) == "4/16"


def test_played_is_told_from_written() -> None:
    assert not is_played(np.arange(100) * 80 + 3)
    assert is_played(np.arange(100) * 87)


def song_of(starts: np.ndarray, bpm: float = 95.0) -> Song:
    rows = np.stack([starts, np.full(len(starts), 100), np.full(len(starts), 60), np.full(len(starts), 90)], axis=1)
    return Song((Track("", 0, False, rows.astype(np.int64)),), (), ((0, bpm),), ())


def test_a_constant_delay_goes() -> None:
    late = song_of(np.arange(64) * 240 + 10)
    assert in_time(late).tracks[0].notes[:, 0].tolist() == (np.arange(64) * 240).tolist()


def test_a_clock_that_is_not_the_beat_is_put_right() -> None:
    sixteenths = np.cumsum(np.random.default_rng(1).choice([1, 2, 4], 300))
    strange = song_of(np.rint(sixteenths * 181.23).astype(np.int64))
    found = in_time(strange)
    starts = found.tracks[0].notes[:, 0]
    assert starts.tolist() == ((sixteenths - sixteenths[0]) * 240).tolist()
    assert found.tempos[0][1] == pytest.approx(95 * 240 / 181.23, abs=0.1)


def test_a_player_stays_as_played() -> None:
    rng = np.random.default_rng(2)
    played = song_of(np.sort(np.arange(200) * 240 + rng.integers(0, 80, 200)))
    assert in_time(played) is played
