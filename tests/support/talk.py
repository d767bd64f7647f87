"""Other people's programs at work: started, listened to line by line, ended.

    with Talk([oscdump, "-L", "9001"], tmp_path) as dump:
        dump.until(r"/session/joined")

Whoever waits polls, and gives up when nothing new has been said for a while; nothing sleeps and hopes.
"""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Talk", "datagrams_of", "free_port"]

PATIENCE_S = 45.0
"""Without a word: a machine may be busy."""
LIMIT_S = 200.0
"""At most, however much is said: less than a test has."""
SHOWN = 20
"""Lines of a long talk that a failure quotes."""


class Talk:
    """A program whose output goes to a file that is read while it runs."""

    def __init__(self, command: Sequence[str], folder: Path, env: Mapping[str, str] | None = None) -> None:
        self._command = list(command)
        self._log = folder / f"{Path(command[0]).name}.log"
        self._env = env

    def __enter__(self) -> Self:
        with open(self._log, "wb") as out:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=self._env
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)

    @property
    def output(self) -> str:
        """What it has said so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def until(self, pattern: str, count: int = 1) -> list[str]:
        """All lines that match, as soon as there are so many; AssertionError when it falls silent before that."""
        output, found = "", []
        now = news = begun = time.monotonic()
        while True:
            ended = self._process.poll() is not None
            if (said := self.output) != output:
                output, news = said, now
                found = [line for line in output.splitlines() if re.search(pattern, line)]
            if len(found) >= count:
                return found
            now = time.monotonic()
            if ended or now > news + PATIENCE_S or now > begun + LIMIT_S:
                last = "\n".join(output.splitlines()[-SHOWN:])
                raise AssertionError(
                    f"{len(found)} of {count} lines match {pattern!r}; the last of what was said:\n{last}"
                )
            time.sleep(0.02)


def free_port() -> int:
    """A UDP port that nobody has just now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def datagrams_of(ear: socket.socket, count: int) -> list[bytes]:
    """So many datagrams from a socket; AssertionError when they don't come."""
    ear.settimeout(PATIENCE_S)
    try:
        return [ear.recv(65_536) for _ in range(count)]
    except TimeoutError:
        raise AssertionError(f"fewer than {count} datagrams came") from None
