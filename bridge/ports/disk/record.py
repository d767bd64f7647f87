"""One session's record: its folder, locked; its log, chained and signed; its snapshot and its blobs.

Entries are staged at once, in memory, and are on disk when `flush` says so: all that waits goes out in one write and
one fsync, in a thread of the record's own. The signed checkpoint follows within a second, at the latest when the
record is closed. Everything is called in one thread (the event loop's, where there is one), but for `put_blob` and
`blob_path`.

    record = Record.create(folder, "jam", software="starbridge 0.1", now_us=now_us)
    entry = record.stage("ana", {"type": "chat.said", "text": "hello"}, None, "", now_us)
    await record.flush()                    # from here on it may be acknowledged
    await record.close(state)
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bridge.ports.disk.batches import Batches
from bridge.ports.disk.blobs import MAX_TOTAL_BYTES, Blobs
from bridge.ports.disk.cache import encoded
from bridge.ports.disk.errors import DiskFailed
from bridge.ports.disk.files import SYSTEM, Files
from bridge.ports.disk.folder import is_session
from bridge.ports.disk.memo import Encode, Memo
from bridge.ports.disk.opening import Opened, Replay, create_folder, open_folder, write_checkpoint
from bridge.ports.disk.recovery import Progress, silent
from bridge.ports.disk.view import Seal, View
from sessions.errors import Code, Refused
from sessions.log import Entry, Mark

__all__ = ["CHECKPOINT_EVERY_S", "Record"]

CHECKPOINT_EVERY_S = 1.0
"""How long a line on disk may be without a checkpoint on disk."""


class Record(View):
    """Use `create`, `open` or `ensure`; then `close`."""

    def __init__(self, opened: Opened) -> None:
        super().__init__(opened.journal, opened.key, opened.folder.log)
        self.session = opened.session
        self.path = opened.folder.path
        self.recovery = opened.recovery
        self.closed = False
        self._files = opened.files
        self._folder = opened.folder
        self._lock = opened.lock
        self._cache = opened.cache
        self._blobs = opened.blobs
        self._state = opened.state
        self._covered = opened.covered  # entries that the checkpoint on disk covers
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"record-{opened.session}")
        self._batches = Batches(self._journal, self._thread, self._written)
        self._covering: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._remembering = asyncio.Lock()
        self._failures = 0
        self.on_failed: Callable[[DiskFailed], None] = lambda failed: None
        """Told at once when the disk does not take what is staged, before anybody can stage more."""
        self.on_durable: Callable[[], None] = lambda: None
        """Told at once when the disk has more."""

    @classmethod
    def create(
        cls,
        path: Path,
        session: str,
        *,
        software: str,
        now_us: int,
        seed: bytes | None = None,
        files: Files = SYSTEM,
        max_blob_bytes: int = MAX_TOTAL_BYTES,
    ) -> Record:
        """A new session in its own folder; raises `Refused`, `conflict` where there is one. It blocks."""
        return cls(create_folder(files, path, session, software, now_us, seed, max_blob_bytes))

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        full: bool = False,
        files: Files = SYSTEM,
        max_blob_bytes: int = MAX_TOTAL_BYTES,
        replay: Replay | None = None,
    ) -> Record:
        """A session as it was left, recovered; raises `Refused` where it contradicts itself. It blocks.

        `replay` is shown what was found before anything is signed or changed; what it refuses stays as it was.
        """
        return cls(open_folder(files, path, full=full, max_blob_bytes=max_blob_bytes, replay=replay))

    @classmethod
    def ensure(
        cls,
        path: Path,
        session: str,
        *,
        software: str,
        now_us: int,
        files: Files = SYSTEM,
        replay: Replay | None = None,
        progress: Progress = silent,
    ) -> Record:
        """The session of this name in this folder, made where there is none yet, which has no past. It blocks."""
        if is_session(path, files):
            return cls(open_folder(files, path, session=session, replay=replay, progress=progress))
        return cls.create(path, session, software=software, now_us=now_us, files=files)

    def stage(
        self,
        member: str,
        event: Mapping[str, Any],
        command: Mapping[str, Any] | None = None,
        signature: str = "",
        now_us: int = 0,
    ) -> Entry:
        """The next entry, in memory only; raises `Refused` where it is too large or the disk is far behind."""
        if self.closed:
            raise Refused(Code.FAILED, "the session is closed; start the server again and ask then")
        return self._journal.stage(member, event, command, signature, now_us)

    # -- to the disk -------------------------------------------------------------------------------------------------

    async def flush(self) -> int:
        """Wait until everything staged so far is on disk; returns how many entries are.

        Raises `DiskFailed` where the disk refuses: then everything staged, later entries included, is gone from the
        record (`lost` names it), which goes on from what is durable.
        """
        wanted = self.size
        while self.durable < wanted:
            if (failed := await self._batches.settled()) is not None:
                raise failed
        return self.durable

    def flush_now(self) -> int:
        """The same where there is no event loop."""
        while (batch := self._journal.take()) is not None:
            if (failed := self._journal.settle(batch, self._journal.write(batch))) is not None:
                self._failures += 1
                raise failed
        return self.durable

    async def takes(self) -> bool:
        """Does the disk take anything? Tried with the checkpoint, written anew, whose lines it has, if the log is where it was."""
        checkpoint = self.checkpoint()

        def try_it() -> None:
            self._journal.try_again()
            write_checkpoint(self._files, self._folder, checkpoint)

        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, try_it)
        except OSError:
            self._failures += 1
            return False
        return True

    def _written(self, failed: DiskFailed | None) -> None:
        if failed is not None:
            self._failures += 1
            self.on_failed(failed)
        else:
            self.on_durable()
        self._cover_later()

    def _cover_later(self) -> None:
        if self._timer is None and not self.closed:
            self._timer = asyncio.get_running_loop().call_later(CHECKPOINT_EVERY_S, self._cover_soon)

    def _cover_soon(self) -> None:
        self._timer = None
        if self._covering is None or self._covering.done():
            self._covering = asyncio.create_task(self._cover())

    async def _cover(self) -> None:
        """Sign what is durable; a checkpoint that can't be written costs nothing yet, and is tried again."""
        seal = self.seal()
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._write_checkpoint, seal)
        except OSError:
            self._failures += 1
            self._cover_later()
        else:
            if self.durable > seal.size:
                self._cover_later()

    def _write_checkpoint(self, seal: Seal) -> None:
        if seal.size > self._covered:
            write_checkpoint(self._files, self._folder, seal.checkpoint)
            self._covered = seal.size

    # -- the snapshot ------------------------------------------------------------------------------------------------

    def load_state(self) -> tuple[int, bytes]:
        """The last snapshot's size and state, (0, b"") where there is none: fold the entries from there on. It blocks."""
        if self._state is not None:
            found, self._state = (self.recovery.from_snapshot, self._state), None
            return found
        cached = self._cache.load()
        if cached is None or cached.size > self.durable or cached.tree.root() != self.root(cached.size):
            return 0, b""
        return cached.size, cached.state

    @property
    def mark(self) -> Mark:
        """Where the log is, staged entries included."""
        return self._journal.chain.mark

    async def snapshot(
        self, state: Any, encode: Encode = encoded, mark: Mark | None = None, *, onto: bool = False
    ) -> bool:
        """Remember the state that the entries up to `mark`, by default all, add up to; False where it can't be written.

        `encode` makes lines of it in a thread, so nobody may change it meanwhile. They take the place of those before, or
        come `onto` them. Flushes first where need be, and raises `DiskFailed` as `flush` does. It is written in a thread
        that nobody's lines wait for. Without a snapshot the next start is slower, no more.
        """
        mark = self.mark if mark is None else mark
        if self.durable < mark.size:
            await self.flush()
        async with self._remembering:
            if self.closed or mark.size < self._cache.kept:
                return False
            memo = self._memo(mark, lambda: encode(state), onto=onto)
            run = asyncio.get_running_loop().run_in_executor
            try:
                await run(
                    self._thread, self._write_checkpoint, memo.seal
                )  # a snapshot never goes beyond what is signed
            except OSError:
                self._failures += 1
                return False
            return await asyncio.to_thread(self._remember, memo)

    def _memo(self, mark: Mark, state: Callable[[], bytes] | None, *, onto: bool) -> Memo:
        kept = self._cache.kept
        tree, ends = self._journal.chain.tree, self._journal.ends[kept : mark.size]
        leaves, nodes = tree.leaves(kept, mark.size), tree.nodes(kept, mark.size)
        return Memo(mark, tree.root(mark.size), leaves, nodes, ends, state, onto, self.seal())

    def _remember(self, memo: Memo) -> bool:
        if memo.state is None or (memo.onto and not self._cache.has_state):
            return False
        if not memo.onto:
            self._cache.forget_state()
        try:
            self._cache.save(memo.mark, memo.root, memo.leaves, memo.nodes, memo.ends, memo.state())
        except OSError:
            self._failures += 1
            return False
        return True

    # -- blobs -------------------------------------------------------------------------------------------------------

    def put_blob(self, digest: str, data: bytes) -> bool:
        """Keep audio under its SHA-256; False where it is here already. Raises `Refused`. It blocks: not on the loop."""
        return self._blobs.put(digest, data)

    def blob_path(self, digest: str) -> Path | None:
        """Where a blob lies, if it is here."""
        return self._blobs.path(digest)

    @property
    def blobs(self) -> Blobs:
        return self._blobs

    # -- the end -----------------------------------------------------------------------------------------------------

    async def close(self, state: Any = None, encode: Encode = encoded, *, onto: bool = False) -> None:
        """Put everything on disk, sign it, remember `state` as `snapshot` does, let go of the folder; raises `DiskFailed` when
        that is done."""
        if self.closed:
            return
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
        failed: DiskFailed | None = None
        try:
            await self.flush()
        except DiskFailed as error:
            failed, state = error, None  # the state is ahead of the log now
        if self._covering is not None:
            await self._covering
        async with self._remembering:
            memo = self._last_memo(state, encode, onto=onto)
            found = await asyncio.get_running_loop().run_in_executor(self._thread, self._finish, memo)
        self._thread.shutdown()
        self._raise(failed or found)

    def close_now(self, state: Any = None, encode: Encode = encoded, *, onto: bool = False) -> None:
        """The same where there is no event loop."""
        if self.closed:
            return
        self.closed = True
        failed: DiskFailed | None = None
        try:
            self.flush_now()
        except DiskFailed as error:
            failed, state = error, None
        found = self._finish(self._last_memo(state, encode, onto=onto))
        self._thread.shutdown()
        self._raise(failed or found)

    def _last_memo(self, state: Any, encode: Encode, *, onto: bool) -> Memo:
        return self._memo(self.mark, None if state is None else lambda: encode(state), onto=onto)

    def _finish(self, memo: Memo) -> DiskFailed | None:
        try:
            if displaced := self._journal.displaced():
                raise displaced
            self._write_checkpoint(memo.seal)
            self._remember(memo)
            with contextlib.suppress(OSError):  # then the next start only takes this stop for a hard one
                self._journal.end()
        except OSError as error:
            return DiskFailed(error)
        finally:
            with contextlib.suppress(OSError):
                self._journal.close()
            with contextlib.suppress(OSError):
                self._files.close(self._lock)
        return None

    @staticmethod
    def _raise(failed: DiskFailed | None) -> None:
        if failed is not None:
            raise failed

    def statistics(self) -> dict[str, int]:
        """Sizes of everything that can grow, and how often the disk said no."""
        return {
            "entries": self.size,
            "durable": self.durable,
            "covered": self._covered,
            "bytes": self.durable_bytes,
            "pending_bytes": self._journal.pending_bytes,
            "blobs": len(self._blobs.digests),
            "blob_bytes": self._blobs.total_bytes,
            "failures": self._failures,
        }
