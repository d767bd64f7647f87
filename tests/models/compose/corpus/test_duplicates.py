"""Two versions of one piece are one, in whatever key; two pieces in one style are two."""

from __future__ import annotations

from collections.abc import Sequence

from models.compose.corpus.build import Label, build
from models.compose.corpus.duplicates import fingerprints, without_duplicates
from models.compose.corpus.midi import grid
from models.compose.corpus.piece import Piece
from sessions.music.notes import Note
from sessions.music.parts import Part
from tests.models.compose.corpus.midiwriting import tune


def song(name: str, seed: int, *, shift: int = 0, notes: int = 64) -> Piece:
    rows = [Note(2 * start, 2 * length, pitch, 90) for start, length, pitch in tune(seed, notes, shift)]
    return build(Label("set", name, "CC0"), grid([], [], 40000), {Part.MELODY: rows})


def beat(name: str, pattern: Sequence[int], bars: int = 2) -> Piece:
    rows = [Note(bar * 3840 + step * 240, 60, 36 + step % 3, 100) for bar in range(bars) for step in pattern]
    return build(Label("set", name, "CC0"), grid([], [], bars * 3840), {Part.DRUMS: rows})


def test_a_transposed_excerpt_is_dropped_for_the_longer_one() -> None:
    kept, dropped = without_duplicates([song("short", 3, shift=5, notes=40), song("other", 4), song("long", 3)])
    assert [piece.name for piece in kept] == ["other", "long"]
    assert [(one.name, "set/long" in one.reason) for one in dropped] == [("short", True)]


def test_neighbouring_steps_are_told_apart() -> None:
    """Python's hash of -1 is that of -2: a semitone down must not be a tone down."""
    rows = [Note(i * 480, 400, pitch, 90) for i, pitch in enumerate((72, 71, 69, 72, 67, 72, 71, 65))]
    other = [Note(i * 480, 400, pitch, 90) for i, pitch in enumerate((72, 70, 68, 71, 66, 71, 70, 64))]
    first, second = (build(Label("set", "x", "CC0"), grid([], [], 8000), {Part.MELODY: line}) for line in (rows, other))
    assert fingerprints(first)
    assert not fingerprints(first) & fingerprints(second)


def test_the_same_beat_is_one_and_another_is_another() -> None:
    kept, dropped = without_duplicates(
        [beat("a", (0, 4, 8, 12)), beat("longer", (0, 4, 8, 12), 4), beat("b", (0, 3, 6, 12))]
    )
    assert len(kept) == 2
    assert "b" in [piece.name for piece in kept]
    assert len(dropped) == 1


def test_what_is_too_short_to_tell_stays() -> None:
    kept, _ = without_duplicates([song("a", 1, notes=8), song("b", 1, notes=8)])
    assert len(kept) == 2
