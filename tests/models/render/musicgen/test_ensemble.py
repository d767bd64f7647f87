"""Pieces written together: as if alone, in fair turns, and gone within a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

import models.render.musicgen as musicgen
from models.render.musicgen import ensemble as ensemble_module
from models.render.musicgen.ensemble import Ensemble
from models.render.musicgen.piece import Chunk, Piece, Wish, never
from models.render.musicgen.protocol import DecoderShape
from models.render.musicgen.sampling import Choice
from tests.models.render.musicgen.conftest import Published
from tests.models.render.musicgen.published import TEXT, Kind
from tests.models.render.musicgen.wishes import in_turns, wishes_of

CPU = torch.device("cpu")
SHAPE = DecoderShape(codebooks=2, vocabulary=8)


class Counts:
    """Writes nothing but the order in which pieces are written; fails over those it is told to."""

    def __init__(self) -> None:
        self.seated: list[Piece] = []
        self.sat: list[Piece] = []
        self.steps: list[tuple[Piece, ...]] = []
        self.kept: set[Piece] = set()
        self.fails: set[Piece] = set()

    def sit(self, piece: Piece) -> None:
        self.kept.discard(piece)
        self.seated.append(piece)
        self.sat.append(piece)
        if piece in self.fails:
            raise RuntimeError("no room")

    def rise(self, piece: Piece, *, again: bool) -> None:
        self.kept.discard(piece)
        if piece in self.seated:
            self.seated.remove(piece)
        if again:
            self.kept.add(piece)

    def step(self) -> None:
        self.steps.append(tuple(self.seated))
        for piece in self.seated:
            piece.column += 1

    def settle(self, piece: Piece) -> None:
        """Nothing is owed."""


def piece(frames: int, cancelled: Callable[[], bool] = never) -> Piece:
    nothing = torch.zeros(SHAPE.codebooks, 0, dtype=torch.int64)
    wish = Wish([torch.zeros(1, 4)], frames, nothing, 1.0, Choice(), 7, cancelled)
    return Piece(wish, SHAPE, frame_rate=50, device=CPU)


def pulled(chunks: Iterator[Chunk | None]) -> int:
    """Frames of all that comes."""
    return sum(chunk.codes.shape[1] for chunk in chunks if chunk is not None)


@pytest.mark.parametrize("kind", [Kind(), Kind(melody=True), Kind(channels=2)], ids=["text", "melody", "stereo"])
@pytest.mark.parametrize("seats", [1, 2, 8])
def test_the_same_codes_whoever_sits_beside(
    published: Published, kind: Kind, seats: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ensemble_module, "TURN", 10)
    engine = musicgen.load(published(kind)[1])
    wishes = wishes_of(kind)
    alone = [engine.generate_codes(**wish) for wish in wishes]
    engine._ensemble.seats = seats
    for found, codes in zip(in_turns(engine, wishes), alone, strict=True):
        np.testing.assert_array_equal(found, codes)


def test_whoever_is_pulled_all_are_written() -> None:
    writer = Counts()
    ensemble = Ensemble(writer, seats=4, breath=1000)
    one, other = piece(100), piece(100)
    streams = [ensemble.chunks(one), ensemble.chunks(other)]
    for stream in streams:
        next(stream)
    assert one.column > other.column == 14
    steps = len(writer.steps)
    assert next(streams[0]) is not None
    assert next(streams[1]) is not None
    assert len(writer.steps) < steps + 30
    assert all(len(step) == 2 for step in writer.steps[steps:])


def test_who_waits_longest_sits_down_first_and_a_short_one_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ensemble_module, "TURN", 20)
    writer = Counts()
    ensemble = Ensemble(writer, seats=2, breath=10**6)
    long = [piece(1000) for _ in range(3)]
    short = piece(5)
    ensemble._waiting.extend([*long, short])
    while short.column < short.grid.columns:
        ensemble._step()
    assert writer.sat == [*long, short]
    assert len(writer.steps) == 20 + 1 + 6  # one makes room in each step; the short one has six columns
    assert writer.kept == set(long[:2])
    while len(writer.sat) < 6:
        ensemble._step()
    assert writer.sat[4:] == long[:2], "who made room comes again in his turn"


def test_cancelled_who_sits_and_who_waits_are_gone_within_a_step() -> None:
    writer = Counts()
    ensemble = Ensemble(writer, seats=1, breath=10**6)
    flags = {"sits": False, "waits": False}
    sits, waits, other = piece(500, lambda: flags["sits"]), piece(500, lambda: flags["waits"]), piece(20)
    ensemble._waiting.extend([sits, waits])
    stream = ensemble.chunks(other)
    ensemble._step()
    assert writer.seated == [sits]
    flags["waits"] = True
    ensemble._step()
    assert not ensemble._waiting
    flags["sits"] = True
    assert pulled(stream) == 20
    assert (sits.column, waits.column) == (3, 1)
    assert not writer.seated
    assert pulled(ensemble.chunks(piece(500, lambda: True))) == 0


def test_a_stream_that_is_dropped_leaves(published: Published) -> None:
    engine = musicgen.load(published(Kind())[1])
    stream = engine.stream(TEXT, 5)
    next(stream)
    assert len(engine._ensemble._seated) == 1
    stream.close()  # type: ignore[attr-defined]
    assert not engine._ensemble._seated


def test_what_goes_wrong_with_one_is_not_the_others() -> None:
    writer = Counts()
    ensemble = Ensemble(writer, seats=2, breath=10**6)
    bad, good = piece(100), piece(60)
    writer.fails.add(bad)
    streams = [ensemble.chunks(bad), ensemble.chunks(good)]
    ensemble._waiting.append(bad)
    assert pulled(streams[1]) == 60
    ensemble._failed.clear()
    with pytest.raises(RuntimeError, match="no room"):
        next(streams[0])
    assert not ensemble._seated


def test_time_to_look_around() -> None:
    ensemble = Ensemble(Counts(), seats=4, breath=8)
    found = list(ensemble.chunks(piece(40)))
    assert found[0] is None
    assert sum(chunk is None for chunk in found) == 5
    assert pulled(iter(found)) == 40
