"""Catalogue: the weights that don't ship and can be fetched, each with its size, licence and the files that it is made of.

Lives here: what stands in `catalogue.toml`. Nothing is fetched here, and nothing looked up.

>>> entry = find("facebook/musicgen-small")
>>> entry.name, entry.licence.name, entry.licence.commercial
('musicgen-small', 'CC-BY-NC-4.0', False)
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from sessions.errors import Code, Refused

__all__ = ["Entry", "Form", "Licence", "catalogue", "find"]

_FILE = Path(__file__).with_name("catalogue.toml")


@dataclass(frozen=True, slots=True)
class Licence:
    """What may be done with weights, and with what they make; `hub` is what the hub calls it."""

    name: str
    hub: str
    url: str
    commercial: bool


@dataclass(frozen=True, slots=True)
class Form:
    """Which files make a checkpoint; see `catalogue.toml`."""

    needed: tuple[str, ...]
    wanted: tuple[str, ...]
    weights: tuple[tuple[str, ...], ...]

    def choose(self, listed: Iterable[str]) -> tuple[str, ...]:
        """The files to fetch of those that are listed, small ones first; raises `Refused` where no checkpoint can be made of them.

        >>> Form(("config.json",), (), (("model.safetensors",), ("pytorch_model.bin",))).choose(["config.json"])
        Traceback (most recent call last):
        sessions.errors.Refused: failed: there is no model.safetensors
        """
        names = sorted(listed)
        missing = [name for name in self.needed if name not in names]
        weights = next((found for row in self.weights if (found := _all_of(row, names))), ())
        if missing or not weights:
            missing += [] if weights else [self.weights[0][0]]
            raise Refused(Code.FAILED, f"there is no {', '.join(missing)}")
        return (*self.needed, *(name for name in self.wanted if name in names), *weights)


def _all_of(row: tuple[str, ...], names: list[str]) -> tuple[str, ...]:
    """What a row's patterns find; nothing where one of them finds nothing."""
    found = [[name for name in names if fnmatchcase(name, pattern)] for pattern in row]
    return tuple(name for some in found for name in some) if all(found) else ()


@dataclass(frozen=True, slots=True)
class Entry:
    """Weights that can be fetched: `size_bytes` is about, of the files that are needed."""

    name: str
    repo: str
    what: str
    size_bytes: int
    licence: Licence
    form: Form


@cache
def catalogue() -> Mapping[str, Entry]:
    """All that can be fetched, by name."""
    data = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    licences = {name: Licence(name, **rest) for name, rest in data["licences"].items()}
    forms = {
        name: Form(tuple(of["needed"]), tuple(of["wanted"]), tuple(map(tuple, of["weights"])))
        for name, of in data["forms"].items()
    }
    return {
        name: Entry(name, of["repo"], of["what"], of["size_bytes"], licences[of["licence"]], forms[of["form"]])
        for name, of in data["weights"].items()
    }


def find(name: str) -> Entry:
    """The entry of this name, or of this repository on the hub; raises `Refused`."""
    word = name.strip().lower()
    for entry in catalogue().values():
        if word in (entry.name, entry.repo):
            return entry
    raise Refused(
        Code.BAD_VALUE, f"{name.strip()[:100]!r} is not known; what can be fetched is {', '.join(catalogue())}"
    )
