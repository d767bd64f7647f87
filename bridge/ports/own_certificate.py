"""A certificate of the server's own, made where it is open beyond this machine and was given none, and kept for the next start.

Signed by itself, so no browser knows it: its fingerprint is printed, for whoever connects to compare. The key is the owner's
alone to read. It names every address that the machine has; when those change, or it runs out, a new one is made.

    own = own_certificate(data / "tls", "0.0.0.0", now)     # blocks
    own.fingerprint                                          # "3F:9A:..."
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.ports.disk import SYSTEM, Files, read_whole, write_whole
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
MAX_PEM_BYTES = 64 << 10
"""Of a file of either."""
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


def own_certificate(folder: Path, names: Collection[str], now: datetime, files: Files = SYSTEM) -> OwnCertificate:
    """The certificate in a folder, made anew where there is none that holds for these names. Raises `Refused`. It blocks."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    cert, key = folder / "cert.pem", folder / "key.pem"
    try:
        stated, secret = (read_whole(files, path, MAX_PEM_BYTES) for path in (cert, key))
        if stated is not None and secret is not None:
            found = x509.load_pem_x509_certificate(stated)
            if _holds(found, names, now) and _belongs(found, secret):
                return OwnCertificate(cert, key, _fingerprint(found))
        made, fresh = _make(names, now)
        files.make_folder(folder, 0o700)
        write_whole(files, key, fresh, secret=True, locked=False)  # first: beside another certificate it is no pair
        write_whole(files, cert, made.public_bytes(Encoding.PEM), locked=False)
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


def _belongs(found: Certificate, secret: bytes) -> bool:
    """Whether the key is the certificate's, and can be read."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(secret, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it is locked
        return False
    return key.public_key() == found.public_key()


def _make(names: Collection[str], now: datetime) -> tuple[Certificate, bytes]:
    """A certificate, and its key in PEM."""
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
    return made, secret


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
