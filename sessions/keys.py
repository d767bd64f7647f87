"""Ed25519 keys that name themselves: the log's own key, and those that members sign their commands with.

A log key is written as C2SP signed notes write it, `name+id+base64`, its name being the log's origin, so that a key,
a checkpoint and a command can't be taken for those of another session. This is the only file of the room that knows
pynacl; making a fresh key is the only thing in it that is not a function of its arguments.

>>> key = log_key("jam", seed=bytes(32))
>>> str(key.verifier)
'starbridge.local/jam/3b6a27bc+4857ad71+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop'
>>> VerifierKey.parse(str(key.verifier)).verify(b"hello", key.sign(b"hello"))
True
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any

from nacl import bindings
from nacl.exceptions import BadSignatureError

from sessions.canonical import canonical_bytes, from_base64, to_base64
from sessions.errors import Code, Refused

__all__ = [
    "Claim",
    "MemberKey",
    "SigningKey",
    "VerifierKey",
    "claim_of",
    "command_signature_bytes",
    "holding",
    "is_signed",
    "log_key",
    "member_key_bytes",
    "verify_command",
]

ED25519 = b"\x01"
"""The algorithm byte of signed notes for an Ed25519 key."""
KEY_BYTES, SEED_BYTES, SIGNATURE_BYTES, KEY_ID_BYTES = 32, 32, 64, 4
MAX_NAME = 255
"""Characters in a key's name."""
MAX_NONCE = 128
"""Characters in a nonce."""
ORIGIN_ROOT = "starbridge.local"
COMMAND_CONTEXT = b"starbridge-command-v1\n"


def _verify(public: bytes, message: bytes, signature: bytes) -> bool:
    if len(public) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        bindings.crypto_sign_open(signature + message, public)
    except BadSignatureError:
        return False
    return True


def _key_pair(seed: bytes | None) -> tuple[bytes, bytes]:
    """Public and secret key, of a seed or fresh."""
    if seed is None:
        public, secret = bindings.crypto_sign_keypair()
    elif len(seed) == SEED_BYTES:
        public, secret = bindings.crypto_sign_seed_keypair(seed)
    else:
        raise ValueError(f"a seed has {SEED_BYTES} bytes, not {len(seed)}")
    return public, secret


def _sign(secret: bytes, message: bytes) -> bytes:
    signed: bytes = bindings.crypto_sign(message, secret)
    return signed[:SIGNATURE_BYTES]


# -- the log's key ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of a named key: what a log is checked with."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that a signed note knows the key by."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:KEY_ID_BYTES]

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """From `name+id+base64`; raises `Refused`."""
        name, key_id, data = _fields(text, "", "verifier key")
        key = cls(name, data)
        _check_id(key, key_id)
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{to_base64(ED25519 + self.public)}"

    def verify(self, message: bytes, signature: bytes) -> bool:
        return _verify(self.public, message, signature)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A named key with its secret: what a log is signed with. It shows its name only."""

    name: str
    seed: bytes = field(repr=False)
    verifier: VerifierKey = field(init=False, repr=False, compare=False)
    _secret: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_name(self.name)
        public, secret = _key_pair(self.seed)
        object.__setattr__(self, "verifier", VerifierKey(self.name, public))
        object.__setattr__(self, "_secret", secret)

    @classmethod
    def parse(cls, text: str) -> SigningKey:
        """From `PRIVATE+KEY+name+id+base64`, as `to_text` writes it; raises `Refused`."""
        name, key_id, seed = _fields(text, _PRIVATE, "private key")
        key = cls(name, seed)
        _check_id(key.verifier, key_id)
        return key

    def to_text(self) -> str:
        """The secret, for a file that nobody else can read."""
        return f"{_PRIVATE}{self.name}+{self.verifier.id.hex()}+{to_base64(ED25519 + self.seed)}"

    def sign(self, message: bytes) -> bytes:
        return _sign(self._secret, message)


_PRIVATE = "PRIVATE+KEY+"


def log_key(session: str, seed: bytes | None = None) -> SigningKey:
    """The key of a session's log, named after its origin; a fresh one where no seed is given."""
    public, secret = _key_pair(seed)
    return SigningKey(f"{ORIGIN_ROOT}/{session}/{public[:4].hex()}", secret[:SEED_BYTES])


def _check_name(name: str) -> None:
    if not 0 < len(name) <= MAX_NAME or "+" in name or not name.isprintable() or any(map(str.isspace, name)):
        raise Refused(Code.BAD_VALUE, "a key's name has no space and no plus in it; give the key as it was printed")


def _fields(text: str, prefix: str, what: str) -> tuple[str, str, bytes]:
    name, key_id, data_text = (*text.removeprefix(prefix).split("+", 2), "", "")[:3]
    _check_name(name)
    data = from_base64(data_text)
    if not text.startswith(prefix) or data[:1] != ED25519 or len(data) != 1 + KEY_BYTES:
        raise Refused(Code.BAD_VALUE, f"that is no Ed25519 {what}; give it as it was printed, name+id+key")
    return name, key_id, data[1:]


def _check_id(key: VerifierKey, key_id: str) -> None:
    if key_id != key.id.hex():
        raise Refused(Code.BAD_VALUE, "the key's id does not fit its name and bytes; give the key as it was printed")


# -- members' keys ---------------------------------------------------------------------------------------------------


def command_signature_bytes(origin: str, message: Mapping[str, Any]) -> bytes:
    """What a member signs: the log's origin and the message, less its `signature`."""
    unsigned = {name: value for name, value in message.items() if name != "signature"}
    return COMMAND_CONTEXT + origin.encode() + b"\n" + canonical_bytes(unsigned)


@lru_cache(maxsize=1024)  # a member signs with one key, again and again
def member_key_bytes(key: str) -> bytes:
    """The public key that a member joined with, from base64; raises `Refused`."""
    try:
        public = from_base64(key)
    except Refused:
        public = b""
    if len(public) != KEY_BYTES:
        raise Refused(Code.BAD_VALUE, "key: that is no Ed25519 public key; send its 32 bytes in base64")
    return public


@dataclass(frozen=True, slots=True)
class Claim:
    """That the holder of a key signed some bytes. To look takes most of what an entry's check takes, and lets threads run."""

    public: bytes
    signed: bytes
    signature: bytes

    def holds(self) -> bool:
        return _verify(self.public, self.signed, self.signature)


def holding(claims: Sequence[Claim]) -> list[bool]:
    """Which of some claims hold."""
    return [claim.holds() for claim in claims]


def claim_of(key: str, origin: str, message: Mapping[str, Any], signature: str) -> Claim | None:
    """That the holder of `key` (public, base64) signed this message for this log; None where the texts can't be that."""
    try:
        return Claim(member_key_bytes(key), command_signature_bytes(origin, message), from_base64(signature))
    except Refused:
        return None


def is_signed(key: str, origin: str, message: Mapping[str, Any], signature: str) -> bool:
    """Did the holder of `key` (public, base64) sign this message for this log? Never raises for foreign texts."""
    claim = claim_of(key, origin, message, signature)
    return claim is not None and claim.holds()


def verify_command(key: str, origin: str, message: Mapping[str, Any]) -> None:
    """Raises `Refused` where a message lacks a nonce, or its `signature` is not by `key` for this log."""
    member_key_bytes(key)
    nonce, signature = message.get("nonce"), message.get("signature")
    if not isinstance(signature, str) or not signature:
        raise Refused(Code.BAD_VALUE, "signature: it is missing; you joined with a key, so sign what you ask")
    if not isinstance(nonce, str) or not 0 < len(nonce) <= MAX_NONCE:
        raise Refused(Code.BAD_VALUE, f"nonce: send a fresh text of 1 to {MAX_NONCE} characters with what you sign")
    if not is_signed(key, origin, message, signature):
        raise Refused(
            Code.BAD_VALUE,
            f"signature: it does not fit; sign the message's RFC 8785 form for {origin}, with your own key",
        )


class MemberKey:
    """A member's own key pair, as an engine or a client holds it."""

    def __init__(self, seed: bytes | None = None) -> None:
        public, self._secret = _key_pair(seed)
        self.public = to_base64(public)

    def signed(self, origin: str, message: Mapping[str, Any]) -> dict[str, Any]:
        """The message with its signature; it must carry a fresh `nonce` already."""
        signature = to_base64(_sign(self._secret, command_signature_bytes(origin, message)))
        return {**message, "signature": signature}
