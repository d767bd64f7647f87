"""Labels of WAV files: read back by others, not a sample touched."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from models.provenance import Provenance
from models.render.label import label, label_of, read_label

TEXTS = {"ICOP": "CC-BY-NC-4.0; not for commercial use", "ICMT": "StarBridge: notes by a, sound by ö"}


def file_of(frames: int, channels: int, width: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((channels, width, 44_100, 0, "NONE", ""))
        writer.writeframes(bytes(n % 251 for n in range(frames * channels * width)))
    return file.getvalue()


@pytest.mark.parametrize(("frames", "channels", "width"), [(1000, 2, 3), (1001, 1, 3), (0, 2, 3), (7, 1, 2)])
def test_every_frame_stays_and_the_file_is_well_formed(frames: int, channels: int, width: int) -> None:
    plain = file_of(frames, channels, width)
    labelled = label(plain, TEXTS)
    with wave.open(io.BytesIO(labelled)) as ours, wave.open(io.BytesIO(plain)) as theirs:
        assert ours.getparams() == theirs.getparams()
        assert ours.readframes(frames) == theirs.readframes(frames)
    assert struct.unpack("<I", labelled[4:8])[0] == len(labelled) - 8
    assert len(labelled) % 2 == 0
    assert read_label(labelled) == TEXTS
    assert read_label(plain) == {}
    assert label(plain, TEXTS) == labelled


@pytest.mark.parametrize("data", [b"", b"RIFF", b"RIFF bass", b"OggS" * 20])
def test_what_is_no_wav_file_stays_as_it_is(data: bytes) -> None:
    assert label(data, TEXTS) == data
    assert read_label(data) == {}


def test_scipy_reads_it_without_a_warning() -> None:
    rate, samples = wavfile.read(io.BytesIO(label(file_of(1000, 2, 3), TEXTS)))
    assert (rate, samples.shape) == (44_100, (1000, 2))
    assert np.array_equal(samples, wavfile.read(io.BytesIO(file_of(1000, 2, 3)))[1])


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not here")
def test_ffprobe_shows_it(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(label(file_of(44_100, 2, 3), TEXTS))
    entries = "format_tags=copyright,comment:stream=duration_ts"
    command = ["ffprobe", "-v", "error", "-show_entries", entries, "-of", "default=nw=1:nk=1", str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert sorted(said) == sorted(["44100", *TEXTS.values()])


def test_one_that_is_not_for_sale_is_enough() -> None:
    free = Provenance("transformer", "1", "", "Apache-2.0")
    bound = Provenance("musicgen-small", "4c8c", "", "CC-BY-NC-4.0", commercial=False)
    assert label_of(free, free)["ICOP"] == "Apache-2.0"
    assert label_of(free, bound) == {
        "ICOP": "CC-BY-NC-4.0; not for commercial use",
        "ICMT": "StarBridge: notes by transformer 1 (Apache-2.0), sound by musicgen-small 4c8c (CC-BY-NC-4.0)",
    }
    assert label_of(bound, free)["ICOP"] == "Apache-2.0; not for commercial use"
