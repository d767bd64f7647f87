"""Helpers that share work, or do something for themselves meanwhile."""

from __future__ import annotations

import threading

import pytest

from models.render.musicgen.cpu.crew import Crew

WAIT_S = 45.0


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_what_is_done_aside_comes_or_says_why_not(threads: int) -> None:
    crew = Crew(threads)
    assert crew.helps is (threads > 1)
    assert crew.aside(lambda: 7).result(WAIT_S) == 7
    with pytest.raises(ZeroDivisionError):
        crew.aside(lambda: 1 / 0).result(WAIT_S)
    assert crew.aside(threading.get_ident).result(WAIT_S) != threading.get_ident() or threads == 1


def test_work_goes_on_while_the_only_helper_is_busy_and_what_it_finds_then_is_done() -> None:
    crew, go = Crew(2), threading.Event()
    seen: list[int] = []
    busy = crew.aside(lambda: go.wait(WAIT_S))
    for number in range(5):
        crew.together(seen.append, number)
    assert seen == list(range(5))
    go.set()
    assert busy.result(WAIT_S)
    assert crew.aside(lambda: sorted(seen)).result(WAIT_S) == sorted(2 * list(range(5)))
