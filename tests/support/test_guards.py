"""The guards find what they are for, and nothing else."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.support.guards import BlockingCall, leaks, no_blocking
from tests.support.virtual_time import run_real


@pytest.mark.may_block("blocks to be caught by a guard of its own")
@pytest.mark.parametrize("call", [lambda: time.sleep(0.001), lambda: os.fsync(2)])
def test_a_blocking_call_in_a_loop_is_caught_even_when_swallowed(call: object) -> None:
    assert callable(call)

    async def scene() -> None:
        try:
            call()
        except BlockingCall:
            return
        raise AssertionError("nothing was raised")

    with no_blocking() as found:
        run_real(scene())
    assert len(found) == 1
    assert "blocks the event loop" in found[0]


def test_the_same_calls_are_free_outside_a_loop_and_in_threads(tmp_path: Path) -> None:
    def save() -> None:
        with open(tmp_path / "a", "wb") as file:
            os.fsync(file.fileno())

    async def scene() -> None:
        await asyncio.to_thread(save)
        await asyncio.to_thread(time.sleep, 0.001)

    with no_blocking() as found:
        time.sleep(0.001)
        run_real(scene())
    assert found == []


def test_what_the_collector_takes_is_not_the_callbacks() -> None:
    heap = [[number] for number in range(300_000)]

    async def scene() -> None:
        gc.collect()

    with no_blocking(callback_cpu_s=0.005) as found:
        run_real(scene())
    assert found == []
    assert len(heap) == 300_000


@pytest.mark.may_block("computes to be caught by a guard of its own")
def test_computing_in_a_callback_is_caught() -> None:
    async def scene() -> None:
        start = time.thread_time()
        while time.thread_time() - start < 0.05:
            pass

    with no_blocking(callback_cpu_s=0.02) as found:
        run_real(scene())
    assert any("computed for" in line for line in found)


def test_the_guards_leave_no_trace() -> None:
    real = asyncio.Handle._run, time.sleep
    with no_blocking():
        assert time.sleep is not real[1]
    assert (asyncio.Handle._run, time.sleep) == real


def test_threads_and_children_left_behind_are_named() -> None:
    leave = threading.Event()
    thread = threading.Thread(target=leave.wait, name="straggler")
    with leaks(grace_s=0.0) as found:
        thread.start()
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    leave.set()
    thread.join()
    child.communicate(b"\n")
    assert any("straggler" in line for line in found)
    assert any(str(child.pid) in line for line in found) or not sys.platform.startswith("linux")


def test_what_ended_is_no_leak() -> None:
    with leaks(grace_s=0.0) as found:
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()
        subprocess.run([sys.executable, "-V"], check=True, capture_output=True)
    assert found == []
