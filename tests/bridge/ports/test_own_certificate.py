"""The certificate that a server makes for itself: kept, renewed, and trusted by who was given it."""

from __future__ import annotations

import ssl
import stat
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from bridge.engine.where import trust
from bridge.ports.http.certificate import check_certificate
from bridge.ports.own_certificate import RENEWED_BEFORE, VALID, names_of, own_certificate
from sessions.errors import Refused

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAMES: tuple[str, ...] = ("localhost", "127.0.0.1", "::1", "192.168.1.7", "studio.local")


def test_it_is_made_once_and_kept(tmp_path: Path) -> None:
    first = own_certificate(tmp_path / "tls", NAMES, NOW)
    assert own_certificate(tmp_path / "tls", NAMES, NOW + timedelta(days=300)) == first
    assert own_certificate(tmp_path / "tls", NAMES[:2], NOW) == first, "fewer names are in it as well"
    assert len(first.fingerprint.split(":")) == 32
    der = ssl.PEM_cert_to_DER_cert(first.cert.read_text())
    assert sha256(der).hexdigest().upper() == first.fingerprint.replace(":", "")
    assert {path.name for path in (tmp_path / "tls").iterdir()} == {"cert.pem", "key.pem"}


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_the_key_is_the_owner_s_alone(tmp_path: Path) -> None:
    own = own_certificate(tmp_path / "tls", NAMES, NOW)
    assert stat.S_IMODE(own.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(own.key.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("what", ["old", "other names", "no key", "another key", "a locked key"])
def test_it_is_made_anew_where_it_does_not_hold(tmp_path: Path, what: str) -> None:
    first = own_certificate(tmp_path, NAMES, NOW)
    now, names = NOW, NAMES
    if what == "old":
        now = NOW + VALID - RENEWED_BEFORE
    elif what == "other names":
        names = (*NAMES, "10.0.0.9")
    elif what == "no key":
        first.key.unlink()
    else:
        first.key.write_text("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n")
    again = own_certificate(tmp_path, names, now)
    assert again.fingerprint != first.fingerprint
    assert own_certificate(tmp_path, names, now) == again


def test_what_is_no_certificate_is_left_alone(tmp_path: Path) -> None:
    own = own_certificate(tmp_path, NAMES, NOW)
    own.cert.write_text("something of mine")
    with pytest.raises(Refused, match="remove it"):
        own_certificate(tmp_path, NAMES, NOW)
    assert own.cert.read_text() == "something of mine"


def test_a_folder_that_can_t_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "tls").write_text("a file")
    with pytest.raises(Refused, match="--data"):
        own_certificate(tmp_path / "tls", NAMES, NOW)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "192.168.1.7", "studio.local"])
def test_whoever_was_given_it_trusts_it_by_every_name(tmp_path: Path, name: str) -> None:
    own = own_certificate(tmp_path, NAMES, datetime.now(UTC))
    check_certificate(own.cert, own.key)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(own.cert, own.key)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = server.wrap_bio(to_server, to_client, server_side=True)
    theirs = trust(name, own.cert).wrap_bio(to_client, to_server, server_hostname=name)
    for _ in range(4):
        for end in (theirs, ours):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert theirs.version() == "TLSv1.3"


def test_the_names_of_this_machine() -> None:
    assert {"localhost", "127.0.0.1", "::1"} <= set(names_of("0.0.0.0"))
    assert "0.0.0.0" not in names_of("0.0.0.0")
    assert "jam.example" in names_of("jam.example")
