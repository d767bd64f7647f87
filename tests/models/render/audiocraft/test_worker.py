"""The worker's frames, and that its file can be read by the Pythons that audiocraft is used with."""

from __future__ import annotations

import ast
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.render.audiocraft import worker

HEAD: dict[str, Any] = {"do": "play", "id": 3, "text": "dub – ½"}


@pytest.mark.parametrize(
    "array",
    [None, np.zeros((2, 0), np.float32), np.arange(6, dtype=np.int64).reshape(2, 3), np.ones((1, 5), np.float32)],
)
def test_a_frame_comes_back_as_it_was_packed(array: Any) -> None:
    packed = worker.pack(HEAD, array)
    stream = io.BytesIO(packed * 2)
    for _ in range(2):
        frame = worker.read(stream)
        assert frame is not None
        head, found = frame
        assert {name: value for name, value in head.items() if name != "array"} == HEAD
        if array is None:
            assert found is None
        else:
            np.testing.assert_array_equal(found, array)
            assert found.dtype == array.dtype
    assert worker.read(stream) is None


def test_half_of_a_frame_and_junk_are_none() -> None:
    packed = worker.pack(HEAD, np.ones((1, 5), np.float32))
    for cut in range(1, len(packed)):
        with pytest.raises(worker.NotAFrame):
            worker.read(io.BytesIO(packed[:cut]))
    for junk in (
        b"Loading weights: 0%",
        b"SBA1" + b"\xff" * 8,
        packed.replace(b"float32", b"float99"),
        packed.replace(b"5", b"7"),
    ):
        with pytest.raises(worker.NotAFrame):
            worker.read(io.BytesIO(junk))


def test_it_is_written_for_old_pythons_and_knows_nothing_of_ours() -> None:
    tree = ast.parse(Path(worker.__file__).read_text(encoding="utf-8"), feature_version=(3, 8))
    named = {one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names}
    named |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name for name in named if name.partition(".")[0] in ("bridge", "models", "sessions", "osc_schemas")}
    named |= {"__future__"}


@pytest.mark.parametrize("rate", [50.0, 25.0, 75.0, 86.1328125])
def test_so_many_seconds_are_so_many_frames(rate: float) -> None:
    for frames in range(1, 3000):
        assert int(worker.lasting(frames, rate) * rate) == frames
