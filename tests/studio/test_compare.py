"""Two takes beside each other, heard in turns without losing the beat."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sessions.music import Note, Part
from tests.studio.fake_server import Message, Puppet, midi, request_fields, sine
from tests.support.chromium import Page

pytestmark = pytest.mark.browser

Join = Callable[..., Page]
PEAK = "starbridge.player.output.peak()"


def add_take(server: Puppet, name: str, frequency: float, bpm: float = 120, bars: int = 4) -> None:
    """A take of one bass note, and a stem of one tone unless its frequency is 0."""
    base = f"/api/sessions/jam/takes/{name}"
    if frequency:
        server.files[f"{base}/stems/bass.wav"] = sine(bars * 4 * 60 / bpm, frequency)
    server.files[f"{base}/midi"] = midi([Note(0, bars * 3840, 40, 120)], Part.BASS, bars=bars, bpm=bpm)
    taken: Message = {"type": "take.added", "take": name, "id": name, "member": "kim", "verdict": "", "index": 5}
    request = request_fields(bars=bars, parts="bass", bpm=bpm)
    stems = {"bass": "ab"} if frequency else {}
    server.say(taken | {"request": request, "stems": stems, "ratings": {"a": 4}, "votes": {}})


def compare(page: Page, count: int = 2) -> None:
    """Compare the newest take with the one that is shown, which is the one before."""
    page.wait(f"document.querySelectorAll('.take').length === {count}")
    page.choose("#roll-picker", "kim/take-1")
    page.wait("starbridge.studio.state.selected === 'kim/take-1'")
    page.evaluate("[...document.querySelectorAll('.take button')].find((b) => b.innerText === 'A/B').click()")
    page.wait("document.querySelector('#compare').checkVisibility()")


LOUD_HZ = """(() => {
    const { analyser, context } = starbridge.player.output;
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    return (bins.indexOf(Math.max(...bins)) * context.sampleRate) / analyser.fftSize;
})()"""


def test_two_takes_are_seen_and_heard_in_turns_on_the_beat(server: Puppet, join: Join) -> None:
    page = join("listener")
    add_take(server, "take-1", 220.0)
    add_take(server, "take-2", 880.0)
    compare(page)
    assert not page.seen("#roll")
    words = "['a', 'b'].map((side) => document.querySelector(`#compare-${side}`)?.getAttribute('aria-label') ?? '')"
    page.wait(f"{words}.every((text) => text.includes('bass 4 of 4 bars, 1 notes'))")
    page.click("#compare-play")
    page.wait(f"{PEAK} > 0.15 && Math.abs({LOUD_HZ} - 220) < 30")
    positions = "(({ turns }) => [turns.position('a'), turns.position('b')])(starbridge)"
    page.wait(f"{positions}[1] > 0.1")
    a, b = page.evaluate(positions)
    assert a == pytest.approx(b, abs=0.01)
    page.press("x")
    page.wait(f"{PEAK} > 0.15 && Math.abs({LOUD_HZ} - 880) < 30")
    assert page.evaluate("document.querySelector('.side[aria-pressed=true]').textContent") == "B"
    after_a, after_b = page.evaluate(positions)
    assert after_a == pytest.approx(after_b, abs=0.01), "both went on, only one is loud"
    page.click("#compare-play")
    page.wait(f"{PEAK} < 0.001 && !starbridge.turns.playing")
    page.click("button[aria-label='Close the comparison']")
    page.wait("document.querySelector('#roll').checkVisibility()")


def test_another_tempo_is_taken_up_at_the_same_beat(server: Puppet, join: Join) -> None:
    page = join("listener")
    add_take(server, "take-1", 220.0, bpm=120)
    add_take(server, "take-2", 880.0, bpm=60)
    compare(page)
    page.click("#compare-play")
    page.wait("starbridge.turns.beat() > 2")
    jump = page.evaluate(
        "(async ({ turns }) => { const before = turns.beat(); turns.turn('b');"
        " await new Promise((r) => setTimeout(r, 150)); return [before, turns.beat()]; })(starbridge)"
    )
    assert 0 < jump[1] - jump[0] < 1.0
    page.wait(f"{PEAK} > 0.15 && Math.abs({LOUD_HZ} - 880) < 30")


def test_a_take_without_stems_is_heard_as_a_sketch(server: Puppet, join: Join) -> None:
    page = join("listener")
    add_take(server, "take-1", 220.0)
    add_take(server, "take-2", 0.0)
    compare(page)
    page.wait("starbridge.studio.state.sections['kim/take-2'].notes.bass?.length === 1")
    page.click("#compare-play")
    page.wait(f"{PEAK} > 0.15")
    page.click("button[aria-label='Hear B']")
    page.wait("starbridge.sketch.playing === 'kim/take-2'")
    page.click("button[aria-label='Hear A']")
    page.wait("starbridge.sketch.playing === ''")
    page.wait(f"Math.abs({LOUD_HZ} - 220) < 30")


def test_the_session_is_silent_meanwhile_and_goes_on(server: Puppet, join: Join) -> None:
    page = join("listener")
    add_take(server, "take-1", 220.0)
    add_take(server, "take-2", 880.0)
    compare(page)
    loop: Message = {"type": "take.loop", "take": "take-2", "at": "beat 0", "beat": 0.0, "loop": 1, "member": "kim"}
    server.say(loop | {"time_us": server.now_us()})
    page.wait("starbridge.player.sounding().length === 1")
    page.click("#compare-play")
    page.wait(f"{PEAK} > 0.15 && {PEAK} < 0.25 && Math.abs({LOUD_HZ} - 220) < 30")
    page.click("#compare-play")
    page.wait(f"{PEAK} > 0.15 && Math.abs({LOUD_HZ} - 880) < 30")


def test_band_judges_what_it_compares(server: Puppet, join: Join) -> None:
    page = join("rhythm")
    add_take(server, "take-1", 220.0)
    add_take(server, "take-2", 880.0)
    compare(page)
    page.evaluate(
        "[...document.querySelectorAll('#compare button')].filter((b) => b.innerText === 'Accept')[1].click()"
    )
    assert server.heard("take.accept")["take"] == "take-2"
