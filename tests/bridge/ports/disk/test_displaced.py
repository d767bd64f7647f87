"""A log that another hand moves, replaces or changes while it is written: nothing is acknowledged that nobody would find."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.ports.disk import DiskFailed, Record
from tests.support.virtual_time import run_real

NOW_US = 1_769_860_800_000_000


def say(record: Record, text: str) -> None:
    record.stage("ana", {"type": "chat.said", "text": text}, None, "", NOW_US)


def moved(folder: Path) -> Callable[[], object]:
    folder.rename(folder.with_name("elsewhere"))
    return lambda: folder.with_name("elsewhere").rename(folder)


def emptied(folder: Path) -> Callable[[], object]:
    shutil.copytree(folder, folder.with_name("copy"))
    shutil.rmtree(folder)
    return lambda: folder.with_name("copy").rename(folder)


def replaced(folder: Path) -> Callable[[], object]:
    """By another log of the same length."""
    log, kept = folder / "log.jsonl", (folder / "log.jsonl").read_bytes()
    log.unlink()
    log.write_bytes(kept[:-9] + b"x" * 8 + b"\n")
    return lambda: log.write_bytes(kept)


def cut(folder: Path) -> Callable[[], object]:
    log, kept = folder / "log.jsonl", (folder / "log.jsonl").read_bytes()
    os.truncate(log, len(kept) - 9)
    return lambda: log.write_bytes(kept)


def longer(folder: Path) -> Callable[[], object]:
    log, kept = folder / "log.jsonl", (folder / "log.jsonl").read_bytes()
    with log.open("ab") as file:
        file.write(b"{}\n")
    return lambda: log.write_bytes(kept)


@pytest.mark.may_block("moves and changes files")
@pytest.mark.parametrize("disturb", [moved, emptied, replaced, cut, longer])
def test_nothing_is_taken_until_it_is_put_back(disturb: Callable[[Path], Callable[[], object]], tmp_path: Path) -> None:
    folder = tmp_path / "jam"

    async def work() -> None:
        record = await asyncio.to_thread(Record.create, folder, "jam", software="test", now_us=NOW_US)
        say(record, "one")
        await record.flush()
        put_back = disturb(folder)
        for _ in range(2):
            say(record, "lost")
            with pytest.raises(DiskFailed, match="put it back as it was"):
                await record.flush()
            assert not await record.takes()
        assert record.durable == 2
        put_back()
        assert await record.takes()
        say(record, "two")
        await record.flush()
        assert [entry.event["text"] for entry in record.entries(1)] == ["one", "two"]
        await record.close()
        again = await asyncio.to_thread(Record.open, folder, full=True)
        assert again.size == 3
        await again.close()

    run_real(work())


@pytest.mark.may_block("moves files")
def test_a_stop_does_not_say_that_all_is_well_where_the_log_is_gone(tmp_path: Path) -> None:
    async def work() -> None:
        record = await asyncio.to_thread(Record.create, tmp_path / "jam", "jam", software="test", now_us=NOW_US)
        say(record, "one")
        await record.flush()
        shutil.rmtree(tmp_path / "jam")
        with pytest.raises(DiskFailed, match="put it back as it was"):
            await record.close()
        assert not (tmp_path / "jam").exists()

    run_real(work())
