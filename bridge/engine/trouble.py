"""Trouble on the way to a server: what it was, whether another try may help, and what a person can do.

Whatever time may mend is `LinkLost`, and is tried again; the rest is `Refused`.

>>> trouble(ConnectionRefusedError(), Where("10.0.0.7", 8765, True))
LinkLost('nobody listens at 10.0.0.7:8765: start `starbridge serve` there, or check address and port')
"""

from __future__ import annotations

import errno
import json
import socket
import ssl
from http import HTTPStatus

from bridge.engine.where import Where
from sessions.errors import Code, Refused

__all__ = ["LinkLost", "NoHttp", "NoRoom", "refusal", "trouble"]

NO_WAY = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})
PLAIN = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"})
"""What OpenSSL calls an answer that is no TLS."""
OTHER_HOST = frozenset({62, 64})
NOT_YET, RAN_OUT = 9, 10
"""OpenSSL's numbers (x509_vfy.h) for a certificate of another name or address, and for one before or after its time."""


class LinkLost(Exception):
    """The connection is gone, or never came; another try may help."""


class NoRoom(Refused):
    """The server has no room for audio; what else is said to it may well be taken."""


class NoHttp(OSError):
    """Something answered, and not in HTTP."""


def trouble(error: Exception, where: Where, *, ca: bool = False) -> LinkLost | Refused:
    """What an error of the system means for whoever wanted to reach a server; `ca` where its certificate was given."""
    match error:
        case ssl.SSLCertVerificationError():
            return _untrusted(error, where, ca=ca)
        case ssl.SSLError() if getattr(error, "reason", "") in PLAIN:
            return _refused(f"url: {where.authority} speaks no TLS; write http://{where.authority}")
        case socket.gaierror() if error.errno == socket.EAI_AGAIN:
            return LinkLost(f"the name {where.host} can't be looked up now: check this machine's network")
        case socket.gaierror():
            return _refused(f"url: there is no machine called {where.host}; check the name, or give its IP address")
        case ConnectionRefusedError():
            return LinkLost(
                f"nobody listens at {where.authority}: start `starbridge serve` there, or check address and port"
            )
        case TimeoutError():
            return LinkLost(f"{where.authority} keeps silent: check the address, and whether a firewall lets this in")
        case OSError(errno=number) if number in NO_WAY:
            return LinkLost(f"no way leads to {where.authority}: check the address and this machine's network")
        case NoHttp() | ConnectionResetError() if not where.secure:
            return LinkLost(
                f"{where.authority} hangs up without a word of HTTP: where it serves over TLS, write https://{where.authority}"
            )
    return LinkLost(f"{where.authority} can't be reached ({str(error) or type(error).__name__})")


def refusal(status: int, body: bytes, where: Where, location: str = "") -> LinkLost | Refused:
    """What an HTTP answer that is no yes means."""
    later = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS
    if later and status != HTTPStatus.INSUFFICIENT_STORAGE:
        return LinkLost(f"{where.authority} is not ready (HTTP {status}): it may come back, look there if it does not")
    if status < HTTPStatus.BAD_REQUEST and location:
        return _refused(f"url: {where.authority} sends on to {location[:120]}; give the server's own address instead")
    try:
        said = json.loads(body)
        kind = NoRoom if status == HTTPStatus.INSUFFICIENT_STORAGE else Refused
        return kind(Code(said["code"]), str(said["advice"])[:500])
    except (ValueError, KeyError, TypeError, RecursionError):
        return _refused(
            f"url: what answers at {where.authority} is no StarBridge server (HTTP {status});"
            " give the address that `starbridge serve` prints"
        )


def _untrusted(error: ssl.SSLCertVerificationError, where: Where, *, ca: bool) -> Refused:
    its = f"the certificate of {where.authority}"
    if error.verify_code in OTHER_HOST:
        return _refused(
            f"url: {its} is for other names than {where.host}; join by one that it has, or give the server one for this"
        )
    if error.verify_code in (NOT_YET, RAN_OUT):
        when = "has run out" if error.verify_code == RAN_OUT else "is not valid yet"
        return _refused(f"url: {its} {when}; give the server a new one, or set this machine's clock right")
    why = error.verify_message or "unknown"
    if ca:
        return _refused(f"ca: {its} is not the one in --ca ({why}); copy the one that it serves now and give that")
    return _refused(
        f"url: {its} is not trusted here ({why}); copy the server's certificate here and give it with --ca FILE"
    )


def _refused(advice: str) -> Refused:
    return Refused(Code.BAD_VALUE, advice)
