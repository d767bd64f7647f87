"""Virtual time: an event loop whose clock jumps to the next timer as soon as nobody has anything to do.

An hour of metronomes runs in milliseconds, and the same way each time. The loop is a real asyncio loop; only `time()`
and the waiting are replaced. Work in a thread pool is counted: while some is in flight the clock stands still, so that
a slow disk can't make a timer early.

    async def two_seconds() -> float:
        await asyncio.sleep(2)
        return asyncio.get_running_loop().time()

    assert run_virtual(two_seconds()) == 2.0
"""

from __future__ import annotations

import asyncio
import selectors
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from tests.support.network import Network

__all__ = ["START_US", "Deadlock", "VirtualLoop", "now_us", "run_real", "run_virtual"]

T = TypeVar("T")

START_US = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z: what `now_us` says when the loop's clock stands at 0
LIMIT_S = 7 * 24 * 3600.0  # a test that runs longer than this week waits for something that never comes
PATIENCE_S = 45.0  # real seconds to wait for a thread or a socket of the outside before calling it a deadlock


class Deadlock(AssertionError):
    """Everybody waits and nothing is due: no timer, no thread, no byte from outside."""


class _JumpingSelector(selectors.DefaultSelector):
    """Waits for real only while somebody outside the loop is at work; else it moves the loop's clock."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self.loop.in_flight:
            return super().select(None)  # whoever is in flight wakes the loop when he is done
        if timeout is None:
            ready = super().select(PATIENCE_S)
            if not ready:
                raise Deadlock("everybody waits, and nothing is due")
            return ready
        self.loop.jump(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio loop on virtual time, with its sockets on a scripted `Network` where one is given."""

    def __init__(self, *, start_s: float = 0.0, limit_s: float = LIMIT_S, network: Network | None = None) -> None:
        selector = _JumpingSelector()
        self._now_s = start_s
        self._limit_s = start_s + limit_s
        self.in_flight = 0
        self.network = network
        super().__init__(selector)
        selector.loop = self
        self._clock_resolution = 1e-9  # timers that fall on one instant run together

    def time(self) -> float:
        return self._now_s

    def jump(self, seconds: float) -> None:
        """Moves the clock on, as the selector does when nobody is ready."""
        self._now_s += seconds
        if self._now_s > self._limit_s:
            raise Deadlock(f"still waiting after {self._limit_s:g} virtual seconds")

    def timers(self) -> list[asyncio.TimerHandle]:
        """Whatever is still to happen by itself."""
        scheduled: list[asyncio.TimerHandle] = getattr(self, "_scheduled")  # noqa: B009  # asyncio's own, without a type
        return [handle for handle in scheduled if not handle.cancelled()]

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keeps the clock still while something outside the loop (a thread, a process) is at work."""
        self.in_flight += 1
        try:
            yield
        finally:
            self.in_flight -= 1

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        if executor is None:
            executor = self._pool()
        self.in_flight += 1
        work: Future[T] = executor.submit(func, *args)
        answer = asyncio.wrap_future(work, loop=self)
        work.add_done_callback(self._landed)  # after wrap_future's own: the answer is there before the clock may move
        return answer

    def _pool(self) -> ThreadPoolExecutor:
        pool: ThreadPoolExecutor | None = getattr(self, "_default_executor", None)
        if pool is None:
            pool = ThreadPoolExecutor(thread_name_prefix="virtual")
            self.set_default_executor(pool)
        return pool

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Real threads end in real time: the clock stands still, so that no virtual timeout runs out over them."""
        with self.hold():
            await super().shutdown_default_executor()

    def _landed(self, _: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is left to be woken
            self.call_soon_threadsafe(self._one_less)

    def _one_less(self) -> None:
        self.in_flight -= 1

    # Sockets: on the scripted network where the test gave one, else real.

    async def create_datagram_endpoint(  # type: ignore[override]
        self, protocol_factory: Any, local_addr: Any = None, **options: Any
    ) -> Any:
        if self.network is None:
            return await super().create_datagram_endpoint(protocol_factory, local_addr, **options)
        return self.network.datagram(protocol_factory, local_addr, options.get("remote_addr"))

    async def create_server(self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        if self.network is None:
            return await super().create_server(protocol_factory, host, port, **options)
        return self.network.listen(protocol_factory, (host or "127.0.0.1", port or 0))

    async def create_connection(self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        if self.network is None:
            return await super().create_connection(protocol_factory, host, port, **options)
        return await self.network.connect(protocol_factory, (host, port))

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        if self.network is None:
            return await super().getaddrinfo(host, port, **options)
        return [(socket.AF_INET, options.get("type", 0), 0, "", (host, port))]


def now_us() -> int:
    """The running loop's clock as microseconds of Unix time: what a host is given as its clock."""
    return START_US + round(asyncio.get_running_loop().time() * 1_000_000)


def run_virtual(main: Coroutine[Any, Any, T], *, network: Network | None = None, limit_s: float = LIMIT_S) -> T:
    """Runs `main` on virtual time. Raises AssertionError when it leaves tasks behind or a callback failed unheard."""
    return _run(main, lambda: VirtualLoop(limit_s=limit_s, network=network))


def run_real(main: Coroutine[Any, Any, T]) -> T:
    """Runs `main` on a real loop, with the same checks as `run_virtual`."""
    return _run(main, asyncio.new_event_loop)


def _run(main: Awaitable[T], loop_factory: Callable[[], asyncio.AbstractEventLoop]) -> T:
    unheard: list[Mapping[str, Any]] = []

    async def watched() -> T:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: unheard.append(context))
        answer = await main
        await asyncio.sleep(0)  # callbacks of tasks that ended just now
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, f"tasks left running: {sorted(map(repr, left))}"
        return answer

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        answer = runner.run(watched())
    if unheard:
        first = unheard[0]
        raise AssertionError(f"failed where nobody heard it: {first.get('message')}") from first.get("exception")
    return answer
