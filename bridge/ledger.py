"""The ledger of a session: record and state as one, so that neither is ahead of the other.

Writing an event stages its line in the record and applies it to the state, in one step; flushing puts staged lines on disk.
Where the disk fails, the state goes back to what the disk has, and nothing is taken before the disk takes something again.
Opening folds the log (from a snapshot where there is one) before anything of it is signed anew, and says in the log itself what
a restart means: nobody is connected, nothing sounds, unfinished sections wait for an engine again.

    ledger = open_ledger(folder, "jam", SystemClock())
    tells = ledger.write("ana", Said("hello"))
    await ledger.flush()
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bridge.patience import A_MOMENT_S, Patience
from bridge.ports.clock import Clock
from bridge.ports.disk import (
    PROGRESS_LINES,
    SYSTEM,
    DiskFailed,
    Files,
    NotKept,
    Past,
    Progress,
    Record,
    Recovery,
    damaged,
)
from sessions.answers import Tell, tell
from sessions.apply import apply
from sessions.errors import Code, Refused
from sessions.events import Created, Event, Left, LeftWhy, Recovered, Requeued, TransportMoved, from_fields, to_fields
from sessions.keys import SigningKey
from sessions.log import Entry, Mark
from sessions.snapshot import Excerpt, changes, everything, from_lines, lines_of
from sessions.state import State, Status

__all__ = ["SNAPSHOT_EVERY", "SNAPSHOT_PAUSE_S", "SOFTWARE", "Ledger", "open_ledger"]

SNAPSHOT_EVERY = 500
"""Entries after which what has changed is written down: after a hard stop so many are folded anew, in a twentieth of a second."""
SNAPSHOT_PAUSE_S = 2.0
"""From one to the next, however much is written: each takes a turn of the thread that lines go to the disk by."""
SOFTWARE = "starbridge"
AGAIN_S = 1.0
"""How long a disk that failed is left alone before it is tried again."""
UNHEARD_OF = (LookupError, ValueError, TypeError, AttributeError)
"""What applying an event raises that speaks of a member, section or take which no entry made."""

_log = logging.getLogger(__name__)


class Ledger:
    """State and record of one session, for one writer; `saved` is the size of the snapshot that the state came from."""

    def __init__(self, record: Record, state: State, clock: Clock, saved: int = 0) -> None:
        self.record = record
        self.state = state
        self._clock = clock
        self._saved = saved
        self._saved_us = 0
        self._onto = saved > 0  # what is on disk is right, and can be added to
        self._saving: asyncio.Task[None] | None = None
        self._due: tuple[Excerpt, bool, Mark] | None = None
        self._trying: asyncio.Task[None] | None = None
        self.refusing = ""
        """Why nothing is written just now; empty while it is."""
        self.on_refusing: Callable[[], None] = lambda: None
        """Called as soon as nothing is written any more, while the state is still all that was told,"""
        self.on_unreadable: Callable[[], None] = lambda: None
        """when what is there can't be read back either, which may last,"""
        self.on_taking: Callable[[], None] = lambda: None
        """and when the disk takes something again."""
        record.on_failed = self._refuse

    def now_us(self) -> int:
        return self._clock.now_us()

    @property
    def key(self) -> SigningKey:
        return self.record.key

    @property
    def durable(self) -> int:
        """Entries that the disk has."""
        return self.record.durable

    def write(
        self, member: str, event: Event, command: Mapping[str, Any] | None = None, signature: str = ""
    ) -> tuple[Tell, ...]:
        """Stage and apply one event; what is to be said of it comes back. Raises `Refused`, after which nothing has happened."""
        if self.refusing:
            raise NotKept(self.refusing)
        entry = self.record.stage(member, to_fields(event), command, signature, self._clock.now_us())
        nonce = str(command.get("nonce", "")) if command is not None else ""
        apply(self.state, member, event, entry.time, nonce)
        return tell(self.state, member, event)

    async def flush(self) -> None:
        """Put everything staged on disk; raises `DiskFailed` after the state has gone back to what is there."""
        if self.durable >= self.state.size:
            return
        try:
            await self.record.flush()
        except DiskFailed:
            await self._go_back()
            self._trying = asyncio.create_task(self._try_again())
            raise

    def _refuse(self, failed: DiskFailed) -> None:
        """The disk took nothing: from this moment on the state is ahead of it."""
        self.refusing = failed.advice
        self.on_refusing()

    async def _go_back(self) -> None:
        """The state that the disk's lines add up to: in a thread, for a long log takes seconds, and the band plays on."""
        said = ""
        while True:
            try:
                self.state = await asyncio.to_thread(lambda: fold(State(), self.record.entries()))
                break
            except (OSError, Refused) as error:
                if str(error) != said:
                    said = str(error)
                    self.on_unreadable()
                    _log.error("session %s: its log can't be read back (%s)", self.state.name, said)
                await asyncio.sleep(AGAIN_S)
        self._saved = min(self._saved, self.state.size)
        self._onto, self._due = False, None

    async def _try_again(self) -> None:
        """Until the disk takes something: else each note that is played on a full disk would have the state made anew."""
        while not await self.record.takes():
            await asyncio.sleep(AGAIN_S)
        self.refusing = ""
        self.on_taking()

    def save_when_due(self) -> None:
        """Write down what has changed, every so many entries, so that a restart is short; in the background, nobody waits for it.

        It is taken now, and written once the disk has the lines that led to it.
        """
        busy = self._due is not None or (self._saving is not None and not self._saving.done())
        if not busy and self.state.size - self._saved >= SNAPSHOT_EVERY:
            now_us = self._clock.now_us()
            if abs(now_us - self._saved_us) >= SNAPSHOT_PAUSE_S * 1e6:  # whatever the clock was set to
                self._saved, self._saved_us = self.state.size, now_us
                self._due = (self._excerpt(), self._onto, self.record.mark)
        if self._due is not None and self.durable >= self._due[2].size:
            self._saving, self._due = asyncio.create_task(self._save(*self._due)), None

    async def _save(self, excerpt: Excerpt, onto: bool, mark: Mark) -> None:
        state, self._onto = self.state, True
        if not await self.record.snapshot(excerpt, lines_of, mark, onto=onto) or self.state is not state:
            self._onto = False

    def _excerpt(self) -> Excerpt:
        return changes(self.state) if self._onto else everything(self.state)

    async def close(self) -> None:
        """Everything to disk, with a checkpoint and a snapshot of it all."""
        with contextlib.suppress(DiskFailed):
            await self.flush()
        if self._trying is not None:
            self._trying.cancel()
        if self._saving is not None:
            await self._saving
        self._onto = self._onto and self._due is None
        ahead = self.state.size != self.record.size  # stopped before it went back
        await self.record.close(None if ahead else self._excerpt(), lines_of, onto=self._onto)


def fold(state: State, entries: Iterable[Entry]) -> State:
    """The state that entries add up to, on top of one; raises `Refused` with the index of the first that can't be."""
    for entry in entries:
        command = entry.event.get("command")
        nonce = str(command.get("nonce", "")) if isinstance(command, Mapping) else ""
        try:
            event = from_fields(entry.event)
            if isinstance(event, Created) and entry.index:
                raise Refused(Code.FAILED, "the session is made a second time")
            apply(state, entry.member, event, entry.time, nonce)
        except Refused as error:
            raise _does_not_apply(entry, error.advice) from None
        except UNHEARD_OF as error:
            raise _does_not_apply(entry, f"it speaks of what is not there ({error})") from error
    return state


def _does_not_apply(entry: Entry, why: str) -> Refused:
    return Refused(Code.FAILED, f"entry {entry.index} ({entry.event['type']}) can't have happened: {why}")


def open_ledger(folder: Path, name: str, clock: Clock, files: Files = SYSTEM) -> Ledger:
    """The ledger of a session, made anew where there is none; raises `Refused` where its record can't be trusted."""
    found: list[tuple[State, int]] = []
    reading = Patience(f"session {name}", clock)
    record = Record.ensure(
        folder,
        name,
        software=SOFTWARE,
        now_us=clock.now_us(),
        files=files,
        replay=lambda past: found.append(_state_of(past, reading)),
        progress=reading,
    )
    state, saved = found[0] if found else (_made(record), 0)
    if reading.took_s > A_MOMENT_S and not saved:
        _log.warning("session %s: %d entries read; from now on a snapshot spares that", name, state.size)
    ledger = Ledger(record, state, clock, saved)
    _say_what_a_restart_means(ledger, record.recovery)
    return ledger


def _made(record: Record) -> State:
    """The state of a session that has only just been made; raises `DiskFailed`, with the record closed."""
    try:
        return fold(State(), record.entries())
    except OSError as error:
        with contextlib.suppress(DiskFailed):
            record.close_now()
        raise DiskFailed(error) from error


def _state_of(past: Past, progress: Progress) -> tuple[State, int]:
    """From the snapshot if it is of use, else from the first entry on, and the size of the snapshot then; raises `Refused` where an
    entry does not apply."""
    state: State | None = None
    if past.state:
        try:
            state = from_lines(past.state)
        except Refused as error:
            _log.warning("the snapshot is left aside: %s", error.advice)
    if state is None or state.size != past.size:
        state = State()
    saved = state.size
    try:
        return fold(state, _followed(past.entries(saved), past.count, progress)), saved
    except Refused as error:
        raise damaged(f"{past.log}: {error.advice}") from error


def _followed(entries: Iterable[Entry], count: int, progress: Progress) -> Iterator[Entry]:
    """The same entries; told is how many of so many have been asked for."""
    for entry in entries:
        if not entry.index % PROGRESS_LINES:
            progress("its log is played through", entry.index / count)
        yield entry


def _say_what_a_restart_means(ledger: Ledger, recovery: Recovery) -> None:
    state = ledger.state
    if not recovery.clean:
        if recovery.lost_bytes:
            lost = recovery.lost_bytes
            _log.warning("session %s: %d bytes that were never acknowledged are cut off the log", state.name, lost)
        ledger.write("", Recovered(recovery.lost_bytes))
    for member in list(state.present()):
        ledger.write("", Left(member.name, LeftWhy.RESTART))
    if state.transport.playing:
        ledger.write("", TransportMoved(state.transport.stop(ledger.now_us())))
    for section in [s for s in state.sections.values() if s.status is Status.WORKING]:
        ledger.write("", Requeued(section.name, attempt=0))
