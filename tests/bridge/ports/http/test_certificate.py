"""A certificate is looked at before a door opens with it: whatever is wrong is said with what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bridge.ports.http.certificate import check_certificate
from sessions.errors import Code, Refused
from tests.bridge.ports.http.tls import write_certificate

LOCKED = """\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAilbuId+XIdEwICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEPQAWTk24HYceC9pj5WsJ0IEQBJ3
HfOc9RtfwHN9NgH+j2iwRlpTicDAjd3LTr0UQO2G/fke/miJPuu8h89gg50i0Q4a
gJSBWsEHWmRt53GetjI=
-----END ENCRYPTED PRIVATE KEY-----
"""
"""The usual key, behind a password."""


def refusal(cert: Path, key: Path) -> str:
    with pytest.raises(Refused) as refused:
        check_certificate(cert, key)
    assert refused.value.code is Code.BAD_VALUE
    return refused.value.advice


def test_one_that_is_valid_passes(tmp_path: Path) -> None:
    check_certificate(*write_certificate(tmp_path))


def test_one_that_has_run_out_is_said(tmp_path: Path) -> None:
    cert, key = write_certificate(tmp_path, until="240131120000Z")
    assert refusal(cert, key).startswith(f"--tls-cert: {cert} has run out; make or fetch a new one")


def test_one_of_the_future_is_said(tmp_path: Path) -> None:
    cert, key = write_certificate(tmp_path, since="480101000000Z")
    assert refusal(cert, key).startswith(f"--tls-cert: {cert} is not valid yet")


def test_the_key_of_another_is_said(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    cert, _ = write_certificate(tmp_path)
    _, key = write_certificate(tmp_path / "other", seed=bytes([1] * 32))
    assert f"{key} is the key of another certificate" in refusal(cert, key)


def test_a_locked_key_is_said_and_nobody_is_asked_for_its_password(tmp_path: Path) -> None:
    cert, key = write_certificate(tmp_path)
    key.write_text(LOCKED)
    assert f"--tls-key: {key} is locked with a password; unlock a copy with `openssl pkey" in refusal(cert, key)


@pytest.mark.parametrize(
    "text", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_what_is_none_is_said(tmp_path: Path, text: str) -> None:
    cert, key = write_certificate(tmp_path)
    cert.write_text(text)
    assert "are no PEM certificate and its key" in refusal(cert, key)


def test_what_can_not_be_read_is_said_by_its_option(tmp_path: Path) -> None:
    cert, key = write_certificate(tmp_path)
    assert re.match(r"--tls-cert: there is no file .*nowhere", refusal(tmp_path / "nowhere", key))
    assert re.match(r"--tls-key: .* can't be read \(", refusal(cert, tmp_path)), "a folder is no key"
