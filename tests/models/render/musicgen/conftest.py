"""Checkpoints made once, with the model of `transformers` that each was saved from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.models.render.musicgen.published import Kind, model, publish

Published = Callable[[Kind], tuple[Any, Path]]


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The model of `transformers` of a kind, and the folder where it lies."""
    made: dict[Kind, tuple[Any, Path]] = {}

    def one(kind: Kind) -> tuple[Any, Path]:
        if kind not in made:
            theirs = model(kind)
            made[kind] = theirs, publish(theirs, tmp_path_factory.mktemp("musicgen"))
        return made[kind]

    return one


@pytest.fixture(autouse=True)
def _two_threads() -> None:
    torch.set_num_threads(2)
