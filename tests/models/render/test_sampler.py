"""Parts become stems: lengths, onsets, ends, levels, and what a soundfont lacks."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from models.render import sampler as module
from models.render import scratch
from models.render.bands import BANDS, players
from models.render.instruments import CHANNELS, REFERENCE
from models.render.loudness import integrated_lufs
from models.render.sampler import RATES, Sampler
from models.render.soundfont import DRUM_BANK, Floats, Soundfont, bundled_path
from sessions.errors import Refused
from sessions.music import STYLES, Note, Part, frames_of
from tests.models.render.fonts import Zone, keys, looped, soundfont, struck


@cache
def bundled(rate: int = 44_100) -> Sampler:
    return Sampler(Soundfont.load(bundled_path()), rate)


def own(folder: Path, presets: dict[tuple[int, int], list[Zone]], rate: int = 44_100) -> Sampler:
    path = folder / "own.sf2"
    path.write_bytes(soundfont(presets))
    return Sampler(Soundfont.load(path), rate)


def onsets(stem: Floats) -> list[int]:
    """The frames at which sound begins after silence."""
    loud = np.max(np.abs(stem), axis=1) > 5e-8  # half a bit of the file
    return [int(at) for at in np.flatnonzero(loud & ~np.concatenate(([False], loud[:-1])))]


@pytest.mark.parametrize("style", STYLES)
def test_every_style_has_a_band_that_the_bundled_soundfont_can_play(style: str) -> None:
    for band in BANDS[style]:
        for part in Part:
            bank = DRUM_BANK if part is Part.DRUMS else 0
            assert bundled().preset(part, band.program(part)) == (bank, band.program(part)[0]), (style, part)


@pytest.mark.parametrize("rate", RATES)
def test_lengths_and_onsets_are_exact_to_the_frame(tmp_path: Path, rate: int) -> None:
    """Short clicks at random ticks of random tempi begin on the frame that the note's time rounds to."""
    player = own(tmp_path, {(0, 0): [struck()]}, rate)
    dice = random.Random(rate)
    for _ in range(12):
        bpm, total = round(dice.uniform(40, 240), 3), 3840 * dice.randint(1, 4)
        starts = sorted(dice.sample(range(0, total - 400, 400), 5))
        notes = [Note(start, 40, dice.choice((36, 38)), dice.randint(1, 127)) for start in starts]
        stem = player.stem(Part.BASS, notes, style="ambient", total_ticks=total, bpm=bpm)
        assert len(stem) == frames_of(total, bpm, rate)
        assert onsets(stem) == [frames_of(start, bpm, rate) for start in starts]


def test_onsets_of_real_instruments_lie_within_20_ms_of_their_notes() -> None:
    """Where the bands of all styles reach a quarter of a note's peak: the 95th percentile, parts with notes."""
    late_ms: list[float] = []
    for part in (Part.DRUMS, Part.BASS, Part.HARMONY, Part.MELODY):
        bands = {BANDS[style][band - 1].program(part)[0]: (style, band) for style in STYLES for band in (1, 2, 3)}
        for style, band in bands.values():  # one for each program
            for pitch in {Part.DRUMS: (36, 38, 42), Part.BASS: (33, 40)}.get(part, (60, 67)):
                stem = bundled().stem(
                    part, [Note(960, 480, pitch, 100)], style=style, band=band, total_ticks=3840, bpm=120.0
                )
                heard = np.max(np.abs(stem), axis=1)
                first = int(np.argmax(heard > 0.25 * heard[: 22_050 + 8_820].max()))
                assert np.max(heard[:22_050]) < 1e-7, (style, part)  # below half a bit of the file
                late_ms.append((first - 22_050) / 44.1)
    assert np.percentile(late_ms, 95) < 20
    assert np.percentile(late_ms, 50) < 4


def test_a_stem_is_the_same_every_time() -> None:
    notes = [Note(480 * step, 400, 36 + step, 60 + step) for step in range(8)]
    one, two = (
        Sampler(bundled().font).stem(Part.BASS, order, style="house", total_ticks=3840, bpm=124.0)
        for order in (notes, notes[::-1])
    )
    assert np.array_equal(one, two)


def test_what_sounds_on_at_the_end_is_faded(tmp_path: Path) -> None:
    player = own(tmp_path, {(0, 0): [looped()]})
    stem = player.stem(Part.BASS, [Note(0, 3840, 69, 100)], style="house", total_ticks=3840, bpm=120.0)
    peaks = [float(np.max(np.abs(stem[a : a + 100]))) for a in (-1000, -441, -220, -101)]
    assert peaks == sorted(peaks, reverse=True)
    assert np.max(np.abs(stem[-1])) < 1e-3
    assert np.max(np.abs(np.diff(stem, axis=0))) < 0.1  # a sine of this level never steps further: no click anywhere


def test_a_release_does_not_click(tmp_path: Path) -> None:
    player = own(tmp_path, {(0, 0): [looped(env_release=-12000)]})
    stem = player.stem(Part.BASS, [Note(0, 777, 69, 127)], style="house", total_ticks=3840, bpm=120.0)
    assert np.max(np.abs(np.diff(stem, axis=0))) < 0.1
    assert len(onsets(stem)) == 1


def test_a_closed_hat_ends_an_open_one(tmp_path: Path) -> None:
    hats = [
        Zone(0, {54: 1, 57: 1, 38: 4000, 43: keys(46, 46)}),
        Zone(1, {56: 0, 57: 1, 38: 0, 43: keys(42, 42)}),
    ]
    player = own(tmp_path, {(DRUM_BANK, 0): hats})
    alone = player.stem(Part.DRUMS, [Note(0, 200, 46, 100)], style="pop", total_ticks=3840, bpm=120.0)
    ended = player.stem(
        Part.DRUMS, [Note(0, 200, 46, 100), Note(960, 100, 42, 1)], style="pop", total_ticks=3840, bpm=120.0
    )
    after = slice(22_050 + 5000, 44_100)
    before = slice(0, 20_000)
    assert np.max(np.abs(alone[after])) > 0.01
    assert np.max(np.abs(ended[after])) < 0.05 * np.max(np.abs(alone[after]))  # what is left is the room
    assert np.allclose(alone[before], ended[before])


def test_louder_velocities_sound_louder_and_none_is_lost() -> None:
    levels = []
    for velocity in (1, 30, 60, 90, 127):
        notes = [Note(480 * step, 400, 45, velocity) for step in range(8)]
        stem = bundled().stem(Part.BASS, notes, style="pop", total_ticks=3840, bpm=120.0)
        levels.append(float(np.sqrt(np.mean(stem**2))))
    assert levels == sorted(levels)
    assert 0 < levels[0] < levels[-1] / 100


@pytest.mark.parametrize("part", Part)
def test_programs_of_different_loudness_come_out_alike(part: Part) -> None:
    """A part's reference phrase has its channel's loudness in every style, before the room is added."""
    for style in ("house", "rock", "jazz", "ambient"):
        player = bundled()
        bank, program = player.preset(part, players(style).program(part))
        notes = [
            Note(round(start * 1920), round(length * 1920), pitch, module.REFERENCE_VELOCITY)
            for start, length, pitch in REFERENCE[part]
        ]
        dry = np.zeros((88_200, 2), np.float32)
        struck = [
            (n.pitch, n.velocity, frames_of(n.start, 120.0, 44_100), frames_of(n.end, 120.0, 44_100)) for n in notes
        ]
        player._play(dry, part, bank, program, struck, lambda: False)
        module._narrow(dry, CHANNELS[part].width, player._gain(part, bank, program))
        assert integrated_lufs(dry, 44_100) == pytest.approx(CHANNELS[part].lufs, abs=0.1), style


def test_presets_and_keys_that_a_soundfont_lacks_are_played_by_the_nearest(tmp_path: Path) -> None:
    player = own(
        tmp_path, {(0, 40): [looped(key_range=keys(60, 62))], (DRUM_BANK, 3): [struck(key_range=keys(36, 38))]}
    )
    for part, pitch in ((Part.MELODY, 20), (Part.BASS, 100), (Part.DRUMS, 81), (Part.TEXTURE, 61)):
        stem = player.stem(part, [Note(0, 960, pitch, 100)], style="jazz", total_ticks=3840, bpm=120.0)
        assert np.max(np.abs(stem)) > 0.001, part
    melodic = own(tmp_path, {(0, 0): [looped()]})
    stem = melodic.stem(Part.DRUMS, [Note(0, 960, 36, 100)], style="jazz", total_ticks=3840, bpm=120.0)
    assert np.max(np.abs(stem)) > 0.001  # no kit at all: better a tone than a silent part


def test_a_part_without_notes_is_silence_of_the_right_length() -> None:
    stem = bundled().stem(Part.MELODY, [], style="pop", total_ticks=3360, bpm=93.7)
    assert stem.shape == (frames_of(3360, 93.7, 44_100), 2)
    assert not np.any(stem)


@pytest.mark.parametrize("part", [Part.DRUMS, Part.BASS])
def test_peaks_are_held_at_the_channels_crest(part: Part) -> None:
    notes = [Note(0, 100, pitch, 127) for pitch in (36, 38, 40, 42, 49, 41)]
    stem = bundled().stem(part, notes, style="dubstep", total_ticks=3840, bpm=140.0)
    before_the_room_answers = stem[: 44_100 // 100]
    assert np.max(np.abs(before_the_room_answers)) <= CHANNELS[part].ceiling * 1.0001


def test_a_slow_sample_speaks_when_its_note_starts(tmp_path: Path) -> None:
    """30 ms of breath are skipped, for all layers alike; a pad keeps its own."""
    slow = looped(env_delay=-7200, env_attack=-6000)  # 16 ms of nothing, then a rise of 31 ms
    player = own(tmp_path, {(0, 0): [slow]})
    note = [Note(960, 960, 69, 100)]
    melody, texture = (
        player.stem(part, note, style="house", total_ticks=3840, bpm=120.0) for part in (Part.MELODY, Part.TEXTURE)
    )
    assert onsets(melody)[0] - 22_050 < 50
    assert onsets(texture)[0] - 22_050 == pytest.approx(44_100 / 64, abs=50)


def test_cancelled_it_stops_before_the_next_pitch() -> None:
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 2

    notes = [Note(480 * step, 400, 40 + step, 100) for step in range(8)]
    stem = bundled().stem(Part.BASS, notes, style="pop", total_ticks=3840, bpm=120.0, cancelled=cancelled)
    assert np.max(np.abs(stem[frames_of(1440, 120.0, 44_100) :])) < 1e-3  # two notes of eight, and their ends


def test_a_long_stem_lives_in_a_file_and_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    notes = [Note(960 * step, 800, 40 + step, 100) for step in range(8)]

    def stem() -> Floats:
        return bundled().stem(Part.HARMONY, notes, style="pop", total_ticks=7680, bpm=120.0)

    in_memory = stem()
    monkeypatch.setattr(scratch, "SPILL_BYTES", 1000)
    in_file = stem()
    assert isinstance(in_file, np.memmap)
    assert np.array_equal(in_memory, in_file)


def test_a_full_disk_is_said_before_anything_is_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(scratch, "SPILL_BYTES", 1000)
    monkeypatch.setattr("os.posix_fallocate", full, raising=False)
    with pytest.raises(Refused, match=r"no room for what is rendered \(No space left on device\); free 0 MB in"):
        bundled().stem(Part.BASS, [Note(0, 960, 40, 100)], style="pop", total_ticks=3840, bpm=120.0)


def test_only_known_rates_are_played() -> None:
    with pytest.raises(ValueError, match="22050"):
        Sampler(bundled().font, 22_050)
