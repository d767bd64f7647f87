"""Loopback: does a host mean this machine alone? Asked by every door that trusts what can't come from elsewhere.

>>> [is_loopback(host) for host in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "localhost")]
[True, True, True, True]
>>> [is_loopback(host) for host in ("0.0.0.0", "10.0.0.1", "fe80::1%eth0", "jam.example", "")]
[False, False, False, False, False]
"""

from __future__ import annotations

import ipaddress

__all__ = ["is_loopback"]


def is_loopback(host: str) -> bool:
    """Whether an address (with or without a zone), or a name, is of this machine alone."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host.lower() == "localhost"
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
