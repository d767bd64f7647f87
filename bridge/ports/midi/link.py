"""The link to the sender: started, told plans, listened to, and started again where it dies.

    link = Link(MidiChoice(), clock, hear)
    await link.start()          # "jack", or "" where no MIDI system is here; `why` says why
    link.play(plan)
    await link.close()          # every note has ended

A sender that dies leaves notes behind; the next one ends them as it opens. One that does not read its plans any more is ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import logging
import os
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bridge.engine.backoff import Backoff
from bridge.midi.choice import MidiChoice
from bridge.midi.plan import Plan
from bridge.ports.clock import SystemClock

__all__ = ["Link"]

ROOT = Path(__file__).resolve().parents[3]
COMMAND = (sys.executable, "-m", "bridge.ports.midi")
LIBRARIES = ("rtmidi", "jack")
OPEN_S = 10.0
"""What a sender has to open a port, on a machine with much to do."""
CLOSE_S = 4.0
"""And to end every note."""
MOST_UNREAD_BYTES = 1 << 20
"""Plans that a sender has not read; then it hangs."""
CALM_S = 60.0
"""One that has lived for so long begins anew to count its crashes."""
LINE_BYTES = 1 << 18
LAST_LINES = 10

_log = logging.getLogger(__name__)


class Link:
    """One sender, wanted from `start` to `close`; `hear` takes what it tells."""

    def __init__(
        self,
        choice: MidiChoice,
        clock: SystemClock,
        hear: Callable[[dict[str, Any]], None],
        *,
        command: tuple[str, ...] = COMMAND,
        backoff: Backoff | None = None,
    ) -> None:
        self._choice, self._clock, self._hear, self._command = choice, clock, hear, command
        self._backoff = backoff or Backoff()
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[str] | None = None
        self._wired: list[Any] = []
        self._was_open = False
        self._closing = False
        self.crashes = 0
        self.why = ""
        self.name = choice.name

    async def start(self) -> str:
        """The system that the port is in; an empty text where there is none, and nothing runs."""
        if not any(importlib.util.find_spec(library) for library in LIBRARIES):
            self.why = "python-rtmidi is not installed; pip install 'starbridge[midi]' brings it"
            return ""
        self._ready = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._watch())
        try:
            async with asyncio.timeout(OPEN_S):
                return await self._ready
        except TimeoutError:
            self.why = f"no port was opened in {OPEN_S:g} s"
            await self.close()
            return ""

    def play(self, plan: Plan) -> None:
        """From now on this plan holds."""
        self._say({"plan": plan.to_json()})

    async def close(self) -> None:
        """End it, by the end of its input; by force where that does not help."""
        self._closing = True
        self._opened("")
        if self._task is None:
            return
        process = self._process
        if process is not None and process.stdin is not None:
            process.stdin.close()
        await asyncio.wait([self._task], timeout=CLOSE_S)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None

    def _say(self, what: dict[str, Any]) -> None:
        process = self._process
        if process is None or process.stdin is None or process.stdin.is_closing():
            return
        process.stdin.write(json.dumps(what).encode() + b"\n")
        if process.stdin.transport.get_write_buffer_size() > MOST_UNREAD_BYTES:
            _log.error("the MIDI sender does not read; it is started anew")
            process.stdin.close()
            process.kill()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        tries = 0
        while not self._closing:
            began_s = loop.time()
            try:
                wanted = await self._run()
            except Exception:
                _log.exception("the MIDI sender was lost")
                wanted = True
            if not (wanted or self._was_open):
                break
            tries = 1 if loop.time() - began_s > CALM_S else tries + 1
            await self._before_another(tries)
        self._opened("")

    async def _before_another(self, tries: int) -> None:
        if not self._closing:
            self.crashes += 1
            _log.warning("the MIDI sender ended; another one is started, which ends every note (%s)", self.why)
            await asyncio.sleep(self._backoff.delay_s(tries))

    async def _run(self) -> bool:
        """One sender from start to end; False where there is nothing here to send through."""
        try:
            self._process = process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=LINE_BYTES,
                env=_environment(),
                start_new_session=True,  # Ctrl-C in a terminal is for the server, which lets it end in order
            )
        except OSError as error:
            self.why = str(error)
            return False
        errors = asyncio.create_task(self._note_errors(process))
        try:
            self._say({"setup": self._setup()})
            if await self._listen(process):
                return True
            await self._wait_or_kill(process)  # it ends by itself; killed meanwhile, asyncio would wonder who reaped it
            return False
        finally:
            if process.returncode is None and not self._closing:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
            elif process.returncode is None:
                await self._wait_or_kill(process)
            await process.wait()
            await asyncio.gather(errors, return_exceptions=True)
            self._process = None

    @staticmethod
    async def _wait_or_kill(process: asyncio.subprocess.Process) -> None:
        try:
            async with asyncio.timeout(CLOSE_S):
                await process.wait()
        except (TimeoutError, asyncio.CancelledError):
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    def _setup(self) -> dict[str, Any]:
        port = {"name": self._choice.name, "device": self._choice.device, "system": self._choice.system}
        return {**port, "start_us": self._clock.start_us, "wired": self._wired}

    async def _listen(self, process: asyncio.subprocess.Process) -> bool:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            try:
                told = json.loads(line)
            except ValueError:
                continue  # a library that prints
            if "none" in told:
                self.why = told["none"]
                return False
            self._wired = told.get("wired", self._wired)
            self.name = told.get("name", self.name)
            if "ready" in told:
                self._was_open = True
                self._opened(told["ready"])
            try:
                self._hear(told)
            except Exception:
                _log.exception("what came in over MIDI was not understood")
        return True

    async def _note_errors(self, process: asyncio.subprocess.Process) -> None:
        """What its libraries say is for who looks for a fault; the last of it may be why it ended."""
        assert process.stderr is not None
        last: deque[str] = deque(maxlen=LAST_LINES)
        while line := (await process.stderr.readline()).decode(errors="replace").rstrip():
            last.append(line)
            _log.debug("midi: %s", line)
        self.why = last[-1] if last and not self.why else self.why

    def _opened(self, system: str) -> None:
        if self._ready is not None and not self._ready.done():
            self._ready.set_result(system)


def _environment() -> dict[str, str]:
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    return {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
