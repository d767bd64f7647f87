"""Checkpoints: made, read strictly, believed only through a key; Go's own signed note verifies."""

from __future__ import annotations

import pytest

from sessions.canonical import to_base64
from sessions.checkpoint import MAX_SIGNATURES, make_checkpoint, read_note, verify_checkpoint
from sessions.errors import Refused
from sessions.keys import SigningKey, VerifierKey, log_key
from sessions.merkle import leaf_hash

KEY = log_key("jam", bytes(32))
ROOT = leaf_hash(b"line")
TEXT = make_checkpoint(KEY, 1, ROOT)


def note(body: str, *signers: SigningKey) -> str:
    lines = [f"\u2014 {key.name} {to_base64(key.verifier.id + key.sign(body.encode()))}\n" for key in signers]
    return body + "\n" + "".join(lines)


def test_the_text_is_a_tlog_checkpoint() -> None:
    origin, size, root, empty, signature, end = TEXT.split("\n")
    assert (origin, size, root, empty, end) == (KEY.name, "1", to_base64(ROOT), "", "")
    assert signature.startswith(f"\u2014 {KEY.name} ")
    checkpoint = verify_checkpoint(TEXT, KEY.verifier)
    assert (checkpoint.origin, checkpoint.size, checkpoint.root, checkpoint.text) == (KEY.name, 1, ROOT, TEXT)


def test_gos_signed_note_verifies() -> None:
    key = VerifierKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    signer = SigningKey.parse("PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    line = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    assert to_base64(key.id + signer.sign(text.encode())) == line


def test_other_signatures_are_left_alone() -> None:
    witness = SigningKey("witness.example", bytes([7] * 32))
    body = TEXT.partition("\n\n")[0] + "\n"
    for text in (note(body, KEY, witness), note(body, witness, KEY)):
        assert verify_checkpoint(text, KEY.verifier).size == 1
        assert len(read_note(text).signatures) == 2
    bad = note(body, KEY).replace("\u2014", "\u2014 witness.example AAAAAAAA\n\u2014", 1)
    assert verify_checkpoint(bad, KEY.verifier).size == 1


def test_extension_lines_are_part_of_what_is_signed() -> None:
    body = TEXT.partition("\n\n")[0] + "\nextension 1\n"
    assert verify_checkpoint(note(body, KEY), KEY.verifier).size == 1
    with pytest.raises(Refused):
        verify_checkpoint(note(body, KEY).replace("extension 1", "extension 2"), KEY.verifier)


def test_every_flipped_byte_is_found() -> None:
    data = TEXT.encode()
    for at in range(len(data)):
        for mask in (1, 2, 32, 128):
            changed = bytearray(data)
            changed[at] ^= mask
            try:
                text = changed.decode()
            except UnicodeDecodeError:
                continue
            with pytest.raises(Refused):
                verify_checkpoint(text, KEY.verifier)


def test_every_cut_is_found() -> None:
    for at in range(len(TEXT)):
        with pytest.raises(Refused):
            verify_checkpoint(TEXT[:at], KEY.verifier)


def test_another_key_of_the_same_name_does_not_do() -> None:
    other = SigningKey(KEY.name, bytes([9] * 32))
    with pytest.raises(Refused, match="key"):
        verify_checkpoint(TEXT, other.verifier)
    with pytest.raises(Refused):
        verify_checkpoint(make_checkpoint(other, 1, ROOT), KEY.verifier)


def test_a_checkpoint_of_another_log_does_not_do() -> None:
    body = TEXT.partition("\n\n")[0].replace("jam", "gig") + "\n"
    with pytest.raises(Refused, match="own key"):
        verify_checkpoint(note(body, KEY), KEY.verifier)


def test_a_false_signature_under_the_right_key_id_is_not_outvoted() -> None:
    false = f"\u2014 {KEY.name} {to_base64(KEY.verifier.id + bytes(64))}\n"
    with pytest.raises(Refused):
        verify_checkpoint(TEXT + false, KEY.verifier)


@pytest.mark.parametrize(
    "size", ["01", "-1", "+1", "1.0", " 1", "1e3", "", "\u0661", "9007199254740992", "1" * 40, "0x1"]
)
def test_a_size_is_read_strictly(size: str) -> None:
    body = f"{KEY.name}\n{size}\n{to_base64(ROOT)}\n"
    with pytest.raises(Refused):
        verify_checkpoint(note(body, KEY), KEY.verifier)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\n\n",
        "\n\n\n\n",
        f"{KEY.name}\n1\n\n\u2014 a AAAAAAAA\n",
        f"{KEY.name}\n1\n{to_base64(bytes(31))}\n\n\u2014 a AAAAAAAA\n",
        f"{KEY.name}\n1\n{to_base64(ROOT)}\n\n",
        f"{KEY.name}\n1\n{to_base64(ROOT)}\n\n- a AAAAAAAA\n",
        f"{KEY.name}\n1\n{to_base64(ROOT)}\n\n\u2014 a AAAA\n",
        f"{KEY.name}\n1\n{to_base64(ROOT)}\n\n\u2014 a\n",
        f"{KEY.name}\n1\n{to_base64(ROOT)}\n\n\u2014  AAAAAAAA\n",
        f"{KEY.name}\r\n1\n{to_base64(ROOT)}\n\n\u2014 a AAAAAAAA\n",
        f"{KEY.name}\n1\n{to_base64(ROOT)}\n\n" + "\u2014 a AAAAAAAA\n" * (MAX_SIGNATURES + 1),
        "x" * 100_000,
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="no checkpoint"):
        read_note(text)
