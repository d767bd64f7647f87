"""Checkpoints made once, with the model of `transformers` that each was saved from."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.models.render.musicgen.published import Kind, model, publish

Published = Callable[[Kind], tuple[Any, Path]]


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The model of `transformers` of a kind, and the folder where it lies; not to be written into."""
    made: dict[Kind, tuple[Any, Path]] = {}

    def one(kind: Kind) -> tuple[Any, Path]:
        if kind not in made:
            theirs = model(kind)
            made[kind] = theirs, publish(theirs, tmp_path_factory.mktemp("musicgen"))
        return made[kind]

    return one


@pytest.fixture(autouse=True)
def _one_thread() -> Generator[None]:
    """Models as tiny as these lose more to threads that wait for each other than they win."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
