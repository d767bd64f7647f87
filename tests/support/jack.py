"""A JACK server of a test's own, and an ear in it that is no part of us: it hears frames, and says when they sounded.

    with jack_server(tmp_path, monkeypatch), Ear(["one"]) as ear:
        ear.connect("StarBridge:out", "one")
        ear.until(lambda heard: len(heard) == 3)
        ear.heard[0]                      # Heard("one", 1767225600000000, b"\\x90<d")

The ear is a process, since a test that computes would make it deaf. Synchronous mode: a client that a busy machine wakes late
is waited for (three seconds, which is ten times the timeout); otherwise JACK drops what was meant for it, whoever wrote it.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import pytest

from tests.support.programs import program

__all__ = ["Ear", "Heard", "JackServer", "jack_server"]

PATIENCE_S = 45.0
ROOT = Path(__file__).resolve().parents[2]
RATE, PERIOD = 48_000, 256
MOST_SERVERS = 6
"""At once, by all who run tests here."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message: at which of the ear's ports, when by the steady clock that all processes share, and what."""

    port: str
    steady_us: int
    data: bytes


class JackServer:
    """`jackd` with its dummy driver; `start` again after `stop` is the same one to its clients."""

    def __init__(self, folder: Path, name: str) -> None:
        self._log, self._name = folder / "jackd.log", name
        self._process: subprocess.Popen[bytes] | None = None
        self._jackd = program("jackd")

    def start(self) -> None:
        options = ["-R", "-P", "20", "-S", "-t", "300", "-d", "dummy", "-r", str(RATE), "-p", str(PERIOD)]
        with open(self._log, "ab") as out:  # where real time is not allowed it says so and does without
            command = [self._jackd, "-n", self._name, *options]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def stop(self) -> None:
        if self._process is not None:
            if self._process.poll() is not None:
                raise AssertionError(f"jackd ended by itself:\n{self._log.read_text(errors='replace')}")
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
            self._process = None


@contextlib.contextmanager
def jack_server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JackServer]:
    """A server that only this test's children find; skips the test where JACK is not here."""
    if importlib.util.find_spec("jack") is None:
        pytest.skip("JACK-Client is not installed here")
    with _own_name() as name:
        server = JackServer(folder, name)
        monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
        monkeypatch.setenv("JACK_NO_AUDIO_RESERVATION", "1")
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextlib.contextmanager
def _own_name() -> Iterator[str]:
    """A name that no other test has just now. JACK knows eight, and forgets one that was killed when its name is used again."""
    for number in range(MOST_SERVERS):
        with open(Path(tempfile.gettempdir()) / f"starbridge-test-jack-{os.getuid()}-{number}", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            yield f"starbridge-test-{number}"
            return
    raise AssertionError(f"{MOST_SERVERS} tests with a JACK server run already")


class Ear:
    """A JACK client with ports in by name, and one out, called `hand`."""

    def __init__(self, ports: Sequence[str]) -> None:
        self._ports = list(ports)
        self.heard: list[Heard] = []
        self._said: list[str] = []

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.support.jack_ear", *self._ports]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,))
        self._reader.start()
        self._until(lambda: "ready" in self._said, "the ear did not come up")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def connect(self, source: str, target: str) -> None:
        """Wires a port to another by their full names, as soon as both are there; `:one` is the ear's own."""
        wire = [name if not name.startswith(":") else f"ear{name}" for name in (source, target)]
        before = len(self._said)
        self._order({"connect": wire})
        self._until(lambda: "connected" in self._said[before:], f"no wire {wire}")

    def play(self, *messages: str) -> None:
        """Sends messages in hex from `hand`."""
        self._order({"play": messages})

    def until(self, enough: Callable[[list[Heard]], bool], what: str = "") -> list[Heard]:
        """All that was heard, as soon as it is enough."""
        self._until(lambda: enough(self.heard), what or "what should be heard was not")
        return list(self.heard)

    def _order(self, order: dict[str, object]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def _read(self, lines: IO[str]) -> None:
        for line in lines:
            told = json.loads(line)
            if isinstance(told, str):
                self._said.append(told)
            else:
                self.heard += [Heard(port, steady_us, bytes.fromhex(data)) for port, steady_us, data in told]

    def _until(self, true: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not true():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise AssertionError(f"{what}; heard last: {self.heard[-10:]}")
            time.sleep(0.01)
