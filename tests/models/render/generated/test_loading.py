"""What is loaded beside the work of others: shared by who waits, stopped once nobody does, and tried again after a failure."""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import Any, TypeVar

import pytest

from models.render.generated.loading import Loading, Told

WAIT_S = 45.0
T = TypeVar("T")


def outcome(waiting: Generator[float, None, T]) -> T:
    while True:
        try:
            next(waiting)
        except StopIteration as end:
            value: T = end.value
            return value


def test_two_who_wait_share_what_is_loaded_once() -> None:
    go, begun = threading.Event(), []

    def load(told: Told) -> object:
        begun.append(told)
        told(0.25)
        assert go.wait(WAIT_S)
        return object()

    loading: Loading[Any] = Loading()
    one, other = loading.wait(load), loading.wait(load)
    while next(one) < 0.25:
        pass
    assert next(other) == 0.25
    go.set()
    assert outcome(one) is outcome(other) is outcome(loading.wait(load))
    assert len(begun) == 1


def test_it_goes_on_while_one_waits_and_stops_when_nobody_does() -> None:
    ended = threading.Event()

    def load(told: Told) -> None:
        try:
            while True:
                told(0.5)
                ended.wait(0.001)
        finally:
            ended.set()

    loading: Loading[Any] = Loading()
    one, other = loading.wait(load), loading.wait(load)
    next(one), next(other)
    one.close()
    assert not ended.wait(0.05)
    other.close()
    assert ended.wait(WAIT_S)


def test_who_comes_while_it_stops_has_it_loaded_anew() -> None:
    unwanted, stopping, tries = threading.Event(), threading.Event(), []

    def load(told: Told) -> str:
        tries.append(told)
        if len(tries) > 1:
            return "loaded"
        try:
            while True:
                told(0.1)
                stopping.wait(0.001)
        finally:
            unwanted.set()
            assert stopping.wait(WAIT_S)

    loading: Loading[Any] = Loading()
    first = loading.wait(load)
    next(first)
    first.close()
    assert unwanted.wait(WAIT_S)
    later = loading.wait(load)
    next(later)
    stopping.set()
    assert outcome(later) == "loaded"


def test_an_error_is_everybody_s_and_the_next_one_tries_again() -> None:
    go, tries = threading.Event(), []

    def load(told: Told) -> str:
        tries.append(told)
        if len(tries) > 1:
            return "loaded"
        assert go.wait(WAIT_S)
        raise OSError("the disk is gone")

    loading: Loading[Any] = Loading()
    one, other = loading.wait(load), loading.wait(load)
    next(one), next(other)
    go.set()
    for waiting in (one, other):
        with pytest.raises(OSError, match="the disk is gone"):
            outcome(waiting)
    assert outcome(loading.wait(load)) == "loaded"
