"""Sampling: logits become codes, where the logits are, without waiting for the device.

Lives here: guidance, greedy choice, temperature, top-k and top-p in the order in which `transformers` applies them, and the
draw: by a race of exponentials that a piece's seed sets off, some columns ahead, so that what a column draws depends on the
seed and the column alone. Free functions over tensors (codebooks, vocabulary). Knows nothing of the decoder.

>>> guided(torch.tensor([[[1.0, 2.0]], [[1.0, 1.0]]]), 3.0)
tensor([[1., 4.]])
>>> narrowed(torch.tensor([[1.0, 2.0, 3.0]]), Choice(top_k=2))
tensor([[-inf, 2., 3.]])
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["BLOCK", "Chance", "Choice", "chosen", "chosen_each", "guided", "narrowed", "one_thread"]

NEVER = float("-inf")
BLOCK = 32  # columns that are raced ahead
SEEDS = 1 << 63  # more are not told apart


@dataclass(frozen=True, slots=True)
class Choice:
    """How codes are chosen. `top_k` 0 and `top_p` 1 narrow nothing; greedy takes the likeliest and draws nothing."""

    greedy: bool = False
    temperature: float = 1.0
    top_k: int = 250
    top_p: float = 1.0

    def __post_init__(self) -> None:
        if not (self.temperature > 0 and self.top_k >= 0 and 0 < self.top_p <= 1):
            raise ValueError("temperature must be above 0, top_k 0 or more, top_p above 0 and at most 1")


def guided(logits: Tensor, guidance: float) -> Tensor:
    """From (rows, codebooks, vocabulary): the row with the text, led away from the row without; or the only row."""
    if len(logits) == 1:
        return logits[0]
    told, untold = logits.unbind()
    return untold + (told - untold) * guidance


def narrowed(logits: Tensor, choice: Choice) -> Tensor:
    """Logits after temperature, top-k and top-p; what can't be drawn is minus infinity."""
    logits = logits / choice.temperature
    if choice.top_k:
        least = torch.topk(logits, min(choice.top_k, logits.shape[-1])).values[..., -1:]
        logits = logits.masked_fill(logits < least, NEVER)
    if choice.top_p < 1:
        rising, order = torch.sort(logits)
        unlikely = rising.softmax(-1).cumsum(-1) <= 1 - choice.top_p
        unlikely[..., -1] = False
        logits = logits.masked_fill(unlikely.scatter(-1, order, unlikely), NEVER)
    return logits


class Chance:
    """What a seed draws: exponentials that race, a block of columns after another."""

    def __init__(self, seed: int, codebooks: int, vocabulary: int, device: torch.device) -> None:
        self._dice = torch.Generator(device).manual_seed(seed % SEEDS)
        self._race = torch.empty(BLOCK, codebooks, vocabulary, device=device)
        self._drawn = 0

    def block(self, number: int) -> Tensor:
        """(BLOCK, codebooks, vocabulary); blocks are asked for in their order, one many times if need be."""
        while self._drawn <= number:
            self._race.exponential_(generator=self._dice)
            self._drawn += 1
        return self._race

    def column(self, number: int) -> Tensor:
        """(codebooks, vocabulary) of a column, counted from the first that is written."""
        return self.block(number // BLOCK)[number % BLOCK]


def chosen(logits: Tensor, choice: Choice, race: Tensor) -> Tensor:
    """One code a codebook (codebooks,), int64: by the odds the first of the exponentials `race` to fall."""
    with one_thread():
        if choice.greedy:
            return logits.argmax(-1)
        return (narrowed(logits, choice).softmax(-1) / race).argmax(-1)


def chosen_each(
    logits: Tensor, race: Tensor, *, greedy: Tensor, temperature: Tensor, least: Tensor, tail: Tensor
) -> Tensor:
    """Codes (pieces, codebooks), each piece chosen in its own way: all that says how is (pieces, 1, 1), and no shape hangs on it.

    `least` is the rank among rising logits from which on they may be drawn (vocabulary - top_k), `tail` is 1 - top_p.
    """
    warm = logits / temperature
    rising, order = torch.sort(warm)
    floor = rising.gather(-1, least.expand(-1, logits.shape[1], -1))
    unlikely = rising.masked_fill(rising < floor, NEVER).softmax(-1).cumsum(-1) <= tail
    unlikely[..., -1] = False
    warm = warm.masked_fill((warm < floor) | unlikely.scatter(-1, order, unlikely), NEVER)
    return torch.where(greedy[..., 0], logits.argmax(-1), (warm.softmax(-1) / race).argmax(-1))


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch's other threads are left asleep: woken for this little, they spin through most of a decoder's next step, which
    took half as long again."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
