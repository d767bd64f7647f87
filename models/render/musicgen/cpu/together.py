"""How threads share a piece of work without waiting for each other to come: counters that they take tasks from.

A work has stages, one after another, each of some tasks. A thread takes the next task of a stage until none is left, says
when it has done one, and goes on when all are done. Who comes late finds fewer tasks, or none; nobody waits for a thread
that holds no task. So a busy machine delays a step by as much as it must, and not by a whole thread.

    counters = np.zeros((stages, WIDE), np.int64)  # and then, in a kernel, once a stage:
    task = take(counters, stage)
    while task < tasks:
        ...
        done(counters, stage)
        task = take(counters, stage)
    wait(counters, stage, tasks)
"""

from __future__ import annotations

import sys
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from models.render.musicgen.cpu.llvm import I32, array, inlined, n
from models.render.musicgen.cpu.tables import inner

__all__ = ["WIDE", "done", "finished", "take", "wait"]

WIDE = 16  # numbers a stage: what is taken and what is done lie in cache lines of their own
TAKEN, DONE = 0, 8
PATIENCE = 4000  # looks before the processor is lent to somebody else: some 50 us


def _counter(b: Any, counters: Any, stage: Any, which: int) -> Any:
    return b.gep(counters.data, [b.add(b.mul(stage, n(WIDE)), n(which))])


def _add(which: int) -> Any:
    @inlined
    def add(_: Any, counters: Any, stage: Any) -> Any:
        def code(context: Any, b: Any, signature: Any, args: Any) -> Any:
            place = _counter(b, array(context, b, signature, args, 0), args[1], which)
            return b.atomic_rmw("add", place, n(1), "acq_rel")

        return types.int64(counters, stage), code

    return add


take, done = _add(TAKEN), _add(DONE)


@inlined
def how_many(_: Any, counters: Any, stage: Any) -> Any:
    """Tasks done."""

    def code(context: Any, b: Any, signature: Any, args: Any) -> Any:
        return b.load_atomic(_counter(b, array(context, b, signature, args, 0), args[1], DONE), "acquire", 8)

    return types.int64(counters, stage), code


@inlined
def lend(_: Any) -> Any:
    """Lends the processor to whoever wants it."""

    def code(context: Any, b: Any, _signature: Any, _args: Any) -> Any:
        name = "SwitchToThread" if sys.platform == "win32" else "sched_yield"
        b.call(cgutils.get_or_insert_function(b.module, ir.FunctionType(I32, []), name), [])
        return context.get_dummy_value()

    return types.void(), code


@inlined
def breathe(_: Any) -> Any:
    """Tells the processor that this is a waiting loop, where there is a word for it."""

    def code(context: Any, b: Any, _signature: Any, _args: Any) -> Any:
        if "86" in b.module.triple or "amd64" in b.module.triple:
            b.call(
                cgutils.get_or_insert_function(b.module, ir.FunctionType(ir.VoidType(), []), "llvm.x86.sse2.pause"), []
            )
        return context.get_dummy_value()

    return types.void(), code


@inner
def finished(counters: Any, stage: int, tasks: int) -> bool:
    """Whether nothing is left to do or to wait for."""
    return bool(how_many(counters, stage) >= tasks)


@inner
def wait(counters: Any, stage: int, tasks: int) -> None:
    """Until all tasks are done."""
    looks = 0
    while how_many(counters, stage) < tasks:
        looks += 1
        if looks > PATIENCE:
            lend()
        else:
            breathe()
