"""A certificate of the server's own, made where it is open beyond this machine and was given none, and kept for the next start.

Signed by itself, so no browser knows it: its fingerprint is printed, for whoever connects to compare. The key is the owner's
alone to read. It names every address that the machine has; when those change, or it runs out, a new one is made.

    own = own_certificate(data / "tls", "0.0.0.0", now)     # blocks
    own.fingerprint                                          # "3F:9A:..."
"""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.ports.interfaces import addresses
from sessions.errors import Code, Refused

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, GeneralName

__all__ = ["OwnCertificate", "names_of", "own_certificate"]

VALID = timedelta(days=397)
"""As long as browsers take one at all."""
RENEWED_BEFORE = timedelta(days=30)
"""It runs out: then the next start makes a new one."""
BACKDATED = timedelta(days=1)
"""For whose clock is behind."""
MAX_NAMES = 64
"""Names in it, this machine's own included."""


@dataclass(frozen=True, slots=True)
class OwnCertificate:
    """The files, as `--tls-cert` and `--tls-key` would name them, and what to compare."""

    cert: Path
    key: Path
    fingerprint: str
    """SHA-256 of the certificate, as browsers show it."""


def names_of(host: str) -> tuple[str, ...]:
    """What a server bound to this host may be called: its name, the machine's, and every address that it has."""
    machine = socket.gethostname().lower()
    own = ["localhost", "127.0.0.1", "::1", machine, f"{machine}.local", host.strip("[]").lower(), *addresses()]
    return tuple(name for name in dict.fromkeys(own) if _general_name(name) is not None)[:MAX_NAMES]


def own_certificate(folder: Path, names: Collection[str], now: datetime) -> OwnCertificate:
    """The certificate in a folder, made anew where there is none that holds for these names. Raises `Refused`. It blocks."""
    from cryptography import x509

    cert, key = folder / "cert.pem", folder / "key.pem"
    try:
        if cert.exists() and key.exists():
            found = x509.load_pem_x509_certificate(cert.read_bytes())
            if _holds(found, names, now) and _belongs(cert, key):
                return OwnCertificate(cert, key, _fingerprint(found))
        made = _make(folder, names, now)
    except OSError as error:
        advice = (
            f"{folder} can't be written ({error.strerror}); give this user the right to, or choose another with --data"
        )
        raise Refused(Code.FAILED, f"tls: {advice}") from None
    except ValueError:
        raise Refused(Code.FAILED, f"tls: {cert} is no certificate; remove it, and a new one is made") from None
    return OwnCertificate(cert, key, _fingerprint(made))


def _holds(found: Certificate, names: Collection[str], now: datetime) -> bool:
    from cryptography import x509

    try:
        stated = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    wanted = [name for name in map(_general_name, names) if name is not None]
    in_time = found.not_valid_before_utc <= now and now + RENEWED_BEFORE < found.not_valid_after_utc
    return in_time and all(name in stated for name in wanted)


def _belongs(cert: Path, key: Path) -> bool:
    """Whether the key is the certificate's, and can be read."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password=lambda: "")
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        return False
    return True


def _make(folder: Path, names: Collection[str], now: datetime) -> Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())  # what every browser knows
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "StarBridge")])
    alternatives = x509.SubjectAlternativeName([name for name in map(_general_name, names) if name is not None])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now - BACKDATED + VALID)
        .add_extension(alternatives, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(folder / "key.pem", secret)
    _write(folder / "cert.pem", made.public_bytes(serialization.Encoding.PEM), mode=0o644)
    return made


def _write(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Whole or not at all, and never readable by others for a moment."""
    half = path.with_name(f"{path.name}.{os.getpid()}")
    half.unlink(missing_ok=True)
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
    half.replace(path)


def _general_name(name: str) -> GeneralName | None:
    """A name or an address as certificates write it; None for what can't stand in one."""
    from cryptography import x509

    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        fits = name.isascii() and name and len(name) <= 253 and name.replace(".", "").replace("-", "").isalnum()
        return x509.DNSName(name) if fits else None
    return None if address.is_unspecified else x509.IPAddress(address)


def _fingerprint(found: Certificate) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return ":".join(f"{byte:02X}" for byte in sha256(found.public_bytes(Encoding.DER)).digest())
