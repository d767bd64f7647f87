"""Whether a program of this machine still has its port."""

from __future__ import annotations

import socket

import pytest

from bridge.ports.udp_port import has_ended


@pytest.mark.parametrize("bound", ["127.0.0.1", "0.0.0.0"])
def test_a_port_that_is_taken_and_then_let_go(bound: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as program:
        program.bind((bound, 0))
        port = program.getsockname()[1]
        assert not has_ended("127.0.0.1", port)
    assert has_ended("127.0.0.1", port)


def test_a_program_that_shares_its_port_has_it() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as program:
        program.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        program.bind(("127.0.0.1", 0))
        assert not has_ended("127.0.0.1", program.getsockname()[1])


@pytest.mark.parametrize("host", ["192.0.2.1", "no address", "fe80::1%nowhere"])
def test_of_other_machines_nothing_is_known(host: str) -> None:
    assert not has_ended(host, 40_000)
