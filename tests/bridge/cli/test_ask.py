"""`starbridge ask`: the files of the contract, the fields as they were said, refusals before anything is written."""

from __future__ import annotations

import doctest
import json
import wave
from pathlib import Path

import mido
import pytest

import bridge.cli.ask as module
from bridge.cli.ask import request_fields
from sessions.errors import Refused
from tests.bridge.cli.conftest import Command


def test_only_what_was_said_becomes_a_field() -> None:
    assert request_fields("", {"bars": None, "key": "Am"}, ()) == {"key": "Am"}
    fields = request_fields("slow", {"bars": "4"}, ["bass.density=0.3", "melody.range = C4-C6"])
    assert fields == {"prompt": "slow", "bars": "4", "bass.density": "0.3", "melody.range": "C4-C6"}


@pytest.mark.parametrize("text", ["bass.density", "density=0.3", "", "="])
def test_a_control_that_is_none(text: str) -> None:
    with pytest.raises(Refused, match=r"PART\.NAME=VALUE"):
        request_fields("", {}, [text])


def test_the_examples_hold() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["dark dubstep in F#m at 140 bpm, 1 bar"], ["From the prompt: style dubstep, bpm 140, key F#m, bars 1"]),
        (
            ["300 bpm", "--bars", "1"],
            [f"From the prompt: {module.NOTHING}", "Left out of it: bpm: 300.0 is out of range; ask for 40 to 240"],
        ),
        (
            ["house, 8 bars, only drums", "--bars", "1", "--style", "House"],
            ["From the prompt: parts drums", "Left out of it: bars 8; --bars 1 goes before"],
        ),
        (["--bars", "1"], []),
    ],
)
def test_it_says_what_it_read_from_the_prompt(
    starbridge: Command, tmp_path: Path, words: list[str], said: list[str]
) -> None:
    done = starbridge("ask", *words, "--stems", "0", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert done.stderr.splitlines() == said
    assert "From" not in done.stdout


def test_a_section_and_all_its_files(starbridge: Command, tmp_path: Path) -> None:
    out = tmp_path / "odd"
    words = ["slow", "and", "low", "--bars", "2", "--bpm", "97.5", "--meter", "7/8", "--key", "C dorian"]
    done = starbridge(
        "ask", *words, "--parts", "drums,melody", "--seed", "3", "--control", "melody.density=0.8", "--out", out
    )
    assert done.exit_code == 0, done.output
    names = [
        "section.mid",
        "stems/drums.wav",
        "stems/melody.wav",
        "mix.wav",
        "certificate.json",
        "log.jsonl",
        "checkpoint",
    ]
    assert sorted(done.stdout.split()) == sorted(str(out / name) for name in names)
    for name in ("mix.wav", "stems/drums.wav", "stems/melody.wav"):
        with wave.open(str(out / name)) as wav:
            assert wav.getnframes() == round(2 * 7 * 4 / 8 * 60 / 97.5 * wav.getframerate())
    midi = mido.MidiFile(out / "section.mid")
    assert (midi.type, [track.name for track in midi.tracks[1:]]) == (1, ["drums", "melody"])
    request = json.loads((out / "certificate.json").read_text())["statement"]["request"]
    assert request["prompt"] == "slow and low"
    assert (request["bars"], request["bpm"], request["meter"], request["key"]) == (2, 97.5, "7/8", "C dorian")
    assert request["melody.density"] == 0.8
    assert starbridge("verify", out / "mix.wav").exit_code == 0


def test_notes_alone_need_no_renderer(starbridge: Command, tmp_path: Path) -> None:
    done = starbridge("ask", "--bars", "1", "--stems", "0", "--out", tmp_path / "notes")
    assert done.exit_code == 0, done.output
    assert not list((tmp_path / "notes").rglob("*.wav"))


def test_the_same_seed_is_the_same_music(starbridge: Command, tmp_path: Path) -> None:
    for name in ("a", "b"):
        words = ["jazz", "--bars", "2", "--stems", "0", "--seed", "11", "--out", tmp_path / name]
        assert starbridge("ask", *words).exit_code == 0
    assert (tmp_path / "a" / "section.mid").read_bytes() == (tmp_path / "b" / "section.mid").read_bytes()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--bars", "65"], "bars"),
        (["--bars", "many"], "bars"),
        (["--bpm", "nan"], "bpm"),
        (["--meter", "4/3"], "meter"),
        (["--key", "H"], "key"),
        (["--chords", "Am Q"], "chords"),
        (["--parts", "drums,kazoo"], "parts"),
        (["--kind", "verse2"], "kind"),
        (["--seed", "-1"], "seed"),
        (["--renderer", "orchestra"], "renderer"),
        (["--control", "bass.volume=1"], "bass.volume"),
        (["--control", "bass.density=2"], "bass.density"),
        (["--soundfont", "/nowhere.sf2"], "soundfont"),
    ],
)
def test_refusals_name_the_field_and_write_nothing(
    starbridge: Command, tmp_path: Path, words: list[str], named: str
) -> None:
    done = starbridge("ask", *words, "--out", tmp_path / "out")
    assert (done.exit_code, done.stdout) == (1, "")
    assert named in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_said(starbridge: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = starbridge("ask", "--bars", "1", "--stems", "0", "--out", tmp_path / "file" / "out")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "Traceback" not in done.output
