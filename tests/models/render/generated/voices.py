"""Engines that play what a test says instead of a checkpoint, and a folder that looks like one's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.compose.arranger import Arranger
from models.engine import Engine
from models.render.generated import GeneratedStems
from models.render.grid.ends import resampled
from models.render.renderer import SampledStems, sounding
from models.render.soundfont import Floats, Soundfont, bundled_path
from models.work import Output, Work
from sessions.music import Part, Request, parse_request
from sessions.music.notes import Bars

RATE = 32_000
PARTS = {
    "drum loop": Part.DRUMS,
    "bass line": Part.BASS,
    "chords": Part.HARMONY,
    "melody": Part.MELODY,
    "texture": Part.TEXTURE,
}
SAMPLED = SampledStems(Soundfont.load(bundled_path()))

Plays = Callable[[Part, int], Floats]


class Scripted:
    """Plays a sound for each part and try, (channels, frames) in chunks of half a second, and keeps what it was given."""

    sample_rate, frame_rate = RATE, 50.0

    def __init__(self, plays: Plays, *, takes_melody: bool = False, at_once: int = 1) -> None:
        self.plays, self.takes_melody, self.at_once = plays, takes_melody, at_once
        self.given: list[tuple[Part, str, float, int, dict[str, Any]]] = []

    def encode(self, sound: ArrayLike) -> NDArray[Any]:
        return np.asarray(sound)

    def stream(self, text: str | None, seconds: float, seed: int, guidance: float, **more: Any) -> Iterator[Floats]:
        part = next(part for words, part in PARTS.items() if words in str(text))
        number = 1 + sum(before == part for before, *_ in self.given)
        self.given.append((part, str(text), seconds, seed, more))
        sound = np.zeros((1, round(seconds * RATE)), np.float32)
        played = self.plays(part, number)[:, : sound.shape[1]]
        sound[:, : played.shape[1]] = played
        for start in range(0, sound.shape[1], RATE // 2):
            if more["cancelled"]():
                return
            yield sound[:, start : start + RATE // 2]


def slower(request: Request, bars: Bars, chords: str, by: float) -> Plays:
    """Our own notes, played by somebody who is slower all along."""
    late = replace(request, bpm=request.bpm / by)

    def plays(part: Part, number: int) -> Floats:
        own = SAMPLED.stem(late, part, sounding(late, part, bars, chords))
        return np.ascontiguousarray(resampled(own, late.rate, RATE).mean(axis=1, keepdims=True).T)

    return plays


def noise(part: Part, number: int) -> Floats:
    dice = np.random.default_rng([number, *part.encode()])
    return (0.2 * dice.standard_normal((1, 20 * RATE))).astype(np.float32)


def checkpoint(folder: Path, **record: Any) -> Path:
    """A folder that looks like a checkpoint's from outside, with a record of its licence."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    stated = {"name": "musicgen-test", "licence": "CC-BY-NC-4.0", "commercial": False} | record
    (folder / "starbridge.json").write_text(json.dumps(stated))
    return folder


def renderer(folder: Path, engine: Any) -> GeneratedStems:
    return GeneratedStems(checkpoint(folder), SAMPLED, load=lambda *_: engine)


def asked(**fields: Any) -> tuple[Request, Bars, str]:
    """A request for MusicGen, and the notes that the arranger writes for it."""
    request = parse_request({"bars": 2, "bpm": 120, "style": "funk", "renderer": "musicgen", "seed": 5, **fields})
    stream = Arranger().stream(request)
    bars = {(part, number): bar[part] for number, bar in enumerate(stream, 1) for part in request.note_parts}
    return request, bars, stream.chords


def made(render: GeneratedStems, request: Request, cancelled: Callable[[], bool] = lambda: False) -> list[Output]:
    engine = Engine(composer=Arranger(), renderers=[SAMPLED, render])
    return list(engine.work(Work("ana/1", request), cancelled))
