"""Worker: audiocraft's MusicGen under the Python that has it, at the end of two pipes.

That Python runs this file alone, so it knows the standard library, numpy, torch and audiocraft, and is written for Python 3.8
and later. One frame is 12 bytes (a mark and two sizes), a JSON head, and the numbers of one array, whose type and shape stand in
the head as `array`. Its standard output is for frames; what libraries print goes to its standard error. It ends with its input.

    {"do": "load", "weights": "/a/folder"}                  {"ready": {"audiocraft": "1.3.0", "sample_rate": 32000, ...}}
    {"do": "play", "id": 2, "text": "dub", ...} and sound   {"id": 2, "step": 40, "of": 503} ... {"id": 2, "done": true} and sound
    {"do": "cancel", "id": 2}                               {"id": 2, "cancelled": true}, within a step
                                                            {"id": 2, "error": "RuntimeError", "why": "..."}, whatever is wrong
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib
import json
import os
import queue
import signal
import struct
import sys
import threading
import types
from pathlib import Path
from typing import IO, Any

import numpy as np

__all__ = ["FILES", "LIMIT_BYTES", "NotAFrame", "main", "pack", "read"]

MARK = b"SBA1"
SIZES = struct.Struct("<4sII")
HEAD_BYTES = 1 << 20
LIMIT_BYTES = 1 << 29  # of one array: more than ten minutes of stereo at 48 kHz
TYPES = {"float32": "<f4", "int64": "<i8"}
FILES = ("state_dict.bin", "compression_state_dict.bin")
NOT_NEEDED = (
    *("xformers", "xformers.ops", "av", "soundfile", "spacy", "num2words", "torchmetrics"),
    *("torchaudio", "torchaudio.transforms", "librosa", "librosa.filters"),  # the melody models do need these
)
FROM_TRANSFORMERS = ("EncodecModel", "RobertaTokenizer", "T5EncoderModel", "T5Tokenizer")
OLDEST = (1, 0)  # the first audiocraft that knows how long its model was taught to play
STRIDE = 0.6  # of what the model plays at once, where that is short
STRIDE_S = 18.0  # audiocraft's own
PIECE_BYTES = 1 << 20
THREADS = "STARBRIDGE_AUDIOCRAFT_THREADS"
WHY = 500  # characters of an error that are passed on
PR_SET_PDEATHSIG = 1


class NotAFrame(ValueError):
    """Bytes that are none."""


class Cancelled(Exception):
    """The piece in hand is not wanted any more."""


def pack(head: dict[str, Any], array: Any = None) -> bytes:
    """A frame; the array is float32 or int64."""
    numbers = b""
    if array is not None:
        head = dict(head, array=[array.dtype.name, list(array.shape)])
        numbers = array.astype(TYPES[array.dtype.name], order="C", copy=False).tobytes()
    text = json.dumps(head).encode()
    return SIZES.pack(MARK, len(text), len(numbers)) + text + numbers


def read(stream: IO[bytes]) -> tuple[dict[str, Any], Any] | None:
    """The next frame's head and array, None at the end of the stream. Raises NotAFrame."""
    start = stream.read(SIZES.size)
    if not start:
        return None
    if len(start) < SIZES.size:
        raise NotAFrame("it breaks off")
    mark, text_bytes, array_bytes = SIZES.unpack(start)
    if mark != MARK or text_bytes > HEAD_BYTES or array_bytes > LIMIT_BYTES:
        raise NotAFrame(f"it says {start!r}")
    text, numbers = stream.read(text_bytes), stream.read(array_bytes)
    if len(text) + len(numbers) < text_bytes + array_bytes:
        raise NotAFrame("it breaks off")
    try:
        head = json.loads(text)
        if "array" not in head:
            return head, None
        kind, shape = head["array"]
        return head, np.frombuffer(numbers, TYPES[kind]).reshape(shape)
    except (KeyError, TypeError, ValueError) as error:
        raise NotAFrame(f"its head is wrong: {error}") from None


class Player:
    """A checkpoint that audiocraft has loaded."""

    def __init__(self, model: Any, say: Any, cancelled: set[int]) -> None:
        self._model, self._say, self._cancelled = model, say, cancelled

    def facts(self) -> dict[str, Any]:
        """What must be known of it before it plays."""
        import torch

        model = self._model
        return {
            "sample_rate": int(model.sample_rate),
            "frame_rate": float(model.frame_rate),
            "channels": int(model.audio_channels),
            "longest_s": float(model.max_duration),
            "takes_melody": "self_wav" in model.lm.condition_provider.conditioners,
            "device": str(model.device),
            "torch": str(torch.__version__),
        }

    def play(self, job: dict[str, Any], heard: Any) -> Any:
        """The sound (channels, frames) of a job, or its codes (codebooks, frames). Raises Cancelled."""
        import torch

        model, frames = self._model, job["frames"]
        hop = round(model.sample_rate / model.frame_rate)
        goes_on = heard is not None and not job["melody"]
        known = heard.shape[1] // hop if goes_on else 0
        model.set_generation_params(
            use_sampling=not job["greedy"],
            top_k=min(job["top_k"], model.lm.card),
            top_p=job["top_p"],
            temperature=job["temperature"],
            duration=lasting(known + frames, model.frame_rate),
            cfg_coef=job["guidance"],
            extend_stride=min(STRIDE_S, STRIDE * model.max_duration),
        )
        model.set_custom_progress_callback(self._step(job["id"], frames))
        torch.manual_seed(job["seed"])
        words = [job["text"]]
        said = {"progress": True, "return_tokens": True}
        wave = None if heard is None else torch.from_numpy(np.array(heard))[None]
        if goes_on:
            sound, codes = model.generate_continuation(wave, model.sample_rate, words, **said)
        elif heard is not None:
            sound, codes = model.generate_with_chroma(words, wave, model.sample_rate, **said)
        elif job["text"] is None:
            sound, codes = model.generate_unconditional(1, **said)
        else:
            sound, codes = model.generate(words, **said)
        if codes.shape[-1] != known + frames:
            raise RuntimeError(f"{known + frames} frames were asked for, {codes.shape[-1]} came")
        if job["codes"]:
            return codes[0, :, known:].cpu().numpy().astype(np.int64)
        return sound[0, :, known * hop :].float().cpu().numpy()

    def _step(self, number: int, frames: int) -> Any:
        """What audiocraft calls after each step: ends what was cancelled, and says a hundred times at most how far it is."""
        last = -1

        def step(done: int, steps: int) -> None:
            nonlocal last
            if number in self._cancelled:
                raise Cancelled
            of = max(steps, frames)
            if 100 * done // of > last:
                last = 100 * done // of
                self._say({"id": number, "step": min(done, of), "of": of})

        return step


def lasting(frames: int, rate: float) -> float:
    """Seconds of which audiocraft makes exactly so many frames: it rounds down what it multiplies."""
    seconds = frames / rate
    return seconds if int(seconds * rate) == frames else (frames + 0.5) / rate


def load(weights: str, say: Any, cancelled: set[int]) -> tuple[Player, dict[str, Any]]:
    """The checkpoint in a folder, or of a name that audiocraft finds by itself."""
    import torch

    torch.set_num_threads(threads())
    stand_in()
    import audiocraft
    from audiocraft.models import MusicGen

    version = str(audiocraft.__version__)
    if tuple(map(int, version.split(".")[:2])) < OLDEST:
        raise ImportError(f"audiocraft {version} is too old, 1.0 is the first that will do")
    player = Player(MusicGen.get_pretrained(weights), say, cancelled)
    facts = dict(player.facts(), audiocraft=version, python=sys.version.split()[0])
    facts["files"] = {name: digest(path) for name in FILES if (path := place(weights, name))}
    return player, facts


def threads() -> int:
    """How many of torch's threads play: as many as there are processors for this process, or as its environment says."""
    told = os.environ.get(THREADS, "")
    if told.isdecimal() and int(told) > 0:
        return int(told)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def place(weights: str, name: str) -> Path | None:
    """Where a file of the weights lies, as far as that is known."""
    if Path(weights).is_dir():
        return Path(weights, name)
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(weights, name, cache_dir=os.environ.get("AUDIOCRAFT_CACHE_DIR"))
    return Path(found) if isinstance(found, str) else None


def digest(path: Path) -> list[Any]:
    """Size and SHA-256 of a file."""
    sha256, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            sha256.update(piece)
            size += len(piece)
    return [size, sha256.hexdigest()]


def stand_in() -> None:
    """Puts something in the place of what audiocraft imports and does not need here: for training, for files, for other models.

    Whatever of it is here and works is left alone. Of xformers one function is needed, which is torch's as well: its own kernels
    are only taken by who asks for them.
    """
    import torch
    import transformers

    for name in FROM_TRANSFORMERS:  # which looks for some of them by itself, so it comes first
        getattr(transformers, name)
    for name in NOT_NEEDED:
        try:
            importlib.import_module(name)
        except Exception:  # a library that is broken raises what it likes
            module = sys.modules[name] = _Absent(name)
            if name == "xformers.ops":
                vars(module)["unbind"] = torch.unbind
            above, _, last = name.rpartition(".")
            if above:
                setattr(sys.modules[above], last, module)


class _Absent(types.ModuleType):
    """A module that is not here: whatever is asked of it can be named, and not used."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__ = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        lacks = self.__name__.partition(".")[0]

        def refuse(*_: Any, **__: Any) -> None:
            raise ModuleNotFoundError(f"No module named {lacks!r}", name=lacks)

        return type(name, (), {} if name == "LowerTriangularMask" else {"__init__": refuse})  # a mask is only a mark


def serve(orders: queue.Queue[Any], say: Any, cancelled: set[int]) -> None:
    """Does as told, one order after the other, until the process ends."""
    player: Player | None = None
    while True:
        order, heard = orders.get()
        number = order.get("id")
        try:
            if order["do"] == "load":
                player, facts = load(order["weights"], say, cancelled)
                say({"ready": facts})
            elif number in cancelled:
                raise Cancelled
            elif player is not None:
                say({"id": number, "done": True}, player.play(order, heard))
        except Cancelled:
            say({"id": number, "cancelled": True})
        except Exception as error:
            lacks = error.name if isinstance(error, ModuleNotFoundError) else None
            why = " ".join(str(error).split())[:WHY]
            say({"id": number, "error": type(error).__name__, "why": why, "lacks": lacks})
        cancelled.discard(number)


def listen(stream: IO[bytes], orders: queue.Queue[Any], cancelled: set[int]) -> None:
    """Takes orders until there are no more, then ends the process, whatever it is doing."""
    try:
        while (frame := read(stream)) is not None:
            if frame[0].get("do") == "cancel":
                cancelled.add(frame[0]["id"])
            else:
                orders.put(frame)
    finally:
        os._exit(0)


def main() -> None:
    """Run until standard input ends."""
    if sys.platform == "linux":  # the kernel ends us with our parent, even where somebody else holds the other end
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for our parent, which then ends our input
    frames_in, frames_out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    sys.path[:] = [path for path in sys.path if Path(path) != Path(__file__).parent]  # nothing of theirs lies here
    writing = threading.Lock()

    def say(head: dict[str, Any], array: Any = None) -> None:
        with writing:
            frames_out.write(pack(head, array))
            frames_out.flush()

    orders: queue.Queue[Any] = queue.Queue()
    cancelled: set[int] = set()
    threading.Thread(target=listen, args=(frames_in, orders, cancelled), daemon=True).start()
    serve(orders, say, cancelled)


if __name__ == "__main__":
    main()
