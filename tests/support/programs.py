"""Other people's programs that some tests talk to: found on the PATH, or the test is skipped.

In CI (`STARBRIDGE_NO_SKIP=1`) `conftest.py` makes every skip an error, so a missing program can't pass unseen there.
"""

from __future__ import annotations

import shutil

import pytest

__all__ = ["program"]


def program(name: str, *others: str) -> str:
    """The path of the first of these programs that is installed; skips the test where none is."""
    for candidate in (name, *others):
        path = shutil.which(candidate)
        if path:
            return path
    pytest.skip(f"{name} is not installed here")
