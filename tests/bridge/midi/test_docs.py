"""The examples in the docstrings hold."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest

MODULES = ("choice", "frames", "hand", "lateness", "plan", "sieve", "timeline", "voices", "wires")


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_hold(name: str) -> None:
    found = doctest.testmod(import_module(f"bridge.midi.{name}"))
    assert found.attempted > 0
    assert found.failed == 0
