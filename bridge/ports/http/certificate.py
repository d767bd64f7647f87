"""The certificate of a door: can it be read, is its key with it, and is it valid now?

Asked before anything is open, for a server whose certificate has run out would stand there without an engine: its own trusts
that one file, and nothing that has run out.

    check_certificate(cert, key)        # raises Refused
"""

from __future__ import annotations

import ssl
from pathlib import Path

from bridge.engine.trouble import NOT_YET, RAN_OUT
from bridge.engine.where import trust
from sessions.errors import Code, Refused

__all__ = ["check_certificate"]

STEPS = 8
"""Turns of a handshake, at most; it takes two each."""


def check_certificate(cert: Path, key: Path) -> None:
    """Raise `Refused` where a server can't show this certificate, or nobody would believe it today."""
    for option, path in (("--tls-cert", cert), ("--tls-key", key)):
        _check_readable(option, path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        server.load_cert_chain(cert, key, password=lambda: _locked(key))
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise Refused(
                Code.BAD_VALUE, f"--tls-key: {key} is the key of another certificate than {cert}; give its own"
            ) from None
        raise Refused(
            Code.BAD_VALUE, f"--tls-cert, --tls-key: {cert} and {key} are no PEM certificate and its key"
        ) from None
    _check_dates(server, cert)


def _check_readable(option: str, path: Path) -> None:
    try:
        path.read_bytes()
    except FileNotFoundError:
        raise Refused(Code.BAD_VALUE, f"{option}: there is no file {path}; give one in PEM form") from None
    except OSError as error:
        advice = f"{option}: {path} can't be read ({error.strerror}); give this user the right to, or another file"
        raise Refused(Code.BAD_VALUE, advice) from None


def _locked(key: Path) -> str:
    raise Refused(
        Code.BAD_VALUE,
        f"--tls-key: {key} is locked with a password; unlock a copy with `openssl pkey -in {key} -out key.pem`",
    )


def _check_dates(server: ssl.SSLContext, cert: Path) -> None:
    """A handshake in memory with somebody who trusts that file, as the server's own engine does."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = server.wrap_bio(to_server, to_client, server_side=True)
    theirs = trust("127.0.0.1", cert).wrap_bio(to_client, to_server, server_hostname="127.0.0.1")
    for _ in range(STEPS):
        for end in (theirs, ours):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                if error.verify_code in (NOT_YET, RAN_OUT):
                    when = "has run out" if error.verify_code == RAN_OUT else "is not valid yet"
                    advice = f"--tls-cert: {cert} {when}; make or fetch a new one, or set this machine's clock right"
                    raise Refused(Code.BAD_VALUE, advice) from None
                return  # for other reasons it may still be believed elsewhere; the engine says its own
            except ssl.SSLError:
                return
