"""A certificate for `localhost`, made on the spot: Ed25519 and a few lines of DER, valid from 2020 to 2049."""

from __future__ import annotations

import base64
from pathlib import Path

from nacl.signing import SigningKey

__all__ = ["write_certificate"]

_ED25519 = bytes.fromhex("300506032b6570")
_KEY_HEAD = bytes.fromhex("302e020100300506032b657004220420")


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = bytes([len(body)]) if len(body) < 128 else b"\x82" + len(body).to_bytes(2, "big")
    return bytes([tag]) + size + body


def _pem(label: str, der: bytes) -> str:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n"


def write_certificate(
    folder: Path, *, seed: bytes = bytes(32), since: str = "200101000000Z", until: str = "491231235959Z"
) -> tuple[Path, Path]:
    """Certificate and key as PEM files; valid from one second to another, in UTC."""
    key = SigningKey(seed)
    common_name = _der(0x30, _der(0x06, bytes.fromhex("550403")), _der(0x0C, b"localhost"))
    name = _der(0x30, _der(0x31, common_name))
    names = _der(0x30, _der(0x82, b"localhost"), _der(0x87, bytes([127, 0, 0, 1])))
    alternatives = _der(0x30, _der(0x06, bytes.fromhex("551d11")), _der(0x04, names))
    authority = _der(
        0x30, _der(0x06, bytes.fromhex("551d13")), _der(0x01, b"\xff"), _der(0x04, bytes.fromhex("30030101ff"))
    )
    to_sign = _der(
        0x30,
        _der(0xA0, _der(0x02, b"\x02")),
        _der(0x02, b"\x01"),
        _ED25519,
        name,
        _der(0x30, _der(0x17, since.encode()), _der(0x17, until.encode())),
        name,
        _der(0x30, _ED25519, _der(0x03, b"\x00", key.verify_key.encode())),
        _der(0xA3, _der(0x30, authority, alternatives)),
    )
    certificate = _der(0x30, to_sign, _ED25519, _der(0x03, b"\x00", key.sign(to_sign).signature))
    cert_path, key_path = folder / "cert.pem", folder / "key.pem"
    cert_path.write_text(_pem("CERTIFICATE", certificate))
    key_path.write_text(_pem("PRIVATE KEY", _KEY_HEAD + key.encode()))
    return cert_path, key_path
