"""The examples in the composer's docstrings are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

from models import compose

MODULES = [compose.__name__, *(found.name for found in pkgutil.walk_packages(compose.__path__, f"{compose.__name__}."))]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert not failed


def test_most_modules_have_an_example() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    told = [any(test.examples for test in finder.find(importlib.import_module(name))) for name in MODULES]
    assert sum(told) > 30
