"""Random sections without a server, read back by other people's libraries: exact in bars, tempo, metre, parts; in key."""

from __future__ import annotations

import hashlib
import io
import json
import random
import wave
from fractions import Fraction
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest

from bridge.offline import ask
from sessions.audit import audit
from sessions.certificate import verify_certificate
from sessions.errors import Refused
from sessions.keys import VerifierKey
from sessions.music import MODES, STYLES, Chords, Key, Kind, Meter

PARTS = ["drums", "bass", "harmony", "melody"]
METRES = [f"{n}/{d}" for d in (2, 4, 8, 16) for n in range(1, 17)]
WITHOUT_STEMS, WITH_STEMS = len(METRES) + 24, 24
SHORT = [1, 1, 2, 2, 3, 3, 4, 8]
LONG = {len(METRES): 64, len(METRES) + 8: 31, len(METRES) + 16: 16}
"""Bars of a few sections, by their number; the others are short, for the time goes with the beats."""


def random_fields(dice: random.Random, *, stems: bool) -> dict[str, Any]:
    """Anything that may be asked for, odd things often."""
    bars = dice.choice([1, 2, 4] if stems else SHORT)
    fields: dict[str, Any] = {
        "kind": dice.choice(list(Kind)).value,
        "style": dice.choice(STYLES),
        "bars": bars,
        "bpm": dice.choice([40, 240, 128, 140, round(dice.uniform(40, 240), 3)]),
        "meter": dice.choice(["4/4", "3/4", "7/8", dice.choice(METRES)]),
        "key": f"{dice.choice(['C', 'F#', 'Bb', 'E', 'Ab'])} {dice.choice(list(MODES))}",
        "parts": ",".join(sorted(dice.sample(PARTS, dice.randint(1, 4)), key=PARTS.index)),
        "energy": dice.random(),
        "density": dice.random(),
        "seed": dice.randrange(2**32),
        "stems": int(stems),
    }
    if dice.random() < 0.25:
        fields["chords"] = dice.choice(["Am F C G", "Dm7/2 G7/2 Cmaj7", "F#m7b5 B7 Em", "Bb Eb/1.5 F7"])
    return fields


def check_midi(path: Path, fields: dict[str, Any]) -> None:
    """The file as the contract has it."""
    file = mido.MidiFile(path)
    n, d = map(int, fields["meter"].split("/"))
    ticks = Fraction(fields["bars"] * n * 4, d) * file.ticks_per_beat
    parts = fields["parts"].split(",")
    assert file.type == 1
    head, *tracks = file.tracks
    tempos = [message.tempo for message in head if message.type == "set_tempo"]
    metres = [(m.numerator, m.denominator) for m in head if m.type == "time_signature"]
    assert tempos == [round(60_000_000 / fields["bpm"])]
    assert metres == [(n, d)]
    assert sum(message.time for message in head) == ticks
    assert [track.name for track in tracks] == parts
    for part, track in zip(parts, tracks, strict=True):
        assert sum(message.time for message in track) <= ticks
        notes = sounding(track, ticks)
        assert notes, f"{part} is empty"
        assert {channel == 9 for channel, *_ in notes} == {part == "drums"}
        if part != "drums":
            check_pitches(part, notes, fields, file.ticks_per_beat)


def sounding(track: mido.MidiTrack, ticks: Fraction) -> list[tuple[int, int, int, int]]:
    """(channel, pitch, start, end) of each note; every one of them ends in time."""
    now, open_notes, notes = 0, {}, []
    for message in track:
        now += message.time
        if message.type == "note_on" and message.velocity:
            assert (message.channel, message.note) not in open_notes
            open_notes[message.channel, message.note] = now
        elif message.type in ("note_off", "note_on"):
            start = open_notes.pop((message.channel, message.note))
            assert start < now <= ticks
            notes.append((message.channel, message.note, start, now))
    assert not open_notes
    return notes


def check_pitches(part: str, notes: list[tuple[int, int, int, int]], fields: dict[str, Any], ppq: int) -> None:
    scale = set(Key.parse(fields["key"]).scale)
    if "chords" not in fields:
        assert {pitch % 12 for _, pitch, *_ in notes} <= scale, part
        return
    spans = Chords.parse(fields["chords"]).over(fields["bars"], Meter.parse(fields["meter"]))
    in_tune = 0
    for _, pitch, start, _ in notes:
        tick = start * 960 // ppq
        chord = next(span.chord for span in spans if span.start <= tick < span.end)
        in_tune += pitch % 12 in scale or pitch % 12 in chord.pitch_classes
    assert in_tune == len(notes), part


def samples(data: bytes) -> tuple[np.ndarray[Any, Any], int]:
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (2, 3)
        raw = np.frombuffer(file.readframes(file.getnframes()), np.uint8).reshape(-1, 3).astype(np.int32)
        values = (raw[:, 0] | raw[:, 1] << 8 | raw[:, 2] << 16) << 8 >> 8
        return values.reshape(-1, 2), file.getframerate()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_random_sections_as_notes(tmp_path: Path) -> None:
    """88 sections by the transformer, each of any kind, style, key, mode, energy and density, of 40 to 240 bpm, for one part
    or more, a quarter with chords. Every metre of the contract comes once, and the usual ones again.
    Three are long, of 64, 31 and 16 bars; the others have 1 to 8."""
    dice = random.Random(2026)
    for number in range(WITHOUT_STEMS):
        fields = random_fields(dice, stems=False)
        fields["bars"] = LONG.get(number, fields["bars"])
        if number < len(METRES):
            fields["meter"] = METRES[number]
        out = tmp_path / str(number)
        result = ask(fields, out)
        check_midi(out / "section.mid", fields)
        assert result.request.bars == fields["bars"]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_random_sections_as_sound(tmp_path: Path) -> None:
    dice = random.Random(7)
    for number in range(WITH_STEMS):
        fields = random_fields(dice, stems=True)
        if number % 4 == 0:
            fields["parts"] = "drums,texture"
        out = tmp_path / str(number)
        ask(fields, out)
        mix, rate = samples((out / "mix.wav").read_bytes())
        n, d = map(int, fields["meter"].split("/"))
        frames = round(Fraction(fields["bars"] * n * 4, d) * 60 / Fraction(str(fields["bpm"])) * rate)
        total = np.zeros_like(mix)
        for part in fields["parts"].split(","):
            stem, _ = samples((out / "stems" / f"{part}.wav").read_bytes())
            assert len(stem) == frames == len(mix)
            assert np.abs(stem).max() > 2**23 // 1000, f"{part} is silent"
            total += stem
        assert np.abs(total - mix).max() <= 1
        assert np.abs(mix).max() < 2**23 * 10 ** (-1 / 20)


def test_the_certificate_and_its_log(tmp_path: Path) -> None:
    result = ask({"bars": 1, "parts": "drums,bass", "seed": 4}, tmp_path)
    text = (tmp_path / "certificate.json").read_bytes()
    certificate = verify_certificate(text)
    for name, digest in certificate.files.items():
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest
    assert set(certificate.files) == {"section.mid", "stems/drums.wav", "stems/bass.wav", "mix.wav"}
    assert {str(path.relative_to(tmp_path)) for path in result.files} >= set(certificate.files) | {
        "log.jsonl",
        "checkpoint",
    }
    with open(tmp_path / "log.jsonl", "rb") as lines:
        report = audit(lines, (tmp_path / "checkpoint").read_text(), VerifierKey.parse(json.loads(text)["log_key"]))
    assert report.ok, str(report)
    assert report.entries == 1


def test_a_folder_that_was_used_before_holds_the_new_section_only(tmp_path: Path) -> None:
    ask({"bars": 1, "parts": "drums,bass"}, tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    ask({"bars": 1, "parts": "melody"}, tmp_path)
    assert [path.name for path in (tmp_path / "stems").iterdir()] == ["melody.wav"]
    ask({"bars": 1, "stems": 0}, tmp_path)
    assert not list(tmp_path.rglob("*.wav"))
    assert (tmp_path / "notes.txt").exists()


def test_the_same_seed_is_the_same_music(tmp_path: Path) -> None:
    for name in "ab":
        ask({"bars": 2, "seed": 9, "parts": "drums,melody"}, tmp_path / name)
    for file in ("section.mid", "mix.wav", "stems/melody.wav"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


@pytest.mark.parametrize(
    "fields",
    [{"bars": 0}, {"like": "nightdrive"}, {"context": "take-1 vary"}, {"renderer": "musicgen"}, {"colour": "blue"}],
)
def test_what_cannot_be_had_leaves_no_files(tmp_path: Path, fields: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        ask(fields, tmp_path / "out")
    assert refused.value.advice.startswith(next(iter(fields)))
    assert not (tmp_path / "out").exists()
