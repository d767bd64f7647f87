"""A secret of this server's own, made once and kept where nobody else can read it.

seed = secret_of(data / "engine.key")
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from sessions.errors import Code, Refused

__all__ = ["SECRET_BYTES", "secret_of"]

SECRET_BYTES = 32


def secret_of(path: Path) -> bytes:
    """The secret in a file, made at first; raises `Refused` where the file holds something else. It blocks."""
    if path.exists():
        found = path.read_bytes()
        if len(found) != SECRET_BYTES:
            advice = (
                f"{path} should hold {SECRET_BYTES} bytes, and holds {len(found)}; remove it, and a new one is made"
            )
            raise Refused(Code.FAILED, advice)
        return found
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh, half = secrets.token_bytes(SECRET_BYTES), path.with_name(f"{path.name}.{os.getpid()}")
    half.touch(mode=0o600)
    half.write_bytes(fresh)
    half.replace(path)  # whole or not at all, whenever the power goes
    return fresh
