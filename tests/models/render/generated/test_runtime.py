"""Which precision plays, and where packed weights are kept; no checkpoint is loaded here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from models.render.generated.runtime import PACKED_MAX, load

HASH = "ab" * 32


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the runtime is asked for; it leaves a file where it may."""
    asked: list[tuple[Any, ...]] = []

    def read(folder: Path, device: str, precision: str, *, told: Any, packed: Path | None = None) -> None:
        asked.append((device, precision, packed))
        if packed is not None:
            packed.parent.mkdir(exist_ok=True)
            packed.touch()

    monkeypatch.setattr("models.render.musicgen.load", read)
    return asked


def test_four_bits_on_a_processor_unless_asked_otherwise(
    loads: list[tuple[Any, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for gpu in (False, True):
        monkeypatch.setattr(torch.cuda, "is_available", lambda gpu=gpu: gpu)
        for precision in (None, "int8", "float32"):
            load(tmp_path, precision, lambda share: None, HASH, None)
    assert [one[:2] for one in loads] == [
        ("cpu", "int4"), ("cpu", "int8"), ("cpu", "float32"),
        ("cuda", "bfloat16"), ("cpu", "int8"), ("cuda", "float32"),
    ]  # fmt: skip


def test_packed_weights_are_kept_by_their_hash_and_the_oldest_let_go(
    loads: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    packed = tmp_path / "packed"
    for number in range(PACKED_MAX + 2):
        load(tmp_path, "int4", lambda share: None, f"{number:064}"[::-1], packed)
        os.utime(loads[-1][2], ns=(number, number))
    names = [one[2].name for one in loads]
    assert len(set(names)) == PACKED_MAX + 2
    assert all(name.endswith(".int4") for name in names)
    assert sorted(path.name for path in packed.iterdir()) == sorted(names[2:])
    load(tmp_path, "float32", lambda share: None, HASH, packed)
    load(tmp_path, "int8", lambda share: None, "", packed)
    assert [one[2] for one in loads[-2:]] == [None, None]
