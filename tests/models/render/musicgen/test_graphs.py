"""What a GPU is told, told to a processor: the same steps over the same buffers write the same codes, and wait for nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._python_dispatch import TorchDispatchMode

import models.render.musicgen as musicgen
from models.render.musicgen import ensemble as ensemble_module
from models.render.musicgen import graphs as graphs_module
from models.render.musicgen import piece as piece_module
from models.render.musicgen.checkpoint import Checkpoint
from models.render.musicgen.decoder import TorchDecoder
from models.render.musicgen.engine import Engine
from models.render.musicgen.ensemble import Ensemble
from models.render.musicgen.graphs import SIZES, SeatWriter
from models.render.musicgen.piece import window_of
from models.render.musicgen.seats import Seats
from tests.models.render.musicgen.conftest import Published
from tests.models.render.musicgen.published import TEXT, Kind
from tests.models.render.musicgen.theirs import generated
from tests.models.render.musicgen.wishes import in_turns, wishes_of

CPU = torch.device("cpu")
KINDS = pytest.mark.parametrize("kind", [Kind(), Kind(melody=True), Kind(channels=2)], ids=["text", "melody", "stereo"])


def seated(published: Published, kind: Kind, seats: int, page: int = 16) -> tuple[Engine, SeatWriter]:
    """An engine that writes as on a GPU, without graphs, by small pages."""
    folder = published(kind)[1]
    engine, checkpoint = musicgen.load(folder), Checkpoint.of(folder)
    decoder = TorchDecoder.read(checkpoint.tensors, checkpoint.decoder, CPU, torch.float32)
    window, before = (
        window_of(checkpoint.decoder, engine.frame_rate),
        checkpoint.melody.length + 64 if checkpoint.melody else 0,
    )
    writer = SeatWriter(decoder, seats=seats, window=window, before=before, page=page)
    engine._ensemble = Ensemble(writer, seats)
    return engine, writer


@KINDS
@pytest.mark.parametrize("seats", [1, 2, 4, 8])
def test_the_codes_are_those_of_single_states(
    published: Published, kind: Kind, seats: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ensemble_module, "TURN", 10)
    engine, writer = seated(published, kind, seats)
    wishes = wishes_of(kind)
    alone = musicgen.load(published(kind)[1])
    for found, wish in zip(in_turns(engine, wishes), wishes, strict=True):
        np.testing.assert_array_equal(found, alone.generate_codes(**wish))
    assert not writer._sitting
    assert not writer._kept


@KINDS
def test_greedy_codes_are_those_of_transformers(published: Published, kind: Kind) -> None:
    theirs, _ = published(kind)
    engine, _ = seated(published, kind, 2)
    codes, _ = generated(theirs, TEXT, 40)
    np.testing.assert_array_equal(engine.generate_codes(TEXT, seconds=0.8, greedy=True), codes)


@KINDS
def test_pieces_longer_than_a_window(published: Published, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(piece_module, "WINDOW_S", 0.6)
    monkeypatch.setattr(piece_module, "KEPT_S", 0.2)
    engine, _ = seated(published, kind, 4)
    wishes: list[dict[str, Any]] = [{"text": TEXT, "seconds": seconds, "seed": 4} for seconds in (1.9, 1.1)]
    alone = musicgen.load(published(kind)[1])
    for found, wish in zip(in_turns(engine, wishes), wishes, strict=True):
        np.testing.assert_array_equal(found, alone.generate_codes(**wish))


def test_a_long_text_gets_larger_seats(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs_module, "TOLD", 16)
    engine, writer = seated(published, Kind(), 2)
    small = writer._seats
    wishes: list[dict[str, Any]] = [{"text": TEXT, "seconds": 1}, {"text": "dark dubstep " * 12, "seconds": 0.5}]
    alone = musicgen.load(published(Kind())[1])
    for found, wish in zip(in_turns(engine, wishes), wishes, strict=True):
        np.testing.assert_array_equal(found, alone.generate_codes(**wish))
    assert writer._seats.told_keys.shape[3] > small.told_keys.shape[3]


def test_streamed_equals_whole(published: Published) -> None:
    engine, _ = seated(published, Kind(), 2)
    streamed = np.concatenate(list(engine.stream(TEXT, 1.5, seed=3)), axis=1)
    np.testing.assert_allclose(streamed, engine.decode(engine.generate_codes(TEXT, 1.5, seed=3))[:, :48_000], atol=1e-5)


@KINDS
def test_a_step_that_was_recorded_once_can_be_run_again(published: Published, kind: Kind) -> None:
    """As a graph is: the operations of one step, with all that Python knew while they were written down."""
    engine, writer = seated(published, kind, 2, page=64)  # to write a step down takes a second
    recorded: dict[tuple[int, int], Callable[[], Any]] = {}
    runs: list[tuple[int, int]] = []

    def run(count: int, bound: int) -> None:
        runs.append((count, bound))
        if again := recorded.get((count, bound)):
            with torch.inference_mode():
                again()
        else:
            recorded[count, bound] = make_fx(lambda: writer._seats.step(count, bound))()

    writer._graphs.run = run  # type: ignore[method-assign]
    wishes = wishes_of(kind)[:3]
    alone = musicgen.load(published(kind)[1])
    for found, wish in zip(in_turns(engine, wishes), wishes, strict=True):
        np.testing.assert_array_equal(found, alone.generate_codes(**wish))
    assert len(runs) > 5 * len(recorded) > 5


class Watched(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Fails over whatever a recorded step can't do: asking what a number is, or a shape that hangs on one."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seen: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        assert torch.Tag.data_dependent_output not in func.tags, name
        by_mask = name == "index" and any(one is not None and one.dtype == torch.bool for one in args[1])
        assert name == "index" or torch.Tag.dynamic_output_shape not in func.tags, name
        assert not by_mask, name
        assert name not in ("_to_copy", "pin_memory") or "device" not in (kwargs or {}), name
        self.seen.add(name)
        return func(*args, **(kwargs or {}))


@KINDS
def test_a_step_waits_for_nothing_and_moves_nothing(published: Published, kind: Kind) -> None:
    engine, writer = seated(published, kind, 4)
    stream = engine._chunks(engine._wish(TEXT, 1, 7, 3.0, {"top_p": 0.9}))
    next(stream)
    seats = writer._seats
    buffers = {name: getattr(seats, name) for name in Seats.__slots__ if isinstance(getattr(seats, name), Tensor)}
    places = {name: (buffer.data_ptr(), buffer.stride()) for name, buffer in buffers.items()}
    at = int(seats.at[0])
    with Watched() as watched:
        seats.step(1, 48)
        seats.step(4, 64)
    assert "sort" in watched.seen
    assert int(seats.at[0]) == at + 2
    assert seats.at[1:].tolist() == [0, 0, 0], "who sits nowhere goes nowhere"
    for name in buffers:
        now = getattr(seats, name)
        assert (now.data_ptr(), now.stride()) == places[name], name


def test_the_watch_sees_what_it_is_for() -> None:
    wrongs: list[Callable[[Tensor], object]] = [Tensor.item, Tensor.nonzero, lambda one: one[one > 0]]
    for wrong in wrongs:
        with pytest.raises(AssertionError), Watched():
            wrong(torch.ones(1))


@KINDS
def test_no_number_is_asked_for_where_there_are_none(published: Published, kind: Kind) -> None:
    checkpoint = Checkpoint.of(published(kind)[1])
    decoder = TorchDecoder.read(checkpoint.tensors, checkpoint.decoder, torch.device("meta"), torch.bfloat16)
    seats = Seats.of(decoder, count=16, room=512, told=64)
    for count in SIZES:
        seats.step(count, 256)
