"""Runtime: what plays a checkpoint here, in which precision, and what is said where it can't.

Without a GPU weights have four bits unless asked otherwise: they pass the bars against float32, if by less than eight bits do
(`musicgen/cpu/packing` has the figures), and are twice as fast. Packed weights are kept, by the hash of those they are made of.

    engine = load(folder, None, told=lambda share: None, sha256="", packed=None)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, Unpack

from models.render.generated.loading import Told
from models.render.generated.steering import Hears
from models.render.soundfont import Floats
from sessions.errors import Code, Refused

if TYPE_CHECKING:
    from models.render.musicgen.engine import More

__all__ = ["CONFIG", "PRECISIONS", "Load", "Plays", "is_damage", "load", "missing", "refusal"]

CONFIG = "config.json"
NEEDS = ("torch", "tokenizers")
PRECISIONS = ("float32", "bfloat16", "int8", "int4")
FEW_BITS = ("int8", "int4")  # on a processor alone
ON_CPU, ON_CUDA = "int4", "bfloat16"
PATIENT = "OMP_WAIT_POLICY", "PASSIVE"
"""How torch's threads wait for each other, said before it comes: asleep. Spinning, they made EnCodec four times slower beside
four busy programs on two cores."""
NAMED = 32  # letters of a hash that name a file
PACKED_MAX = 4  # files of packed weights that are kept: four of MusicGen-small take 1.4 GB


class Plays(Hears, Protocol):
    """A checkpoint that is loaded; `models.render.musicgen.engine.Engine` is one."""

    @property
    def at_once(self) -> int:
        """Streams that are better open side by side than one after another."""

    def stream(
        self, text: str | None, seconds: float, seed: int, guidance: float, **more: Unpack[More]
    ) -> Iterator[Floats]: ...


Load: TypeAlias = Callable[[Path, str | None, Told, str], Plays]
"""Of a folder, in a precision or the usual one, saying how far it is; the hash is of the folder's weights."""


def missing() -> str:
    """What to install before MusicGen can play; nothing where all is here."""
    return "" if all(find_spec(name) for name in NEEDS) else "pip install 'starbridge[musicgen]' brings what it needs"


def load(folder: Path, precision: str | None, told: Told, sha256: str, packed: Path | None) -> Plays:
    """On a GPU where torch finds one, unless few bits are asked for; `packed` is a folder for packed weights, if any."""
    os.environ.setdefault(*PATIENT)
    import torch  # two seconds, and not there without the extra

    from models.render.musicgen import load as read

    device = "cuda" if precision not in FEW_BITS and torch.cuda.is_available() else "cpu"
    precision = precision or (ON_CUDA if device == "cuda" else ON_CPU)
    if packed is None or not sha256 or precision not in FEW_BITS:
        return read(folder, device, precision, told=told)
    file = packed / f"{sha256[:NAMED]}.{precision}"
    engine = read(folder, device, precision, told=told, packed=file)
    _tidy(file)
    return engine


def refusal(error: Exception, folder: Path) -> Refused:
    """What to say of an error that loading raised. Raises the error where it is one of ours."""
    match error:
        case ModuleNotFoundError():
            return Refused(Code.BAD_VALUE, f"renderer: {error}")
        case OSError():
            why = f"{folder} can't be read ({error.strerror or error})"
            return Refused(Code.FAILED, f"renderer: {why}; look at the folder, or fetch the weights again")
        case ValueError():
            return Refused(Code.FAILED, f"renderer: musicgen can't be loaded: {error}")
    raise error


def is_damage(error: ValueError) -> bool:
    """Whether it is the checkpoint's."""
    from models.render.musicgen.tensors import BadCheckpoint

    return isinstance(error, BadCheckpoint)


def _tidy(used: Path) -> None:
    """Lets go of the files that were not used for longest."""
    try:
        os.utime(used)
        files = sorted(used.parent.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        for path in files[:-PACKED_MAX]:
            path.unlink()
    except OSError:
        pass  # it could not be written, or another process tidies as well
