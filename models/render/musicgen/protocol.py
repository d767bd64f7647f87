"""Protocol: what a decoder is, whatever its precision and its processor, and the shape of one.

A decoder is asked for a state by its conditions, then fed columns of codes; it answers with what may come next.

    state = decoder.begin([text, nothing], most_frames=503)     # two rows: with the text, and without it for guidance
    logits = decoder.feed(state, start)                         # (rows, codebooks, vocabulary) after the last column
    state.rewind(0)                                             # as if nothing had been fed

>>> DecoderShape(width=1024, heads=16).head_width
64
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor

__all__ = ["Decoder", "DecoderShape", "State"]


@dataclass(frozen=True, slots=True)
class DecoderShape:
    """The sizes of a decoder; those that stand here are MusicGen-small's.

    `vocabulary` counts the codes that can be answered; one more, `pad`, stands where the delay pattern has none.
    With `prefix` (the melody models) the conditions come before the codes; otherwise each layer looks at them.
    """

    layers: int = 24
    width: int = 1024
    heads: int = 16
    inner: int = 4096
    vocabulary: int = 2048
    codebooks: int = 4
    channels: int = 1
    activation: str = "gelu"
    prefix: bool = False

    @property
    def pad(self) -> int:
        """The code that stands for none; also the first column."""
        return self.vocabulary

    @property
    def head_width(self) -> int:
        return self.width // self.heads


class State(Protocol):
    """What a decoder remembers of one piece: keys, values and how much was fed. A value: many may live side by side."""

    @property
    def length(self) -> int:
        """Columns fed so far; a prefix does not count."""

    def rewind(self, length: int) -> None:
        """Forgets all but the first `length` columns."""


class Decoder(Protocol):
    """Reads columns of codes and says what may follow."""

    @property
    def shape(self) -> DecoderShape: ...

    def begin(self, conditions: Sequence[Tensor], most_frames: int) -> Any:
        """A fresh state with room for `most_frames` columns.

        One condition a row, float32 (length, width), already projected to the decoder's width; all rows are equally
        long. A row of zeros says nothing: attention over it adds nothing, so no mask is needed. With `shape.prefix` the
        conditions are read as the first embeddings, zeros and all, and positions count from their first.
        """

    def feed(self, state: Any, codes: Tensor) -> Tensor:
        """Float32 logits (rows, codebooks, vocabulary) after the last column of int64 codes (codebooks, frames).

        One frame a step, several when a prompt is read; every row reads the same codes. The pad may stand in them.
        """

    def feed_each(self, states: Sequence[Any], columns: Sequence[Tensor]) -> list[Tensor]:
        """The logits of several states, each fed a column (codebooks,) of its own; the weights are read once."""
