"""The examples in MusicGen's docstrings are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

from models.render import musicgen

MODULES = [found.name for found in pkgutil.walk_packages(musicgen.__path__, f"{musicgen.__name__}.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert not failed


def test_some_modules_have_an_example() -> None:
    tried = [doctest.testmod(importlib.import_module(name)).attempted for name in MODULES]
    assert sum(count > 0 for count in tried) >= 6
