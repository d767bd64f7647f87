"""What may be said over OSC, as data.

Every address of the contract, with its arguments, its answers and a sentence about it, stands in the TOML files of
this folder; `vectors/` holds golden datagrams, good and bad. This module only reads them into frozen records. It knows
nothing of who may say what (that is `sessions.roles`), checks no value (that is `sessions.commands`) and touches no
byte (that is `bridge.wire.osc`); it imports the standard library alone.

>>> book().asks["/take/rate"].tags
'si'
>>> book().answers["transport.state"].address
'/transport/state'
"""

from __future__ import annotations

import functools
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from types import MappingProxyType
from typing import Any

__all__ = [
    "CHAPTERS",
    "VECTORS",
    "Answer",
    "Argument",
    "Ask",
    "Book",
    "Chapter",
    "Receiver",
    "Type",
    "address_of",
    "book",
    "type_of",
    "vectors",
]

CHAPTERS = ("session", "section", "take", "transport", "live", "log")
"""The files, in the order of the address table."""
VECTORS = ("good", "bad", "answers", "streams", "oscsend", "sclang", "pd")
"""The files of golden datagrams."""


class Type(StrEnum):
    """What one argument is, as its OSC type tag."""

    INT = "i"
    FLOAT = "f"
    TEXT = "s"


class Receiver(StrEnum):
    """Who hears an answer."""

    ASKER = "asker"
    EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of an address, or one key of a section request."""

    name: str
    type: Type
    doc: str
    optional: bool = False
    low: float | None = None
    high: float | None = None
    choices: tuple[str | int, ...] = ()
    default: str | int | float | None = None
    json: str = ""
    """The field of the message whose JSON text this argument holds."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a client may send."""

    address: str
    doc: str
    args: tuple[Argument, ...]
    answers: tuple[str, ...]
    pairs: bool = False
    """Pairs of a key and a value follow the arguments."""

    @property
    def type(self) -> str:
        return type_of(self.address)

    @property
    def tags(self) -> str:
        return "".join(arg.type for arg in self.args)

    @property
    def required(self) -> int:
        """How many arguments may not be left out."""
        return sum(not arg.optional for arg in self.args)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server may send; an optional argument goes out as 0 or an empty text where there is nothing to say."""

    type: str
    address: str
    doc: str
    args: tuple[Argument, ...]
    to: Receiver
    bundle: bool = False
    """Always sent in a bundle, even alone."""

    @property
    def tags(self) -> str:
        return "".join(arg.type for arg in self.args)


@dataclass(frozen=True, slots=True)
class Chapter:
    """One file: a subject."""

    title: str
    asks: tuple[Ask, ...]
    answers: tuple[Answer, ...]
    keys: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """All of it: asks by address, answers by the type of their message, keys of a section request by name."""

    chapters: tuple[Chapter, ...]
    asks: Mapping[str, Ask]
    answers: Mapping[str, Answer]
    keys: Mapping[str, Argument]


def type_of(address: str) -> str:
    """The type of the message that an address stands for: `/take/rate` is `take.rate`."""
    return address[1:].replace("/", ".")


def address_of(kind: str) -> str:
    """The address of a type of message."""
    return "/" + kind.replace(".", "/")


@functools.cache
def book() -> Book:
    """Everything that may be said; read once."""
    chapters = tuple(_chapter(tomllib.loads(_text(f"{name}.toml"))) for name in CHAPTERS)
    return Book(
        chapters,
        MappingProxyType({ask.address: ask for chapter in chapters for ask in chapter.asks}),
        MappingProxyType({answer.type: answer for chapter in chapters for answer in chapter.answers}),
        MappingProxyType({key.name: key for chapter in chapters for key in chapter.keys}),
    )


def vectors(name: str) -> list[dict[str, Any]]:
    """The golden datagrams of one file in `vectors/`; its README says how to read them."""
    found: list[dict[str, Any]] = json.loads(_text(f"vectors/{name}.json"))
    return found


def _text(name: str) -> str:
    return files("osc_schemas").joinpath(name).read_text("utf-8")


def _chapter(table: Mapping[str, Any]) -> Chapter:
    return Chapter(
        table["title"],
        tuple(_ask(entry) for entry in table.get("ask", ())),
        tuple(_answer(entry) for entry in table.get("answer", ())),
        tuple(_argument(entry) for entry in table.get("key", ())),
    )


def _ask(entry: Mapping[str, Any]) -> Ask:
    return Ask(entry["address"], entry["doc"], _arguments(entry), tuple(entry["answers"]), entry.get("pairs", False))


def _answer(entry: Mapping[str, Any]) -> Answer:
    address = entry["address"]
    kind = entry.get("type") or type_of(address)
    return Answer(kind, address, entry["doc"], _arguments(entry), Receiver(entry["to"]), entry.get("bundle", False))


def _arguments(entry: Mapping[str, Any]) -> tuple[Argument, ...]:
    return tuple(_argument(arg) for arg in entry.get("args", ()))


def _argument(entry: Mapping[str, Any]) -> Argument:
    low, high = entry.get("range", (None, None))
    return Argument(
        name=entry["name"],
        type=Type(entry["type"]),
        doc=entry["doc"],
        optional=entry.get("optional", False),
        low=low,
        high=high,
        choices=tuple(entry.get("choices", ())),
        default=entry.get("default"),
        json=entry.get("json", ""),
    )
