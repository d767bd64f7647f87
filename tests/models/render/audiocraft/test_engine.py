"""The engine over a line that a test scripts: whose answer is whose, cancels, silence and ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models.render.audiocraft import engine as module
from models.render.audiocraft.engine import AudiocraftEngine, Frame
from models.render.audiocraft.facts import Broken
from models.render.audiocraft.weights import Weights
from sessions.errors import Refused
from tests.models.render.audiocraft.environment import checkpoint

READY = {
    "audiocraft": "1.3.0",
    "torch": "2.1.0",
    "device": "cpu",
    "sample_rate": 32_000,
    "frame_rate": 50.0,
    "channels": 1,
    "longest_s": 30.0,
    "takes_melody": False,
    "files": {"state_dict.bin": [7, "ab" * 32], "compression_state_dict.bin": [5, "cd" * 32]},
}


class Scripted:
    """Answers what a test lets it answer; keeps what it was told."""

    def __init__(self, ready: Mapping[str, Any] | None = READY) -> None:
        self.told: list[tuple[dict[str, Any], NDArray[Any] | None]] = []
        self.answers: deque[Frame | str] = deque()
        self.ended = 0
        if ready is not None:
            self.answers.append(({"ready": dict(ready)}, None))

    def send(self, head: Mapping[str, Any], array: NDArray[Any] | None = None) -> None:
        self.told.append((dict(head), array))

    def hear(self, wait_s: float) -> Frame | None:
        found = self.answers.popleft() if self.answers else None
        if isinstance(found, str):
            raise Broken(found)
        return found

    def end(self) -> None:
        self.ended += 1

    def plays(self, number: int, sound: NDArray[Any]) -> None:
        self.answers.append(({"id": number, "done": True}, sound))


def noise(frames: int) -> NDArray[np.float32]:
    return np.random.default_rng(frames).standard_normal((1, frames * 640)).astype(np.float32)


@pytest.fixture
def weights(tmp_path: Path) -> Weights:
    return Weights.of(str(checkpoint(tmp_path / "weights")))


def awake(weights: Weights, *lines: Scripted) -> AudiocraftEngine:
    waiting = iter(lines)
    found = AudiocraftEngine(weights, lambda: next(waiting))
    assert list(found.waking()) in ([], [None])
    return found


def test_a_piece_is_ordered_and_cut_to_its_length(weights: Weights) -> None:
    line = Scripted()
    engine = awake(weights, line)
    sound, shares = noise(26), list[float]()
    line.answers.append(({"id": 1, "step": 13, "of": 29}, None))
    line.plays(1, sound)
    chunks = list(engine.stream("dub", 0.505, -1, 2.0, progress=shares.append))
    assert [chunk.shape for chunk in chunks] == [(1, 0), (1, 16_160)]
    np.testing.assert_array_equal(chunks[-1], sound[:, :16_160])
    assert shares == [13 / 29]
    (load, _), (order, heard) = line.told
    assert load == {"do": "load", "weights": weights.place}
    assert (order["frames"], order["seed"], order["top_p"], heard) == (26, (1 << 63) - 1, 0.0, None)


def test_pieces_in_turns_each_get_their_own(weights: Weights) -> None:
    line = Scripted()
    engine = awake(weights, line)
    first, second = engine.stream("one", 0.2, 1), engine.stream("two", 0.2, 2)
    assert next(first).shape == next(second).shape == (1, 0)
    sounds = noise(10), noise(10) + 1
    for number, sound in enumerate(sounds, 1):
        line.plays(number, sound)
    np.testing.assert_array_equal(np.concatenate(list(second), axis=1), sounds[1])
    np.testing.assert_array_equal(np.concatenate(list(first), axis=1), sounds[0])


@pytest.mark.parametrize("how", ["asked", "closed"])
def test_a_piece_that_is_cancelled_is_taken_back_and_what_comes_of_it_dropped(weights: Weights, how: str) -> None:
    line = Scripted()
    engine = awake(weights, line)
    piece = engine.stream("one", 0.2, 1, cancelled=lambda: how == "asked")
    if how == "closed":
        next(piece)
        del piece
    else:
        assert list(piece) == []
    assert line.told[-1][0] == {"do": "cancel", "id": 1}
    line.answers.append(({"id": 1, "cancelled": True}, None))
    line.plays(2, noise(10))
    assert sum(chunk.shape[1] for chunk in engine.stream("two", 0.2, 2)) == 6400


def test_what_it_goes_on_from_is_whole_frames_of_its_end(weights: Weights) -> None:
    line = Scripted()
    engine = awake(weights, line)
    sound = np.random.default_rng(1).standard_normal((2, 700)).astype(np.float32)
    heard = engine.encode(sound)
    np.testing.assert_allclose(heard, sound.mean(axis=0, keepdims=True)[:, 60:], rtol=1e-6)
    assert engine.encode(np.zeros(32_000 * 40, np.float32)).shape == (1, 32_000 * 12)
    next(engine.stream("one", 0.2, 1, continue_from=sound))
    np.testing.assert_array_equal(line.told[-2][1] if line.told[-1][1] is None else line.told[-1][1], heard)
    with pytest.raises(ValueError, match="a sound must be numbers"):
        engine.encode(np.zeros((4, 50), np.int64))


def test_a_line_that_breaks_refuses_all_that_wait_and_a_new_one_is_opened(weights: Weights) -> None:
    broken, whole = Scripted(), Scripted()
    engine = awake(weights, broken, whole)
    first, second = engine.stream("one", 0.2, 1), engine.stream("two", 0.2, 2)
    next(first), next(second)
    broken.answers.append("ended (signal 9)")
    with pytest.raises(Refused, match=r"renderer: audiocraft ended \(signal 9\); the next section tries again"):
        next(first)
    assert (broken.ended, engine.facts) == (1, None)
    assert list(engine.waking()) == [None]
    with pytest.raises(Refused, match="audiocraft ended while this was played"):
        next(second)
    whole.plays(3, noise(10))
    assert sum(chunk.shape[1] for chunk in engine.stream("three", 0.2, 3)) == 6400


def test_silence_is_borne_for_a_while(weights: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Scripted()
    engine = awake(weights, line)
    monkeypatch.setattr(module, "SILENT_S", 5 * module.WAIT_S)
    piece = engine.stream("one", 0.2, 1)
    with pytest.raises(Refused, match="audiocraft has said nothing for 0 s"):
        for _ in range(20):
            next(piece)
    assert line.ended == 1


def test_what_can_not_be_loaded_says_why(weights: Weights) -> None:
    line = Scripted(ready=None)
    line.answers.append(({"id": None, "error": "ModuleNotFoundError", "why": "No module", "lacks": "audiocraft"}, None))
    odd = Scripted(ready={**READY, "files": 3})
    lines = iter((line, odd))
    engine = AudiocraftEngine(weights, lambda: next(lines))
    with pytest.raises(Refused, match="can't load .*: its Python has no audiocraft; install it there"):
        list(engine.waking())
    with pytest.raises(Refused, match="says of itself what can't be read"):
        list(engine.waking())
    assert (line.ended, odd.ended) == (1, 1)
