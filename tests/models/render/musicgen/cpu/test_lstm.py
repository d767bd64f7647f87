"""The codec's LSTM by our own kernel: what torch's says, however long the pieces that come."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from models.render.musicgen.cpu.lstm import CpuLstm, Weights

LONG = 37
NEAR = 1e-4  # of what is between -1 and 1


def both(units: int, layers: int = 2) -> tuple[nn.LSTM, CpuLstm]:
    torch.manual_seed(units)
    theirs = nn.LSTM(units, units, layers)
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.mul_(3)  # gates that open and close
    parts = dict(theirs.named_parameters())

    def layer(number: int) -> Weights:
        bias = parts[f"bias_ih_l{number}"] + parts[f"bias_hh_l{number}"]
        return Weights.packed(
            *(one.detach() for one in (parts[f"weight_ih_l{number}"], parts[f"weight_hh_l{number}"], bias))
        )

    return theirs, CpuLstm([layer(number) for number in range(layers)])


def wanted(theirs: nn.LSTM, x: Tensor) -> Tensor:
    with torch.no_grad():
        heard: Tensor = theirs(x.permute(2, 0, 1))[0].permute(1, 2, 0)
    return heard + x


@pytest.mark.timeout(240)  # the kernel is compiled here where it never was
@pytest.mark.parametrize(("rows", "units"), [(1, 64), (2, 48), (2, 40), (1, 7)])
def test_it_says_what_torch_says(rows: int, units: int) -> None:
    theirs, ours = both(units)
    x = torch.randn(rows, units, LONG)
    torch.testing.assert_close(ours.push(x, ours.memory(), final=True), wanted(theirs, x), rtol=0, atol=NEAR)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("pushes", [[1] * LONG, [25, 0, 12], [36, 1]], ids=["one by one", "some", "the last"])
def test_pushed_in_pieces_it_goes_on(pushes: list[int]) -> None:
    theirs, ours = both(40)
    x, memory = torch.randn(2, 40, LONG) * 3, ours.memory()
    parts = [ours.push(part, memory, final=False) for part in torch.split(x, pushes, dim=2)]
    torch.testing.assert_close(torch.cat(parts, dim=2), wanted(theirs, x), rtol=0, atol=NEAR)


@pytest.mark.timeout(240)
def test_very_loud_is_still_a_number() -> None:
    theirs, ours = both(16)
    x = torch.randn(1, 16, 5) * 1e4
    found = ours.push(x, ours.memory(), final=True)
    assert torch.isfinite(found).all()
    torch.testing.assert_close(found, wanted(theirs, x), rtol=1e-6, atol=NEAR)
