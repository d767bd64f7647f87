"""Running out of files: said once in a while, and nothing else is swallowed."""

from __future__ import annotations

import asyncio
import errno
import logging
import sys
from typing import Any

import pytest

from bridge.ports.descriptors import SAY_EVERY_US, WANTED, Exhausted, raise_limit


class Clock:
    now = 0

    def now_us(self) -> int:
        return self.now


def test_it_is_said_once_in_a_while_and_other_errors_as_ever(caplog: pytest.LogCaptureFixture) -> None:
    clock, passed_on = Clock(), list[dict[str, Any]]()
    handler = Exhausted(clock)
    loop = asyncio.new_event_loop()
    loop.default_exception_handler = passed_on.append  # type: ignore[method-assign, assignment]
    try:
        full = {"message": "", "exception": OSError(errno.EMFILE, "too many open files"), "socket": None}
        for _ in range(100):
            handler(loop, full)
        assert len(caplog.records) == 1
        assert "ulimit -n" in caplog.text
        clock.now = SAY_EVERY_US
        handler(loop, full)
        assert len(caplog.records) == 2
        for other in (OSError(errno.EIO, "no"), ValueError("no")):
            handler(loop, {"message": "", "exception": other, "socket": None})
        assert len(passed_on) == 2
    finally:
        loop.close()
    assert all(record.levelno == logging.ERROR for record in caplog.records)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_the_limit_is_raised_and_never_lowered() -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(WANTED, hard if hard != resource.RLIM_INFINITY else WANTED)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, wanted), hard))
        raise_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        raise_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == hard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
