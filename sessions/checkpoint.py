"""Checkpoints: what a log's key signs of it, as a C2SP signed note (tlog-checkpoint).

A text is first read into a `Note`, which proves nothing, and becomes a `Checkpoint` only through a key: the two are
different types, so that an unchecked size or root can't slip into a proof. Signatures of other keys (witnesses) are
left alone.

>>> from sessions.keys import log_key
>>> key = log_key("jam", seed=bytes(32))
>>> text = make_checkpoint(key, 0, EMPTY_ROOT)
>>> print(text.splitlines()[1])
0
>>> verify_checkpoint(text, key.verifier).size
0
"""

from __future__ import annotations

from dataclasses import dataclass

from sessions.canonical import from_base64, to_base64
from sessions.errors import Code, Refused
from sessions.keys import KEY_ID_BYTES, SIGNATURE_BYTES, SigningKey, VerifierKey
from sessions.merkle import EMPTY_ROOT, HASH_BYTES

__all__ = ["EMPTY_ROOT", "Checkpoint", "Note", "NoteSignature", "make_checkpoint", "read_note", "verify_checkpoint"]

MAX_NOTE = 16 * 1024
"""Characters in a checkpoint with all its signatures."""
MAX_SIGNATURES = 64
"""Signatures under one checkpoint."""
MAX_SIZE = 2**53 - 1
"""Entries in a log."""

_MARK = "\u2014 "  # an em dash and a space open each signature line


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: whose it says it is, and the signature."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A checkpoint as its text states it. Nobody has checked a signature."""

    body: str
    origin: str
    size: int
    root: bytes
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A size and root that the log's key signed."""

    origin: str
    size: int
    root: bytes
    text: str


def make_checkpoint(key: SigningKey, size: int, root: bytes) -> str:
    """The signed text for the first `size` entries."""
    body = f"{key.name}\n{size}\n{to_base64(root)}\n"
    signature = to_base64(key.verifier.id + key.sign(body.encode()))
    return f"{body}\n{_MARK}{key.name} {signature}\n"


def read_note(text: str) -> Note:
    """What a checkpoint's text states; raises `Refused`. Use `verify_checkpoint` before believing it."""
    if len(text) > MAX_NOTE:
        raise _broken(f"it has more than {MAX_NOTE} characters")
    if any(character < " " and character != "\n" for character in text):
        raise _broken("it holds control characters")
    body, gap, tail = text.rpartition("\n\n")
    if not gap or not tail.endswith("\n"):
        raise _broken("it has no signatures, or its end is missing")
    lines = body.split("\n")
    if len(lines) < 3 or not all(lines):
        raise _broken("it has fewer than three lines, or an empty one")
    origin, size, root = lines[:3]  # what follows is an extension that we know nothing of
    if not size.isascii() or not size.isdecimal() or str(int(size[:17])) != size or int(size) > MAX_SIZE:
        raise _broken("its second line is no size")
    return Note(body + "\n", origin, int(size), _root(root), _signatures(tail))


def verify_checkpoint(text: str, key: VerifierKey) -> Checkpoint:
    """The checkpoint that `key` signed; raises `Refused` where it did not."""
    note = read_note(text)
    if note.origin != key.name:
        raise _wrong_key(f"it is of {note.origin[:128]!r}, the key of {key.name!r}")
    own = [line for line in note.signatures if line.name == key.name and line.key_id == key.id]
    if not own:
        raise _wrong_key("this key did not sign it")
    message = note.body.encode()
    if not all(key.verify(message, line.signature) for line in own):
        raise Refused(Code.BAD_VALUE, "the checkpoint's signature is wrong: its text was changed after signing")
    return Checkpoint(note.origin, note.size, note.root, text)


def _root(text: str) -> bytes:
    try:
        root = from_base64(text)
    except Refused:
        root = b""
    if len(root) != HASH_BYTES:
        raise _broken("its third line is no root hash")
    return root


def _signatures(tail: str) -> tuple[NoteSignature, ...]:
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise _broken(f"it has more than {MAX_SIGNATURES} signatures")
    return tuple(_signature(line) for line in lines)


def _signature(line: str) -> NoteSignature:
    name, space, data_text = line.removeprefix(_MARK).partition(" ")
    try:
        data = from_base64(data_text)
    except Refused:
        data = b""
    if not line.startswith(_MARK) or not name or not space or "+" in name or len(data) <= KEY_ID_BYTES:
        raise _broken("a signature line is not one")
    return NoteSignature(name, data[:KEY_ID_BYTES], data[KEY_ID_BYTES : KEY_ID_BYTES + SIGNATURE_BYTES + 1])


def _wrong_key(why: str) -> Refused:
    return Refused(Code.BAD_VALUE, f"the checkpoint does not belong to this key: {why}; use the log's own key")


def _broken(why: str) -> Refused:
    return Refused(Code.BAD_VALUE, f"that is no checkpoint ({why}); give the file as the server wrote it")
