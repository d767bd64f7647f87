"""The decoder in few bits: as near to float32 as its bits allow, and the same to the last bit however it is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from models.render.musicgen.checkpoint import Checkpoint
from models.render.musicgen.conditions import Conditions
from models.render.musicgen.cpu.decoder import CpuDecoder
from models.render.musicgen.decoder import TorchDecoder
from models.render.musicgen.sampling import Choice, guided, narrowed
from tests.models.render.musicgen.conftest import Published
from tests.models.render.musicgen.published import TEXT, Kind

CPU = torch.device("cpu")
COLUMNS = 70  # more than are read in one go
KINDS = pytest.mark.parametrize(
    "kind", [Kind(), Kind(small=True), Kind(melody=True), Kind(channels=2)], ids=["tiny", "small", "melody", "stereo"]
)
NEAR = {"int8": (0.03, 0.003), "int4": (0.3, 0.12)}  # of the logits at most, and KL of what is drawn, in the mean


def asked(published: Published, kind: Kind) -> tuple[Checkpoint, list[Tensor], Tensor]:
    checkpoint = Checkpoint.of(published(kind)[1])
    shape = checkpoint.decoder
    codes = torch.randint(0, shape.pad + 1, (shape.codebooks, COLUMNS), generator=torch.Generator().manual_seed(6))
    return checkpoint, list(Conditions.read(checkpoint, CPU).rows(TEXT, guided=True, melody=None)), codes


def few_bits(checkpoint: Checkpoint, precision: str, threads: int = 2) -> CpuDecoder:
    return CpuDecoder.read(checkpoint.tensors, checkpoint.decoder, precision, threads=threads)


def drawn(logits: Tensor) -> Tensor:
    return narrowed(guided(logits, 3.0), Choice(top_k=0)).log_softmax(-1)


@pytest.mark.timeout(240)  # the kernels are compiled here where they never were
@KINDS
@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_near_to_float32(published: Published, kind: Kind, precision: str) -> None:
    checkpoint, rows, codes = asked(published, kind)
    exact = TorchDecoder.read(checkpoint.tensors, checkpoint.decoder, CPU, torch.float32)
    ours = few_bits(checkpoint, precision)
    theirs, state = exact.begin(rows, COLUMNS), ours.begin(rows, COLUMNS)
    far, lost = [], []
    for first, last in ((0, 1), (1, 40), *((column, column + 1) for column in range(40, COLUMNS))):
        wanted, found = exact.feed(theirs, codes[:, first:last]), ours.feed(state, codes[:, first:last])
        assert found.shape == wanted.shape
        far.append(float((found - wanted).norm() / wanted.norm()))
        p, q = drawn(wanted), drawn(found)
        lost.append(float((p.exp() * (p - q)).sum(-1).mean()))
    logits, kl = NEAR[precision]
    assert max(far) < logits
    assert sum(lost) / len(lost) < kl


@pytest.mark.timeout(240)
@KINDS
@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_same_bits_however_fed_and_by_however_many_threads(published: Published, kind: Kind, precision: str) -> None:
    checkpoint, rows, codes = asked(published, kind)
    alone, many = few_bits(checkpoint, precision, threads=1), few_bits(checkpoint, precision, threads=3)
    whole = alone.feed(alone.begin(rows, COLUMNS), codes)
    state = many.begin(rows, COLUMNS)
    for column in range(COLUMNS):
        logits = many.feed(state, codes[:, column : column + 1])
    assert torch.equal(whole, logits)
    assert state.length == COLUMNS
    state.rewind(20)
    assert torch.equal(whole, many.feed(state, codes[:, 20:]))
    only = many.begin(rows[:1], COLUMNS)
    assert torch.equal(whole[:1], many.feed(only, codes))


@pytest.mark.timeout(240)
def test_what_can_not_be_fed_is_refused_and_the_state_unharmed(published: Published) -> None:
    checkpoint, rows, codes = asked(published, Kind())
    made = few_bits(checkpoint, "int4")
    state = made.begin(rows, 3)
    made.feed(state, codes[:, :2])
    for wrong in (codes[:, :2], codes[:, :0], codes[:, :1] - 1000, codes[:, :1] + 1000):
        with pytest.raises(ValueError, match="feed one column|codes are from"):
            made.feed(state, wrong)
    with pytest.raises(ValueError, match="2 columns were fed"):
        state.rewind(3)
    assert torch.equal(made.feed(state, codes[:, 2:3]), made.feed(made.begin(rows, 3), codes[:, :3]))


def test_an_activation_that_the_kernels_lack_is_refused(published: Published) -> None:
    checkpoint = Checkpoint.of(published(Kind())[1])
    with pytest.raises(ValueError, match="silu"):
        CpuDecoder.read(checkpoint.tensors, replace(checkpoint.decoder, activation="silu"), "int8")


@pytest.mark.timeout(240)
@KINDS
@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_fed_together_is_fed_alone_to_the_last_bit(published: Published, kind: Kind, precision: str) -> None:
    checkpoint, rows, codes = asked(published, kind)
    ours = few_bits(checkpoint, precision)
    given = [(rows, 3), (rows[:1], 11), (rows, 0), (rows[1:], 8), ([row.repeat(2, 1) for row in rows], 5)]
    alone, together = ([ours.begin(conditions, COLUMNS) for conditions, _ in given] for _ in range(2))
    for state, (_, known) in zip([*alone, *together], [*given, *given], strict=True):
        if known:
            ours.feed(state, codes[:, :known])
    for step in range(6):
        columns = [codes[:, 11 + step + number] for number in range(len(given))]
        found = ours.feed_each(together, columns)
        for logits, state, column in zip(found, alone, columns, strict=True):
            assert torch.equal(logits, ours.feed(state, column[:, None]))
    assert [state.length for state in together] == [known + 6 for _, known in given]


def test_who_comes_after_somebody_doesn_t_hear_him(published: Published) -> None:
    checkpoint, rows, codes = asked(published, Kind())
    ours = few_bits(checkpoint, "int8")
    wanted = ours.feed(ours.begin(rows, COLUMNS), codes[:, :20])
    before = [ours.begin(rows, COLUMNS) for _ in range(6)]
    pools = {id(state._pool) for state in before}
    assert len(pools) == 2
    for state in before:
        ours.feed(state, codes)
    del before[1:4], before[2:], state  # one in each pool stays
    after = [ours.begin(rows, COLUMNS) for _ in range(4)]
    assert {id(state._pool) for state in after} == pools
    for state in after:
        assert torch.equal(ours.feed(state, codes[:, :20]), wanted)
