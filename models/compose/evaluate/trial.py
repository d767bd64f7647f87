"""A trial: a composer writes sections for random requests, and each is held against what was asked.

Lives here: requests by chance, what every section must hold, and what a composer's sections are like in all. Every other request
is usual (a band in 4/4, in its style's tempo and mode), the ones between are odd (any metre, tempo, key, parts, controls): form,
groove, density and register are taken from the usual ones, for only these have people's music to stand beside.

    >>> [request.bars for request in requests(4, seed=1)] == [request.bars for request in requests(4, seed=1)]
    True
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from models.compose.evaluate.excerpt import of_section
from models.compose.evaluate.portrait import Portrait
from sessions.music.beats import HIGHEST_BPM, LOWEST_BPM
from sessions.music.keys import MODES
from sessions.music.kinds import Kind
from sessions.music.parts import NOTE_PARTS, Part
from sessions.music.pitches import PLAIN_NAMES
from sessions.music.section import parse_request
from sessions.music.styles import STYLE_TABLE, STYLES

if TYPE_CHECKING:
    from models.compose.composer import BarNotes, Composer
    from models.compose.originality import RunIndex
    from sessions.music.section import Request

__all__ = ["Trial", "broken", "odd", "requests", "try_out", "usual"]

USUAL_BARS = (8, 8, 16)
ODD_BARS = (1, 2, 3, 4, 5, 7, 8, 12, 16)
PROGRESSIONS = ("Am F C G", "Dm7/1 G7/1.5 Cmaj7 Ebdim7/0.5", "F#m7b5/C B7#9", "E5", "C/2 Db/2", "Gsus4/3 Ab13/F#")


@dataclass(slots=True)
class Trial:
    """What came of it: sections that broke what was asked, with how, and the music of all and of the usual ones."""

    sections: int = 0
    failures: list[str] = field(default_factory=list)
    all: Portrait = field(default_factory=Portrait)
    usual: Portrait = field(default_factory=Portrait)

    @property
    def obeyed(self) -> float:
        """The share of sections that are exactly what was asked."""
        return 1 - len(self.failures) / max(self.sections, 1)

    @property
    def rows(self) -> dict[str, float | int | None]:
        """Each measure by its name; those of form from the usual sections, those of law from all."""
        law = self.all.rows
        kept = [name for name in law if name.startswith(("pitched", "parts")) or " run" in name]
        return (
            {"sections exactly as asked": round(self.obeyed, 4)} | self.usual.rows | {name: law[name] for name in kept}
        )


def requests(count: int, *, seed: int) -> list[Request]:
    """So many requests, usual and odd in turn; the same seed gives the same ones."""
    dice = random.Random(seed)
    return [usual(dice) if number % 2 == 0 else odd(dice) for number in range(count)]


def usual(dice: random.Random) -> Request:
    """What a band is asked for every day."""
    style = STYLE_TABLE[dice.choice(STYLES)]
    fields: dict[str, Any] = {
        "kind": dice.choice(list(Kind)).value,
        "style": style.name,
        "bars": dice.choice(USUAL_BARS),
        "key": f"{dice.choice(PLAIN_NAMES)} {style.mode}",
        "seed": dice.randrange(2**32),
    }
    return parse_request(fields)


def odd(dice: random.Random) -> Request:
    """Anything that may be asked."""
    parts = dice.sample([part.value for part in NOTE_PARTS], dice.randint(1, len(NOTE_PARTS)))
    meters = ("4/4", "3/4", "6/8", f"{dice.randint(1, 16)}/{dice.choice((2, 4, 8, 16))}")
    fields: dict[str, Any] = {
        "kind": dice.choice(list(Kind)).value,
        "style": dice.choice(STYLES),
        "bars": dice.choice(ODD_BARS),
        "bpm": round(dice.uniform(LOWEST_BPM, HIGHEST_BPM), 3),
        "meter": dice.choice(meters),
        "key": f"{dice.choice(PLAIN_NAMES)} {dice.choice(list(MODES))}",
        "energy": round(dice.random(), 3),
        "density": round(dice.random(), 3),
        "temperature": dice.choice((0.5, 1.0, 1.5)),
        "seed": dice.randrange(2**32),
        "parts": ",".join(parts),
    }
    if dice.random() < 0.3:
        fields["chords"] = dice.choice(PROGRESSIONS)
    for part in parts:
        if dice.random() < 0.3:
            fields[f"{part}.velocity"] = round(dice.random(), 3)
        if part != Part.DRUMS and dice.random() < 0.3:
            low = dice.randint(1, 6)
            fields[f"{part}.range"] = dice.choice((f"C{low}-G{low}", f"F#{low}-E{low + 1}", f"Bb{low}-C{low + 2}"))
    return parse_request(fields)


def broken(request: Request, bars: Sequence[BarNotes]) -> str:
    """What a section does not hold of its request, in a few words; nothing where it holds all."""
    if len(bars) != request.bars:
        return f"{len(bars)} bars for {request.bars}"
    for number, bar in enumerate(bars):
        if set(bar) != set(request.note_parts):
            return f"bar {number + 1} has other parts than {', '.join(request.note_parts)}"
        for part, notes in bar.items():
            low, high = _pitches(request, part)
            for note in notes:
                if note.start // request.ticks_per_bar != number:
                    return f"{part}: a note of bar {note.start // request.ticks_per_bar + 1} in bar {number + 1}"
                if note.end > request.total_ticks:
                    return f"{part}: a note rings on beyond the end"
                if not low <= note.pitch <= high:
                    return f"{part}: pitch {note.pitch} beyond {low} to {high}"
    silent = [part for part in request.note_parts if not any(bar[part] for bar in bars)]
    return f"{silent[0]} is silent" if silent else ""


def _pitches(request: Request, part: Part) -> tuple[int, int]:
    asked = request.pitch_range(part) if part.is_pitched and not request.range_is_loose(part) else None
    return asked or (0, 127)


def try_out(
    composer: Composer,
    asked: Iterable[Request],
    index: RunIndex | None = None,
    told: Callable[[], None] = lambda: None,
) -> Trial:
    """A composer's sections for some requests; `told` is called after each. Usual and odd ones take turns, as in `requests`."""
    trial = Trial()
    for number, (request, bars, chords) in enumerate(_written(composer, asked)):
        trial.sections += 1
        problem = broken(request, bars)
        if problem:
            trial.failures.append(f"seed {request.seed}, {request.style} {request.meter}: {problem}")
        excerpt = of_section(request, bars, chords)
        trial.all.add(excerpt, index)
        if number % 2 == 0:
            trial.usual.add(excerpt)
        told()
    return trial


def _written(composer: Composer, asked: Iterable[Request]) -> Iterator[tuple[Request, list[BarNotes], str]]:
    for request in asked:
        writing = composer.stream(request)
        yield request, list(writing), writing.chords
