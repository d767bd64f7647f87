"""audiocraft's process: found, started, talked with, and gone, by a package that imitates it in another environment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge.ports.audiocraft import find_python, opener
from models.render.audiocraft.engine import AudiocraftEngine, Line
from models.render.audiocraft.weights import Weights
from sessions.errors import Code, Refused
from tests.models.render.audiocraft.environment import checkpoint, environment, program
from tests.models.render.audiocraft.imitation import expected

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform == "win32", reason="the environments of these tests are shell scripts"),
]


class Opened:
    """Opens lines, and keeps them for a test to look at."""

    def __init__(self, python: Path) -> None:
        self._open, self.lines = opener(python), list[Any]()

    def __call__(self) -> Line:
        self.lines.append(self._open())
        return self.lines[-1]  # type: ignore[no-any-return]

    @property
    def pid(self) -> int:
        return int(self.lines[-1]._process.pid)


def engine_of(folder: Path, python: Path, **settings: Any) -> tuple[AudiocraftEngine, Opened]:
    opened = Opened(find_python(python))
    return AudiocraftEngine(Weights.of(str(checkpoint(folder / "weights", **settings))), opened), opened


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return environment(tmp_path_factory.mktemp("there"))


@pytest.fixture(scope="module")
def awake(there: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AudiocraftEngine, Opened]]:
    engine, opened = engine_of(tmp_path_factory.mktemp("loaded"), there, step_s=0.005)
    list(engine.waking())
    yield engine, opened
    opened.lines[-1].end()


def gone(pid: int, within_s: float = 10.0) -> bool:
    """Neither running nor waiting to be taken leave of."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_what_it_plays_and_says_of_itself(awake: tuple[AudiocraftEngine, Opened]) -> None:
    engine, _ = awake
    facts = engine.facts
    assert facts is not None
    assert (facts.audiocraft, facts.sample_rate, facts.channels, facts.takes_melody) == ("1.3.0", 32_000, 1, False)
    assert sorted(facts.files) == ["compression_state_dict.bin", "state_dict.bin"]
    shares: list[float] = []
    sound = np.concatenate(list(engine.stream("dub", 1, 7, progress=shares.append)), axis=1)
    np.testing.assert_array_equal(sound, expected(7, 50).numpy())
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    codes = engine.generate_codes("dub", 1, 7)
    assert (codes.shape, codes.dtype) == ((4, 50), np.int64)
    assert not engine.generate_codes("dub", 1, 7, greedy=True).any()


def test_what_it_goes_on_from_is_not_handed_back(awake: tuple[AudiocraftEngine, Opened]) -> None:
    engine, _ = awake
    heard = engine.encode(np.full(2_000, 0.5, np.float32))
    assert heard.shape == (1, 1_920)
    sound = np.concatenate(list(engine.stream("dub", 0.33, 7, continue_from=heard)), axis=1)
    np.testing.assert_array_equal(sound, expected(7, 17)[:, :10_560].numpy())


def test_cancelled_within_a_step_and_the_next_piece_is_as_if_nothing_had_been(
    awake: tuple[AudiocraftEngine, Opened],
) -> None:
    engine, opened = awake
    pid = opened.pid
    asks = 0

    def cancelled() -> bool:
        nonlocal asks
        asks += 1
        return asks > 3

    chunks = list(engine.stream("dub", 600, 7, cancelled=cancelled))  # steps for longer than a test may last
    assert not sum(chunk.shape[1] for chunk in chunks)
    sound = np.concatenate(list(engine.stream("dub", 0.5, 7)), axis=1)
    np.testing.assert_array_equal(sound, expected(7, 25).numpy())
    assert opened.pid == pid


@pytest.mark.parametrize(
    ("words", "said"),
    [("raise", r"failed: CUDA out of memory \(RuntimeError\)"), ("break", "failed: 25 frames were asked for, 24 came")],
)
def test_what_goes_wrong_in_a_piece_harms_no_other(
    awake: tuple[AudiocraftEngine, Opened], words: str, said: str
) -> None:
    engine, opened = awake
    pid = opened.pid
    with pytest.raises(Refused, match=f"renderer: audiocraft {said}.*; the next section tries again") as caught:
        list(engine.stream(words, 0.5, 7))
    assert caught.value.code is Code.FAILED
    assert sum(chunk.shape[1] for chunk in engine.stream("dub", 0.5, 7)) == 16_000
    assert opened.pid == pid


def test_a_crash_and_a_kill_are_told_and_another_one_is_started(there: Path, tmp_path: Path) -> None:
    engine, opened = engine_of(tmp_path, there, channels=2, melody=True)
    with pytest.raises(
        Refused, match=r"audiocraft ended \(exit code 9\): Segmentation fault, it says; the next section"
    ):
        list(engine.stream("crash", 0.5, 7))
    first = opened.pid
    assert gone(first)
    melody = np.full(9_000, 0.25, np.float32)
    assert sum(chunk.shape[1] for chunk in engine.stream("dub", 0.5, 7, melody=melody)) == 16_000
    assert (engine.takes_melody, engine.channels) == (True, 2)
    assert opened.pid != first
    piece = engine.stream("hang", 0.5, 7)
    next(piece)
    os.kill(opened.pid, signal.SIGKILL)
    with pytest.raises(Refused, match=r"audiocraft ended \(signal 9\)"):
        list(piece)
    assert gone(opened.pid)


def test_one_that_hangs_ends_when_it_is_told_to(there: Path, tmp_path: Path) -> None:
    engine, opened = engine_of(tmp_path, there)
    next(engine.waking())
    os.kill(opened.pid, signal.SIGSTOP)  # deaf to the end of its input
    opened.lines[-1].end()
    assert gone(opened.pid)


def test_it_ends_with_who_started_it(there: Path, tmp_path: Path) -> None:
    """By a hard kill, in the midst of a piece, and nobody is left."""
    weights = checkpoint(tmp_path / "weights", step_s=1)
    code = f"""
from bridge.ports.audiocraft import find_python, opener
from models.render.audiocraft.engine import AudiocraftEngine
from models.render.audiocraft.weights import Weights
lines = []
def opened():
    lines.append(opener(find_python({str(there)!r}))())
    return lines[0]
engine = AudiocraftEngine(Weights.of({str(weights)!r}), opened)
list(engine.waking())
next(engine.stream("dub", 100, 7))
print(lines[0]._process.pid, flush=True)
input()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        os.kill(pid, 0)
        parent.kill()
    assert gone(pid)


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("exit 0", r"audiocraft ended \(exit code 0\) \(is .* a Python, 3.8 or later, with audiocraft\?\)"),
        ("echo 'SyntaxError: invalid syntax' >&2; exit 1", r"ended \(exit code 1\): SyntaxError: invalid syntax \(is"),
        ("exec yes it does", "says what is no frame: it says b'it does"),
        ("exec 1>&-; exec sleep 30", r"ended \(closed its pipe\)"),
    ],
)
def test_what_is_no_python(does: str, said: str, tmp_path: Path) -> None:
    engine, opened = engine_of(tmp_path, program(tmp_path / "python", does))
    with pytest.raises(Refused, match=said):
        list(engine.waking())
    assert gone(opened.pid)


def test_a_python_without_audiocraft_and_with_one_that_is_too_old(tmp_path: Path) -> None:
    engine, _ = engine_of(tmp_path, environment(tmp_path / "none", version=""))
    with pytest.raises(Refused, match="can't load .*: its Python has no audiocraft; install it there"):
        list(engine.waking())
    engine, _ = engine_of(tmp_path, environment(tmp_path / "old", version="0.0.2"))
    with pytest.raises(Refused, match="audiocraft 0.0.2 is too old, 1.0 is the first that will do"):
        list(engine.waking())


def test_where_no_python_is(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("")
    for path, said in (
        (tmp_path / "nothing", "nothing is not there; give the Python of audiocraft's environment"),
        (tmp_path / "text", "text can't be run; give the Python of audiocraft's environment"),
        (tmp_path, "there is no Python in .*; give the folder of an environment, or its Python"),
    ):
        with pytest.raises(Refused, match=f"audiocraft: .*{said}") as caught:
            find_python(path)
        assert caught.value.code is Code.BAD_VALUE
    assert find_python(sys.executable) == Path(sys.executable)
    assert find_python("sh").is_file()
