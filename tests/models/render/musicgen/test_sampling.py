"""Sampling: the odds are those of `transformers`, and codes fall by them."""

from __future__ import annotations

import pytest
import torch
from transformers.generation.logits_process import (
    ClassifierFreeGuidanceLogitsProcessor,
    LogitsProcessorList,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from models.render.musicgen.sampling import BLOCK, Chance, Choice, chosen, guided, narrowed


@pytest.mark.parametrize(
    "choice",
    [Choice(), Choice(temperature=0.7), Choice(top_k=5), Choice(top_k=0, top_p=0.6), Choice(False, 1.3, 20, 0.9)],
)
def test_odds_are_theirs(choice: Choice) -> None:
    logits = torch.randn(2, 4, 300, generator=torch.Generator().manual_seed(1)) * 3
    steps = LogitsProcessorList([ClassifierFreeGuidanceLogitsProcessor(3.0)])
    if choice.temperature != 1:
        steps.append(TemperatureLogitsWarper(choice.temperature))
    if choice.top_k:
        steps.append(TopKLogitsWarper(choice.top_k))
    if choice.top_p < 1:
        steps.append(TopPLogitsWarper(choice.top_p))
    wanted = steps(torch.zeros(4, 1, dtype=torch.int64), logits.flatten(0, 1))
    ours = narrowed(guided(logits, 3.0), choice)
    torch.testing.assert_close(ours, wanted)
    assert torch.equal(torch.isinf(ours), torch.isinf(wanted))


def test_codes_fall_by_the_odds() -> None:
    logits = torch.tensor([[0.0, 1.0, 2.0, -1.0]]).repeat(20_000, 1)
    race = Chance(3, 20_000, 4, torch.device("cpu")).column(0)
    drawn = chosen(logits, Choice(top_k=3), race).bincount(minlength=4) / 20_000
    odds = narrowed(logits[:1], Choice(top_k=3)).softmax(-1)[0]
    assert drawn[3] == 0
    torch.testing.assert_close(drawn, odds, rtol=0, atol=0.015)  # four standard deviations


def test_greedy_takes_the_likeliest() -> None:
    assert chosen(torch.tensor([[1.0, 3.0, 2.0]]), Choice(greedy=True), torch.tensor([[1.0, 9.0, 0.1]])).tolist() == [1]


def test_a_column_draws_by_its_seed_and_its_number() -> None:
    one, other, far = (Chance(seed, 4, 64, torch.device("cpu")) for seed in (5, 5, 6))
    drawn = [one.column(number).clone() for number in range(2 * BLOCK)]
    assert torch.equal(torch.stack(drawn[BLOCK:]), other.block(1))
    assert not torch.equal(drawn[0], drawn[BLOCK])
    assert not torch.equal(drawn[0], far.column(0))


@pytest.mark.parametrize("wrong", [{"temperature": 0.0}, {"top_k": -1}, {"top_p": 0.0}, {"top_p": 1.1}])
def test_impossible_choices_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="temperature must be above 0"):
        Choice(**wrong)  # type: ignore[arg-type]
