"""Signatures at the host: whoever holds a key signs each command, and no token gets into the log.

signature = check_signature(state, key, "ana", message)      # raises Refused
"""

from __future__ import annotations

from sessions.answers import Message
from sessions.errors import Code, Refused
from sessions.invites import read_token
from sessions.keys import VerifierKey, verify_command
from sessions.nonces import is_used
from sessions.state import State

__all__ = ["check_signature", "id_of"]


def check_signature(state: State, key: str, member: str, message: Message) -> str:
    """The signature of who holds a key; raises `Refused` where it is missing, wrong or its nonce was used before."""
    verify_command(key, state.origin, message)
    if is_used(state.nonces.get(member, {}), message["nonce"]):
        advice = "nonce: it was used before, or a greater one of its series; choose a new one for each command"
        raise Refused(Code.CONFLICT, advice)
    return str(message["signature"])


def id_of(token: str, key: VerifierKey, message: Message) -> str:
    """The id of an invite whose token is to be revoked: no token ever enters the log."""
    if message.get("signature"):
        raise Refused(
            Code.BAD_VALUE, "invite: sign its id of 16 hex digits instead, so that the token stays out of the log"
        )
    return read_token(token, key, now_us=0).id
