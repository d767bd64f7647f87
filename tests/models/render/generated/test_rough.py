"""What is heard of a section by MusicGen before its stems are final: pieces that are whole together, at their places."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.render.generated.rough import STAND_IN, Rough
from models.work import Output, StemPreview, StemRendered
from sessions.music import Part
from tests.models.render.generated.voices import RATE, Scripted, asked, made, noise, renderer, slower


def heard(outputs: list[Output]) -> dict[tuple[str, int], NDArray[np.int16]]:
    """Each version of each part, its pieces laid together."""
    found: dict[tuple[str, int], list[StemPreview]] = {}
    for one in outputs:
        if isinstance(one, StemPreview):
            found.setdefault((one.part, one.version), []).append(one)
    for pieces in found.values():
        assert pieces[0].start == 0
        for before, after in pairwise(pieces):
            assert after.start == before.start + len(before.pcm) // 2 // before.channels
    return {
        key: np.frombuffer(b"".join(one.pcm for one in pieces), "<i2").reshape(-1, pieces[0].channels)
        for key, pieces in found.items()
    }


def test_all_parts_sound_before_the_weights_are_loaded_and_each_is_final_when_it_is_done(tmp_path: Path) -> None:
    request, bars, chords = asked(bars=4, parts="drums,bass", tail="cut")
    outputs = made(renderer(tmp_path, Scripted(slower(request, bars, chords, 1.01))), request)
    sound = [one for one in outputs if isinstance(one, StemPreview | StemRendered)]
    order = [(one.part, one.version if isinstance(one, StemPreview) else 0) for one in sound]
    assert list(dict.fromkeys(order)) == [
        ("drums", STAND_IN), ("bass", STAND_IN), ("drums", 2), ("drums", 0), ("bass", 2), ("bass", 0), ("mix", 0),
    ]  # fmt: skip
    assert max(len(one.pcm) for one in sound if isinstance(one, StemPreview)) < 1 << 20
    pieces = heard(outputs)
    for part in ("drums", "bass"):
        stand_in, played = pieces[part, STAND_IN], pieces[part, 2]
        assert stand_in.shape == (request.frames(44_100), 2)
        assert played.shape == (request.frames(RATE), 1)
        loud = [np.sqrt(np.mean((one / 32_768) ** 2)) for one in (stand_in, played)]
        assert abs(20 * np.log10(loud[1] / loud[0])) < 3, "about as loud as what it takes the place of"


def test_each_try_begins_anew(tmp_path: Path) -> None:
    request, *_ = asked(parts="bass", bars=1)
    pieces = heard(made(renderer(tmp_path, Scripted(noise)), request))
    assert list(pieces) == [("bass", STAND_IN), ("bass", 2), ("bass", 3), ("bass", 4)]
    assert len({len(one) for key, one in pieces.items() if key[1] > STAND_IN}) == 1


def test_a_rest_has_no_loudness_and_nothing_clips() -> None:
    request, *_ = asked(parts="bass", bars=1, bpm=120)
    like = np.full((request.frames(44_100), 2), 0.25, np.float32)
    rough = Rough(like, request, Part.BASS, version=2, by="test", rate=RATE)
    silent = rough.piece(np.zeros((1, 8000), np.float32))
    soft = rough.piece(np.full((1, 8000), 0.01, np.float32))
    loud = rough.piece(np.full((1, 100_000), 3.0, np.float32))
    assert silent is not None
    assert soft is not None
    assert loud is not None
    assert not any(silent.pcm)
    assert abs(np.frombuffer(soft.pcm, "<i2")[-1] / 32_768 - 0.25) < 0.01
    assert np.abs(np.frombuffer(loud.pcm, "<i2")).max() < 32_768 * 0.9
    assert loud.start + len(loud.pcm) // 2 == loud.frames == request.frames(RATE)
    assert rough.piece(np.zeros((1, 100), np.float32)) is None
