"""The audit against every small change of a log, and against those who chain it anew or sign a fork of it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import pytest

import sessions.audit
import sessions.testimony
from sessions.audit import Problem, Report, audit
from sessions.canonical import canonical_bytes, parse_object
from sessions.checkpoint import make_checkpoint, verify_checkpoint
from sessions.heads import Head, make_head
from sessions.keys import Claim, SigningKey, log_key
from sessions.log import read_line
from sessions.merkle import Tree, leaf_hash
from tests.sessions.logs import ANA, KEY, Script, rechained, session

LOG = session()
LINES = LOG.lines
SIZE = len(LINES)
CHECKPOINT = LOG.checkpoint
LEAVES = LOG.chain.tree.leaves()
MASKS = (0x01, 0x80, 0x02, 0x20, 0x04)


def check(lines: list[bytes], **options: Any) -> Report:
    return audit(lines, CHECKPOINT, KEY.verifier, **options)


def wrong(lines: list[bytes], **options: Any) -> tuple[Problem | None, int | None]:
    report = check(lines, **options)
    assert not report.ok
    assert report.why
    assert report.why in str(report)
    return report.problem, report.index


def test_a_log_that_is_right() -> None:
    report = check(LINES)
    assert report.ok, str(report)
    assert report.entries == report.covered == SIZE
    assert report.root == LOG.chain.tree.root()
    assert report.key == KEY.verifier
    assert report.key_expected
    assert (report.members, report.signed) == (3, 7)
    assert str(SIZE) in str(report)


def test_without_a_key_it_is_checked_by_its_own() -> None:
    report = audit(LINES, CHECKPOINT)
    assert report.ok
    assert report.key == KEY.verifier
    assert not report.key_expected


def test_without_a_checkpoint_nothing_is_covered() -> None:
    report = audit(LINES)
    assert report.ok
    assert report.covered is None


@pytest.mark.parametrize("leaves", [b"", LEAVES], ids=["alone", "with leaves"])
def test_every_flipped_byte_is_found_in_its_entry(leaves: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bit in each byte, another one in its neighbour. What nobody changed is read once, and not each time."""
    monkeypatch.setattr(sessions.audit, "read_line", functools.cache(read_line))
    monkeypatch.setattr(sessions.audit, "verify_checkpoint", functools.cache(verify_checkpoint))
    holds = functools.cache(Claim.holds)
    for index, line in enumerate(LINES):
        for at in range(len(line)):
            changed = line[:at] + bytes([line[at] ^ MASKS[at % len(MASKS)]]) + line[at + 1 :]
            text = b"".join([*LINES[:index], changed, *LINES[index + 1 :]])
            report = check(as_a_file(text), leaves=leaves, check=lambda claims: lambda: [*map(holds, claims)])
            assert not report.ok
            assert report.index == index, f"byte {at} of entry {index}, found: {report}"


def as_a_file(text: bytes) -> list[bytes]:
    """As a file is read: at line feeds only."""
    lines = [line + b"\n" for line in text.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return [line for line in lines if line]


@pytest.mark.parametrize("index", range(SIZE))
def test_a_dropped_entry(index: int) -> None:
    expected = Problem.CUT if index == SIZE - 1 else Problem.ORDER
    assert wrong(LINES[:index] + LINES[index + 1 :]) == (expected, index)


@pytest.mark.parametrize("index", range(SIZE - 1))
def test_two_entries_swapped(index: int) -> None:
    lines = [*LINES]
    lines[index], lines[index + 1] = lines[index + 1], lines[index]
    assert wrong(lines) == (Problem.ORDER, index)


@pytest.mark.parametrize("size", range(1, SIZE))
def test_a_log_that_was_cut(size: int) -> None:
    assert wrong(LINES[:size]) == (Problem.CUT, size)


def test_a_log_that_was_emptied() -> None:
    assert wrong([]) == (Problem.EMPTY, 0)


@pytest.mark.parametrize("index", range(SIZE))
def test_a_line_twice(index: int) -> None:
    assert wrong([*LINES[: index + 1], LINES[index], *LINES[index + 1 :]]) == (Problem.ORDER, index + 1)


@pytest.mark.parametrize("index", range(SIZE))
def test_an_entry_replayed_at_the_end(index: int) -> None:
    assert wrong([*LINES, LINES[index]]) == (Problem.ORDER, SIZE)


@pytest.mark.parametrize("index", [1, 3, 4, 6, 7, 8, 10])
def test_a_signed_entry_replayed_with_a_place_of_its_own(index: int) -> None:
    lines = rechained([*LINES, LINES[index]], SIZE, lambda fields: fields.update(time="2026-02-01T00:00:00.000Z"))
    assert wrong(lines) == (Problem.NONCE, SIZE)


@pytest.mark.parametrize("index", [2, 5, 9, 11])
def test_an_unsigned_entry_replayed_with_a_place_of_its_own_is_beyond_the_checkpoint(index: int) -> None:
    lines = rechained([*LINES, LINES[index]], SIZE, lambda fields: fields.update(time="2026-02-01T00:00:00.000Z"))
    assert wrong(lines) == (Problem.UNSIGNED, SIZE)
    assert check(lines, growing=True).ok


def test_an_appended_line_of_nonsense() -> None:
    assert wrong([*LINES, b"{}\n"]) == (Problem.UNREADABLE, SIZE)
    assert wrong([*LINES, b"\n"]) == (Problem.UNREADABLE, SIZE)


@pytest.mark.parametrize("left", [1, 20, len(LINES[-1]) - 1])
def test_a_torn_last_line(left: int) -> None:
    assert wrong([*LINES[:-1], LINES[-1][:left]]) == (Problem.TORN, SIZE - 1)
    grown = session()
    grown.say()
    assert check([*LINES, grown.lines[-1][:left]], growing=True).ok


def test_a_line_without_end() -> None:
    assert wrong([*LINES, b"x" * (2 << 20)]) == (Problem.UNREADABLE, SIZE)


@pytest.mark.parametrize("index", [2, 5, 9, 11])
def test_an_unsigned_entry_altered_and_all_after_it_chained_anew(index: int) -> None:
    def change(fields: dict[str, Any]) -> None:
        fields["event"]["note"] = "altered"

    lines = rechained(LINES, index, change)
    assert wrong(lines) == (Problem.REWRITTEN, SIZE - 1)
    assert wrong(lines, leaves=LEAVES) == (Problem.ALTERED, index)
    assert check(lines, leaves=Tree(leaf_hash(line[:-1]) for line in lines).leaves()).problem is Problem.REWRITTEN


def test_leaves_are_not_believed_by_themselves() -> None:
    assert check(LINES, leaves=bytes(len(LEAVES))).ok
    assert check(LINES, leaves=LEAVES[:-1]).ok
    assert check(LINES, leaves=LEAVES + bytes(32)).ok


@pytest.mark.parametrize("index", [1, 3, 4, 6, 7, 8, 10])
def test_a_signed_command_altered_and_all_after_it_chained_anew(index: int) -> None:
    def change(fields: dict[str, Any]) -> None:
        fields["event"]["command"]["more"] = 1

    assert wrong(rechained(LINES, index, change)) == (Problem.SIGNATURE, index)


@pytest.mark.parametrize("after", [b"nonsense\n", b""], ids=["more is wrong after it", "nothing else"])
def test_signatures_are_looked_at_together_and_the_first_wrong_one_is_named(after: bytes) -> None:
    forged = rechained(LINES, 4, lambda fields: fields["event"]["command"].update(bars=2))
    report = check([*forged, after] if after else forged)
    assert (report.problem, report.index, report.entries) == (Problem.SIGNATURE, 4, 4)
    assert (report.members, report.signed) == (3, 2)
    assert report.root == LOG.chain.tree.root(4)
    looked_at: list[int] = []

    def none(claims: Sequence[Claim]) -> Callable[[], list[bool]]:
        looked_at.append(len(claims))
        return lambda: [False] * len(claims)

    assert wrong(LINES, check=none) == (Problem.SIGNATURE, 1)
    assert looked_at == [7]


@pytest.mark.parametrize("together", [1, 2, 3])
@pytest.mark.parametrize("ahead", [0, 1, 8])
@pytest.mark.parametrize("after", [b"nonsense\n", b""], ids=["more is wrong after it", "nothing else"])
def test_whatever_is_heard_before_the_answer_the_first_wrong_signature_is_named(
    together: int, ahead: int, after: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions.testimony, "TOGETHER", together)
    monkeypatch.setattr(sessions.testimony, "AHEAD", ahead)
    forged = rechained(LINES, 4, lambda fields: fields["event"]["command"].update(bars=2))
    report = check([*forged, after] if after else forged)
    assert (report.problem, report.index, report.entries) == (Problem.SIGNATURE, 4, 4)
    assert (report.members, report.signed) == (3, 2)
    assert report.root == LOG.chain.tree.root(4)
    assert (check(LINES).problem, check(LINES).signed) == (None, 7)


@pytest.mark.parametrize("index", [1, 4, 10])
def test_a_signature_taken_away(index: int) -> None:
    assert wrong(rechained(LINES, index, lambda fields: fields.update(signature=""))) == (Problem.SIGNATURE, index)

    def bare(fields: dict[str, Any]) -> None:
        fields["signature"] = ""
        del fields["event"]["command"]
        fields["event"].setdefault("member", "ana")
        fields["event"].setdefault("key", ANA.public)

    assert wrong(rechained(LINES, index, bare)) == (Problem.SIGNATURE, index)


def test_a_signature_of_somebody_else() -> None:
    def change(fields: dict[str, Any]) -> None:
        fields["member"] = "engine"

    assert wrong(rechained(LINES, 10, change)) == (Problem.SIGNATURE, 10)


def test_two_neighbours_that_disagree_where_nothing_else_tells() -> None:
    """Without a checkpoint, or with damage on both sides, the first of the two is named."""
    forged = rechained(LINES, 9, lambda fields: fields["event"].update(stars=5))
    lines = [*LINES[:9], forged[9], LINES[10]]
    assert audit(lines).index == 9
    assert audit([*lines, b"{}\n"]).index == 9


def test_a_time_that_runs_backwards() -> None:
    lines = rechained(LINES, 6, lambda fields: fields.update(time="2026-01-31T12:00:00.000Z"))
    assert wrong(lines) == (Problem.TIME, 6)


def test_another_key_than_expected() -> None:
    report = audit(LINES, CHECKPOINT, log_key("jam", bytes([9] * 32)).verifier)
    assert (report.problem, report.index) == (Problem.WRONG_KEY, 0)


def test_a_checkpoint_by_another_key() -> None:
    forged = make_checkpoint(SigningKey(KEY.name, bytes([9] * 32)), SIZE, LOG.chain.tree.root())
    report = audit(LINES, forged, KEY.verifier)
    assert (report.problem, report.index) == (Problem.CHECKPOINT, None)


def test_a_checkpoint_that_was_changed() -> None:
    for at in range(len(CHECKPOINT)):
        changed = CHECKPOINT[:at] + chr(ord(CHECKPOINT[at]) ^ 1) + CHECKPOINT[at + 1 :]
        assert audit(LINES, changed, KEY.verifier).problem is Problem.CHECKPOINT


def test_an_older_checkpoint_leaves_the_rest_unsigned() -> None:
    older = make_checkpoint(KEY, 7, LOG.chain.tree.root(7))
    report = audit(LINES, older, KEY.verifier)
    assert (report.problem, report.index, report.covered) == (Problem.UNSIGNED, 7, 7)
    assert audit(LINES, older, KEY.verifier, growing=True).ok


def head(size: int, key: SigningKey = KEY) -> str:
    """What a server that was stopped hard says of its first `size` entries."""
    return make_head(key, Head(size - 1, size, sum(map(len, LINES[:size])), LOG.chain.tree.root(size)))


def test_the_mark_of_a_server_that_was_stopped_hard_says_whose_the_last_lines_are() -> None:
    older = make_checkpoint(KEY, 7, LOG.chain.tree.root(7))
    for heads, index, advice in (
        (None, 7, "another hand added it"),
        ("", 7, "a start signs none of it"),
        (head(SIZE, log_key("jam")), 7, "a start signs none of it"),
        (head(8) + head(9), 9, "a start signs none of it"),
        (head(SIZE), 7, "start it once"),
    ):
        report = audit(LINES, older, KEY.verifier, heads=heads)
        assert (report.problem, report.index) == (Problem.UNSIGNED, index)
        assert advice in report.why
        assert ("start it once" in report.why) == (heads == head(SIZE))
    assert check(LINES, heads=head(9)).ok


def test_one_is_not_many() -> None:
    alone = Script()
    alone.begin()
    assert str(audit(alone.lines)) == "1 entry is right, the one that made the session"
    assert str(check(LINES)) == f"{SIZE} entries are right, 7 of them signed by their members"


def test_the_log_of_another_session() -> None:
    other = session(log_key("gig", bytes([5] * 32)))
    assert audit(other.lines, other.checkpoint).ok
    assert audit(other.lines, CHECKPOINT).problem is Problem.CHECKPOINT
    assert audit(other.lines, other.checkpoint, KEY.verifier).problem is Problem.WRONG_KEY


@pytest.mark.parametrize("index", [2, 5, 9, 11])
def test_a_fork_that_its_own_key_signed(index: int) -> None:
    def change(fields: dict[str, Any]) -> None:
        fields["event"]["note"] = "another story"

    fork = rechained(LINES, index, change)
    tree = Tree(leaf_hash(line[:-1]) for line in fork)
    signed = make_checkpoint(KEY, SIZE, tree.root())
    assert audit(fork, signed, KEY.verifier).ok
    for size in range(1, SIZE + 1):
        kept = make_checkpoint(KEY, size, LOG.chain.tree.root(size))
        report = audit(fork, signed, KEY.verifier, kept)
        assert report.ok == (size <= index)
        assert report.problem is (None if size <= index else Problem.FORK)


def test_a_log_shorter_than_what_somebody_kept() -> None:
    cut = Tree(leaf_hash(line[:-1]) for line in LINES[:5])
    report = audit(LINES[:5], make_checkpoint(KEY, 5, cut.root()), KEY.verifier, CHECKPOINT)
    assert (report.problem, report.index) == (Problem.FORK, 5)


def test_a_kept_checkpoint_must_be_by_the_same_key() -> None:
    kept = make_checkpoint(log_key("jam", bytes([9] * 32)), 3, LOG.chain.tree.root(3))
    assert audit(LINES, CHECKPOINT, KEY.verifier, kept).problem is Problem.CHECKPOINT
    assert audit(LINES, CHECKPOINT, KEY.verifier, "nonsense").problem is Problem.CHECKPOINT


@pytest.mark.parametrize(
    "change",
    [
        {"log_key": ""},
        {"log_key": 7},
        {"log_key": str(log_key("jam", bytes([9] * 32)).verifier)},
        {"origin": "starbridge.local/gig/00000000"},
    ],
)
def test_a_log_that_begins_wrongly(change: dict[str, Any]) -> None:
    log = Script()
    log.begin(**change)
    assert audit(log.lines).problem is Problem.BEGINNING


def test_a_log_that_begins_with_something_else() -> None:
    log = Script()
    log.server("session.recovered", lost_bytes=0)
    assert audit(log.lines).problem is Problem.BEGINNING
    log = Script()
    log.put("ana", {"type": "session.created", "log_key": str(KEY.verifier), "origin": KEY.name})
    assert audit(log.lines).problem is Problem.BEGINNING


def test_a_session_made_twice() -> None:
    log = session()
    log.begin()
    report = audit(log.lines, log.checkpoint)
    assert (report.problem, report.index) == (Problem.BEGINNING, SIZE)


def test_a_first_entry_that_names_another_before_it() -> None:
    fields = parse_object(LINES[0][:-1])
    line = canonical_bytes({**fields, "previous": "00" * 32}) + b"\n"
    assert wrong([line, *LINES[1:]]) == (Problem.ALTERED, 0)


@pytest.mark.parametrize("index", range(1, SIZE))
def test_an_entry_that_names_none_before_it(index: int) -> None:
    fields = parse_object(LINES[index][:-1])
    line = canonical_bytes({**fields, "previous": ""}) + b"\n"
    assert wrong([*LINES[:index], line, *LINES[index + 1 :]]) == (Problem.ALTERED, index)
