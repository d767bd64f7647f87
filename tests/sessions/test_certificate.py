"""Certificates: whole or refused, whatever is changed; and the files that they speak of."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from sessions.certificate import Certificate, make_certificate, statement_hash, verify_certificate
from sessions.checkpoint import make_checkpoint
from sessions.errors import Refused
from sessions.keys import log_key
from sessions.log import Entry
from sessions.merkle import inclusion_proof
from tests.sessions.logs import KEY, STATEMENT, Script, session

LOG = session()
INDEX = 8
CERTIFICATE = make_certificate(
    STATEMENT,
    LOG.entries[INDEX],
    inclusion_proof(LOG.chain.tree, INDEX, LOG.chain.size),
    LOG.checkpoint,
    KEY.verifier,
)


def refused(certificate: Any) -> str:
    with pytest.raises(Refused) as found:
        verify_certificate(certificate, KEY.verifier)
    return found.value.advice


def test_a_certificate_that_holds() -> None:
    for form in (CERTIFICATE, json.dumps(CERTIFICATE), json.dumps(CERTIFICATE, indent=2).encode()):
        verified = verify_certificate(form, KEY.verifier)
        assert verified.statement == STATEMENT
        assert verified.entry.index == INDEX
        assert verified.key_expected
        assert verified.checkpoint.size == LOG.chain.size
    assert not verify_certificate(CERTIFICATE).key_expected


@pytest.mark.parametrize("size", range(INDEX + 1, LOG.chain.size + 1))
def test_it_can_be_made_at_any_later_size(size: int) -> None:
    checkpoint = make_checkpoint(KEY, size, LOG.chain.tree.root(size))
    proof = inclusion_proof(LOG.chain.tree, INDEX, size)
    certificate = make_certificate(STATEMENT, LOG.entries[INDEX], proof, checkpoint, KEY.verifier)
    assert verify_certificate(certificate).checkpoint.size == size


def test_another_key_than_expected() -> None:
    with pytest.raises(Refused, match="not by"):
        verify_certificate(CERTIFICATE, log_key("jam", bytes([9] * 32)).verifier)


def changes(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every value inside, changed a little; every key left out."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from changes(item, (*path, key))
            yield (*path, key), None
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from changes(item, (*path, at))
    elif isinstance(value, bool):
        yield path, not value
    elif isinstance(value, int | float):
        yield path, value + 1
    elif isinstance(value, str):
        yield path, value + "x"
        for at in range(len(value)):
            other = "A" if value[at] != "A" else "B"
            yield path, value[:at] + other + value[at + 1 :]


def test_every_change_is_found() -> None:
    count = 0
    for path, changed in changes(CERTIFICATE):
        certificate = copy.deepcopy(CERTIFICATE)
        inner: Any = certificate
        for step in path[:-1]:
            inner = inner[step]
        if changed is None:
            del inner[path[-1]]
        else:
            inner[path[-1]] = changed
        refused(certificate)
        count += 1
    assert count > 1000


def test_more_or_fewer_fields() -> None:
    assert "fields" in refused({**CERTIFICATE, "more": 1})
    assert "fields" in refused({})
    refused("[]")
    refused(b"\xff")
    refused('{"statement": {}, "statement": {}}')


def test_a_proof_of_another_shape() -> None:
    refused({**CERTIFICATE, "proof": CERTIFICATE["proof"][:-1]})
    refused({**CERTIFICATE, "proof": [*CERTIFICATE["proof"], CERTIFICATE["proof"][0]]})
    refused({**CERTIFICATE, "proof": [5]})
    refused({**CERTIFICATE, "index": True})


def forged(entry_of: Script, index: int, statement: dict[str, Any]) -> str:
    """A certificate of an entry that really is in the log, but does not say so."""
    with pytest.raises(Refused) as found:
        make_certificate(
            statement,
            entry_of.entries[index],
            inclusion_proof(entry_of.chain.tree, index, entry_of.chain.size),
            entry_of.checkpoint,
            KEY.verifier,
        )
    return found.value.advice


def test_an_entry_that_makes_no_take() -> None:
    assert "section.done" in forged(LOG, 4, STATEMENT)


def test_a_statement_that_the_log_does_not_hold() -> None:
    assert "changed" in forged(LOG, INDEX, {**STATEMENT, "seed": 8})


@pytest.mark.parametrize(("fact", "value"), [("origin", "another"), ("take", "take-2"), ("section", "bo/a")])
def test_a_statement_of_something_else(fact: str, value: str) -> None:
    log = Script()
    log.begin()
    statement = {**STATEMENT, fact: value}
    log.server("section.done", section="ana/a", take="take-1", statement=statement_hash(statement), stated=statement)
    assert "is of" in forged(log, 1, statement)


def test_an_entry_of_another_log() -> None:
    other = session(log_key("gig", bytes([5] * 32)))
    entry = other.entries[INDEX]
    refused({**CERTIFICATE, "entry": entry.to_object()})
    assert entry != LOG.entries[INDEX]


def verified_with(files: Any) -> Certificate:
    log = Script()
    log.begin()
    statement = {**STATEMENT, "files": files}
    log.server("section.done", section="ana/a", take="take-1", statement=statement_hash(statement), stated=statement)
    proof = inclusion_proof(log.chain.tree, 1, 2)
    return verify_certificate(make_certificate(statement, log.entries[1], proof, log.checkpoint, KEY.verifier))


def test_files_are_checked_by_their_bytes() -> None:
    verified = verified_with({"mix.wav": sha256(b"mix").hexdigest(), "stems/bass.wav": sha256(b"bass").hexdigest()})
    verified.check_file("mix.wav", b"mix")
    assert verified.name_of(b"bass") == "stems/bass.wav"
    assert verified.name_of(b"other") is None
    with pytest.raises(Refused, match="changed"):
        verified.check_file("mix.wav", b"mixed")
    with pytest.raises(Refused, match=r"mix\.wav, stems/bass\.wav"):
        verified.check_file("section.mid", b"mix")


@pytest.mark.parametrize("files", [None, [], "mix.wav", {}])
def test_a_statement_without_files(files: Any) -> None:
    verified = verified_with(files)
    assert verified.files == {}
    with pytest.raises(Refused, match="none"):
        verified.check_file("mix.wav", b"")


def test_entries_come_back_as_they_were() -> None:
    assert Entry.from_object(CERTIFICATE["entry"]) == LOG.entries[INDEX]
