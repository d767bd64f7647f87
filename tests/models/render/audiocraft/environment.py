"""An environment that looks like audiocraft's: this Python, a package that imitates it, and checkpoints for that."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

__all__ = ["checkpoint", "environment", "program"]

NAMES = ("EncodecModel", "RobertaTokenizer", "T5EncoderModel", "T5Tokenizer")


def environment(folder: Path, version: str = "1.3.0") -> Path:
    """The folder of an environment; without a version, of one that has no audiocraft."""
    packages = folder / "packages"
    (packages / "audiocraft").mkdir(parents=True)
    (packages / "transformers.py").write_text("".join(f"{name} = object\n" for name in NAMES))
    if version:
        (packages / "audiocraft" / "__init__.py").write_text(f"__version__ = {version!r}\n")
        shutil.copy(Path(__file__).with_name("imitation.py"), packages / "audiocraft" / "models.py")
    else:
        (packages / "audiocraft").rmdir()
    python = f"PYTHONPATH={shlex.quote(str(packages))} exec {shlex.quote(sys.executable)} -W ignore"
    program(folder / "bin" / "python", f'{python} "$@"')
    return folder


def program(path: Path, does: str) -> Path:
    """A program for the shell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)
    return path


def checkpoint(folder: Path, *, record: dict[str, Any] | None = None, **settings: Any) -> Path:
    """Weights for the imitation, and what may be done with them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "state_dict.bin").write_text(json.dumps(settings))
    (folder / "compression_state_dict.bin").write_bytes(b"codec")
    if record is not None:
        (folder / "starbridge.json").write_text(json.dumps(record))
    return folder
