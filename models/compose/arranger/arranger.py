"""The arranger: a composer that goes by rules.

Lives here: one bar after the other, every part by its own player, all on one plan. The players know nothing of each other but
the bass, which asks where the kick falls; so a part is the same whoever else was asked.

    >>> from sessions.music.section import parse_request
    >>> request = parse_request({"style": "dnb", "bars": 2, "parts": "drums", "seed": 7})
    >>> list(Arranger().stream(request)) == list(Arranger().stream(request))
    True
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Protocol

from models.compose.arranger.bass import Bass
from models.compose.arranger.comp import Comping
from models.compose.arranger.drums import Drums
from models.compose.arranger.feel import Feel
from models.compose.arranger.follow import Setting, set_up
from models.compose.arranger.law import Law
from models.compose.arranger.melody import Melody
from models.compose.arranger.weave import keeps, woven
from models.compose.composer import Provenance, Writing
from sessions.music.parts import Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from importlib.resources.abc import Traversable

    from models.compose.arranger.plan import Bar
    from models.compose.composer import BarNotes, Parent
    from sessions.music.notes import Note
    from sessions.music.section import Request

__all__ = ["Arranger", "rules_sha256"]

NAME, VERSION, LICENCE = "arranger", "1", "Apache-2.0"
NOTE = "music by rules, trained on nothing"


class Player(Protocol):
    """One part's player: asked for the bars in order."""

    def write(self, bar: Bar) -> list[Note]:
        """The notes of a bar, straight and free; feel and law come after."""

    def heard(self, notes: Sequence[Note]) -> None:
        """What the part played in a bar that was kept, for the next bar to go on from."""


class Arranger:
    """Writes sections by rules; holds no state between them."""

    @property
    def provenance(self) -> Provenance:
        """What this composer is: its rules are its weights, so their text is what is hashed."""
        return Provenance(NAME, VERSION, rules_sha256(), LICENCE, NOTE)

    def stream(self, request: Request, context: Parent | None = None, *, seed: int | None = None) -> Writing:
        """The bars of a section in order; `seed` goes before the request's. Raises Refused where the context does not fit."""
        setting = set_up(_seeded(request, seed), context)
        plan = setting.plan
        material = setting.material
        drums = Drums(plan, material.drums, setting.bass_onsets)
        players: dict[Part, Player] = {
            Part.DRUMS: drums,
            Part.BASS: Bass(plan, _Kicks(drums, setting.kicks).in_bar, material.bass, setting.last_bass),
            Part.HARMONY: Comping(plan, material.comp),
            Part.MELODY: Melody(plan, material.motifs, setting.last_melody),
        }
        feel = Feel(plan)
        laws = {part: Law(plan, part) for part in request.note_parts}
        return Writing(self._bars(setting, players, feel, laws), plan.chords_text)

    def _bars(
        self, setting: Setting, players: Mapping[Part, Player], feel: Feel, laws: Mapping[Part, Law]
    ) -> Iterator[BarNotes]:
        for bar in setting.plan.bars:
            written = {}
            for part, law in laws.items():
                fresh = feel.played(players[part].write(bar), bar, part)
                written[part] = woven(setting, part, bar, fresh, law)
                if keeps(setting, bar):
                    players[part].heard(written[part])
            yield written

    def chords(self, request: Request, context: Parent | None = None, *, seed: int | None = None) -> str:
        """The chords that `stream` plays on, as a request writes them."""
        return set_up(_seeded(request, seed), context).plan.chords_text


class _Kicks:
    """Where the kick falls: the parent's where it is kept, else the drummer's own."""

    def __init__(self, drums: Drums, kept: Sequence[tuple[int, ...]]) -> None:
        self._drums, self._kept = drums, kept

    def in_bar(self, bar: Bar) -> tuple[int, ...]:
        """Ticks of the kicks in a bar."""
        if any(self._kept):
            return tuple(bar.start + offset for offset in self._kept[bar.index % len(self._kept)])
        return self._drums.kicks(bar)


def _seeded(request: Request, seed: int | None) -> Request:
    return request if seed is None else replace(request, seed=seed)


@lru_cache(maxsize=1)
def rules_sha256() -> str:
    """The hash of all rules and patterns: each source file's name and text, in order, line ends as on Unix."""
    digest = sha256()
    for name, text in sorted(_sources(files(__package__), "")):
        digest.update(f"{name}\n{len(text)}\n".encode() + text)
    return digest.hexdigest()


def _sources(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        name = f"{path}/{entry.name}" if path else entry.name
        if entry.is_dir():
            yield from _sources(entry, name)
        elif name.endswith(".py"):
            yield name, entry.read_bytes().replace(b"\r\n", b"\n")
