"""Pieces into rows to train on: which bars, which parts, which task, what is said; all from a seed and a step.

Lives here: `examples`, a pure function of the shelf, the mixture, the seed and the step, so training is repeatable and
goes on where it stopped. An example is a whole sequence, `start` to `end`; several fill a row. Its tasks:

    section    some bars, from their header alone
    continue   two or three sections, each after the one before
    bars       bars in the middle, after an earlier section and with the later bars ahead
    accompany  some parts given, each bar telling them first, the coming bars of them perhaps ahead

What the runtime is always given (headers, what is ahead, a bar's number and chords) is not to be learnt; given parts
count a little, since live playing guesses them. Knows no model.

    >>> batch = examples(Shelf([]), {}, seed=1, step=0, length=64, rows=1)
    Traceback (most recent call last):
    ...
    ValueError: the mixture names no set that is on the shelf
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from random import Random

import numpy as np
from numpy.typing import NDArray

from models.compose.tokens.encode import (
    CHORDS,
    STRUCTURE,
    Section,
    Stretch,
    bars_ids,
    header_ids,
    plan_ids,
    shift_of,
)
from models.compose.tokens.grid import HIGHEST, LOWEST, Ints
from models.compose.tokens.stock import ALL, MOST_BARS, Shelf, Stock, cut
from models.compose.tokens.vocabulary import CONTROLS, VOCABULARY
from sessions.music.parts import Part

__all__ = ["TASKS", "Batch", "Example", "Floats", "draw", "examples", "sequence"]

TASKS = {"section": 0.6, "continue": 0.15, "bars": 0.1, "accompany": 0.15}
"""How often each task is drawn."""

BARS = {4: 0.2, 8: 0.3, 16: 0.2}
"""Lengths drawn more often; any from 1 to 16 has the rest."""

SAID = {"origin": 0.8, "kind": 0.8, "style": 0.8, "energy": 0.7, "human": 0.8}
"""How often a header says each thing."""

CONTROLLED, EACH_CONTROL = 0.5, 0.5
"""How often a part has controls at all, and then each of them."""

ALL_PARTS, SCORE_ORDER = 0.5, 0.5
AT_A_PHRASE = 0.7
"""How often a section begins a multiple of four bars after its metre did."""

GIVEN_AHEAD, GIVEN_AFTER = 0.4, 0.3
"""How often accompanying sees the coming bars of the given parts, and follows an earlier section."""

GOES_ON = 0.2
"""How often a section is the beginning of a longer one, which its bars' numbers say."""

ONE_WHOLE = 0.4
"""How often sections that follow each other are windows of one long one, their bars counted together."""

MOST_REWRITTEN = 8
FEW_AHEAD = 0.5

GIVEN_WEIGHT = 0.25
OCTAVE_JITTER = 0.1
"""How often a pitched part is moved by an octave, within `REACH`."""
REACH = {Part.BASS: (24, 60), Part.HARMONY: (36, 90), Part.MELODY: (48, 96)}

SMALLEST_ROOM = 48
"""Positions left in a row for which no further example is sought."""
MISSES = 40
"""Examples in a row that fit nowhere, after which a batch is full."""

_START, _END = VOCABULARY.id("start"), VOCABULARY.id("end")
_AHEAD, _WRITE = VOCABULARY.id("ahead"), VOCABULARY.id("write")

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Example:
    """One sequence, and how much each of its tokens counts when it is to be predicted."""

    ids: Ints
    weights: Floats


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows: `targets` are the tokens after `ids`, `weights` how much each counts, `segments` which example (0: none)."""

    ids: Ints
    targets: Ints
    weights: Floats
    segments: NDArray[np.int16]


def examples(
    shelf: Shelf,
    mixture: Mapping[str, float],
    seed: int,
    step: int,
    *,
    length: int = 1024,
    rows: int = 16,
    tasks: Mapping[str, float] = TASKS,
) -> Batch:
    """The batch of one step; `mixture` weighs the shelf's sets. Raises ValueError where it names none of them."""
    names = [name for name, weight in mixture.items() if weight > 0 and shelf.sets.get(name)]
    if not names:
        raise ValueError("the mixture names no set that is on the shelf")
    shares = list(accumulate(mixture[name] for name in names))
    dice = Random(f"{seed}/{step}")
    ids = np.full((rows, length), VOCABULARY.id("pad"), dtype=np.int32)
    targets, weights = ids.copy(), np.zeros((rows, length), dtype=np.float32)
    segments = np.zeros((rows, length), dtype=np.int16)
    used, counts, misses = [0] * rows, [0] * rows, 0
    while misses < MISSES and (most := length - min(used)) >= SMALLEST_ROOM:
        name = names[min(bisect_right(shares, dice.random() * shares[-1]), len(names) - 1)]
        weighed = shelf.weights[name]
        stock = shelf.sets[name][min(bisect_right(weighed, dice.random() * weighed[-1]), len(weighed) - 1)]
        example = draw(stock, dice, most, tasks)
        size = 0 if example is None else len(example.ids) - 1
        fitting = [row for row in range(rows) if used[row] + size <= length]
        if example is None or not fitting:
            misses += 1
            continue
        misses = 0
        row = max(fitting, key=lambda row: used[row])
        counts[row] += 1
        here = slice(used[row], used[row] + size)
        ids[row, here], targets[row, here] = example.ids[:-1], example.ids[1:]
        weights[row, here], segments[row, here] = example.weights[1:], counts[row]
        used[row] += size
    return Batch(ids, targets, weights, segments)


def draw(stock: Stock, dice: Random, room: int, tasks: Mapping[str, float] = TASKS) -> Example | None:
    """An example from a piece with at most `room` tokens but one; None where the bars drawn have none that fits."""
    place = dice.randrange(len(stock.bars))
    first, count = _bars(stock, place, dice)
    playing = stock.parts_in(first, count)
    if not playing:
        return None
    task = dice.choices(list(tasks), list(tasks.values()))[0]
    parts = _some_parts(playing, dice, least=2 if task == "accompany" else 1)
    given = _given(parts, dice) if task == "accompany" or (task == "bars" and dice.random() < GIVEN_AFTER) else ()
    order = _order(parts, given, dice)
    sections = 3 if task == "continue" else 2 if task == "bars" else 1
    count = stock.most_bars(first, count, parts, room - sections * (12 + 3 * len(parts)))
    for _ in range(4):
        playing = tuple(part for part in order if part in stock.parts_in(first, count)) if count > 0 else ()
        if not playing:
            return None
        example = sequence(_sections(stock, first, count, playing, task, given, dice), given)
        if len(example.ids) <= room + 1:
            return example
        count = min(count - 1, count * room // len(example.ids))
    return None


def sequence(sections: Sequence[Section], given: Collection[Part] = ()) -> Example:
    """Sections as one example; `given` are parts of the last one that nobody has to write."""
    ids: list[Ints | list[int]] = [[_START]]
    weights: list[Floats | list[float]] = [[0.0]]
    for index, section in enumerate(sections):
        shift = shift_of(section.header.key)
        header, plan = header_ids(section.header), plan_ids(section.write.pairs, shift)
        ids += [header, plan]
        weights += [[1.0 if index else 0.0], [0.0] * len(header), [1.0] * (len(plan) - 1)]
        if section.ahead is not None:
            some = tuple(part for part in section.header.parts if part in section.ahead.sheet.parts)
            ahead = bars_ids(section.ahead, some, shift)[0]
            ids += [[_AHEAD], ahead]
            weights.append([0.0] * (1 + len(ahead)))
        parts = section.header.parts
        told, owners = bars_ids(section.write, parts, shift)
        ids += [[_WRITE], told]
        weights += [[0.0], _weights(owners, parts, given if section is sections[-1] else ())]
    ids.append([_END])
    weights.append([1.0])
    return Example(np.concatenate(ids, dtype=np.int32), np.concatenate(weights, dtype=np.float32))


def _weights(owners: NDArray[np.int8], parts: Sequence[Part], given: Collection[Part]) -> Floats:
    """Events count as their part does, a mark as the events do that it ends; the first mark and chords not at all."""
    table = np.array([GIVEN_WEIGHT if part in given else 1.0 for part in parts] + [0.0, 0.0], dtype=np.float32)
    assert (CHORDS, STRUCTURE) == (-2, -1)
    weights = table[owners]
    marks = np.flatnonzero(owners == STRUCTURE)
    # Marks come in turn: the bar's, then each part's; one ends the part before, the first part's nothing.
    turn = np.arange(len(marks)) % (len(parts) + 1)
    ended = np.concatenate((table[len(parts) - 1 : len(parts)], [0.0], table[: len(parts) - 1]))
    weights[marks] = ended[turn]
    weights[0] = 0.0
    return weights


def _bars(stock: Stock, place: int, dice: Random) -> tuple[int, int]:
    """The first bar and the number of bars of a section that holds a place, or begins near it."""
    run, length = next(run for run in reversed(stock.runs) if run[0] <= place)
    wanted = dice.choices([*BARS, 0], [*BARS.values(), 1 - sum(BARS.values())])[0] or dice.randint(1, MOST_BARS)
    count = min(wanted, length)
    first = min(place, run + length - count)
    if dice.random() < AT_A_PHRASE:
        first -= (first - run) % 4
    return first, count


def _some_parts(playing: Sequence[Part], dice: Random, least: int) -> list[Part]:
    if len(playing) <= least or dice.random() < ALL_PARTS:
        return list(playing)
    return dice.sample(playing, dice.randint(least, len(playing)))


def _given(parts: Sequence[Part], dice: Random) -> tuple[Part, ...]:
    return tuple(dice.sample(parts, dice.randint(1, len(parts) - 1))) if len(parts) > 1 else ()


def _order(parts: Sequence[Part], given: Collection[Part], dice: Random) -> list[Part]:
    """Given parts first; within each half the score's order or any."""
    in_score = [part for part in Part if part in parts]
    order = in_score if dice.random() < SCORE_ORDER else dice.sample(in_score, len(in_score))
    return [*(part for part in order if part in given), *(part for part in order if part not in given)]


def _sections(
    stock: Stock, first: int, count: int, parts: Sequence[Part], task: str, given: Collection[Part], dice: Random
) -> list[Section]:
    moved = {part: by for part in parts if (by := _octave(stock, first, count, part, dice))}

    def section(begin: int, bars: int, last: int, given: Collection[Part] = ()) -> Section:
        playing = [part for part in parts if part in stock.parts_in(begin, bars)] or list(parts)
        said = [name for name in ALL_SAID if dice.random() < SAID[name]]
        controls = {
            part: [control for control in CONTROLS if dice.random() < EACH_CONTROL]
            for part in playing
            if part not in given and dice.random() < CONTROLLED
        }
        lefts = range(last - begin, last - begin - bars, -1)
        return cut(stock, begin, bars, playing, lefts=lefts, said=said, controls=controls, moved=moved)

    end = first + count
    rest = next(run + length for run, length in reversed(stock.runs) if run <= first) - end
    total = end + (dice.randint(1, rest) if rest and dice.random() < GOES_ON else 0)
    if task == "continue" and count > 1:
        inner = sorted(dice.sample(range(first + 1, end), min(dice.randint(1, 2), count - 1)))
        whole = dice.random() < ONE_WHOLE
        edges = pairwise([first, *inner, end])
        return [section(begin, until - begin, total if whole else until) for begin, until in edges]
    if task == "bars" and count > 2:
        begin = dice.randint(first, end - 2)
        until = dice.randint(begin + 1, min(end - 1, begin + MOST_REWRITTEN))
        earlier = [section(first, begin - first, total)] if begin > first else []
        later = _with_ahead(stock, section(begin, until - begin, total, given), (until, end, total), moved, None, dice)
        return [*earlier, later]
    if task == "accompany":
        begin = first + dice.randint(1, count // 2) if count > 3 and dice.random() < GIVEN_AFTER else first
        earlier = [section(first, begin - first, begin)] if begin > first else []
        last = section(begin, end - begin, total, given)
        some = [part for part in last.header.parts if part in given]
        if some and dice.random() < GIVEN_AHEAD:
            last = _with_ahead(stock, last, (begin, end, total), moved, some, dice)
        return [*earlier, last]
    return [section(first, count, total)]


ALL_SAID = tuple(sorted(ALL))


def _with_ahead(
    stock: Stock,
    section: Section,
    bars: tuple[int, int, int],
    moved: Mapping[Part, int],
    parts: Sequence[Part] | None,
    dice: Random,
) -> Section:
    """The section with bars of some parts, or of all its own, ahead: from one to another, of a whole that ends at a third.

    Perhaps only the first few of them: whoever plays live knows no more.
    """
    first, end, total = bars
    if dice.random() < FEW_AHEAD:
        end = min(end, first + dice.randint(1, 4))
    starts = stock.sheet.starts
    beyond = int(starts[total] - starts[end])
    sheet = stock.sheet.window(first, end - first, section.header.parts if parts is None else parts, beyond=beyond)
    lefts = range(total - first, total - end, -1)
    return replace(section, ahead=Stretch(sheet.moved(moved), stock.pairs[first:end], lefts))


def _octave(stock: Stock, first: int, count: int, part: Part, dice: Random) -> int:
    if part not in REACH or dice.random() >= OCTAVE_JITTER:
        return 0
    line = stock.sheet.parts[part]
    pitches = line.pitch[line.at[first] : line.at[first + count]]
    low, high = max(REACH[part][0], LOWEST), min(REACH[part][1], HIGHEST)
    by = dice.choice((-12, 12))
    return by if len(pitches) and low <= pitches.min() + by and pitches.max() + by <= high else 0
