"""The codec's LSTM on a processor's cores: what is read of it for each moment of sound is kept in 16 bits, and read once.

Torch brings the weights into another order for each piece that is pushed, and reads 34 MB of MusicGen's for each moment. Here
those of the recurrence lie in the order in which they are read: sixteen units after sixteen, the four gates of each side by side,
as whole numbers with a scale for each gate, which leaves out less than a ten-thousandth of what is said; all else is float32.
What comes before the recurrence is one product for all moments, by torch. One thread computes: the others have a decoder to serve.
Knows nothing of codes.

    lstm = CpuLstm([Weights.packed(input, hidden, bias), ...])
    heard = lstm.push(x, memory, final=False)     # (rows, channels, time)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from models.compose.runtime.kernels import exponent
from models.render.musicgen.cpu import llvm, vectors
from models.render.musicgen.cpu.llvm import LANES
from models.render.musicgen.cpu.tables import Array, kept_on_disk
from models.render.musicgen.cpu.vectors import TILE, weighed
from models.render.musicgen.layers import Memory

__all__ = ["CpuLstm", "Weights"]

GATES = 4  # what comes in, what stays, what is new, what goes out
MOST, QUIET = 32767.0, 1e-30  # the largest of whole numbers; the loudest of weights that are none
ONE, TWO = np.float32(1.0), np.float32(2.0)


@dataclass(frozen=True, slots=True)
class Weights:
    """A layer: `inward` (gates, inputs) and its bias for torch, `hidden` (slices, units, TILE) and its scales for the kernel."""

    inward: Tensor
    bias: Tensor
    hidden: NDArray[np.int16]
    scales: NDArray[np.float32]

    @classmethod
    def packed(cls, inward: Tensor, hidden: Tensor, bias: Tensor) -> Weights:
        """From matrices whose rows are the units' gates, gate by gate, as torch has them; units are filled up to whole slices."""
        units = hidden.shape[1]
        slices = -(-units // LANES)

        def by_slice(rows: Tensor) -> Tensor:
            room = rows.new_zeros(GATES, slices * LANES, *rows.shape[1:])
            room[:, :units] = rows.view(GATES, units, *rows.shape[1:])
            return room.view(GATES, slices, LANES, -1).transpose(0, 1).reshape(slices * TILE, -1)

        turned = by_slice(hidden).view(slices, TILE, units)
        scales = turned.abs().amax(2).clamp(min=QUIET) / MOST
        whole = np.zeros((slices, slices * LANES, TILE), np.int16)
        whole[:, :units] = (turned / scales[..., None]).round().to(torch.int16).transpose(1, 2).numpy()
        return cls(by_slice(inward), by_slice(bias)[:, 0], whole, scales.numpy())


class CpuLstm:
    """An LSTM beside a straight way, as a layer of the codec."""

    def __init__(self, layers: Sequence[Weights]) -> None:
        self._layers = layers

    def memory(self) -> Memory:
        return Memory()

    def push(self, x: Tensor, memory: Memory, *, final: bool) -> Tensor:
        """What is heard of (rows, channels, time), and x itself."""
        if not x.shape[-1]:
            return x
        rows, units, _ = x.shape
        if memory.carried is None:
            wide = self._layers[0].hidden.shape[1]
            memory.carried = x.new_zeros(len(self._layers), rows, wide), x.new_zeros(len(self._layers), rows, wide)
        said, cells = memory.carried
        return torch.stack(
            [row + self._through(row.T, said[:, n].numpy(), cells[:, n].numpy())[:units] for n, row in enumerate(x)]
        )

    def _through(self, steps: Tensor, said: NDArray[np.float32], cells: NDArray[np.float32]) -> Tensor:
        """The layers over (time, units), one after another; what they said last and their cells are brought up to date."""
        for number, layer in enumerate(self._layers):
            given = functional.linear(steps, layer.inward, layer.bias).numpy()
            heard = np.empty((len(given) + 1, layer.hidden.shape[1]), np.float32)
            heard[0] = said[number]
            _moments(given, layer.hidden, layer.scales, heard, cells[number])
            said[number] = heard[-1]
            steps = torch.from_numpy(heard[1:, : layer.inward.shape[1]])
        return steps.T


def _made(edition: int) -> Any:
    def moments(given: Array, weights: Array, scales: Array, heard: Array, cells: Array) -> None:
        """Moment after moment: what is given to the gates and what was heard before become what is heard."""
        slices, wide = weights.shape[0], weights.shape[1]
        gates, opened = np.empty(TILE, np.float32), np.empty(TILE, np.float32)
        last, spoken = np.empty(LANES, np.float32), np.empty(LANES if edition else 0, np.float32)
        for moment in range(given.shape[0]):
            for part in range(slices):
                weighed(weights, part, heard, moment, wide, gates)
                for i in range(TILE):
                    gates[i] = -(gates[i] * scales[part, i] + given[moment, part * TILE + i])
                for i in range(2 * LANES, 3 * LANES):
                    gates[i] *= TWO  # tanh(z) is 2 sigmoid(2 z) - 1
                exponent(gates, TILE, opened)
                for i in range(TILE):
                    opened[i] = ONE / (ONE + opened[i])
                for i in range(LANES):
                    new = TWO * opened[2 * LANES + i] - ONE
                    cell = opened[LANES + i] * cells[part * LANES + i] + opened[i] * new
                    cells[part * LANES + i] = cell
                    last[i] = -TWO * cell
                exponent(last, LANES, spoken)
                for i in range(LANES):
                    heard[moment + 1, part * LANES + i] = opened[3 * LANES + i] * (TWO / (ONE + spoken[i]) - ONE)

    return kept_on_disk(moments)


# numba asks this file's date alone whether what it kept is stale, and what a function closes over
_FILES = b"".join(Path(str(module.__file__)).read_bytes() for module in (llvm, vectors))
_moments = _made(int.from_bytes(sha256(_FILES).digest()[:6], "big"))
