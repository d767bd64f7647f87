"""The codec's layers: each takes sound as it comes and hands on what is certain by then.

Lives here: convolutions down and up, residual blocks and LSTMs that carry what they still need in a memory, so that sound
pushed in pieces comes out as if it had been pushed at once. Most convolutions here look ahead: a piece comes out late by what
they look ahead, and the last push, `final`, brings the rest. Tensors are (rows, channels, time). Knows nothing of codes.

>>> layer = Conv(torch.tensor([[[1.0, 0.0, 1.0]]]), torch.zeros(1), left=1, right=1, mode="constant")
>>> memory = layer.memory()
>>> first = layer.push(torch.tensor([[[1.0, 2.0, 3.0]]]), memory, final=False)
>>> last = layer.push(torch.tensor([[[4.0]]]), memory, final=True)
>>> first.tolist(), last.tolist()
([[[2.0, 4.0]]], [[[6.0, 3.0]]])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Chain", "Conv", "Elu", "Layer", "Lstm", "Memory", "Residual", "UpConv"]


@dataclass(slots=True)
class Memory:
    """What a layer holds back between two pushes."""

    held: Tensor | None = None
    begun: bool = False
    carried: tuple[Tensor, Tensor] | None = None
    inner: list[Memory] = field(default_factory=list)

    def with_new(self, x: Tensor) -> Tensor:
        """What was held back, and the new after it."""
        return x if self.held is None else torch.cat([self.held, x], dim=-1)


class Layer(Protocol):
    """A step of the codec."""

    def memory(self) -> Memory:
        """What the layer remembers at the start."""

    def push(self, x: Tensor, memory: Memory, *, final: bool) -> Tensor:
        """What is certain now; time may be 0 long."""


@dataclass(frozen=True, slots=True)
class Conv:
    """A convolution, padded at both ends of the whole by the mode."""

    weight: Tensor
    bias: Tensor
    left: int = 0
    right: int = 0
    stride: int = 1
    dilation: int = 1
    mode: str = "reflect"

    def memory(self) -> Memory:
        return Memory()

    def push(self, x: Tensor, memory: Memory, *, final: bool) -> Tensor:
        x = memory.with_new(x)
        if not memory.begun:
            if not final and x.shape[-1] <= max(self.left, self.right):
                memory.held = x
                return x.new_zeros(len(x), len(self.weight), 0)
            x = self._padded(x, final=final)
            memory.begun = True
        elif final:
            x = self._ended(x)
        span = (self.weight.shape[-1] - 1) * self.dilation + 1
        count = max(0, (x.shape[-1] - span) // self.stride + 1)
        memory.held = x[..., count * self.stride :]
        if not count:
            return x.new_zeros(len(x), len(self.weight), 0)
        return functional.conv1d(x, self.weight, self.bias, self.stride, dilation=self.dilation)

    def _padded(self, x: Tensor, *, final: bool) -> Tensor:
        """The start padded, and the end too if it is there. A sound too short to be reflected is filled with zeros first."""
        right = self.right + -x.shape[-1] % self.stride if final else 0
        lacking = max(0, max(self.left, right) - x.shape[-1] + 1) if self.mode == "reflect" else 0
        x = functional.pad(functional.pad(x, (0, lacking)), (self.left, right), self.mode)
        return x[..., : x.shape[-1] - lacking]

    def _ended(self, x: Tensor) -> Tensor:
        if self.stride > 1:
            raise ValueError("a convolution with strides takes a sound at once")
        if not self.right:
            return x
        # what is held back reaches further to the left than any padding on the right reflects
        return functional.pad(x, (0, self.right), self.mode)


@dataclass(frozen=True, slots=True)
class UpConv:
    """A transposed convolution, trimmed at both ends of the whole."""

    weight: Tensor
    bias: Tensor
    stride: int
    left: int
    right: int

    def memory(self) -> Memory:
        return Memory()

    def push(self, x: Tensor, memory: Memory, *, final: bool) -> Tensor:
        rows, count = len(x), x.shape[-1] * self.stride
        lap = self.weight.shape[-1] - self.stride
        if x.shape[-1]:
            raw = self._raw(x)
            if memory.held is not None:
                raw[..., :lap] += memory.held
        else:
            raw = x.new_zeros(rows, self.weight.shape[1], lap) if memory.held is None else memory.held
        memory.held = raw[..., count:]
        out = (raw if final else raw[..., :count]) + self.bias[:, None]
        if not memory.begun and count:
            memory.begun = True
            out = out[..., self.left :]
        return out[..., : out.shape[-1] - self.right] if final else out

    def _raw(self, x: Tensor) -> Tensor:
        """What each moment leaves, laid over each other. Processors bring a long kernel into another order for each piece,
        which takes longer than the piece: for the codec's longest, 36 ms where a product of matrices takes 12."""
        rows, channels, count = x.shape
        laps = self.weight.shape[-1] // self.stride
        if x.device.type != "cpu" or self.weight.shape[-1] != laps * self.stride:
            return functional.conv_transpose1d(x, self.weight, stride=self.stride)
        parts = (self.weight.view(channels, -1).T @ x).view(rows, -1, laps, self.stride, count).transpose(-1, -2)
        raw = x.new_zeros(rows, parts.shape[1], count + laps - 1, self.stride)
        for lap in range(laps):
            raw[:, :, lap : lap + count] += parts[:, :, lap]
        return raw.flatten(2)


@dataclass(frozen=True, slots=True)
class Elu:
    def memory(self) -> Memory:
        return Memory()

    def push(self, x: Tensor, memory: Memory, *, final: bool) -> Tensor:
        return functional.elu(x)


@dataclass(frozen=True, slots=True)
class Lstm:
    """An LSTM beside a straight way."""

    lstm: nn.LSTM

    def memory(self) -> Memory:
        return Memory()

    def push(self, x: Tensor, memory: Memory, *, final: bool) -> Tensor:
        if not x.shape[-1]:
            return x
        steps = x.permute(2, 0, 1)
        heard: Tensor
        heard, memory.carried = self.lstm(steps, memory.carried)
        return (heard + steps).permute(1, 2, 0)


@dataclass(frozen=True, slots=True)
class Chain:
    """Layers after each other."""

    layers: Sequence[Layer]

    def memory(self) -> Memory:
        return Memory(inner=[layer.memory() for layer in self.layers])

    def push(self, x: Tensor, memory: Memory, *, final: bool) -> Tensor:
        for layer, inner in zip(self.layers, memory.inner, strict=True):
            x = layer.push(x, inner, final=final)
        return x


@dataclass(frozen=True, slots=True)
class Residual:
    """A way through layers and a shorter one beside it, which waits for what the layers look ahead."""

    through: Chain
    beside: Conv | None

    def memory(self) -> Memory:
        return Memory(inner=[self.through.memory()])

    def push(self, x: Tensor, memory: Memory, *, final: bool) -> Tensor:
        through = self.through.push(x, memory.inner[0], final=final)
        waiting = memory.with_new(x)
        count = through.shape[-1]
        memory.held = waiting[..., count:]
        if not count:
            return through
        straight = waiting[..., :count]
        if self.beside is not None:
            straight = functional.conv1d(straight, self.beside.weight, self.beside.bias)
        return straight + through
