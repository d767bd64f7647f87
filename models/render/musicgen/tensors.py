"""Tensors on disk: safetensors, in one file or in several with an index, and PyTorch's own form.

Lives here: which file holds a tensor, and reading it when it is asked for, as float32 that is finite and of the shape that is
expected. Files are read, not mapped: no more than what was taken stays in memory, and a file that shrinks later hurts
nobody. Everything wrong is a `BadCheckpoint`, whose sentence says what to do. Knows nothing of what a tensor is for.

    tensors = Tensors.of(folder)
    tensors.take("decoder.lm_heads.0.weight", (2048, 1024))
"""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

__all__ = ["BadCheckpoint", "Tensors", "read_json"]

ONE_FILE, SHARDS = "model.safetensors", "model.safetensors.index.json"
PICKLED, PICKLED_SHARDS = "pytorch_model.bin", "pytorch_model.bin.index.json"
HEADER_BYTES_MAX = 1 << 26
JSON_BYTES_MAX = 1 << 26  # a tokenizer of 32,000 pieces takes 2.4 MB
KINDS = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}

AGAIN = "Fetch the checkpoint again, or name another folder."


class BadCheckpoint(ValueError):
    """This checkpoint can't be played. Its sentence says what is wrong and what to do."""


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file. Raises BadCheckpoint."""
    try:
        if path.stat().st_size > JSON_BYTES_MAX:
            raise BadCheckpoint(f"{path} is larger than any file of its name. {AGAIN}")
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise BadCheckpoint(f"{path} can't be read ({error.strerror or error}). {AGAIN}") from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, BadCheckpoint):
            raise
        raise BadCheckpoint(f"{path} is not JSON; it may have been cut short. {AGAIN}") from None
    if not isinstance(found, dict):
        raise BadCheckpoint(f"{path} holds no JSON object. {AGAIN}")
    return found


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tensor lies in a safetensors file, in bytes after its header; a kind of None is none that can be played."""

    kind: torch.dtype | None
    shape: tuple[int, ...]
    first: int
    last: int


class Tensors:
    """The tensors of a folder, by name."""

    def __init__(
        self, readers: Mapping[str, Callable[[], Tensor]], where: Path, told: Callable[[float], None] | None = None
    ) -> None:
        self._readers = readers
        self._where = where
        self._told, self._taken = told, count()

    @classmethod
    def of(cls, folder: Path) -> Tensors:
        """Opens whatever form lies there, safetensors first. Raises BadCheckpoint."""
        if (folder / ONE_FILE).is_file():
            return cls(_header(folder / ONE_FILE), folder)
        if (folder / SHARDS).is_file():
            return cls(_shards(folder / SHARDS, _header), folder)
        if (folder / PICKLED).is_file():
            return cls(_pickled(folder / PICKLED), folder)
        if (folder / PICKLED_SHARDS).is_file():
            return cls(_shards(folder / PICKLED_SHARDS, _pickled), folder)
        raise BadCheckpoint(f"{folder} holds neither {ONE_FILE} nor {PICKLED}: the weights are missing. {AGAIN}")

    def telling(self, told: Callable[[float], None]) -> Tensors:
        """The same, which say before each is read how large a share of them was taken."""
        return Tensors(self._readers, self._where, told)

    def __contains__(self, name: str) -> bool:
        return name in self._readers

    def take(self, name: str, shape: tuple[int, ...]) -> Tensor:
        """A fresh float32 tensor. Raises BadCheckpoint where it is missing, of another shape or not finite."""
        if self._told is not None:
            self._told(min(1.0, next(self._taken) / len(self._readers)))
        if name not in self._readers:
            raise BadCheckpoint(f"{self._where} lacks {name}: it is cut short, or of another model. {AGAIN}")
        tensor = self._readers[name]()
        if tuple(tensor.shape) != shape:
            raise BadCheckpoint(
                f"{name} in {self._where} has the shape {tuple(tensor.shape)} where config.json makes it {shape}: "
                f"the files don't belong together. {AGAIN}"
            )
        tensor = tensor.to(torch.float32)
        if tensor.numel() and not bool(
            torch.isfinite(torch.stack(torch.aminmax(tensor))).all()
        ):  # NaN is both; one pass
            raise BadCheckpoint(f"{name} in {self._where} holds numbers that are not finite: it is damaged. {AGAIN}")
        return tensor


def _header(path: Path) -> dict[str, Callable[[], Tensor]]:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= min(HEADER_BYTES_MAX, size - 8):
                raise BadCheckpoint(f"{path} is cut short or no safetensors file. {AGAIN}")
            entries = json.loads(file.read(length))
        entries.pop("__metadata__", None)
        places = {}
        for name, entry in entries.items():
            first, last = map(int, entry["data_offsets"])
            places[name] = Place(KINDS.get(entry["dtype"]), tuple(map(int, entry["shape"])), first, last)
    except OSError as error:
        raise BadCheckpoint(f"{path} can't be read ({error.strerror or error}). {AGAIN}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, BadCheckpoint):
            raise
        raise BadCheckpoint(f"{path} is no safetensors file: its header can't be read. {AGAIN}") from None
    start = 8 + length
    if any(not 0 <= place.first <= place.last <= size - start for place in places.values()):
        raise BadCheckpoint(f"{path} is cut short: it has {size} bytes, and its header names more. {AGAIN}")
    return {name: partial(_slice, path, name, start, place) for name, place in places.items()}


def _slice(path: Path, name: str, start: int, place: Place) -> Tensor:
    kind, shape, size = place.kind, place.shape, place.last - place.first
    if kind is None or any(axis < 0 for axis in shape) or math.prod(shape) * kind.itemsize != size:
        raise BadCheckpoint(f"{name} in {path} is of a kind that can't be played, or damaged. {AGAIN}")
    raw = torch.empty(size, dtype=torch.uint8)
    try:
        with path.open("rb") as file:
            file.seek(start + place.first)
            count = file.readinto(raw.numpy().data)
    except OSError as error:
        raise BadCheckpoint(f"{path} can't be read ({error.strerror or error}). {AGAIN}") from None
    if count != size:
        raise BadCheckpoint(f"{path} is cut short within {name}. {AGAIN}")
    return raw.view(kind).reshape(shape)


def _pickled(path: Path) -> dict[str, Callable[[], Tensor]]:
    try:
        found = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except OSError as error:
        raise BadCheckpoint(f"{path} can't be read ({error.strerror or error}). {AGAIN}") from None
    except (RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError):
        raise BadCheckpoint(f"{path} is cut short, or holds more than weights. {AGAIN}") from None
    if not isinstance(found, dict) or not all(isinstance(tensor, Tensor) for tensor in found.values()):
        raise BadCheckpoint(f"{path} is not a table of tensors. {AGAIN}")
    return {name: tensor.clone for name, tensor in found.items()}


def _shards(index: Path, read: Callable[[Path], dict[str, Callable[[], Tensor]]]) -> dict[str, Callable[[], Tensor]]:
    places = read_json(index).get("weight_map")
    if not isinstance(places, dict) or not all(
        isinstance(file, str) and Path(file).name == file for file in places.values()
    ):
        raise BadCheckpoint(f"{index} doesn't say which file holds which tensor. {AGAIN}")
    files = {file: read(index.parent / file) for file in sorted(set(places.values()))}
    if lost := next((name for name, file in places.items() if name not in files[file]), None):
        raise BadCheckpoint(f"{index.parent / places[lost]} lacks {lost}, which {index.name} names. {AGAIN}")
    return {name: files[file][name] for name, file in places.items()}
