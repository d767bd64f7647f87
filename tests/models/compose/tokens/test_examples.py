"""Rows to train on: the same for the same seed and step, well formed, weighed where the runtime has to write."""

from __future__ import annotations

from functools import cache
from random import Random

import numpy as np
import pytest

from models.compose.tokens.decode import decode
from models.compose.tokens.encode import section_ids
from models.compose.tokens.examples import TASKS, draw, examples, sequence
from models.compose.tokens.stock import Shelf, Stock, cut, sections_of
from models.compose.tokens.vocabulary import VOCABULARY
from sessions.music.parts import NOTE_PARTS, Part
from tests.models.compose.tokens.music import arranged

FAMILY = [VOCABULARY.family(token) for token in range(len(VOCABULARY))]


@cache
def shelf() -> Shelf:
    fields = ("house", "jazz", "dnb", "ballad", "latin", "swing")
    pieces = [arranged(style, source="ab"[index % 2], style=style, seed=index) for index, style in enumerate(fields)]
    pieces += [arranged("waltz", source="b", style="pop", meter="3/4", human=True), arranged("odd", meter="7/8")]
    return Shelf(piece for piece in pieces if not piece.held_out)


def test_a_step_has_one_batch_and_another_step_another() -> None:
    one, same, other = (examples(shelf(), {"a": 1, "b": 2}, seed=3, step=step, rows=4) for step in (5, 5, 6))
    assert all(np.array_equal(getattr(one, name), getattr(same, name)) for name in ("ids", "targets", "weights"))
    assert not np.array_equal(one.ids, other.ids)


def test_rows_are_whole_examples_well_packed() -> None:
    batch = examples(shelf(), {"a": 1, "b": 1, "rules": 1}, seed=1, step=0, rows=8, length=1024)
    assert batch.ids.shape == batch.targets.shape == batch.weights.shape == batch.segments.shape == (8, 1024)
    assert np.count_nonzero(batch.segments) > 0.93 * batch.ids.size
    assert not batch.weights[batch.segments == 0].any()
    for row in range(8):
        for segment in range(1, batch.segments[row].max() + 1):
            inside = batch.segments[row] == segment
            ids = [*batch.ids[row][inside].tolist(), batch.targets[row][inside].tolist()[-1]]
            assert ids[1:] == batch.targets[row][inside].tolist()
            assert decode(ids)


@pytest.mark.parametrize("task", TASKS)
def test_each_task_is_well_formed_and_fits(task: str) -> None:
    dice = Random(task)
    drawn = 0
    for _ in range(60):
        for stock in shelf():
            example = draw(stock, dice, 600, {task: 1.0})
            if example is None:
                continue
            drawn += 1
            sections = decode(example.ids)
            assert len(example.ids) == len(example.weights) <= 601
            assert len(sections) <= {"section": 1, "continue": 3}.get(task, 2)
            assert all(len(line) for section in sections for line in section.write.sheet.parts.values())
            if task in {"section", "continue"}:
                assert all(section.ahead is None for section in sections)
    assert drawn > 300


def test_headers_what_is_ahead_and_given_parts_count_little_or_nothing() -> None:
    stock = next(iter(shelf()))
    section = cut(stock, 0, 4, (Part.DRUMS, Part.BASS))
    free, led = sequence([section]), sequence([section], given=[Part.DRUMS])
    assert free.ids.tolist() == led.ids.tolist()
    plan, write = (free.ids.tolist().index(VOCABULARY.id(name)) for name in ("plan", "write"))
    assert not free.weights[: plan + 1].any()
    assert free.weights[plan + 1 : write].all()
    owner, ended = "", ""
    for token, alone, after_drums in zip(free.ids[write:], free.weights[write:], led.weights[write:], strict=True):
        family = FAMILY[token]
        if family in {"Left", "Part", "end"}:
            ended, owner = owner, VOCABULARY.name(int(token))
            by_drums = ended == "Part_drums"
            expected = 1.0 if ended.startswith("Part") else 0.0
        elif family in {"Chord", "write"}:
            expected, by_drums = 0.0, False
        else:
            expected, by_drums = 1.0, owner == "Part_drums"
        assert alone == expected, VOCABULARY.name(int(token))
        assert after_drums == (0.25 if by_drums and expected else expected)


def test_a_piece_in_sections_is_the_piece() -> None:
    for stock in shelf():
        told = list(sections_of(stock, bars=4))
        assert all(len(section_ids(section)) <= 1000 for section in told)
        notes = sum(len(line) for section in told for line in section.write.sheet.parts.values())
        assert notes == sum(len(line) for line in stock.sheet.parts.values())


def test_held_out_music_is_on_a_shelf_of_its_own() -> None:
    pieces = [arranged(str(number), bars=1, parts="bass") for number in range(40)]
    learnt, judged = Shelf(pieces), Shelf(pieces, held_out=True)
    names = {stock.name for stock in learnt} | {stock.name for stock in judged}
    assert len(list(judged)) > 0
    assert len(names) == len(list(learnt)) + len(list(judged)) == 40


def test_bars_of_another_metre_begin_another_section() -> None:
    waltz, march = arranged("a", meter="3/4", bars=4), arranged("b", meter="4/4", bars=4)
    stock = Stock.of(waltz)
    assert stock.runs == ((0, 4),)
    assert Stock.of(march).parts_in(0, 4) == NOTE_PARTS
    with pytest.raises(ValueError, match="no set"):
        examples(shelf(), {"elsewhere": 1.0}, seed=0, step=0)
