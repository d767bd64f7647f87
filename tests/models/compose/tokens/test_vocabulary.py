"""The table of tokens: one id a name, its file, its meaning."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from models.compose.tokens.vocabulary import DRUMS, SPECIALS, VOCABULARY, Vocabulary


def test_each_token_has_one_id_and_one_family() -> None:
    assert len(set(VOCABULARY.names)) == len(VOCABULARY) == sum(VOCABULARY.size.values())
    assert len(VOCABULARY) % 64 == 0
    assert VOCABULARY.names[: len(SPECIALS)] == SPECIALS
    for token, name in enumerate(VOCABULARY.names):
        assert VOCABULARY.id(name) == token
        assert VOCABULARY.family(token) == name.partition("_")[0]
        assert token in VOCABULARY.range(VOCABULARY.family(token))
        assert not any(character.isspace() for character in name)


def test_masks_and_ranges_agree() -> None:
    mask = VOCABULARY.mask("Pitch", "Dur")
    assert np.array_equal(np.flatnonzero(mask), [*VOCABULARY.range("Pitch"), *VOCABULARY.range("Dur")])


def test_the_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    VOCABULARY.save(tmp_path / "tokens.json")
    read = Vocabulary.load(tmp_path / "tokens.json")
    assert read == VOCABULARY
    assert read.sha256 == VOCABULARY.sha256


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": "x", "tokens": ["a"], "sha256": ""}', "\xff"])
def test_a_foreign_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "tokens.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match="tokens"):
        Vocabulary.load(tmp_path / "tokens.json")


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    VOCABULARY.save(tmp_path / "tokens.json")
    table = json.loads((tmp_path / "tokens.json").read_text())
    table["tokens"][100:102] = reversed(table["tokens"][100:102])
    (tmp_path / "tokens.json").write_text(json.dumps(table))
    with pytest.raises(ValueError, match="tokens"):
        Vocabulary.load(tmp_path / "tokens.json")


def test_no_drum_is_in_two_classes() -> None:
    pitches = [pitch for _, some in DRUMS for pitch in some]
    assert len(pitches) == len(set(pitches))
