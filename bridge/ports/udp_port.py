"""Whether a program of this machine still has its UDP port.

A datagram to a port that nobody has is lost without a word, so a program that crashed looks like one that keeps silent. But on
this machine a port can be asked for: who gets it knows that nobody has it.

    has_ended("127.0.0.1", 57120)       # True: the program that sent from there is gone
"""

from __future__ import annotations

import socket

__all__ = ["has_ended"]


def has_ended(host: str, port: int) -> bool:
    """True where the port of a loopback address is free; False where it is taken, or nothing can be said."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST
        )[0]
        with socket.socket(family, kind, protocol) as mine:
            mine.bind(address)
    except OSError:
        return False
    return True
