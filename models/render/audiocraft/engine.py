"""Engine: audiocraft's MusicGen, asked over a line to its process as our own runtime is asked.

Lives here: what is sent, which answer belongs to which piece, how long silence is borne, and what each failure means. A process
that is gone is started again by the next piece. Who opens the line knows of processes; nothing here does.

    engine = AudiocraftEngine(weights, open_line)
    for _ in engine.waking(): ...    # a line is opened and the checkpoint loaded; others may have their turn
    for chunk in engine.stream("dark dubstep", seconds=8, seed=7, guidance=3.0): ...
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.render.audiocraft.facts import Broken, Facts
from models.render.audiocraft.weights import Weights
from models.render.soundfont import Floats
from sessions.errors import Code, Refused

if TYPE_CHECKING:
    from models.render.musicgen.engine import More

__all__ = ["AudiocraftEngine", "Frame", "Line"]

WAIT_S = 0.1  # for an answer, before others have their turn
LOADING_S = 1800.0  # it may have gigabytes to fetch
SILENT_S = 300.0  # a step of the largest model on a slow machine takes seconds, reading what came before a minute
HEARD_S = 12.0  # of a sound that a piece goes on from, as with our own runtime
HEARD_SHARE = 0.4  # of what the model plays at once, where that is short
SECONDS_MAX = 3600.0
SEEDS = 1 << 63

Head: TypeAlias = dict[str, Any]
Frame: TypeAlias = tuple[Head, NDArray[Any] | None]


class Line(Protocol):
    """What leads to the process."""

    def send(self, head: Mapping[str, Any], array: NDArray[Any] | None = None) -> None:
        """Raises Broken."""

    def hear(self, wait_s: float) -> Frame | None:
        """The next frame; None where none comes in that time. Raises Broken."""

    def end(self) -> None:
        """Ends the process, whatever it is doing; again and again is fine."""


class AudiocraftEngine:
    """One process with one checkpoint; pieces may overlap, it plays one after the other."""

    def __init__(self, weights: Weights, open_line: Callable[[], Line]) -> None:
        self._weights, self._open = weights, open_line
        self._line: Line | None = None
        self._facts: Facts | None = None
        self._numbers = itertools.count(1)
        self._answers: dict[int, deque[Frame]] = {}
        self._silent_s = 0.0

    @property
    def facts(self) -> Facts | None:
        """None as long as nothing is loaded."""
        return self._facts

    @property
    def sample_rate(self) -> int:
        return self._known.sample_rate

    @property
    def channels(self) -> int:
        return self._known.channels

    @property
    def frame_rate(self) -> float:
        return self._known.frame_rate

    @property
    def at_once(self) -> int:
        """audiocraft plays one piece after the other."""
        return 1

    @property
    def takes_melody(self) -> bool:
        return self._known.takes_melody

    @property
    def _known(self) -> Facts:
        if self._facts is None:
            raise _refused("ended while this was played")
        return self._facts

    def waking(self) -> Iterator[None]:
        """Yields as long as the checkpoint is being loaded; at an end at once where it is. Raises Refused."""
        while self._facts is None:
            if self._line is None:
                self._line, self._silent_s = self._opened(), 0.0
                self._tell({"do": "load", "weights": self._weights.place})
            if (frame := self._next(LOADING_S)) is not None:
                if "error" in frame[0]:
                    self._end()
                    raise _refused(f"can't load {self._weights.place}: {_why(frame[0])}")
                if "ready" in frame[0]:
                    try:
                        self._facts = Facts.of(frame[0]["ready"])
                    except Broken as broken:
                        raise self._broken(broken) from None
            yield

    def _wake(self) -> None:
        for _ in self.waking():
            pass

    def encode(self, sound: ArrayLike) -> Floats:
        """What a piece can go on from: the end of a sound, in whole frames, which audiocraft encodes by itself."""
        known = self._known
        heard = _sides(sound, known.channels)
        frames = math.floor(min(HEARD_S, HEARD_SHARE * known.longest_s) * known.frame_rate)
        frames = min(frames, heard.shape[1] // self._hop)
        return heard[:, heard.shape[1] - frames * self._hop :]

    def stream(
        self, text: str | None, seconds: float = 10, seed: int = 7, guidance: float = 3.0, **more: Unpack[More]
    ) -> Iterator[Floats]:
        """Sound (channels, frames), all of it in one chunk: audiocraft has none before its last step.

        Chunks without a frame come before it, so that others have their turn. Raises Refused, and ValueError for what can't be
        asked for.
        """
        self._wake()
        nothing, samples = np.zeros((self.channels, 0), np.float32), round(seconds * self.sample_rate)
        for sound in self._piece(text, seconds, seed, guidance, more):
            yield nothing if sound is None else sound[:, :samples]

    def generate_codes(
        self, text: str | None, seconds: float = 10, seed: int = 7, guidance: float = 3.0, **more: Unpack[More]
    ) -> NDArray[np.int64]:
        """The codes (codebooks, frames) that `stream` plays, for the same arguments; none where it is cancelled."""
        self._wake()
        made = [one for one in self._piece(text, seconds, seed, guidance, more, codes=True) if one is not None]
        return made[0] if made else np.zeros((0, 0), np.int64)

    def close(self) -> None:
        """Ends the process; whatever is asked after that starts another one."""
        self._end()

    @property
    def _hop(self) -> int:
        return round(self._known.sample_rate / self._known.frame_rate)

    def _piece(
        self, text: str | None, seconds: float, seed: int, guidance: float, more: More, *, codes: bool = False
    ) -> Iterator[NDArray[Any] | None]:
        """What comes of a piece, and None as long as it does not."""
        if not 0 < seconds <= SECONDS_MAX:
            raise ValueError(f"seconds must be above 0 and at most {SECONDS_MAX:g}, not {seconds}")
        melody, before = more.get("melody"), more.get("continue_from")
        heard = _sides(melody, self.channels) if melody is not None else None
        if before is not None:
            heard = self.encode(before)
        top_p = more.get("top_p", 1.0)
        number = next(self._numbers)
        order = {
            "do": "play",
            "id": number,
            "text": text,
            "frames": max(1, math.ceil(round(seconds * self.sample_rate) / self._hop)),
            "seed": seed % SEEDS,
            "guidance": guidance,
            "greedy": more.get("greedy", False),
            "temperature": more.get("temperature", 1.0),
            "top_k": more.get("top_k", 250),
            "top_p": top_p if top_p < 1 else 0.0,  # which is all for audiocraft
            "melody": melody is not None,
            "codes": codes,
        }
        self._answers[number] = deque()
        over, line = False, self._line
        try:
            self._tell(order, heard)
            cancelled, progress = more.get("cancelled"), more.get("progress")
            while not over:
                if cancelled is not None and cancelled():
                    return
                if self._line is not line:
                    raise _refused("ended while this was played")
                frame = self._answer(number)
                if frame is not None and "step" in frame[0] and progress is not None:
                    progress(frame[0]["step"] / frame[0]["of"])
                over = frame is not None and "step" not in frame[0]
                if frame is None or not over:
                    yield None
            assert frame is not None
            if "error" in frame[0]:
                raise _refused(f"failed: {_why(frame[0])}")
            if frame[1] is not None:
                yield frame[1]
        finally:
            del self._answers[number]
            if not over and self._line is not None and self._line is line:
                self._tell({"do": "cancel", "id": number})

    def _answer(self, number: int) -> Frame | None:
        """The next frame for this piece; those for others are kept for them, where they still wait."""
        mine = self._answers[number]
        frame = None if mine else self._next(SILENT_S)
        if frame is not None and (waiting := self._answers.get(frame[0].get("id", 0))) is not None:
            waiting.append(frame)
        return mine.popleft() if mine else None

    def _next(self, patience_s: float) -> Frame | None:
        if self._line is None:
            raise _refused("ended while this was played")
        try:
            frame = self._line.hear(WAIT_S)
            self._silent_s = 0.0 if frame is not None else self._silent_s + WAIT_S
            if self._silent_s > patience_s:
                raise Broken(f"has said nothing for {patience_s:.0f} s")
        except Broken as broken:
            raise self._broken(broken) from None
        return frame

    def _tell(self, head: Head, array: NDArray[Any] | None = None) -> None:
        assert self._line is not None
        try:
            self._line.send(head, array)
        except Broken as broken:
            raise self._broken(broken) from None

    def _opened(self) -> Line:
        try:
            return self._open()
        except Broken as broken:
            raise _refused(str(broken)) from None

    def _broken(self, broken: Broken) -> Refused:
        self._end()
        return _refused(str(broken))

    def _end(self) -> None:
        line, self._line, self._facts, self._silent_s = self._line, None, None, 0.0
        if line is not None:
            line.end()


def _sides(sound: ArrayLike, channels: int) -> Floats:
    """Float32 (channels, frames): one channel is given to both sides, two become their mean where one is wanted."""
    found = np.atleast_2d(np.asarray(sound))
    if found.ndim != 2 or len(found) not in (1, 2) or not np.issubdtype(found.dtype, np.floating):
        raise ValueError("a sound must be numbers (frames,) or (1 or 2 channels, frames)")
    if len(found) > channels:
        found = found.mean(axis=0, keepdims=True)
    return np.ascontiguousarray(np.broadcast_to(found, (channels, found.shape[1])), np.float32)


def _why(head: Head) -> str:
    if lacks := head.get("lacks"):
        return f"its Python has no {lacks}; install it there"
    return f"{head.get('why') or 'no reason given'} ({head.get('error')})"


def _refused(what: str) -> Refused:
    return Refused(Code.FAILED, f"renderer: audiocraft {what}; the next section tries again, or ask for sampler")
