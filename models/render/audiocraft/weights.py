"""Weights: a checkpoint as audiocraft publishes it, in a folder or by its name on the hub, and what may be done with it.

A folder holds `state_dict.bin` and `compression_state_dict.bin`; `starbridge.json` beside them states the licence, as beside other
weights. A name is looked up by audiocraft itself, which fetches what is not there yet: naming it is asking for it.

>>> Weights.of("facebook/musicgen-small").stated(None).licence
'CC-BY-NC-4.0'
>>> Weights.of("no/such/folder")
Traceback (most recent call last):
sessions.errors.Refused: bad-value: musicgen: there is no folder no/such/folder; name one, or a checkpoint on the hub as OWNER/NAME
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from models.catalogue import catalogue
from models.fetched import BadRecord, Record, provenance_of
from models.provenance import Provenance
from sessions.errors import Code, Refused

if TYPE_CHECKING:
    from models.render.audiocraft.facts import Facts

__all__ = ["Weights"]

NAME = "musicgen"
FILES = ("state_dict.bin", "compression_state_dict.bin")
OTHER_FORM = "config.json"  # of a checkpoint for transformers
UNKNOWN = "not stated"
_ON_THE_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True, slots=True)
class Weights:
    """What audiocraft is told to load: `place` is a folder's path or a name on the hub."""

    place: str
    folder: Path | None

    @classmethod
    def chosen(cls, musicgen: Path | None, precision: str | None) -> Weights:
        """By the options that our own runtime has too. Raises Refused."""
        if precision is not None:
            advice = "it is for our own runtime; audiocraft plays float32, on a GPU float16, so leave it out"
            raise Refused(Code.BAD_VALUE, f"precision: {advice}")
        if musicgen is None:
            advice = "say which weights it is to play with --musicgen: a folder, or a name on the hub"
            raise Refused(Code.BAD_VALUE, f"audiocraft: {advice}, such as facebook/musicgen-small")
        return cls.of(musicgen.as_posix())

    @classmethod
    def of(cls, text: str) -> Weights:
        """Raises Refused where this is neither."""
        folder = Path(text)
        if not folder.exists():
            if _ON_THE_HUB.fullmatch(text):
                return cls(text, None)
            raise _bad(f"there is no folder {text}; name one, or a checkpoint on the hub as OWNER/NAME")
        missing = [name for name in FILES if not (folder / name).is_file()]
        if missing and (folder / OTHER_FORM).is_file():
            other = "is a checkpoint for transformers, which our own runtime plays; leave --audiocraft out"
            raise _bad(f"{folder} {other}, or name one of audiocraft's")
        if missing:
            raise _bad(
                f"{folder} holds no checkpoint of audiocraft's, {missing[0]} is missing; name a folder that has it"
            )
        found = cls(str(folder.resolve()), folder)
        found.stated(None)
        return found

    def stated(self, facts: Facts | None) -> Provenance:
        """Who stands behind what it plays; with the hash of what was loaded, and by which audiocraft, once that is known."""
        found = self._from_folder(self.folder) if self.folder is not None else self._from_hub()
        if facts is None:
            return replace(found, version="", note=f"{found.note}; played by audiocraft")
        digest = Record(found.licence, found.commercial, files=facts.files).sha256
        version = f"audiocraft {facts.audiocraft}"
        note = f"{found.note}; played by {version} with torch {facts.torch} on {facts.device}"
        return replace(found, version=version, sha256=digest, note=note)

    def _from_folder(self, folder: Path) -> Provenance:
        try:
            return provenance_of(folder, NAME, hashed=False)
        except (BadRecord, OSError) as error:
            raise _bad(str(error)) from error

    def _from_hub(self) -> Provenance:
        """What the catalogue knows of it; what nobody knows is not for sale."""
        entry = next((entry for entry in catalogue().values() if entry.repo == self.place.lower()), None)
        name, where = self.place.rpartition("/")[2], f"weights of {self.place}"
        if entry is None:
            return Provenance(name, "", "", UNKNOWN, f"{where}, whose licence nobody stated here", commercial=False)
        note = f"{where}; {entry.licence.name} keeps what they make from commercial use"
        commercial = entry.licence.commercial
        return Provenance(name, "", "", entry.licence.name, where if commercial else note, commercial)


def _bad(why: str) -> Refused:
    return Refused(Code.BAD_VALUE, f"musicgen: {why}")
