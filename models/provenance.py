"""Provenance: who made something, by what, and what it may be used for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Provenance"]


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
