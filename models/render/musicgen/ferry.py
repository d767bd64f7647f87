"""The ferry: what a device makes comes to the host while the device works on.

Lives here: on a GPU a stream of its own beside the one on which codes are written, memory that both can reach, and events that
say when something has come; on a processor nothing, for all is there at once. Nobody waits but who asks for what was sent.

>>> ferry = Ferry(torch.device("cpu"))
>>> with ferry.aside():
...     sent = ferry.send(torch.ones(2))
>>> sent.come()
(tensor([1., 1.]),)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Ferry", "Sent"]


@dataclass(frozen=True, slots=True)
class Sent:
    """Tensors on their way."""

    tensors: tuple[Tensor, ...]
    event: torch.cuda.Event | None = None

    def come(self) -> tuple[Tensor, ...]:
        """The tensors on the host, waited for."""
        if self.event is not None:
            self.event.synchronize()
        return self.tensors


class Ferry:
    """Between one device and the host."""

    def __init__(self, device: torch.device) -> None:
        self._side = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]

    @property
    def ahead(self) -> int:
        """Chunks that may be under way while the device is told what to do next."""
        return 0 if self._side is None else 1

    @contextmanager
    def aside(self, *needs: Tensor) -> Iterator[None]:
        """What is done within is done beside the writing of codes, after all that was asked for so far."""
        if self._side is None:
            yield
            return
        self._side.wait_stream(torch.cuda.current_stream(self._side.device))
        for tensor in needs:
            tensor.record_stream(self._side)
        with torch.cuda.stream(self._side):
            yield

    def send(self, *tensors: Tensor) -> Sent:
        """Sets tensors on their way; within `aside`."""
        if self._side is None:
            return Sent(tensors)
        there = tuple(torch.empty(one.shape, dtype=one.dtype, pin_memory=True) for one in tensors)
        for one, place in zip(tensors, there, strict=True):
            place.copy_(one, non_blocking=True)
        event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        event.record(self._side)
        return Sent(there, event)
