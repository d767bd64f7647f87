"""The decoder's state: a value that can be cut, and the same whatever way the columns came."""

from __future__ import annotations

import pytest
import torch

from models.render.musicgen.checkpoint import Checkpoint
from models.render.musicgen.conditions import Conditions
from models.render.musicgen.decoder import TorchDecoder
from models.render.musicgen.pattern import Grid
from models.render.musicgen.sampling import Choice, chosen, guided, narrowed
from tests.models.render.musicgen.conftest import Published
from tests.models.render.musicgen.published import TEXT, Kind

CPU = torch.device("cpu")
KINDS = pytest.mark.parametrize("kind", [Kind(), Kind(melody=True), Kind(channels=2)], ids=["text", "melody", "stereo"])


def decoder(published: Published, kind: Kind) -> tuple[TorchDecoder, list[torch.Tensor], torch.Tensor]:
    checkpoint = Checkpoint.of(published(kind)[1])
    shape = checkpoint.decoder
    codes = torch.randint(0, shape.pad + 1, (shape.codebooks, 30), generator=torch.Generator().manual_seed(6))
    rows = Conditions.read(checkpoint, CPU).rows(TEXT, guided=True, melody=None)
    return TorchDecoder.read(checkpoint.tensors, shape, CPU, torch.float32), rows, codes


@KINDS
def test_column_by_column_equals_at_once(published: Published, kind: Kind) -> None:
    made, rows, codes = decoder(published, kind)
    state = made.begin(rows, 30)
    for column in range(30):
        logits = made.feed(state, codes[:, column : column + 1])
        torch.testing.assert_close(
            logits, made.feed(made.begin(rows, 30), codes[:, : column + 1]), rtol=1e-4, atol=1e-5
        )
    assert state.length == 30


@KINDS
def test_cut_and_fed_again_equals_uncut(published: Published, kind: Kind) -> None:
    made, rows, codes = decoder(published, kind)
    state = made.begin(rows, 30)
    made.feed(state, codes[:, :20])
    made.feed(state, codes[:, :7])
    state.rewind(20)
    torch.testing.assert_close(
        made.feed(state, codes[:, 20:]), made.feed(made.begin(rows, 30), codes), rtol=1e-4, atol=1e-5
    )
    with pytest.raises(ValueError, match="30 columns were fed"):
        state.rewind(31)


@KINDS
def test_fed_together_equals_fed_alone(published: Published, kind: Kind) -> None:
    made, rows, codes = decoder(published, kind)
    given = [(rows, 3), (rows[:1], 11), (rows, 0)]
    alone, together = ([made.begin(conditions, 30) for conditions, _ in given] for _ in range(2))
    for state, (_, known) in zip([*alone, *together], [*given, *given], strict=True):
        if known:
            made.feed(state, codes[:, :known])
    for step in range(8):
        columns = [codes[:, 11 + step], codes[:, 19 - step], codes[:, 20 + step]]
        found = made.feed_each(together, columns)
        for logits, state, column in zip(found, alone, columns, strict=True):
            torch.testing.assert_close(logits, made.feed(state, column[:, None]), rtol=1e-4, atol=1e-5)
    assert [state.length for state in together] == [11, 19, 8]


def test_states_live_side_by_side(published: Published) -> None:
    made, rows, codes = decoder(published, Kind())
    one, other = made.begin(rows, 30), made.begin(rows[:1], 30)
    for column in range(10):
        first = made.feed(one, codes[:, column : column + 1])
        second = made.feed(other, codes[:, 29 - column : 30 - column])
    torch.testing.assert_close(first, made.feed(made.begin(rows, 30), codes[:, :10]), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(second, made.feed(made.begin(rows[:1], 30), codes[:, 20:].flip(1)), rtol=1e-4, atol=1e-5)


def test_no_more_than_there_is_room_for(published: Published) -> None:
    made, rows, codes = decoder(published, Kind())
    state = made.begin(rows, 5)
    with pytest.raises(ValueError, match="no room left"):
        made.feed(state, codes[:, :6])


@KINDS
def test_nothing_in_a_step_waits_for_the_device(published: Published, kind: Kind) -> None:
    """On the device that holds no numbers whatever asks for one fails; so would a graph of the step on a GPU."""
    checkpoint = Checkpoint.of(published(kind)[1])
    shape, nowhere = checkpoint.decoder, torch.device("meta")
    rows = Conditions.read(checkpoint, CPU).rows(TEXT, guided=True, melody=None)
    made = TorchDecoder.read(checkpoint.tensors, shape, nowhere, torch.bfloat16)
    grid = Grid.of(
        torch.zeros(shape.codebooks, 3, dtype=torch.int64, device=nowhere), 9, channels=shape.channels, pad=shape.pad
    )
    state = made.begin([row.to(nowhere) for row in rows], grid.columns)
    fresh = grid.window(0, 4)
    for column in range(4, grid.columns):
        logits = guided(made.feed(state, fresh), 3.0)
        assert narrowed(logits, Choice(top_k=5, top_p=0.9)).shape == (shape.codebooks, shape.vocabulary)
        grid.write(column, chosen(logits, Choice(greedy=True), torch.ones_like(logits)))
        fresh = grid.cells[:, column : column + 1]
    assert grid.frames(0, 9).shape == (shape.codebooks, 9)
