"""A take's certificate: its statement, the entry that holds the statement's hash, and the way from there to a signed root.

Whoever has the log's key can check with it, offline, who asked for a take, what it was made from and by, and whether
a file is the one that was made. The statement is plain JSON; the hash of its RFC 8785 form stands in the event
`section.done`, so log and certificate don't wait for each other.

    certificate = make_certificate(statement, entry, proof, checkpoint, key.verifier)
    verified = verify_certificate(certificate, key=expected)    # raises Refused, saying what does not fit
    verified.check_file("mix.wav", data)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sessions.canonical import MAX_BYTES, canonical_bytes, from_base64, parse_object, to_base64
from sessions.checkpoint import Checkpoint, verify_checkpoint
from sessions.errors import Code, Refused
from sessions.keys import VerifierKey
from sessions.log import Entry, line_of, unpack_event
from sessions.merkle import leaf_hash, verify_inclusion

__all__ = ["Certificate", "make_certificate", "statement_hash", "verify_certificate"]

DONE = "section.done"
MAX_CERTIFICATE = 4 * MAX_BYTES
"""Bytes of a certificate's file."""

_FIELDS = ("statement", "entry", "index", "proof", "checkpoint", "log_key")


def statement_hash(statement: Mapping[str, Any]) -> str:
    """What the log says of a statement: the SHA-256 of its canonical form, in hex."""
    return sha256(canonical_bytes(statement)).hexdigest()


def make_certificate(
    statement: Mapping[str, Any], entry: Entry, proof: Sequence[bytes], checkpoint: str, key: VerifierKey
) -> dict[str, Any]:
    """The certificate as JSON; `proof` leads from the entry to the checkpoint's root. Raises `Refused` where it does not."""
    certificate = {
        "statement": dict(statement),
        "entry": entry.to_object(),
        "index": entry.index,
        "proof": [to_base64(hash_) for hash_ in proof],
        "checkpoint": checkpoint,
        "log_key": str(key),
    }
    verify_certificate(certificate)
    return certificate


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate whose every step was checked."""

    statement: Mapping[str, Any]
    entry: Entry
    checkpoint: Checkpoint
    key: VerifierKey
    key_expected: bool
    """The key is the one that the caller expected; else it is only the one that the certificate itself names."""

    @property
    def files(self) -> Mapping[str, str]:
        """The SHA-256 of each of the take's files, by name."""
        files = self.statement.get("files")
        return {str(name): str(digest) for name, digest in files.items()} if isinstance(files, Mapping) else {}

    def check_file(self, name: str, data: bytes) -> None:
        """Raises `Refused` where this is not the file of that name that was made."""
        digest = self.files.get(name)
        if digest is None:
            there = ", ".join(sorted(self.files)) or "none"
            raise _refused(f"it says nothing of {name[:64]!r}; the take's files are {there}")
        if sha256(data).hexdigest() != digest:
            raise _refused(f"{name} is not the file that was made: its bytes were changed")

    def name_of(self, data: bytes) -> str | None:
        """Which of the take's files these bytes are, whatever they are called now."""
        digest = sha256(data).hexdigest()
        return next((name for name, known in self.files.items() if known == digest), None)


def verify_certificate(certificate: Mapping[str, Any] | bytes | str, key: VerifierKey | None = None) -> Certificate:
    """Check every step, from the statement to the signed root; raises `Refused` with the first that fails.

    `key` is the log key that the reader expects. Without it the certificate is checked by the key that it brings along: then
    it says that nothing was changed since it was made, not by whom it was made.
    """
    fields = parse_object(certificate, MAX_CERTIFICATE) if isinstance(certificate, bytes | str) else certificate
    match fields:
        case {
            "statement": dict(statement),
            "entry": dict(entry_fields),
            "index": int(index),
            "proof": list(proof_texts),
            "checkpoint": str(checkpoint_text),
            "log_key": str(key_text),
        } if len(fields) == len(_FIELDS):
            pass
        case _:
            raise _refused(f"its fields are not {', '.join(_FIELDS)}")
    own = VerifierKey.parse(key_text)
    if key is not None and key != own:
        raise _refused(f"it is by the log {own.name}, not by {key.name} with the key that was given")
    entry = Entry.from_object(entry_fields)
    if entry.index != index or isinstance(index, bool):
        raise _refused(f"its index is {index}, its entry's {entry.index}")
    checkpoint = verify_checkpoint(checkpoint_text, own)
    proof = [from_base64(text) if isinstance(text, str) else b"" for text in proof_texts]
    if not verify_inclusion(leaf_hash(line_of(entry)), index, checkpoint.size, proof, checkpoint.root):
        raise _refused("its entry is not in the log that its checkpoint signs")
    _check_statement(statement, entry, own)
    return Certificate(statement, entry, checkpoint, own, key is not None)


def _check_statement(statement: Mapping[str, Any], entry: Entry, key: VerifierKey) -> None:
    if entry.event["type"] != DONE:
        raise _refused(f"its entry is {entry.event['type']!r}, not {DONE!r}")
    if entry.event.get("statement") != statement_hash(statement):
        raise _refused("its statement is not the one that the log holds the hash of: it was changed")
    if statement.get("origin") != key.name:
        raise _refused(f"its statement is of {str(statement.get('origin'))[:128]!r}, its log is {key.name}")
    event = unpack_event(entry.event)
    for fact in ("take", "section"):
        if statement.get(fact) != event.get(fact):
            raise _refused(f"its statement is of another {fact} than its entry")


def _refused(why: str) -> Refused:
    return Refused(Code.BAD_VALUE, f"the certificate does not hold: {why}")
