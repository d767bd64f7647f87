"""Reading soundfonts: the bundled one, one of our own, and every way in which a file can be wrong."""

from __future__ import annotations

import io
import random
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.render import soundfont as module
from models.render import tables
from models.render.generators import Gen
from models.render.renderer import SampledStems
from models.render.soundfont import Soundfont, bundled_path
from models.render.voice import hold
from sessions.errors import Code, Refused
from tests.models.render.fonts import RATE, SINE_FRAMES, Zone, keys, looped, soundfont, struck


def written(folder: Path, data: bytes, name: str = "test.sf2") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def refused(path: Path) -> Refused:
    with pytest.raises(Refused) as caught:
        Soundfont.load(path)
    assert caught.value.code is Code.BAD_VALUE
    assert caught.value.advice.startswith(f"soundfont: {path} ")
    return caught.value


def test_the_bundled_one_is_complete_and_names_its_licence() -> None:
    font = Soundfont.load(bundled_path())
    assert (font.title, font.licence, font.sha256) == ("TimGM6mb", "GPL-2.0", module.BUNDLED_SHA256)
    assert {(0, program) for program in range(128)} < set(font.presets)
    assert all(font.preset(*preset) for preset in font.presets if preset != (0, 0))


def test_a_preset_is_flattened_with_its_global_zone_and_key_ranges(tmp_path: Path) -> None:
    low, high = looped(key_range=keys(0, 59), pan=-500), looped(key_range=keys(60, 127), pan=500)
    font = Soundfont.load(written(tmp_path, soundfont({(0, 5): [low, high]}, licence="CC0")))
    assert (font.title, font.licence, font.presets) == ("Test tones", "CC0", ((0, 5),))
    (region,) = font.regions(bank=0, program=5, key=60, velocity=1)
    assert (region[Gen.PAN], region[Gen.FILTER_CUTOFF], region.sample.loop_start) == (500, 13500, 400)
    assert len(font.frames(region.sample)) == SINE_FRAMES
    assert font.regions(bank=0, program=6, key=60, velocity=1) == ()


def test_an_unstated_licence_is_said_to_be_so(tmp_path: Path) -> None:
    assert Soundfont.load(written(tmp_path, soundfont({(0, 0): [looped()]}))).licence == module.UNKNOWN_LICENCE


def test_offsets_of_a_zone_move_its_sample_and_loop(tmp_path: Path) -> None:
    zone = looped(start_offset=100, loop_start_offset=50, end_offset=-10)
    font = Soundfont.load(written(tmp_path, soundfont({(0, 0): [zone]})))
    (region,) = font.preset(0, 0)
    assert (region.sample.start, region.sample.end, region.sample.loop_start) == (100, SINE_FRAMES - 10, 350)


def test_a_zone_whose_sample_lies_outside_the_file_is_left_out(tmp_path: Path) -> None:
    outside = Zone(0, {Gen.START_COARSE: 100})
    font = Soundfont.load(written(tmp_path, soundfont({(0, 0): [outside, looped()]})))
    assert len(font.preset(0, 0)) == 1
    assert "no preset" in refused(written(tmp_path, soundfont({(0, 0): [outside]}))).advice


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "too short"),
        (b"RIFF", "too short"),
        (b"RIFF\x04\0\0\0WAVEfmt ", "no RIFF sfbk header"),
        (b"PK\x03\x04 a zip file, as downloads come", "no RIFF sfbk header"),
        (b"RIFF\x04\0\0\0sfbk", "damaged"),
    ],
)
def test_what_is_no_soundfont_is_refused(tmp_path: Path, data: bytes, why: str) -> None:
    assert why in refused(written(tmp_path, data)).advice


def test_paths_that_lead_nowhere_are_refused(tmp_path: Path) -> None:
    assert "can't be read" in refused(tmp_path / "missing.sf2").advice
    assert "not a file" in refused(tmp_path).advice


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    whole = soundfont({(0, 0): [looped()], (128, 0): [struck()]})
    for size in [*range(0, len(whole), 397), len(whole) - 1]:
        refused(written(tmp_path, whole[:size]))


def test_a_file_with_any_damage_is_refused_or_still_plays(tmp_path: Path) -> None:
    """Bytes of the tables are overwritten: nothing but Refused may come of it, and whatever plays is a number."""
    whole = soundfont({(0, 0): [looped(), struck()], (128, 0): [struck()]})
    dice, tables_at = random.Random(5), whole.index(b"pdta")
    outcomes = set()
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            data[dice.randrange(tables_at, len(data))] = dice.randrange(256)
        try:
            font = Soundfont.load(written(tmp_path, bytes(data)))
            for region in (region for preset in font.presets for region in font.preset(*preset)):
                sound = hold(font, region, key=dice.randrange(128), velocity=100, frames=3000, rate=44_100)
                assert np.isfinite(sound).all()
            outcomes.add("plays")
        except Refused:
            outcomes.add("refused")
    assert outcomes == {"refused", "plays"}


def test_a_large_file_is_mapped_and_reads_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, soundfont({(0, 0): [looped()]}))
    at_once = Soundfont.load(path)
    monkeypatch.setattr(tables, "READ_BYTES", 16)
    mapped = Soundfont.load(path)
    (sample,) = (region.sample for region in mapped.preset(0, 0))
    assert mapped.sha256 == at_once.sha256
    assert np.array_equal(mapped.frames(sample), at_once.frames(sample))


def vorbis(data: bytes) -> bytes:
    """The same file with its sine as Vorbis, its place counted in bytes, its loop from its own start."""
    at = data.index(b"smpl")
    size = int.from_bytes(data[at + 4 : at + 8], "little")
    sound = np.frombuffer(data[at + 8 : at + 8 + size], "<i2")[:SINE_FRAMES]
    file = io.BytesIO()
    soundfile.write(file, sound.astype(np.float32) / 32768, RATE, format="OGG", subtype="VORBIS")
    packed = file.getvalue()
    assert len(packed) <= size
    data = data[: at + 8] + packed + data[at + 8 + len(packed) :]
    head = data.index(b"shdr") + 8
    ends = len(packed).to_bytes(4, "little")
    return data[: head + 24] + ends + data[head + 28 : head + 44] + (0x11).to_bytes(2, "little") + data[head + 46 :]


def test_vorbis_samples_need_a_decoder_and_say_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, vorbis(soundfont({(0, 0): [looped()]})), "test.sf3")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install soundfile" in refused(path).advice


def test_vorbis_samples_sound_as_they_did(tmp_path: Path) -> None:
    plain = soundfont({(0, 0): [looped()]})
    fonts = [
        Soundfont.load(written(tmp_path, data, name)) for data, name in ((plain, "a.sf2"), (vorbis(plain), "a.sf3"))
    ]
    one, other = (font.preset(0, 0)[0] for font in fonts)
    assert (one.sample.vorbis, other.sample.vorbis) == (False, True)
    assert (one.sample.loop_start, one.sample.loop_end) == (other.sample.loop_start, other.sample.loop_end)
    raw, decoded = fonts[0].frames(one.sample), fonts[1].frames(other.sample)
    assert raw.shape == decoded.shape
    assert np.sqrt(np.mean((raw - decoded) ** 2)) < 0.05 * np.sqrt(np.mean(raw**2))


def test_a_damaged_vorbis_sample_is_refused(tmp_path: Path) -> None:
    whole = vorbis(soundfont({(0, 0): [looped()]}))
    at = whole.index(b"OggS")
    refused_advice = refused(written(tmp_path, whole[:at] + b"\xff" * 200 + whole[at + 200 :], "test.sf3")).advice
    assert "damaged sample" in refused_advice


def test_of_a_large_soundfont_only_so_much_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    font = Soundfont.load(written(tmp_path, soundfont({(0, 0): [looped()], (128, 0): [struck()]})))
    monkeypatch.setattr(module, "KEPT_BYTES", 4 * SINE_FRAMES)
    (sine,), (click,) = font.preset(0, 0), font.preset(128, 0)
    first = font.frames(sine.sample)
    assert font.frames(sine.sample) is first
    font.frames(click.sample)
    again = font.frames(sine.sample)
    assert again is not first
    assert np.array_equal(again, first)


def test_without_its_package_the_bundled_one_is_missed_politely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Refused, match="--soundfont"):
        bundled_path()


@pytest.mark.parametrize(
    ("licence", "commercial"), [("CC0", True), ("CC BY-NC 4.0", False), ("free for non-commercial use", False)]
)
def test_a_font_that_says_so_keeps_its_sound_from_sale(tmp_path: Path, licence: str, commercial: bool) -> None:
    font = Soundfont.load(written(tmp_path, soundfont({(0, 0): [looped()]}, licence=licence)))
    assert (SampledStems(font).provenance.licence, SampledStems(font).provenance.commercial) == (licence, commercial)
