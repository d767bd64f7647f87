"""A real server in a child process, on free ports and a folder of its own: what benchmarks, and tests from outside, ask.

    with running_server(folder) as server:
        server.health()
        server.kill()                    # hard, as by a power cut

`engine=False` starts it without an engine of its own: then it is nothing but the process that keeps time.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from bridge.haste import in_haste

__all__ = ["Server", "running_server", "start_server"]

READY_S = 90.0
STOP_S = 45.0
LOOK_S = 0.005


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is ready, and what its ready file says."""

    process: subprocess.Popen[str]
    data: Path
    log: Path
    http: str
    osc: str
    osc_tcp: str
    oscquery: str
    session: str
    invites: dict[str, str]

    @property
    def folder(self) -> Path:
        """Where its session's log lies."""
        return self.data / "sessions" / self.session

    @property
    def osc_address(self) -> tuple[str, int]:
        host, _, port = self.osc.rpartition(":")
        return host, int(port)

    def entries(self) -> int:
        """Entries of its session's log, those on their way to the disk included."""
        return int(self.health()["sessions"][self.session]["entries"])

    def await_engine(self, within_s: float) -> bool:
        """Wait until an engine is there; False where none comes."""
        end = time.monotonic() + within_s
        while not self.health()["engines"]:
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True

    def health(self) -> dict[str, Any]:
        """What `/api/health` says."""
        with urlopen(f"{self.http}/api/health", timeout=STOP_S) as answer:
            return dict(json.load(answer))

    def output(self) -> str:
        """What it has said so far, on either channel."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> int:
        """Asks it to stop, as Ctrl-C does, and waits; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_S)

    def kill(self) -> None:
        """Ends it on the spot."""
        self.process.kill()
        self.process.wait(STOP_S)


def start_server(folder: Path, *options: str, session: str = "jam", engine: bool = True) -> Server:
    """Starts `starbridge serve` with its data in `folder`, and waits until every door is open."""
    folder.mkdir(parents=True, exist_ok=True)
    ready_file, log, data = folder / "ready.json", folder / "server.log", folder / "data"
    ready_file.unlink(missing_ok=True)
    if engine:
        doors = ["--http", "127.0.0.1:0", "--osc", "127.0.0.1:0", "--session", session]
        words = ["bridge", "serve", *doors, "--data", str(data), "--ready-file", str(ready_file), *options]
    else:
        words = ["bridge.bench.server", str(data), session, str(ready_file)]
    with open(log, "a", encoding="utf-8") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"COLUMNS": "200"},
        )
    deadline = time.monotonic() + READY_S
    while True:
        if ready_file.exists() and (text := ready_file.read_text(encoding="utf-8")).strip().endswith("}"):
            return Server(process, data, log, **json.loads(text))
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.wait(STOP_S)
            raise AssertionError(f"the server did not come up (exit {process.returncode}):\n{log.read_text()}")
        time.sleep(LOOK_S)


@contextmanager
def running_server(folder: Path, *options: str, session: str = "jam", engine: bool = True) -> Iterator[Server]:
    """The same for the time of a block; stopped at its end, whatever happened."""
    server = start_server(folder, *options, session=session, engine=engine)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            try:
                server.stop()
            except subprocess.TimeoutExpired:
                server.kill()
                raise AssertionError(f"the server did not stop when asked:\n{server.output()}") from None


@in_haste()
def main(data: str, session: str, ready_file: str) -> None:
    """The server without its engine, in this process."""
    from bridge.config import Address, Config
    from bridge.server import serve

    free = Address("127.0.0.1", 0)
    config = Config(Path(data), http=free, osc=free, session=session, ready_file=Path(ready_file), engine=False)
    asyncio.run(serve(config, on_ready=lambda _: None))


if __name__ == "__main__":
    main(*sys.argv[1:])
