"""Stems handed in at a real host: what is here and as long as its section is taken, anything else refused and nothing told."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest

from sessions.errors import Code, Refused
from tests.support.osc_jam import OscJam, play
from tests.support.wav import wav

WAV, SHORT, FAST, JUNK = wav(88_200), wav(88_199), wav(96_000, rate=48_000), b"RIFF of two seconds"
SHA256 = hashlib.sha256(WAV).hexdigest()
GOOD = {"part": "drums", "sha256": SHA256, "frames": 88_200, "rate": 44_100}  # a bar at 120 bpm


async def asked(jam: OscJam) -> Any:
    """Somebody who has asked for a bar of drums, whose audio is here."""
    await jam.engine()
    ana = await jam.udp()
    await ana.joins(jam.token("leader", "ana"))
    ana.say("/section/request", "ssisiss", "a", "bars", 1, "bpm", 120, "parts", "drums")
    assert (await jam.work())["section"] == "ana/a"
    for blob in (WAV, SHORT, FAST, JUNK):
        await asyncio.to_thread(jam.host.put_blob, hashlib.sha256(blob).hexdigest(), blob)
    return ana


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        ({"sha256": "ab" * 32}, "sha256: there is no blob abababababababab... here; hand it in by PUT before"),
        ({"frames": 88_199}, "frames: the section has 88200 at 44100 Hz, not 88199; send a stem as long as"),
        ({"rate": 48_000}, "frames: the section has 96000 at 48000 Hz, not 88200; send a stem as long as"),
        ({"frames": 2**40}, "frames: the section has 88200"),
        ({"part": "mix", "sha256": "0" * 64}, "sha256: there is no blob"),
        (
            {"sha256": hashlib.sha256(SHORT).hexdigest()},
            "that blob has 88199 frames at 44100 Hz, and the section 88200",
        ),
        ({"sha256": hashlib.sha256(FAST).hexdigest()}, "that blob has 96000 frames at 48000 Hz, and the section 88200"),
        ({"frames": 96_000, "rate": 48_000}, "that blob has 88200 frames at 44100 Hz, and the section 96000 at 48000"),
        (
            {"sha256": hashlib.sha256(JUNK).hexdigest()},
            "that blob is no WAV file, for it does not begin with RIFF",
        ),
    ],
)
def test_a_stem_that_nobody_could_play_is_refused(tmp_path: Path, wrong: dict[str, Any], advice: str) -> None:
    async def scene(jam: OscJam) -> None:
        ana = await asked(jam)
        size = jam.host.state.size
        with pytest.raises(Refused) as no:
            await jam.engine_says("engine.stem", section="ana/a", **(GOOD | wrong))
        assert no.value.code is Code.BAD_VALUE
        assert advice in no.value.advice
        assert jam.host.state.size == size
        assert not jam.host.state.sections["ana/a"].stems
        await jam.engine_says("engine.stem", section="ana/a", **GOOD)
        stem = await ana.hears("/section/stem")
        assert str(stem.values[2]).endswith(SHA256)  # the first of which anybody hears

    play(scene, tmp_path)


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_a_stem_of_any_rate_is_taken(tmp_path: Path, rate: int) -> None:
    async def scene(jam: OscJam) -> None:
        await asked(jam)
        blob = wav(2 * rate, rate=rate)
        digest = hashlib.sha256(blob).hexdigest()
        await asyncio.to_thread(jam.host.put_blob, digest, blob)
        good = {"part": "drums", "sha256": digest, "frames": 2 * rate, "rate": rate}
        assert await jam.engine_says("engine.stem", section="ana/a", **good) is not None
        assert jam.host.state.sections["ana/a"].stems["drums"].rate == rate

    play(scene, tmp_path)


def test_what_comes_late_is_dropped_without_a_word_whatever_it_is(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        ana = await asked(jam)
        ana.say("/section/cancel", "s", "a")
        await ana.hears("/section/cancelled")
        assert await jam.engine_says("engine.stem", section="ana/a", **(GOOD | {"sha256": "ab" * 32})) is None

    play(scene, tmp_path)
