"""Stems by MusicGen: what is kept, what the sampler stands in for, what is said of both, and what goes wrong."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models.render.generated import GeneratedStems
from models.render.generated.loading import Told
from models.render.generated.stems import LONGEST_S
from models.render.soundfont import Floats
from models.render.wav import read_wav
from models.work import Finished, Output, Progress, StemRendered
from sessions.canonical import canonical_bytes, parse_json
from sessions.errors import Code, Refused
from sessions.music import Part
from tests.models.render.generated.voices import (
    RATE,
    SAMPLED,
    Scripted,
    asked,
    checkpoint,
    made,
    noise,
    renderer,
    slower,
)

WAIT_S = 45.0


def stems_of(outputs: list[Output]) -> dict[str, StemRendered]:
    return {output.part: output for output in outputs if isinstance(output, StemRendered)}


def sound_of(stem: StemRendered) -> NDArray[np.float64]:
    samples, rate = read_wav(stem.wav)
    assert rate == stem.rate
    assert len(samples) == stem.frames
    return samples / 2**23


def finished(outputs: list[Output]) -> Finished:
    assert isinstance(outputs[-1], Finished)
    return outputs[-1]


def test_a_band_that_is_two_hundredths_slow_is_kept_and_held(tmp_path: Path) -> None:
    request, bars, chords = asked(bars=4, parts="drums,bass,harmony,melody,texture", tail="cut")
    engine = Scripted(slower(request, bars, chords, 1.02))
    outputs = made(renderer(tmp_path, engine), request)
    stems, said = stems_of(outputs), finished(outputs)
    assert list(stems) == ["drums", "bass", "harmony", "melody", "texture", "mix"]
    sounds = {}
    for name, stem in stems.items():
        sounds[name] = sound_of(stem)
        assert (stem.frames, stem.rate) == (request.frames(44_100), 44_100), name
        assert np.max(np.abs(sounds[name])) > 0.01, name
    mix = sounds.pop("mix")
    assert np.max(np.abs(sum(sounds.values()) - mix)) < 1e-6
    for part in ("drums", "bass"):
        told = said.stems[part]
        assert (told["by"], told["tries"]) == ("musicgen-test", 1), told
        assert told["error_p50_ms"] < 10, told
        assert told["error_p95_ms"] < 20, told
        least, most = told["stretch"]
        assert 0.96 < least <= most < 1.0, told
        assert told["drift_ms"] > 50, told
    for told in said.stems.values():
        assert parse_json(canonical_bytes(told)) == told, "as a certificate carries it"
    assert said.stems["texture"]["by"] == "musicgen-test"
    assert "error_p95_ms" not in said.stems["texture"]
    assert said.renderer is not None
    assert not said.renderer.commercial
    assert said.renderer.licence == "CC-BY-NC-4.0"
    assert said.renderer.name == "musicgen-test"
    assert len(said.renderer.sha256) == 64


def test_what_each_part_is_given(tmp_path: Path) -> None:
    request, bars, chords = asked(parts="drums,bass", prompt="dusty", energy=0.9, tail="cut")
    engine = Scripted(slower(request, bars, chords, 1.0))
    made(renderer(tmp_path, engine), request)
    (drums, drum_text, seconds, drum_seed, more), (bass, bass_text, _, bass_seed, _) = engine.given
    assert (drums, bass) == (Part.DRUMS, Part.BASS)
    assert drum_seed != bass_seed
    assert drum_text.startswith("funk drum loop")
    assert "120 bpm, energetic, dusty" in drum_text
    assert "dorian" in bass_text
    assert float(request.seconds) < seconds < float(request.seconds) + 2
    heard = more["continue_from"]
    assert "melody" not in more
    assert heard.shape[1] % 640 == 0
    assert heard.shape[1] == 4 * RATE
    assert np.max(np.abs(heard)) == pytest.approx(0.7)


def test_melody_models_hear_what_has_pitches(tmp_path: Path) -> None:
    request, bars, chords = asked(parts="drums,bass")
    engine = Scripted(slower(request, bars, chords, 1.0), takes_melody=True)
    made(renderer(tmp_path, engine), request)
    kept = [set(more) - {"cancelled", "breaths", "progress"} for *_, more in engine.given]
    assert kept == [{"continue_from"}, {"melody"}]
    assert engine.given[1][-1]["melody"].shape == (2, 4 * RATE)


def test_noise_is_tried_thrice_and_then_the_sampler_plays(tmp_path: Path) -> None:
    request, *_ = asked(parts="drums,bass,texture")
    engine = Scripted(noise)
    outputs = made(renderer(tmp_path, engine), request)
    again = {name: stem.wav for name, stem in stems_of(made(renderer(tmp_path, engine), request)).items()}
    assert [part for part, *_ in engine.given[:9]] == [Part.DRUMS] * 3 + [Part.BASS] * 3 + [Part.TEXTURE] * 3
    assert len({seed for *_, seed, _ in engine.given[:9]}) == 9
    for name, stem in stems_of(outputs).items():
        assert stem.wav == again[name], "the same request gives the same bytes"
        if name != "mix":
            told = finished(outputs).stems[name]
            assert (told["by"], told["tries"]) == ("sampler", 3)
            assert told["reason"] == stem.made["reason"] != ""
    made_by = finished(outputs).renderer
    assert made_by is not None
    assert not made_by.commercial


def test_side_by_side_or_one_after_another_the_stems_are_the_same(tmp_path: Path) -> None:
    request, bars, chords = asked(parts="drums,bass,harmony,texture")
    plays = slower(request, bars, chords, 1.01)

    def some(part: Part, number: int) -> Floats:
        return noise(part, number) if part is Part.BASS or (part is Part.DRUMS and number == 1) else plays(part, number)

    alone = stems_of(made(renderer(tmp_path, Scripted(some)), request))
    for at_once in (2, 8):
        engine = Scripted(some, at_once=at_once)
        together = stems_of(made(renderer(tmp_path, engine), request))
        first = request.parts[:at_once]
        assert [part for part, *_ in engine.given[: len(first)]] == list(first)
        assert list(together) == list(alone)
        for part, stem in together.items():
            assert (stem.wav, stem.made) == (alone[part].wav, alone[part].made)


def test_parts_side_by_side_end_with_who_asked(tmp_path: Path) -> None:
    request, bars, chords = asked(parts="drums,bass,harmony")
    ended: list[str] = []

    class Ends(Scripted):
        def stream(self, text: str | None, *given: Any, **more: Any) -> Iterator[Floats]:
            try:
                yield from super().stream(text, *given, **more)
            finally:
                ended.append(str(text))

    engine = Ends(slower(request, bars, chords, 1.0), at_once=3)
    stems = renderer(tmp_path, engine).stems(request, bars, chords, cancelled=lambda: False)
    while len(engine.given) < 3:
        next(stems)
    assert not ended
    stems.close()  # type: ignore[attr-defined]
    assert len(ended) == 3


def test_another_try_may_do(tmp_path: Path) -> None:
    request, bars, chords = asked(parts="bass")
    plays = slower(request, bars, chords, 1.01)
    engine = Scripted(lambda part, number: plays(part, number) if number == 2 else noise(part, number))
    said = finished(made(renderer(tmp_path, engine), request))
    assert (said.stems["bass"]["by"], said.stems["bass"]["tries"]) == ("musicgen-test", 2)


def test_a_part_without_notes_is_silent_and_not_generated(tmp_path: Path) -> None:
    request, bars, chords = asked(parts="drums,bass")
    empty = {place: () if place[0] is Part.BASS else notes for place, notes in bars.items()}
    engine = Scripted(slower(request, bars, chords, 1.0))
    outputs = list(renderer(tmp_path, engine).stems(request, empty, chords, cancelled=lambda: False))
    stem = next(one for one in outputs if isinstance(one, StemRendered) and one.part == "bass")
    assert not sound_of(stem).any()
    assert stem.made == {"by": "sampler", "reason": "it has no notes"}
    assert {part for part, *_ in engine.given} == {Part.DRUMS}


def test_it_is_as_loud_as_the_sampler_would_be_and_takes_its_level(tmp_path: Path) -> None:
    peaks = {}
    for level in (0.5, 0.75):
        request, bars, chords = asked(parts="drums,bass", **{"bass.level": level})
        outputs = made(renderer(tmp_path, Scripted(slower(request, bars, chords, 1.0))), request)
        sounds = {name: sound_of(stem) for name, stem in stems_of(outputs).items()}
        peaks[level] = np.sqrt(np.mean(sounds["bass"] ** 2) / np.mean(sounds["drums"] ** 2))
    assert 20 * np.log10(peaks[0.75] / peaks[0.5]) == pytest.approx(6, abs=0.5)


@pytest.mark.parametrize("steps", [1, 4, 9])
def test_cancelled_within_a_part_nothing_more_comes(tmp_path: Path, steps: int) -> None:
    request, bars, chords = asked(parts="drums,bass")
    engine = Scripted(slower(request, bars, chords, 1.0))
    asks = itertools.count()
    outputs = made(renderer(tmp_path, engine), request, lambda: next(asks) > 2 * steps)
    assert not any(isinstance(output, StemRendered | Finished) for output in outputs)


def test_progress_says_what_is_being_done(tmp_path: Path) -> None:
    request, *_ = asked(parts="bass")
    stages = [one.stage for one in made(renderer(tmp_path, Scripted(noise)), request) if isinstance(one, Progress)]
    order = list(dict.fromkeys(stages))
    assert order == [
        "composing",
        "loading musicgen",
        "musicgen: bass",
        "musicgen: bass, try 2",
        "musicgen: bass, try 3",
        "rendering",
    ]


def test_it_is_loaded_once_and_tried_again_after_a_failure(tmp_path: Path) -> None:
    request, bars, chords = asked(parts="bass", bars=1)
    engine, loads = Scripted(slower(request, bars, chords, 1.0)), []

    def load(folder: Path, precision: str | None, told: Told, sha256: str) -> Scripted:
        loads.append((folder, precision))
        if len(loads) == 1:
            raise ValueError("it is cut off; fetch it again")
        return engine

    render = GeneratedStems(checkpoint(tmp_path), SAMPLED, precision="int4", load=load)
    with pytest.raises(Refused, match="renderer: musicgen can't be loaded: it is cut off; fetch it again") as caught:
        made(render, request)
    assert caught.value.code is Code.FAILED
    made(render, request)
    made(render, request)
    assert loads == [(tmp_path, "int4")] * 2


def test_a_cancel_is_obeyed_while_it_loads_and_nothing_more_is_loaded_then(tmp_path: Path) -> None:
    request, bars, chords = asked(parts="bass", bars=1)
    cancelled, ended = threading.Event(), threading.Event()

    def load(folder: Path, precision: str | None, told: Told, sha256: str) -> Scripted:
        try:
            while not ended.wait(0.001):
                told(0.504)
        finally:
            ended.set()
        raise AssertionError("nobody ended it")

    render = GeneratedStems(checkpoint(tmp_path), SAMPLED, load=load)
    stems = render.stems(request, bars, chords, cancelled=cancelled.is_set)
    while next(stems) != Progress("loading musicgen", 0.5):
        pass
    assert stems_of(list(SAMPLED.stems(request, bars, chords, cancelled=lambda: False))), "others go on meanwhile"
    assert next(stems) == Progress("loading musicgen", 0.5)
    cancelled.set()
    assert not list(stems)
    assert ended.wait(WAIT_S)


def test_two_sections_in_turns_share_one_copy(tmp_path: Path) -> None:
    request, bars, chords = asked(parts="bass", bars=1)
    loads = iter([Scripted(slower(request, bars, chords, 1.0))])
    render = GeneratedStems(checkpoint(tmp_path), SAMPLED, load=lambda *_: next(loads))
    both = [render.stems(request, bars, chords, cancelled=lambda: False) for _ in range(2)]
    turns = [one for pair in itertools.zip_longest(*both) for one in pair if isinstance(one, StemRendered)]
    assert [one.part for one in turns] == ["bass", "bass", "mix", "mix"]
    assert turns[0].wav == turns[1].wav


def test_sound_that_is_no_number_fails_the_section(tmp_path: Path) -> None:
    request, *_ = asked(parts="bass", bars=1)

    def broken(part: Part, number: int) -> Floats:
        return np.full((1, RATE), np.nan, np.float32)

    with pytest.raises(Refused, match="its weights are damaged; fetch them again"):
        made(renderer(tmp_path, Scripted(broken)), request)


def test_a_mistake_of_ours_is_no_damage_of_theirs(tmp_path: Path) -> None:
    class Wrong(Scripted):
        def stream(self, text: str | None, seconds: float, seed: int, guidance: float, **more: Any) -> Iterator[Floats]:
            raise ValueError("seconds must be above 0")

    request, *_ = asked(parts="bass", bars=1)
    with pytest.raises(Refused, match="the engine failed over this section"):
        made(renderer(tmp_path, Wrong(noise)), request)


def test_what_is_too_long_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    _, bars, chords = asked(parts="bass", bars=1)
    engine = Scripted(noise)
    long, *_ = asked(parts="bass", bars=64, bpm=40, meter="8/4")
    assert long.seconds > LONGEST_S
    with pytest.raises(Refused, match="ask for fewer, or for renderer sampler") as caught:
        list(renderer(tmp_path, engine).stems(long, bars, chords, cancelled=lambda: False))
    assert caught.value.code is Code.TOO_LARGE
    assert not engine.given


def test_a_folder_without_a_checkpoint_and_a_precision_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="musicgen: there is no checkpoint in"):
        GeneratedStems(tmp_path, SAMPLED)
    with pytest.raises(Refused, match="precision: 'int3' is none; choose float32, bfloat16, int8, int4"):
        GeneratedStems(checkpoint(tmp_path), SAMPLED, precision="int3")
    (tmp_path / "starbridge.json").write_text("{")
    with pytest.raises(Refused, match="musicgen: .*fetch the weights again"):
        GeneratedStems(tmp_path, SAMPLED)
