"""Keys against RFC 8032's and Go's own vectors; members' signatures and what they bind."""

from __future__ import annotations

import pytest

from sessions.canonical import canonical_bytes, to_base64
from sessions.errors import Refused
from sessions.keys import (
    MAX_NONCE,
    MemberKey,
    SigningKey,
    VerifierKey,
    command_signature_bytes,
    is_signed,
    log_key,
    member_key_bytes,
    verify_command,
)

RFC_8032_SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
RFC_8032_PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
RFC_8032_SIGNATURE = bytes.fromhex(
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
)

GO_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
"""From the documentation of golang.org/x/mod/sumdb/note."""

ORIGIN = "starbridge.local/jam/00000000"
MESSAGE = {"type": "chat.say", "text": "hello", "nonce": "n1"}


def test_rfc_8032() -> None:
    key = SigningKey("test", RFC_8032_SEED)
    assert key.verifier.public == RFC_8032_PUBLIC
    assert key.sign(b"") == RFC_8032_SIGNATURE
    assert key.verifier.verify(b"", RFC_8032_SIGNATURE)


def test_go_reads_and_writes_the_same_keys() -> None:
    key = SigningKey.parse(GO_PRIVATE)
    assert key.to_text() == GO_PRIVATE
    assert str(key.verifier) == GO_PUBLIC
    assert VerifierKey.parse(GO_PUBLIC) == key.verifier


def test_a_wrong_signature_is_no_signature() -> None:
    key = SigningKey("test", RFC_8032_SEED)
    other = SigningKey("test", bytes(32))
    for at in range(64):
        bad = bytearray(RFC_8032_SIGNATURE)
        bad[at] ^= 1
        assert not key.verifier.verify(b"", bytes(bad))
    assert not key.verifier.verify(b"x", RFC_8032_SIGNATURE)
    assert not other.verifier.verify(b"", RFC_8032_SIGNATURE)
    assert not key.verifier.verify(b"", RFC_8032_SIGNATURE[:-1])
    assert not VerifierKey("small order", bytes(32)).verify(b"", bytes(64))


def test_a_log_key_is_named_after_its_session_and_itself() -> None:
    key = log_key("jam", RFC_8032_SEED)
    assert key.name == "starbridge.local/jam/d75a9801"
    assert VerifierKey.parse(str(key.verifier)) == key.verifier
    assert SigningKey.parse(key.to_text()) == key


def test_fresh_keys_differ() -> None:
    assert log_key("jam").verifier != log_key("jam").verifier
    assert MemberKey().public != MemberKey().public


def test_a_secret_is_not_shown() -> None:
    key = log_key("jam", RFC_8032_SEED)
    assert RFC_8032_SEED.hex() not in repr(key)
    assert repr(RFC_8032_SEED) not in repr(key)
    assert to_base64(RFC_8032_SEED) not in repr(key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a+b+c",
        GO_PUBLIC + "\n",
        GO_PUBLIC[:-1],
        GO_PUBLIC.replace("c74f20a3", "c74f20a4"),
        GO_PUBLIC.replace("c74f20a3", "C74F20A3"),
        GO_PUBLIC.replace("PeterNeumann", "PeterNeuman"),
        GO_PUBLIC.replace("PeterNeumann", "Peter Neumann"),
        GO_PUBLIC.replace("PeterNeumann", ""),
        GO_PUBLIC.replace("+AR", "+AB"),
        GO_PUBLIC + "+x",
        "x" * 300 + GO_PUBLIC,
        GO_PRIVATE,
    ],
)
def test_a_verifier_key_is_read_strictly(text: str) -> None:
    with pytest.raises(Refused):
        VerifierKey.parse(text)


@pytest.mark.parametrize("text", ["", GO_PUBLIC, GO_PRIVATE[:-4], GO_PRIVATE.replace("c74f20a3", "c74f20a4")])
def test_a_private_key_is_read_strictly(text: str) -> None:
    with pytest.raises(Refused):
        SigningKey.parse(text)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_seed_has_32_bytes(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        log_key("jam", bytes(length))


def test_what_a_member_signs() -> None:
    wanted = b"starbridge-command-v1\n" + ORIGIN.encode() + b"\n" + canonical_bytes(MESSAGE)
    assert command_signature_bytes(ORIGIN, MESSAGE) == wanted
    assert command_signature_bytes(ORIGIN, {**MESSAGE, "signature": "x"}) == wanted


def test_a_signature_binds_log_message_and_key() -> None:
    ana, bo = MemberKey(bytes([1] * 32)), MemberKey(bytes([2] * 32))
    signed = ana.signed(ORIGIN, MESSAGE)
    verify_command(ana.public, ORIGIN, signed)
    assert is_signed(ana.public, ORIGIN, MESSAGE, signed["signature"])
    assert not is_signed(bo.public, ORIGIN, MESSAGE, signed["signature"])
    assert not is_signed(ana.public, ORIGIN + "x", MESSAGE, signed["signature"])
    assert not is_signed(ana.public, ORIGIN, {**MESSAGE, "text": "hallo"}, signed["signature"])
    assert not is_signed(ana.public, ORIGIN, {**MESSAGE, "more": 1}, signed["signature"])
    assert not is_signed(ana.public, ORIGIN, MESSAGE, signed["signature"][:-1])
    assert not is_signed("not a key", ORIGIN, MESSAGE, signed["signature"])
    assert not is_signed(ana.public, ORIGIN, {**MESSAGE, "text": float("nan")}, signed["signature"])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"signature": ""}, "signature"),
        ({"signature": 7}, "signature"),
        ({"signature": "AAAA"}, "signature"),
        ({"text": "other"}, "signature"),
        ({"nonce": ""}, "nonce"),
        ({"nonce": 3}, "nonce"),
        ({"nonce": "n" * (MAX_NONCE + 1)}, "nonce"),
    ],
)
def test_a_command_that_is_not_signed_rightly_is_refused_with_the_reason(change: dict[str, object], named: str) -> None:
    ana = MemberKey(bytes(32))
    with pytest.raises(Refused) as found:
        verify_command(ana.public, ORIGIN, {**ana.signed(ORIGIN, MESSAGE), **change})
    assert found.value.advice.startswith(named)


@pytest.mark.parametrize(
    "key", ["", "AAAA", to_base64(bytes(31)), to_base64(bytes(33)), to_base64(bytes(32)) + "\n", "é"]
)
def test_a_members_key_is_read_strictly(key: str) -> None:
    with pytest.raises(Refused) as found:
        member_key_bytes(key)
    assert found.value.advice.startswith("key")
