"""The engine's process: kept alive, told the same again after a crash, given up on in time, and never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bridge.engine import child as child_module
from bridge.engine import supervisor as module
from bridge.engine.backoff import Backoff
from bridge.engine.supervisor import CONFIGURATION, MAX_CRASHES, EngineState, EngineStatus, Supervisor
from sessions.canonical import from_base64
from sessions.keys import MemberKey
from tests.bridge.engine.stage import TOKEN, WAIT_S, open_stage, order
from tests.bridge.ports.http.tls import write_certificate

QUICK = Backoff(first_s=0.01, most_s=0.02)


class Watched:
    """A supervisor of a script, and what it told."""

    def __init__(self, script: str, **options: Any) -> None:
        self.lines: list[str] = []
        self.states: list[EngineStatus] = []
        self.gave_up: list[str] = []
        self.supervisor = Supervisor(
            command=(sys.executable, "-c", textwrap.dedent(script)),
            backoff=QUICK,
            on_line=self.lines.append,
            on_change=self.states.append,
            on_gave_up=self.gave_up.append,
            **options,
        )

    async def until(self, what: Callable[[], object]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not what():
                await asyncio.sleep(0.005)

    def orders(self) -> list[dict[str, Any]]:
        """The orders that the script repeated."""
        return [json.loads(line) for line in self.lines if line.startswith("{")]


@contextlib.asynccontextmanager
async def watched(script: str, **options: Any) -> AsyncIterator[Watched]:
    found = Watched(script, **options)
    await found.supervisor.start()
    try:
        yield found
    finally:
        await found.supervisor.close()


def alive(pid: int) -> bool:
    """Whether a process runs; one that waits to be buried does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def until_gone(pid: int) -> bool:
    deadline = time.monotonic() + WAIT_S
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not alive(pid)


REPEAT = """
    import sys
    for line in sys.stdin:
        sys.stderr.write(line)
        sys.stderr.flush()
        if "leave" in line:
            sys.exit(9)
"""


def test_it_hands_over_orders_and_repeats_them_after_a_crash() -> None:
    async def scene() -> None:
        async with watched(REPEAT, soundfont=Path("my.sf2")) as found:
            await found.until(found.orders)
            found.supervisor.join("http://here", "jam", "token-1", origin="o")
            found.supervisor.join("http://here", "other", "token-2")
            found.supervisor.join("http://here", "jam", "token-3")
            found.supervisor.leave("other")
            found.supervisor.leave("never-joined")
            await found.until(lambda: len(found.orders()) == 7)
            first, *_, last, engine, join = found.orders()
            assert last == {"leave": {"session": "other"}}
            assert first["engine"]["soundfont"] == "my.sf2"
            assert len(from_base64(first["engine"]["seed"])) == 32
            assert engine == first  # the same key: it comes back as the same member
            assert join["join"] == {"url": "http://here", "session": "jam", "token": "token-3", "origin": ""}
            assert found.supervisor.status.crashes == 1
            assert [s.state for s in found.states][:4] == [
                EngineState.STARTING,
                EngineState.RUNNING,
                EngineState.RESTARTING,
                EngineState.STARTING,
            ]
            assert "exit code 9" in found.states[2].message
        assert found.supervisor.status.state is EngineState.STOPPED

    asyncio.run(scene())


def test_a_given_seed_is_the_engines_key() -> None:
    async def scene() -> None:
        async with watched(REPEAT, seed=bytes(range(32))) as found:
            await found.until(found.orders)
            seed = from_base64(found.orders()[0]["engine"]["seed"])
            assert MemberKey(seed).public == MemberKey(bytes(range(32))).public

    asyncio.run(scene())


def test_after_some_crashes_it_gives_up_and_says_what_was_said_last() -> None:
    async def scene() -> None:
        async with watched("import sys; sys.exit('no such thing as a bass')") as found:
            await found.until(lambda: found.gave_up)
            assert found.supervisor.status.state is EngineState.GAVE_UP
            assert found.supervisor.status.crashes == MAX_CRASHES
            assert "exit code 1): no such thing as a bass" in found.gave_up[0]
            assert len(found.lines) == MAX_CRASHES

    asyncio.run(scene())


def test_what_can_not_work_is_not_tried_again() -> None:
    assert CONFIGURATION == child_module.CONFIGURATION

    async def scene() -> None:
        script = f"import sys; sys.stderr.write('soundfont: none'); sys.exit({CONFIGURATION})"
        async with watched(script) as found:
            await found.until(lambda: found.gave_up)
            assert (found.gave_up, found.supervisor.status.crashes) == (["soundfont: none"], 1)

    asyncio.run(scene())


def test_a_command_that_can_not_be_started_is_given_up_on() -> None:
    async def scene() -> None:
        gave_up: list[str] = []
        supervisor = Supervisor(command=("/no/such/program",), backoff=QUICK, on_gave_up=gave_up.append)
        await supervisor.start()
        async with asyncio.timeout(WAIT_S):
            while not gave_up:
                await asyncio.sleep(0.005)
        assert "could not be started" in gave_up[0]
        await supervisor.close()

    asyncio.run(scene())


def test_one_that_lived_long_has_its_crashes_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CALM_S", 0.0)

    async def scene() -> None:
        async with watched("import sys; sys.exit(1)") as found:
            await found.until(lambda: sum(s.state is EngineState.RESTARTING for s in found.states) > MAX_CRASHES)
            assert not found.gave_up

    asyncio.run(scene())


def test_who_does_not_go_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_S", 0.2)

    async def scene() -> None:
        stubborn = "import signal, sys, time; sys.stderr.write('here'); sys.stderr.flush()\nwhile True: time.sleep(1)"
        async with watched(stubborn) as found:
            await found.until(lambda: found.supervisor.status.state is EngineState.RUNNING)
            pid = found.supervisor.status.pid
            assert alive(pid)
        assert not alive(pid)

    asyncio.run(scene())


def test_floods_and_endless_lines_are_bounded() -> None:
    script = """
        import sys
        sys.stderr.write("x" * 1_000_000 + "\\n")
        for number in range(20_000):
            sys.stderr.write(f"line {number}\\n")
        sys.stderr.write("the last")
        sys.stderr.flush()
        sys.stdin.read()
    """

    async def scene() -> None:
        async with watched(script) as found:
            await found.until(lambda: len(found.supervisor._last) and found.supervisor._last[-1].endswith("19999"))
            assert len(found.lines) < 1000
            assert max(map(len, found.lines)) <= module.LINE_BYTES

    asyncio.run(scene())


def test_its_libraries_may_use_one_thread_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MKL_NUM_THREADS", "3")
    script = "import os, sys; sys.stderr.write(os.environ['OMP_NUM_THREADS'] + os.environ['MKL_NUM_THREADS']); input()"

    async def scene() -> None:
        async with watched(script) as found:
            await found.until(lambda: found.lines)
            assert found.lines[0].startswith("13")

    asyncio.run(scene())


def test_the_real_one_joins_comes_back_after_a_kill_and_goes_with_us() -> None:
    async def scene() -> None:
        async with open_stage() as stage:
            lines: list[str] = []
            supervisor = Supervisor(backoff=QUICK, on_line=lines.append)
            await supervisor.start()
            supervisor.join(stage.url, "jam", TOKEN)
            call = await stage.next_call()
            await call.let_in()
            assert (await call.hear())["type"] == "engine.ready"
            pid = supervisor.status.pid
            os.kill(pid, signal.SIGKILL)
            again = await stage.next_call()
            assert again.join["key"] == call.join["key"]
            assert supervisor.status.pid != pid
            await again.let_in()
            await again.hear("engine.ready")
            await again.say(order("ana/1", bars=1, bpm=240.0))
            done = await again.hear("engine.done")
            assert (done["composer"]["name"], done["renderer"]["name"]) == ("transformer", "sampler")
            stems = [message for message in again.heard if message["type"] == "engine.stem"]
            assert [(stem["part"], stem["frames"]) for stem in stems] == [("bass", 44_100), ("mix", 44_100)]
            assert {stem["sha256"] for stem in stems} == set(stage.blobs)
            supervisor.leave("jam")
            async with asyncio.timeout(WAIT_S):
                await again.over.wait()
            pid = supervisor.status.pid
            await supervisor.close()
            assert not alive(pid)
            assert any("joined as engine" in line for line in lines)

    asyncio.run(scene())


def test_a_soundfont_that_is_none_is_said_and_not_tried_again(tmp_path: Path) -> None:
    async def scene() -> None:
        gave_up: list[str] = []
        supervisor = Supervisor(
            soundfont=tmp_path / "missing.sf2", on_line=lambda line: None, on_gave_up=gave_up.append
        )
        await supervisor.start()
        async with asyncio.timeout(WAIT_S):
            while not gave_up:
                await asyncio.sleep(0.01)
        assert gave_up[0].startswith(f"soundfont: {tmp_path / 'missing.sf2'} can't be read")
        await supervisor.close()

    asyncio.run(scene())


def test_a_server_that_never_lets_it_in_is_said_and_not_tried_again(tmp_path: Path) -> None:
    """As where the server's certificate runs out while it is up."""

    async def scene() -> None:
        cert, key = write_certificate(tmp_path, until="240131120000Z")
        async with open_stage(cert, key) as stage:
            gave_up: list[str] = []
            supervisor = Supervisor(ca=cert, on_line=lambda line: None, on_gave_up=gave_up.append)
            await supervisor.start()
            supervisor.join(stage.url, "jam", TOKEN)
            async with asyncio.timeout(WAIT_S):
                while not gave_up:
                    await asyncio.sleep(0.01)
            assert "has run out; give the server a new one" in gave_up[0]
            assert supervisor.status.state is EngineState.GAVE_UP
            await supervisor.close()

    asyncio.run(scene())


def test_one_session_that_does_not_let_it_in_keeps_it_from_no_other() -> None:
    async def scene() -> None:
        async with open_stage() as stage:
            gave_up: list[str] = []
            supervisor = Supervisor(on_line=lambda line: None, on_gave_up=gave_up.append)
            await supervisor.start()
            supervisor.join(stage.url, "jam", TOKEN)
            call = await stage.next_call()
            await call.let_in()
            await call.hear("engine.ready")
            supervisor.join(stage.url, "other", "nonsense")
            await call.say(order("ana/1", bars=1, bpm=240.0))
            await call.hear("engine.done")
            assert not gave_up
            await supervisor.close()

    asyncio.run(scene())


# -- nobody is left behind -------------------------------------------------------------------------------------------


def start_child(**options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "bridge.engine.child"], stderr=subprocess.DEVNULL, **options)


def test_it_ends_with_its_input() -> None:
    child = start_child(stdin=subprocess.PIPE)
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait(WAIT_S) == 0


def test_it_ends_on_a_line_that_is_no_order() -> None:
    for line in (b"hello\n", b'{"join": {}}\n', b'{"engine": {}, "dance": {}}\n', b"[]\n"):
        child = start_child(stdin=subprocess.PIPE)
        assert child.stdin is not None
        child.stdin.write(line)
        child.stdin.flush()
        assert child.wait(WAIT_S) == child_module.BROKEN
        child.stdin.close()


PARENT = """
    import asyncio, sys
    from bridge.engine.supervisor import Supervisor

    async def main():
        supervisor = Supervisor(on_change=lambda status: print(status.pid, flush=True) if status.pid else None)
        await supervisor.start()
        await asyncio.sleep(60)

    asyncio.run(main())
"""


def test_it_ends_with_a_parent_that_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(PARENT)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert alive(pid)
    parent.kill()
    parent.wait(WAIT_S)
    parent.stdout.close()
    assert until_gone(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_it_ends_with_its_parent_even_where_another_process_holds_its_input() -> None:
    reads, writes = os.pipe()
    starter = """
        import subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-m", "bridge.engine.child"], stdin=int(sys.argv[1]))
        print(child.pid, flush=True)
        time.sleep(60)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(starter), str(reads)],
        pass_fds=(reads,),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    assert parent.stderr is not None
    pid = int(parent.stdout.readline())
    os.write(writes, b'{"engine": {}}\n{"leave": {"session": "x"}}\n{"join": {"url": "ftp://x", "token": ""}}\n')
    assert "token" in parent.stderr.readline()  # it has come as far as the orders
    parent.kill()
    parent.wait(WAIT_S)
    assert until_gone(pid)
    for end in (reads, writes):
        os.close(end)
    parent.stdout.close()
    parent.stderr.close()
