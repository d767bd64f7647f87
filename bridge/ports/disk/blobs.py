"""Audio by its hash: `blobs/<sha256>.wav`, written whole or not at all, never changed.

blobs.put(sha256(data).hexdigest(), data)       # True: it is new
blobs.path(digest)                              # where it lies
"""

from __future__ import annotations

import re
import threading
from hashlib import sha256
from pathlib import Path

from bridge.ports.disk.errors import DiskFailed
from bridge.ports.disk.files import Files, read_whole, write_whole
from sessions.errors import Code, Refused

__all__ = ["MAX_BLOB_BYTES", "MAX_TOTAL_BYTES", "Blobs"]

MAX_BLOB_BYTES = 1 << 30
"""Bytes of one blob: 64 of the longest bars in stereo, 16 bits, 48 kHz are about 590 MB."""
MAX_TOTAL_BYTES = 64 << 30
"""Bytes of all blobs of a session."""

SUFFIX = ".wav"
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Blobs:
    """One session's blobs. Its methods may be called from any thread."""

    def __init__(self, files: Files, folder: Path, *, max_total_bytes: int = MAX_TOTAL_BYTES) -> None:
        self._files = files
        self._folder = folder
        self._lock = threading.Lock()
        self._max_total_bytes = max_total_bytes
        self._sizes: dict[str, int] = {}
        for name in files.names(folder):
            path = folder / name
            if name.endswith(SUFFIX) and _DIGEST.fullmatch(name.removesuffix(SUFFIX)):
                self._sizes[name.removesuffix(SUFFIX)] = files.size(path) or 0
            elif name.endswith(".tmp"):
                files.remove(path)  # a hard stop left it behind

    @property
    def digests(self) -> list[str]:
        return sorted(self._sizes)

    @property
    def total_bytes(self) -> int:
        return sum(self._sizes.values())

    def path(self, digest: str) -> Path | None:
        """Where a blob lies, if it is here."""
        return self._folder / (digest + SUFFIX) if digest in self._sizes else None

    def put(self, digest: str, data: bytes) -> bool:
        """Keep a blob; False where it was here already. Raises `Refused`, `DiskFailed`. It blocks on the disk."""
        if not _DIGEST.fullmatch(digest):
            raise Refused(Code.BAD_VALUE, "sha256: that is no SHA-256 in hex; name the blob by its own hash")
        if len(data) > MAX_BLOB_BYTES:
            raise Refused(Code.TOO_LARGE, f"blob: {len(data)} bytes are too many; send {MAX_BLOB_BYTES} at most")
        if sha256(data).hexdigest() != digest:
            raise Refused(Code.BAD_VALUE, "sha256: the bytes have another hash; send the blob again, whole")
        with self._lock:
            if digest in self._sizes:
                return False
            if self.total_bytes + len(data) > self._max_total_bytes:
                raise Refused(Code.TOO_MANY, "blob: this session holds all the audio it may; start another session")
            try:
                self._files.make_folder(self._folder)
                write_whole(self._files, self._folder / (digest + SUFFIX), data)
            except OSError as error:
                raise DiskFailed(error) from error
            self._sizes[digest] = len(data)
        return True

    def read(self, digest: str) -> bytes:
        """A blob's bytes, checked; raises `Refused` where it is not here or is not what it was."""
        path = self.path(digest)
        try:
            data = None if path is None else read_whole(self._files, path)
        except OSError as error:
            raise DiskFailed(error) from error
        if data is None:
            raise Refused(
                Code.BAD_VALUE, f"sha256: there is no blob {digest[:64]!r} here; ask for one that a stem names"
            )
        if sha256(data).hexdigest() != digest:
            raise Refused(Code.FAILED, f"{path} was changed on disk; put back a copy of it")
        return data
