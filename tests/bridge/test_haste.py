"""A start in haste: no collector in it, and one after it, also where the start fails."""

from __future__ import annotations

import gc
import inspect

import pytest

from bridge.bench.server import main
from bridge.cli.serve import serve
from bridge.haste import in_haste


def test_the_collector_is_off_in_haste_and_on_after_it() -> None:
    with in_haste():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(OSError, match="disk"), in_haste():
        raise OSError("disk")
    assert gc.isenabled()


@pytest.mark.parametrize("starts", [serve, main])
def test_what_starts_a_server_does_so_in_haste_and_keeps_its_options(starts: object) -> None:
    assert callable(starts)
    assert inspect.unwrap(starts) is not starts
    assert inspect.signature(starts).parameters
