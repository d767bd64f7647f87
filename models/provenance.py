"""Provenance: who made something, by what, what it may be used for, and how far it is its own."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Originality", "Provenance", "forbids_sale"]

_FORBIDS = re.compile(
    r"\bnc\b|non[- ]?commercial|(personal|private) use only|not for (sale|resale|commercial)", re.IGNORECASE
)


def forbids_sale(licence: str) -> bool:
    """Whether a licence's own words keep what is made under it from commercial use; for texts that people wrote into files.

    >>> [forbids_sale(words) for words in ("CC-BY-NC-4.0", "(c) me, non-commercial use", "GPL-2.0", "CC BY 4.0, Sync Inc.")]
    [True, True, False, False]
    """
    return _FORBIDS.search(licence) is not None


@dataclass(frozen=True, slots=True)
class Provenance:
    """A composer or a renderer: the hash of its weights, rules or sounds, its licence, and a word for people."""

    name: str
    version: str
    sha256: str
    licence: str
    note: str = ""
    commercial: bool = True
    """Whether what it makes may be sold; a take says so until the end."""

    def to_fields(self) -> dict[str, Any]:
        """As JSON carries it, and a certificate states it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Originality:
    """What was found when a section's lines were held against the music that the weights were trained on.

    `index` is the hash of the index of its melodic runs; `longest` counts the notes of the longest run of it that is left, 0 where
    none has the `limit` or more; `rewritten` names what was written again for it, such as `melody 5`.
    """

    index: str
    limit: int
    longest: int
    rewritten: tuple[str, ...] = ()

    def to_fields(self) -> dict[str, Any]:
        """As JSON carries it, and a certificate states it."""
        return {**asdict(self), "rewritten": list(self.rewritten)}
