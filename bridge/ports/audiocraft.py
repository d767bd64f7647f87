"""audiocraft's process: another Python, started beside the engine, at the end of two pipes.

Lives here: which Python that is, its start and its end, and its last words where it ends by itself. What is said over the pipes is
`models.render.audiocraft`'s.

    python = find_python("/home/me/audiocraft")    # or the Python in it
    open_line = opener(python)                     # nothing is started yet
    line = open_line()
    line.send({"do": "load", "weights": "/a/folder"})
    line.hear(0.1)
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import shutil
import subprocess
import threading
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sessions.errors import Code, Refused

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.render.audiocraft.engine import Frame, Line

__all__ = ["find_python", "opener"]

PYTHONS = ("bin/python", "Scripts/python.exe")  # in the folder of an environment
OURS = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "__PYVENV_LAUNCHER__",
)  # of this Python, and nothing for another one
CALM = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "TOKENIZERS_PARALLELISM": "false", "PYTHONUNBUFFERED": "1"}
END_S = 2.0  # between the end of its input and the kill
LAST_S = 1.0  # for its last words, once it has ended
LAST_LINES = 20
MOST_FRAMES = 1024  # that wait for who hears them; then the process waits
WORDS = 300  # characters of them that are passed on

log = logging.getLogger("starbridge.engine")


def find_python(text: str | Path) -> Path:
    """A Python: its file, a name in PATH, or the folder of its environment. Raises Refused."""
    named = Path(text).expanduser()
    if named.is_dir():
        found = next((named / name for name in PYTHONS if (named / name).is_file()), None)
        if found is None:
            raise _bad(f"there is no Python in {named}; give the folder of an environment, or its Python")
    else:
        there = shutil.which(named)
        if there is None:
            why = "can't be run" if named.exists() else "is not there"
            raise _bad(f"{named} {why}; give the Python of audiocraft's environment, or the folder of it")
        found = Path(there)
    return found.absolute()  # and no link followed: an environment is known by where its Python lies


def opener(python: Path) -> Callable[[], Line]:
    """What opens a line to that Python's audiocraft."""
    return lambda: _Process(python)


class _Process:
    """One process, from its start to its end, which comes with that of whoever holds this at the latest."""

    def __init__(self, python: Path) -> None:
        from models.render.audiocraft import worker  # numpy, which the server has no need for
        from models.render.audiocraft.facts import Broken

        self._python, self._broken, self._pack = python, Broken, worker.pack
        self._said: deque[str] = deque(maxlen=LAST_LINES)
        self._frames: queue.Queue[Frame | str] = queue.Queue(MOST_FRAMES)
        self._ever_heard = False
        self._sending = threading.Lock()
        environment = {name: value for name, value in os.environ.items() if name not in OURS}
        try:
            process = subprocess.Popen(
                [python, worker.__file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**CALM, **environment},
            )
        except OSError as error:
            raise Broken(f"can't be started: {python}: {error.strerror or error}") from None
        self._process = process
        self._end = weakref.finalize(self, _end, process)
        self._words = threading.Thread(target=_take_down, args=(process.stderr, self._said), daemon=True)
        self._words.start()
        threading.Thread(target=_listen, args=(process, self._frames), daemon=True).start()

    def send(self, head: Mapping[str, Any], array: NDArray[Any] | None = None) -> None:
        """Raises Broken."""
        assert self._process.stdin is not None
        try:
            with self._sending:
                self._process.stdin.write(self._pack(dict(head), array))
                self._process.stdin.flush()
        except (OSError, ValueError):  # a pipe that is broken, or closed
            raise self._broken(self._last_heard() or self._how_it_ended()) from None

    def hear(self, wait_s: float) -> Frame | None:
        """Raises Broken."""
        try:
            found = self._frames.get(timeout=wait_s)
        except queue.Empty:
            return None
        if isinstance(found, str):
            raise self._broken(found or self._how_it_ended())
        self._ever_heard = True
        return found

    def end(self) -> None:
        self._end()

    def _last_heard(self) -> str:
        """Why nothing more is heard, where it said something that is no frame before it ended."""
        with contextlib.suppress(queue.Empty):
            while not isinstance(found := self._frames.get(timeout=LAST_S), str):
                continue
            self._frames.put(found)  # for whoever listens yet
            return found
        return ""

    def _how_it_ended(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(LAST_S)
        self._words.join(LAST_S)
        code = self._process.poll()
        how = "closed its pipe" if code is None else f"signal {-code}" if code < 0 else f"exit code {code}"
        words = f": {self._said[-1][:WORDS]}" if self._said else ""
        doubt = "" if self._ever_heard else f" (is {self._python} a Python, 3.8 or later, with audiocraft?)"
        return f"ended ({how}){words}{doubt}"


def _listen(process: subprocess.Popen[bytes], frames: queue.Queue[Frame | str]) -> None:
    """Every frame, then why there are no more: a sentence, or nothing where the process ended."""
    from models.render.audiocraft.worker import NotAFrame, read

    assert process.stdout is not None
    try:
        while (frame := read(process.stdout)) is not None:
            frames.put(frame)
        frames.put("")
    except NotAFrame as error:
        frames.put(f"says what is no frame: {error}"[:WORDS] if process.poll() is None else "")
    process.stdout.close()
    process.wait()


def _take_down(stream: IO[bytes] | None, said: deque[str]) -> None:
    assert stream is not None
    for line in stream:
        words = line.decode(errors="replace").strip()
        if words:
            said.append(words)
            log.debug("audiocraft: %s", words)
    stream.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """By the end of its input, and by force where that does not help; nothing of it is left."""
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _bad(why: str) -> Refused:
    return Refused(Code.BAD_VALUE, f"audiocraft: {why}")
