"""What the tests of evaluation share: tiny weights over our tokens, small pieces, and a corpus of them."""

from __future__ import annotations

import json
import random
from pathlib import Path

from models.compose.corpus.piece import Bar, Origin, Piece
from models.compose.originality import RunIndex
from models.compose.tokens.vocabulary import VOCABULARY
from sessions.music.beats import Meter
from sessions.music.chords import Chord
from sessions.music.keys import Key
from sessions.music.notes import Note
from sessions.music.parts import Part
from tests.models.compose.runtime.tiny import CONFIG, tensors, write

BAR = 3840
SHAPE = CONFIG | {
    "vocab_size": len(VOCABULARY),
    "max_position_embeddings": 1024,
    "num_hidden_layers": 1,
    "vocabulary_sha256": VOCABULARY.sha256,
}


def weights(folder: Path, *, card: bool = True) -> Path:
    """A folder of random weights, with what ships beside them."""
    write(folder, tensors(SHAPE), SHAPE)
    VOCABULARY.save(folder / "tokens.json")
    if card:
        said = {"version": "0", "licence": "CC0-1.0", "note": "for tests", "commercial": True}
        (folder / "card.json").write_text(json.dumps(said))
        RunIndex.build([[60, 62, 64, 67, 65, 64, 62, 69, 67, 60]]).save(folder / "runs.npz")
    return folder


def piece(seed: int, bars: int = 8, source: str = "small", style: str = "rock", origin: Origin = Origin.REAL) -> Piece:
    """A little band: four parts in C, and a tune that another seed does not have."""
    dice = random.Random(seed)
    meter, key = Meter(4, 4), Key(0)
    rows = tuple(Bar(BAR * bar, meter, 120.0) for bar in range(bars))
    notes = {
        Part.DRUMS: tuple(Note(240 * i, 120, 36 if i % 8 == 0 else 42, 90) for i in range(0, 16 * bars, 2)),
        Part.BASS: tuple(
            Note(BAR * bar + 1920 * half, 960, 36 + 7 * half, 90) for bar in range(bars) for half in (0, 1)
        ),
        Part.HARMONY: tuple(Note(BAR * bar, 3840, pitch, 80) for bar in range(bars) for pitch in (60, 64, 67)),
        Part.MELODY: tuple(Note(480 * i, 240, dice.choice((72, 74, 76, 77, 79)), 90) for i in range(8 * bars)),
    }
    chord = Chord(0, "")
    name = f"song {seed}"
    return Piece(source, name, "CC0-1.0", origin, style, False, rows, (key,) * bars, ((chord, chord),) * bars, notes)
