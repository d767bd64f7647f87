"""Addresses as people write them."""

from __future__ import annotations

import doctest

import pytest

import bridge.engine.where as module
from bridge.engine.where import read_url
from sessions.errors import Refused


def test_the_examples_hold() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://127.0.0.1:8765", "http://127.0.0.1:8765"),
        ("HTTPS://Studio.Local/", "https://studio.local:443"),
        ("ws://10.0.0.1", "http://10.0.0.1:80"),
        ("wss://10.0.0.1:1/ws?session=jam#token=x", "https://10.0.0.1:1"),
        ("127.0.0.1:8765", "http://127.0.0.1:8765"),
        ("localhost:8765/#token=x", "http://localhost:8765"),
        ("[::1]:8765", "http://[::1]:8765"),
        (" 10.0.0.1:8765 ", "https://10.0.0.1:8765"),
        ("studio", "https://studio:443"),
        ("my_host.:1", "https://my_host.:1"),
        ("http://bücher.example:1", "http://xn--bcher-kva.example:1"),
    ],
)
def test_what_is_an_address(text: str, url: str) -> None:
    assert read_url(text).url == url
    assert read_url(url).url == url


def test_a_certificate_to_trust_is_of_a_server_that_speaks_tls() -> None:
    assert read_url("127.0.0.1:1", ca=True).url == "https://127.0.0.1:1"
    assert read_url("https://127.0.0.1:1", ca=True).secure
    with pytest.raises(Refused, match="ca: .* is plain HTTP"):
        read_url("http://127.0.0.1:1", ca=True)


@pytest.mark.parametrize(
    "text",
    ["", " ", "http://", "https:///path", "http:/127.0.0.1", "http:127.0.0.1", "ftp://10.0.0.1", "file:///etc", "://x",
     "10.0.0.1:port", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:-1", "[::1", "[jam]:1", "::1", "a b", "a\nb", "a..b",
     f"{'a' * 64}.example", "http://-x", "me@10.0.0.1:1", "http://me:secret@10.0.0.1:1", "#token=x", "?x", "10.0.0.1:"],
)  # fmt: skip
def test_what_is_none(text: str) -> None:
    with pytest.raises(Refused, match="url: .*; "):
        read_url(text)


def test_a_password_is_not_said_again() -> None:
    with pytest.raises(
        Refused, match="url: leave out what stands before the @, and give the invite with --token"
    ) as no:
        read_url("http://me:secret@10.0.0.1:1")
    assert "secret" not in str(no.value)
