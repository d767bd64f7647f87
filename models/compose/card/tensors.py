"""Weights as they ship: bfloat16 in safetensors, half as large as they were trained.

Lives here: rounding and the file. bfloat16 is the upper half of a float32, here rounded to the nearest, ties to even. What is
written, `transformers` and our runtime read.

    >>> import numpy as np
    >>> halves(np.array([1.0, 1.00390625, -2.5], np.float32)).tolist()
    [16256, 16256, 49184]
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.compose.runtime.weights import CONFIG, TENSORS, read

if TYPE_CHECKING:
    from models.compose.runtime.weights import Floats

__all__ = ["halves", "ship"]

ALIGNMENT = 8
TOKENS = "tokens.json"


def halves(values: Floats) -> NDArray[np.uint16]:
    """bfloat16's bits."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    rounded: NDArray[np.uint16] = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return rounded


def ship(folder: Path, out: Path, *, vocabulary: str) -> int:
    """Writes a run's weights for shipping: configuration, tensors as bfloat16, the table of tokens; says how many numbers.

    Raises BadWeights.
    """
    weights = read(folder, vocabulary=vocabulary)
    out.mkdir(parents=True, exist_ok=True)
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    rows, place, count = [], 0, 0
    for name in sorted(weights.tensors):
        values = weights.tensors[name]
        row = halves(values).astype("<u2").tobytes()
        header[name] = {"dtype": "BF16", "shape": list(values.shape), "data_offsets": [place, place + len(row)]}
        rows.append(row)
        place, count = place + len(row), count + values.size
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % ALIGNMENT)
    (out / TENSORS).write_bytes(len(head).to_bytes(8, "little") + head + b"".join(rows))
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8")) | {"torch_dtype": "bfloat16"}
    (out / CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    (out / TOKENS).write_bytes((folder / TOKENS).read_bytes())
    return count
