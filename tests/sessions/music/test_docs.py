"""The examples in the docstrings are true, and the room's export list is complete."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import sys

import pytest

import sessions.music

MODULES = sorted(f"sessions.music.{module.name}" for module in pkgutil.iter_modules(sessions.music.__path__))


@pytest.mark.parametrize("name", ["sessions.music", *MODULES])
def test_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted > 0
    assert result.failed == 0


def test_exports() -> None:
    assert len(set(sessions.music.__all__)) == len(sessions.music.__all__)
    own = {
        name
        for name, value in vars(sessions.music).items()
        if not name.startswith("_") and not isinstance(value, type(sys))
    }
    assert set(sessions.music.__all__) == own
    for module in MODULES:
        for name in importlib.import_module(module).__all__:
            assert hasattr(importlib.import_module(module), name)
