"""Which addresses this machine has, on all of its interfaces.

addresses()     # ["127.0.0.1", "192.168.1.7", "fe80::1", ...]
"""

from __future__ import annotations

__all__ = ["addresses"]


def addresses() -> list[str]:
    """Of IPv4 and IPv6, those of this machine alone included."""
    import ifaddr

    ips = [ip.ip if ip.is_IPv4 else ip.ip[0] for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    return [str(ip) for ip in ips]
