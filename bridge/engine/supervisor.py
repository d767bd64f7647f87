"""Supervisor: keeps an engine's process alive beside the server, and never longer than the server.

    supervisor = Supervisor(soundfont=None, on_gave_up=print)
    await supervisor.start()
    supervisor.join("http://127.0.0.1:8080", "jam", token)
    ...
    await supervisor.close()

A crash is answered by a new process after a pause that grows; it is told the same sessions and holds the same key, so it comes
back as the same member. After `MAX_CRASHES` in quick succession, or when the engine says that what it was given can't work,
the supervisor gives up and says why. The process ends with its standard input, so it can't outlive us, however we end.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import secrets
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from bridge.engine.backoff import Backoff

__all__ = ["EngineState", "EngineStatus", "Supervisor"]

MAX_CRASHES = 5
CALM_S = 60.0  # a process that lived this long has not crashed in quick succession
STOP_S = 2.0  # between the end of its input and the kill
LINE_BYTES = 16 * 1024  # of a line that it writes
LINES_PER_S = 50  # passed on; a burst beyond is counted instead
LAST_LINES = 20
CONFIGURATION = 78  # what the child exits with when its orders can't work
THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
THREADS = "1"  # per library: the bench is one thread, and the server needs the other core
COMMAND = (sys.executable, "-m", "bridge.engine.child")
ROOT = Path(__file__).resolve().parents[2]


class EngineState(StrEnum):
    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"
    GAVE_UP = "gave-up"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """What the process is doing; `message` is a sentence for people where something went wrong."""

    state: EngineState
    pid: int = 0
    crashes: int = 0
    message: str = ""


class Supervisor:
    """One engine process, wanted from `start` to `close`."""

    def __init__(
        self,
        *,
        soundfont: Path | None = None,
        weights: Path | None = None,
        musicgen: Path | None = None,
        precision: str | None = None,
        audiocraft: Path | None = None,
        ca: Path | None = None,
        seed: bytes | None = None,
        on_gave_up: Callable[[str], None] = lambda why: None,
        on_change: Callable[[EngineStatus], None] = lambda status: None,
        on_line: Callable[[str], None] | None = None,
        command: Sequence[str] = COMMAND,
        backoff: Backoff | None = None,
    ) -> None:
        key = base64.b64encode(seed if seed is not None else secrets.token_bytes(32)).decode()
        self._engine = {
            "seed": key,
            "soundfont": str(soundfont or ""),
            "weights": str(weights or ""),
            "musicgen": str(musicgen or ""),
            "precision": precision or "",
            "audiocraft": str(audiocraft or ""),
            "ca": str(ca or ""),
        }
        self._joins: dict[str, dict[str, str]] = {}
        self._on_gave_up = on_gave_up
        self._on_change = on_change
        self._on_line = on_line or _to_stderr
        self._command = tuple(command)
        self._backoff = backoff or Backoff(first_s=0.5, most_s=15.0)
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self.status = EngineStatus(EngineState.STOPPED)

    async def start(self) -> None:
        """Start the process and watch over it. Returns at once."""
        if self._task is not None:
            raise RuntimeError("started twice")
        self._task = asyncio.create_task(self._watch())

    def join(self, url: str, session: str, token: str, *, origin: str = "") -> None:
        """Let the engine serve a session, now and after each crash; once more with a newer token."""
        self._joins[session] = {"url": url, "session": session, "token": token, "origin": origin}
        self._order({"join": self._joins[session]})

    def leave(self, session: str) -> None:
        """Let it serve a session no longer."""
        if self._joins.pop(session, None) is not None:
            self._order({"leave": {"session": session}})

    async def close(self) -> None:
        """End the process: by the end of its input, and by force where that does not help."""
        self._stopping = True
        process = self._process
        if process is not None and process.stdin is not None:
            process.stdin.close()
        if self._task is None:
            return
        try:
            async with asyncio.timeout(STOP_S):
                if process is not None:
                    await process.wait()
        except TimeoutError:
            _kill(process)
        finally:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
            self._tell(EngineState.STOPPED)

    # -- the process -------------------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        crashes = 0
        while True:
            began = time.monotonic()
            code, why = await self._run(crashes)
            if self._stopping:
                return
            crashes = 1 if time.monotonic() - began > CALM_S else crashes + 1
            if code == CONFIGURATION:
                self._give_up(crashes, why)
                return
            said = f"the engine ended ({_meaning(code)}){': ' + why if why else ''}"
            if crashes >= MAX_CRASHES:
                advice = (
                    f"{said}; given up after {crashes} crashes, look at the lines before and start the server again"
                )
                self._give_up(crashes, advice)
                return
            self._tell(EngineState.RESTARTING, crashes, said)
            await asyncio.sleep(self._backoff.delay_s(crashes))

    async def _run(self, crashes: int) -> tuple[int | None, str]:
        """One process from start to end: its exit code and its last line."""
        self._last.clear()
        self._tell(EngineState.STARTING, crashes)
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                limit=LINE_BYTES,
                env=_environment(os.environ),
            )
        except OSError as error:
            return None, str(error)
        self._process = process
        try:
            self._order({"engine": self._engine})
            for join in self._joins.values():
                self._order({"join": join})
            self._tell(EngineState.RUNNING, crashes)
            await self._pass_on(process)
            return await process.wait(), next(reversed(self._last), "")
        finally:
            self._process = None
            if process.returncode is None:
                _kill(process)
                await process.wait()

    def _order(self, order: Mapping[str, Any]) -> None:
        process = self._process
        if process is not None and process.stdin is not None and not process.stdin.is_closing():
            process.stdin.write(json.dumps(order).encode() + b"\n")

    async def _pass_on(self, process: asyncio.subprocess.Process) -> None:
        """What it says on its standard error, line by line, no line too long and not too many."""
        assert process.stderr is not None
        second, said, dropped = 0, 0, 0
        while line := await _line(process.stderr):
            self._last.append(line)
            now = int(time.monotonic())
            if now != second:
                if dropped:
                    self._on_line(f"({dropped} more lines)")
                second, said, dropped = now, 0, 0
            said += 1
            if said <= LINES_PER_S:
                self._on_line(line)
            else:
                dropped += 1

    def _give_up(self, crashes: int, why: str) -> None:
        self._tell(EngineState.GAVE_UP, crashes, why)
        self._on_gave_up(why)

    def _tell(self, state: EngineState, crashes: int = 0, message: str = "") -> None:
        pid = self._process.pid if self._process is not None else 0
        self.status = EngineStatus(state, pid, crashes, message)
        self._on_change(self.status)


async def _line(stream: asyncio.StreamReader) -> str:
    """The next line, cut where it is too long; empty at the end."""
    try:
        raw = await stream.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        raw = error.partial
    except asyncio.LimitOverrunError as error:
        raw = await stream.readexactly(min(error.consumed, LINE_BYTES))
    if not raw:
        return ""
    return raw.decode(errors="replace").rstrip() or " "


def _environment(outer: Mapping[str, str]) -> dict[str, str]:
    path = os.pathsep.join(filter(None, (str(ROOT), outer.get("PYTHONPATH", ""))))
    limits = {name: outer.get(name, THREADS) for name in THREAD_LIMITS}
    return {**outer, **limits, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}


def _meaning(code: int | None) -> str:
    if code is None:
        return "it could not be started"
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _kill(process: asyncio.subprocess.Process | None) -> None:
    if process is not None and process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"engine: {line}\n")
    sys.stderr.flush()
