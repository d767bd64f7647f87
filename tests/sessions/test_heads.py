"""Heads: what a server announces is believed by its own key for its own log, and in no other form."""

from __future__ import annotations

import pytest

from sessions.checkpoint import read_note
from sessions.errors import Refused
from sessions.heads import Head, make_head, read_heads, vouched
from sessions.keys import log_key

KEY = log_key("jam", bytes(32))
HEADS = [Head(start, start + 2, 200 * (start + 2), bytes([start]) * 32) for start in (1, 3, 5)]
TEXT = "".join(make_head(KEY, head) for head in HEADS)


def test_what_is_written_reads_back_in_order() -> None:
    assert read_heads(TEXT, KEY.verifier) == HEADS


@pytest.mark.parametrize("torn", range(1, len(make_head(KEY, HEADS[-1])) + 1))
def test_half_a_head_says_nothing(torn: int) -> None:
    assert read_heads(TEXT[:-torn], KEY.verifier) == HEADS[:-1]


def test_no_changed_byte_is_believed() -> None:
    line = make_head(KEY, HEADS[0])
    for at in range(len(line)):
        changed = line[:at] + chr(ord(line[at]) ^ 1) + line[at + 1 :]
        assert read_heads(changed, KEY.verifier) == [], at


def test_another_key_or_another_log_says_nothing() -> None:
    for other in (log_key("jam"), log_key("gig", bytes(32))):
        assert read_heads(TEXT, other.verifier) == []


@pytest.mark.parametrize(
    "text", ["", "\n", " \n", "1 2 3 4 5\n", "\0" * 300 + "\n", "\ufffd \ufffd\n", "x" * 9999 + "\n"]
)
def test_rubbish_says_nothing_and_hides_nothing(text: str) -> None:
    assert read_heads(text, KEY.verifier) == []
    assert read_heads(TEXT + text + TEXT, KEY.verifier) == HEADS * 2


def test_a_head_is_no_checkpoint() -> None:
    """What it announces may never come about: it must not pass for a second history of the log."""
    with pytest.raises(Refused):
        read_note(TEXT)


def test_as_far_as_a_root_fits_the_lines_are_the_servers() -> None:
    def root(size: int) -> bytes:
        return {3: bytes([1]) * 32, 5: bytes([3]) * 32}.get(size, bytes(32))

    assert [vouched(HEADS, size, root) for size in range(8)] == [0, 0, 0, 3, 3, 5, 5, 5]
    assert vouched([], 7, root) == 0
