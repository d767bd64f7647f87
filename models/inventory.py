"""What is here to imagine with: weights and sounds, each with its size, hash, licence and what it may be used for.

Lives here: looking at what ships, at folders named instead, and at what was fetched. Nothing is played and nothing is fetched; an
item that can't be used says why.

    for item in inventory(): item.name, item.licence, item.problem
    for item in fetched(folder): item.name, item.licence, item.problem
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from models.catalogue import catalogue
from models.compose.runtime.weights import TENSORS, BadWeights, read
from models.compose.tokens.vocabulary import VOCABULARY
from models.compose.writer.composer import CARD, shipped
from models.fetched import BadRecord, Record, read_record
from sessions.errors import Refused

__all__ = ["Item", "fetched", "inventory", "use_of"]

COMPOSER, SOUNDFONT = "composer", "soundfont"


@dataclass(frozen=True, slots=True)
class Item:
    """One set of weights, or of sounds; `commercial` None is not known. `problem` says why it can't be used, if it can't."""

    name: str
    what: str
    path: str
    size_bytes: int = 0
    sha256: str = ""
    version: str = ""
    licence: str = ""
    commercial: bool | None = None
    note: str = ""
    problem: str = ""

    @property
    def use(self) -> str:
        """What it may be used for, in words."""
        if self.problem:
            return self.problem
        return use_of(self.commercial)

    def to_fields(self) -> dict[str, Any]:
        """As JSON carries it."""
        return {**asdict(self), "use": self.use}


def use_of(commercial: bool | None) -> str:
    """What weights may be used for, in words; None is not known."""
    words = {True: "anything, what it makes may be sold", False: "nothing that is sold", None: "ask who made it"}
    return words[commercial]


def inventory(weights: Path | None = None, soundfont: Path | None = None) -> Iterator[Item]:
    """The composer's weights and the sampler's soundfont: those that ship, or those named."""
    yield _composer(weights or shipped())
    yield _soundfont(soundfont)


def fetched(folder: Path, *, check: bool = False) -> Iterator[Item]:
    """The weights in a folder of weights, each in one of its own with a record; with `check`, every byte is looked at again."""
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            record = read_record(place)
        except BadRecord as error:
            yield Item(place.name, "weights", str(place), problem=str(error))
            continue
        if record is not None:
            yield _weights(place, record, check=check)


def _weights(folder: Path, record: Record, *, check: bool) -> Item:
    entry = catalogue().get(record.name)
    what = entry.what if entry is not None else "weights"
    damage = record.damage(folder) or (record.change(folder) if check else "")
    where = f"{record.repo}, fetched {record.time}" if record.repo else ""
    problem = damage and f"{damage}; `starbridge models fetch {record.name or folder.name}` brings it again"
    facts = record.size_bytes, record.sha256, record.revision, record.licence, record.commercial, where, problem
    return Item(record.name or folder.name, what, str(folder), *facts)


def _composer(folder: Path) -> Item:
    what = "a transformer that writes the notes"
    try:
        found = read(folder, vocabulary=VOCABULARY.sha256)
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        facts = found.sha256, str(card["version"]), str(card["licence"]), bool(card["commercial"]), str(card["note"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        why = (
            str(error)
            if isinstance(error, BadWeights)
            else f"{folder / CARD}: {error}; put back the card of the weights"
        )
        return Item(COMPOSER, what, str(folder), problem=why)
    size = (folder / TENSORS).stat().st_size
    return Item(COMPOSER, what, str(folder), size, *facts)


def _soundfont(path: Path | None) -> Item:
    from models.render.renderer import SampledStems
    from models.render.soundfont import Soundfont, bundled_path

    path = path or bundled_path()
    what = "sounds that the sampler plays"
    try:
        made_by = SampledStems(Soundfont.load(path)).provenance
    except Refused as no:
        return Item(SOUNDFONT, what, str(path), problem=no.advice)
    facts = made_by.sha256, made_by.version, made_by.licence, made_by.commercial, made_by.note
    return Item(SOUNDFONT, what, str(path), path.stat().st_size, *facts)
