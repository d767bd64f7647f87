"""What `starbridge ask` delivers, as ffmpeg hears it: a WAV of the right length at the right rate, as loud as we mean it, and
never so high that a player clips."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from models.render.mix import TARGET_LUFS
from tests.support.programs import program

HIGHEST_DBTP = -1.0
"""What is promised of stems and mix."""
SECTIONS = {
    "dubstep": ("dubstep", 4, "4/4", 140, "drums,bass,harmony,melody"),
    "swing in seven": ("swing", 4, "7/8", 93.5, "drums,bass,harmony,melody"),
    "ballad": ("ballad", 3, "3/4", 66.667, "bass,harmony,melody"),
    "with a texture": ("ambient", 2, "4/4", 81, "drums,harmony,texture"),
}


@dataclass(frozen=True, slots=True)
class Delivered:
    folder: Path
    parts: tuple[str, ...]
    seconds: Fraction

    def files(self) -> list[Path]:
        return [self.folder / "mix.wav", *(self.folder / "stems" / f"{part}.wav" for part in self.parts)]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Delivered]:
    """A section by its name, asked for once, as a user would."""
    made: dict[str, Delivered] = {}

    def ask(name: str) -> Delivered:
        if name not in made:
            style, bars, meter, bpm, parts = SECTIONS[name]
            out = tmp_path_factory.mktemp("asked")
            words = f"--style {style} --bars {bars} --meter {meter} --bpm {bpm} --parts {parts} --seed 5".split()
            command = [sys.executable, "-m", "bridge", "ask", *words, "--out", str(out)]
            subprocess.run(command, check=True, capture_output=True, timeout=100, stdin=subprocess.DEVNULL)
            quarters = bars * 4 * Fraction(meter)
            made[name] = Delivered(out, tuple(parts.split(",")), quarters * 60 / Fraction(str(bpm)))
        return made[name]

    return ask


def probed(path: Path) -> dict[str, Any]:
    words = "-v error -of json -show_streams".split()
    done = subprocess.run([program("ffprobe"), *words, path], check=True, capture_output=True, text=True, timeout=60)
    assert not done.stderr, done.stderr
    (stream,) = json.loads(done.stdout)["streams"]
    return dict(stream)


def heard(path: Path) -> tuple[float, float]:
    """Integrated loudness in LUFS and true peak in dB, by EBU R128."""
    words = f"-hide_banner -nostats -i {path} -af ebur128=peak=true -f null -".split()
    done = subprocess.run([program("ffmpeg"), *words], check=True, capture_output=True, text=True, timeout=60)
    summary = done.stderr.rpartition("Summary:")[2]
    found = [re.search(pattern, summary) for pattern in (r"I:\s+(\S+) LUFS", r"Peak:\s+(\S+) dBFS")]
    loudness, peak = (float(one[1]) for one in found if one is not None)
    return loudness, peak


pytestmark = pytest.mark.timeout(240)


@pytest.mark.parametrize("name", SECTIONS)
def test_each_file_has_its_frames_and_its_rate(ask: Callable[[str], Delivered], name: str) -> None:
    program("ffprobe")
    section = ask(name)
    for path in section.files():
        stream = probed(path)
        rate = int(stream["sample_rate"])
        assert (rate, stream["channels"], stream["codec_name"]) == (44_100, 2, "pcm_s24le"), path.name
        assert int(stream["duration_ts"]) == round(section.seconds * rate), path.name
        assert float(stream["duration"]) == pytest.approx(float(section.seconds), abs=1 / rate), path.name


@pytest.mark.parametrize("name", SECTIONS)
def test_the_mix_is_as_loud_as_meant_and_nothing_peaks_over(ask: Callable[[str], Delivered], name: str) -> None:
    program("ffmpeg")
    section = ask(name)
    measured = {path.name: heard(path) for path in section.files()}
    loudness, _ = measured["mix.wav"]
    assert abs(loudness - TARGET_LUFS) <= 1, measured
    assert max(peak for _, peak in measured.values()) <= HIGHEST_DBTP, measured
