"""The engine: what comes out, in which order, and what becomes of cancels and mistakes."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.compose import composer as compose
from models.compose.composer import BarNotes, Parent, Writing
from models.engine import Engine
from models.render.renderer import SampledStems
from models.render.soundfont import Soundfont, bundled_path
from models.render.wav import read_wav
from models.work import BarWritten, Finished, Output, Progress, Provenance, StemRendered, Work
from sessions.errors import Code, Refused
from sessions.music import Note, Part, Request, parse_request

BAR = 3840


class Scales:
    """A composer that writes one note a bar and part, and remembers what it was asked."""

    provenance = compose.Provenance("scales", "1", "cd" * 32, "Apache-2.0", "for tests")

    def __init__(self) -> None:
        self.asked: list[tuple[Request, Parent | None]] = []

    def stream(self, request: Request, context: Parent | None = None, *, seed: int | None = None) -> Writing:
        self.asked.append((request, context))
        return Writing(self.bars(request), "Am F")

    def bars(self, request: Request) -> Iterator[BarNotes]:
        for bar in range(request.bars):
            start = bar * request.ticks_per_bar
            yield {
                part: (Note(start, request.ticks_per_bar // 2, 36 if part is Part.DRUMS else 45 + bar, 90),)
                for part in request.note_parts
            }


class Broken(Scales):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def bars(self, request: Request) -> Iterator[BarNotes]:
        yield next(super().bars(request))
        raise self.error


def made(composer: Scales, cancelled: Callable[[], bool] = lambda: False, **fields: Any) -> list[Output]:
    request = parse_request({"bars": 2, "bpm": 240, "parts": "drums,bass", **fields})
    return list(Engine(composer=composer).work(Work("ana/1", request), cancelled))


def test_bars_come_first_then_stems_then_the_mix_then_the_end() -> None:
    outputs = made(Scales())
    steps = [
        (type(output).__name__, getattr(output, "part", None), getattr(output, "bar", None))
        for output in outputs
        if not isinstance(output, Progress)
    ]
    assert steps == [
        ("BarWritten", Part.DRUMS, 1),
        ("BarWritten", Part.BASS, 1),
        ("BarWritten", Part.DRUMS, 2),
        ("BarWritten", Part.BASS, 2),
        ("StemRendered", "drums", None),
        ("StemRendered", "bass", None),
        ("StemRendered", "mix", None),
        ("Finished", None, None),
    ]
    progress = [(output.stage, output.done) for output in outputs if isinstance(output, Progress)]
    assert [stage for stage, _ in progress] == ["composing"] * 2 + ["rendering"] * 3
    assert all(0 <= done <= 1 for _, done in progress)
    assert progress[1] == ("composing", 1.0)


def test_stems_are_sample_exact_and_sum_to_the_mix() -> None:
    outputs = made(Scales(), parts="drums,bass,harmony,melody,texture", bars=3, meter="7/8", bpm=93.7, style="jazz")
    stems = {output.part: output for output in outputs if isinstance(output, StemRendered)}
    assert list(stems) == ["drums", "bass", "harmony", "melody", "texture", "mix"]
    numbers = {}
    for name, stem in stems.items():
        numbers[name], rate = read_wav(stem.wav)
        assert (len(numbers[name]), rate) == (stem.frames, stem.rate) == (round(3 * 3.5 * 60 / 93.7 * 44_100), 44_100)
        assert np.any(numbers[name]), name
    mix = numbers.pop("mix")
    assert np.array_equal(np.sum(list(numbers.values()), axis=0), mix)


def test_the_end_names_who_made_it_with_hash_and_licence() -> None:
    *_, end = made(Scales())
    assert isinstance(end, Finished)
    assert end.composer.to_fields() == {
        "name": "scales",
        "version": "1",
        "sha256": "cd" * 32,
        "licence": "Apache-2.0",
        "commercial": True,
        "note": "for tests",
    }
    assert end.renderer is not None
    assert (end.renderer.name, end.renderer.licence, end.chords) == ("sampler", "GPL-2.0", "Am F")
    assert end.renderer.sha256 == hashlib.sha256(bundled_path().read_bytes()).hexdigest()


def test_the_same_work_gives_the_same_bytes() -> None:
    one, two = ([output.wav for output in made(Scales()) if isinstance(output, StemRendered)] for _ in range(2))
    assert one == two


def test_notes_alone_are_not_rendered() -> None:
    outputs = made(Scales(), stems=0)
    assert not [output for output in outputs if isinstance(output, StemRendered)]
    assert isinstance(outputs[-1], Finished)
    assert outputs[-1].renderer is None


def test_a_texture_alone_is_a_stem_without_notes() -> None:
    outputs = made(Scales(), parts="texture")
    assert not [output for output in outputs if isinstance(output, BarWritten)]
    assert [output.part for output in outputs if isinstance(output, StemRendered)] == ["texture", "mix"]


@pytest.mark.parametrize("steps", range(1, 12))
def test_cancelled_anywhere_it_ends_without_an_end(steps: int) -> None:
    outputs: list[Output] = []
    request = parse_request({"bars": 2, "bpm": 240, "parts": "drums,bass"})
    for output in Engine(composer=Scales()).work(Work("ana/1", request), lambda: len(outputs) >= steps):
        outputs.append(output)  # noqa: PERF402 - the cancel looks at what has come so far
    assert not any(isinstance(output, Finished) for output in outputs)
    # A bar is handed out whole, and a stem at most follows the cancel.
    assert len(outputs) <= steps + 2


def test_a_renderer_that_is_not_here_is_refused_before_anything_is_written() -> None:
    scales = Scales()
    advice = "renderer: musicgen is not installed here; ask for auto or sampler, or get it: `starbridge models fetch"
    with pytest.raises(Refused, match=advice) as caught:
        made(scales, renderer="musicgen")
    assert (caught.value.code, scales.asked) == (Code.BAD_VALUE, [])


def test_a_mistake_of_the_composer_becomes_one_refusal_and_a_trace(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(Refused, match="KeyError") as caught:
        made(Broken(KeyError("hats")))
    assert caught.value.code is Code.FAILED
    assert "hats" in caplog.text
    with pytest.raises(Refused, match="context: ") as caught:
        made(Broken(Refused(Code.BAD_VALUE, "context: another metre")))
    assert caught.value.code is Code.BAD_VALUE


def test_what_is_too_long_to_be_rendered_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.render.renderer.LONGEST_S", 1.0)
    with pytest.raises(Refused, match="too long") as caught:
        made(Scales())
    assert caught.value.code is Code.TOO_LARGE
    assert isinstance(made(Scales(), stems=0)[-1], Finished)


def test_a_context_reaches_the_composer() -> None:
    scales = Scales()
    request = parse_request({"bars": 1, "parts": "bass", "stems": 0, "context": "take-1 continue"})
    parent = Parent(parse_request({"bars": 1}), {(Part.BASS, 1): (Note(0, 960, 40, 80),)}, "Am")
    list(Engine(composer=scales).work(Work("ana/1", request, parent), lambda: False))
    assert scales.asked == [(request, parent)]


def test_offers_say_what_the_sound_may_be_used_for() -> None:
    (offer,) = Engine(composer=Scales()).offers()
    assert offer == {
        "name": "sampler",
        "licence": "GPL-2.0",
        "note": "plays the soundfont TimGM6mb; the licence is the soundfont's",
        "commercial": True,
    }


def test_a_soundfont_of_the_users_own_is_named_by_its_hash(tmp_path: Path) -> None:
    path = tmp_path / "own.sf2"
    path.write_bytes(bundled_path().read_bytes() + b"\0\0")
    engine = Engine(soundfont=path, composer=Scales())
    request = parse_request({"bars": 1, "bpm": 240, "parts": "bass"})
    *_, end = engine.work(Work("ana/1", request), lambda: False)
    assert isinstance(end, Finished)
    assert end.renderer == Provenance(
        "sampler",
        "2",
        hashlib.sha256(path.read_bytes()).hexdigest(),
        "not stated in the file",
        "plays the soundfont TimGM6mb; the licence is the soundfont's",
    )
    with pytest.raises(Refused, match="soundfont: "):
        Engine(soundfont=tmp_path / "missing.sf2", composer=Scales())


def test_another_rate_is_another_length() -> None:
    renderer = SampledStems(Soundfont.load(bundled_path()))
    request = parse_request({"bars": 1, "bpm": 240, "parts": "bass", "rate": 48_000})
    outputs = Engine(composer=Scales(), renderers=[renderer]).work(Work("ana/1", request), lambda: False)
    stems = [output for output in outputs if isinstance(output, StemRendered)]
    assert {(stem.frames, stem.rate) for stem in stems} == {(48_000, 48_000)}
