"""The mark of a running server: there while it runs, gone after an orderly stop, and nothing gets signed without it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from bridge.ports.disk import DiskFailed, Record
from bridge.ports.disk import running as running_module
from bridge.ports.disk.folder import Folder
from sessions.checkpoint import read_note
from sessions.errors import Code, Refused
from sessions.heads import read_heads
from sessions.log import Chain
from tests.bridge.ports.disk.simulated import Fault, Killed, SimulatedDisk

PATH = Path("/data/sessions/jam")
FOLDER = Folder(PATH)
NOW_US = 1_769_860_800_000_000


def say(record: Record, *texts: str) -> None:
    for text in texts:
        record.stage("", {"type": "chat.said", "text": text}, now_us=NOW_US)
    record.flush_now()


def started(disk: SimulatedDisk) -> Record:
    return Record.ensure(PATH, "jam", software="test", now_us=NOW_US, files=disk)


def stopped(disk: SimulatedDisk, *texts: str) -> None:
    record = started(disk)
    for text in texts:
        say(record, text)
    record.close_now({"lines": record.durable})


def forged(disk: SimulatedDisk, *texts: str) -> None:
    """Lines that follow rightly in every way, by somebody who can write to the folder and has no key."""
    chain = Chain()
    for line in disk.bytes_of(FOLDER.log).splitlines():
        chain.extend(line)
    for text in texts:
        _, line = chain.append("mallory", {"type": "chat.said", "text": text}, now_us=NOW_US)
        disk.names_now[FOLDER.log].data += line + b"\n"


def texts_of(record: Record) -> list[str]:
    return [str(entry.event["text"]) for entry in record.entries(1)]


def refusal(disk: SimulatedDisk) -> str:
    """Why it is refused; every file stays as it was."""

    def files() -> dict[Path, bytes]:
        return {path: bytes(content.data) for path, content in disk.names_now.items()}

    before = files()
    with pytest.raises(Refused) as found:
        started(disk)
    assert found.value.code is Code.FAILED
    assert files() == before
    assert (disk.locked, disk.handles) == (set(), {})
    return found.value.advice


# -- its life --------------------------------------------------------------------------------------------------------


def test_it_is_there_from_the_first_line_to_the_orderly_end() -> None:
    disk = SimulatedDisk()
    record = started(disk)
    assert FOLDER.running not in disk.names_now  # nothing to vouch for yet
    say(record, "one")
    assert FOLDER.running in disk.names_synced
    record.close_now()
    assert FOLDER.running not in disk.names_now | disk.names_synced


def test_each_batch_is_announced_before_it_is_written() -> None:
    disk = SimulatedDisk()
    record = started(disk)
    say(record, "one")
    disk.trace.clear()
    say(record, "two", "three")
    assert disk.trace == ["length", *["write", "sync"] * 2]
    heads = read_heads(disk.bytes_of(FOLDER.running).decode(), record.key.verifier)
    assert [(head.start, head.end) for head in heads] == [(1, 1), (1, 2), (2, 4)]
    assert (heads[-1].end_bytes, heads[-1].root) == (record.durable_bytes, record.root())
    record.close_now()


def test_it_is_begun_anew_before_it_grows_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_module, "MAX_BYTES", 1000)
    disk = SimulatedDisk()
    record = started(disk)
    texts = [f"line {number}" for number in range(40)]
    for text in texts:
        say(record, text)
        assert len(disk.bytes_of(FOLDER.running)) < 1500
    again = started(disk.after_kill())
    assert texts_of(again) == texts


def test_a_stop_after_which_the_log_may_be_untidy_leaves_it() -> None:
    disk = SimulatedDisk()
    record = started(disk)
    say(record, "one")

    def no_truncate(handle: int, size: int) -> None:
        raise OSError(errno.EIO, "no")

    disk.truncate = no_truncate  # type: ignore[method-assign]
    disk.plan(4, Fault.HALF)
    with pytest.raises(DiskFailed):
        say(record, "two")
    record.close_now()
    assert FOLDER.running in disk.names_now
    again = started(disk.after_kill())
    assert (texts_of(again), again.recovery.clean, again.recovery.lost_lines) == (["one"], False, 1)


def test_a_checkpoint_that_could_not_be_written_leaves_it() -> None:
    disk = SimulatedDisk()
    record = started(disk)
    say(record, "one")
    disk.plan(2, Fault.ERROR)  # a look at the log goes before
    with pytest.raises(DiskFailed):
        record.close_now()
    assert FOLDER.running in disk.names_now
    assert texts_of(started(disk.after_kill())) == ["one"]


def test_a_hard_stop_is_known_even_if_the_checkpoint_covers_all() -> None:
    disk = SimulatedDisk()
    record = started(disk)
    say(record, "one")
    record._write_checkpoint(record.seal())
    again = started(disk.after_kill())
    assert (again.recovery.clean, again.recovery.lost_bytes, texts_of(again)) == (False, 0, ["one"])


def test_a_mark_that_cannot_be_removed_keeps_nobody_from_starting() -> None:
    disk = SimulatedDisk()
    record = started(disk)
    say(record, "one")

    def no_remove(path: Path) -> None:
        raise OSError(errno.EACCES, "no")

    disk.remove = no_remove  # type: ignore[method-assign]
    record.close_now()
    disk = disk.after_kill()
    again = started(disk)
    assert (texts_of(again), again.recovery.clean) == (["one"], False)
    assert FOLDER.running not in disk.names_now


# -- another hand ----------------------------------------------------------------------------------------------------


def test_after_an_orderly_stop_nothing_that_was_added_is_signed() -> None:
    disk = SimulatedDisk()
    stopped(disk, "one", "two")
    forged(disk, "all my songs are mallory's", "and so is the rest")
    advice = refusal(disk)
    assert f"{FOLDER.log}: nobody signed entry 3 and what follows it" in advice
    assert "no server was stopped hard here" in advice
    assert f"starbridge log verify {PATH}" in advice
    assert "move line 4 and all after it out" in advice
    del disk.names_now[FOLDER.log].data[sum(map(len, disk.bytes_of(FOLDER.log).splitlines(keepends=True)[:3])) :]
    assert texts_of(started(disk)) == ["one", "two"]


def test_after_a_hard_stop_nothing_that_was_added_is_signed() -> None:
    disk = SimulatedDisk()
    record = started(disk)
    say(record, "one")
    say(record, "two", "three")
    disk = disk.after_kill()
    forged(disk, "me too")
    advice = refusal(disk)
    assert "nobody signed entry 4" in advice
    assert "never announced it" in advice


def test_in_the_place_of_lines_that_were_being_written_nothing_else_is_signed() -> None:
    """The announced lines are not there; something of their length that follows rightly is."""
    disk = SimulatedDisk()
    record = started(disk)
    say(record, "one")
    for text in ("a longer text than the other hand has", "another one that is as long as that"):
        record.stage("", {"type": "chat.said", "text": text}, now_us=NOW_US)
    disk.plan(4, Fault.KILL)  # the head and its sync are through
    with pytest.raises(Killed):
        record.flush_now()
    disk = disk.after_kill()
    forged(disk, "me")
    again = started(disk)
    assert (texts_of(again), again.recovery.lost_lines) == (["one"], 1)
    assert again.recovery.torn is not None
    assert b"mallory" in disk.bytes_of(again.recovery.torn)
    assert read_note(disk.bytes_of(FOLDER.checkpoint).decode()).size == 2


@pytest.mark.parametrize("keep", ["all", "first", "none"])
def test_an_older_mark_put_back_helps_nobody(keep: str) -> None:
    disk = SimulatedDisk()
    record = started(disk)
    say(record, "one")
    say(record, "two")
    mark = disk.bytes_of(FOLDER.running)
    say(record, "three")
    record.close_now()
    disk.put(FOLDER.running, {"all": mark, "first": mark.splitlines(keepends=True)[0], "none": b""}[keep])
    forged(disk, "me too")
    assert "nobody signed entry 4" in refusal(disk)


def test_the_mark_of_another_session_helps_nobody() -> None:
    disk, other = SimulatedDisk(), SimulatedDisk()
    stopped(disk, "one")
    record = started(other)
    say(record, "one", "two", "three")
    disk.put(FOLDER.running, other.bytes_of(FOLDER.running))
    forged(disk, "two", "three")
    assert "nobody signed entry 2" in refusal(disk)


def test_without_its_mark_a_hard_stop_signs_nothing() -> None:
    """Whoever takes the mark away gets a refusal, not a signature."""
    disk = SimulatedDisk()
    stopped(disk, "one")
    record = started(disk)
    say(record, "two")
    disk = disk.after_kill()
    del disk.names_now[FOLDER.running]
    assert "nobody signed entry 2" in refusal(disk)


def test_acknowledged_lines_that_are_cut_off_after_a_hard_stop_are_missed() -> None:
    disk = SimulatedDisk()
    record = started(disk)
    for text in ("one", "two", "three"):
        say(record, text)
    disk = disk.after_kill()
    lines = disk.bytes_of(FOLDER.log).splitlines(keepends=True)
    disk.put(FOLDER.log, b"".join(lines[:2]))
    assert "must hold 3 entries" in refusal(disk)
