"""A secret of this server's own, made once and kept where nobody else can read it.

seed = secret_of(data / "engine.key")
"""

from __future__ import annotations

import secrets
from pathlib import Path

from bridge.ports.disk import SYSTEM, DiskFailed, Files, read_whole, write_whole
from sessions.errors import Code, Refused

__all__ = ["SECRET_BYTES", "secret_of"]

SECRET_BYTES = 32


def secret_of(path: Path, files: Files = SYSTEM) -> bytes:
    """The secret in a file, made at first; raises `Refused` where the file holds something else. It blocks."""
    try:
        found = read_whole(files, path, SECRET_BYTES)
        if found is None:
            found = secrets.token_bytes(SECRET_BYTES)
            files.make_folder(path.parent)
            write_whole(files, path, found, secret=True, locked=False)
    except OSError as error:
        raise DiskFailed(error) from error
    if len(found) != SECRET_BYTES:
        advice = (
            f"{path} should hold {SECRET_BYTES} bytes, and holds {len(found)} or more; remove it, and a new one is made"
        )
        raise Refused(Code.FAILED, advice)
    return found
