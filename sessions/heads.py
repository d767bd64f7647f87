"""Heads: what a running server signs of its log before it writes it, so that nothing else can pass for its last lines.

A checkpoint follows the log within a second; a head goes ahead of each batch of lines. It says that `start` entries are
surely on disk, and that the lines which come next make `end` entries of `end_bytes` bytes with this root. It is no
checkpoint and is signed in a context of its own: what it announces may never come about (the disk is full), and the
log goes on with other lines.

>>> from sessions.keys import log_key
>>> key = log_key("jam", seed=bytes(32))
>>> head = Head(1, 3, 700, bytes(32))
>>> read_heads(make_head(key, head) + "half a line", key.verifier) == [head]
True
>>> vouched([head], 5, lambda size: bytes(32))
3
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sessions.canonical import from_base64, to_base64
from sessions.errors import Refused
from sessions.keys import SigningKey, VerifierKey
from sessions.merkle import HASH_BYTES

__all__ = ["MAX_HEAD", "Head", "make_head", "read_heads", "vouched"]

HEAD_CONTEXT = "starbridge-head-v1\n"
MAX_HEAD = 256
"""Bytes of a head's line, its line feed included."""
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Head:
    """Entries that are on disk, and what comes next."""

    start: int
    end: int
    end_bytes: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.start} {self.end} {self.end_bytes} {to_base64(self.root)}"


def make_head(key: SigningKey, head: Head) -> str:
    """The signed line, with its line feed."""
    return f"{head} {to_base64(key.sign(_message(key.name, str(head))))}\n"


def read_heads(text: str, key: VerifierKey) -> list[Head]:
    """The heads that this key signed for its log, in their order. Whatever else stands there says nothing."""
    return [head for line in text.split("\n")[:-1] if (head := _head(line, key)) is not None]


def vouched(heads: Sequence[Head], size: int, root: Callable[[int], bytes]) -> int:
    """How many of a log's `size` entries the heads prove to be the server's own; `root` gives the root over so many."""
    return max((head.end for head in heads if head.end <= size and root(head.end) == head.root), default=0)


def _head(line: str, key: VerifierKey) -> Head | None:
    body, _, signature = line.rpartition(" ")
    numbers, _, root_text = body.rpartition(" ")
    try:
        root, signed = from_base64(root_text), from_base64(signature)
    except Refused:
        return None
    fields = numbers.split(" ")
    if len(fields) != 3 or len(root) != HASH_BYTES or len(line) >= MAX_HEAD:
        return None
    if not all(field.isascii() and field.isdecimal() and len(field) <= _DIGITS for field in fields):
        return None
    head = Head(int(fields[0]), int(fields[1]), int(fields[2]), root)
    return head if str(head) == body and key.verify(_message(key.name, body), signed) else None


def _message(origin: str, body: str) -> bytes:
    return f"{HEAD_CONTEXT}{origin}\n{body}\n".encode()
