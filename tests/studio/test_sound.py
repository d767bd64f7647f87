"""Sound: stems that start on the same sample and stay together, and what a listener gets to hear."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.studio.fake_server import Message, Puppet, puppet, request_fields, sine
from tests.support.chromium import Browser, Page

pytestmark = pytest.mark.browser

OFFLINE = """
    const rate = 48000;
    const { Voice } = await import('/sound/voice.js');
    const context = new OfflineAudioContext(1, 4 * rate, rate);
    const click = (frames, ...at) => {
        const buffer = context.createBuffer(1, frames, rate);
        for (const frame of at) buffer.getChannelData(0)[frame] = 0.25;
        return buffer;
    };
    const found = async () => {
        const samples = (await context.startRendering()).getChannelData(0);
        return [...samples.entries()].filter(([, s]) => Math.abs(s) > 1e-4).map(([i, s]) => [i, Math.round(s * 1000) / 1000]);
    };
"""


@pytest.fixture(scope="module")
def offline(browser: Browser) -> Iterator[Callable[[str], Any]]:
    """Runs a scene on an audio context that renders at once, sample by sample."""
    with puppet() as server:
        page = browser.open(server.url)
        yield lambda scene: page.evaluate(f"(async () => {{ {OFFLINE} {scene} }})()")
        page.close()


def test_stems_start_on_the_same_sample(offline: Callable[[str], Any]) -> None:
    scene = """
        const voice = new Voice(context, context.destination, { began_s: 0.5, duration_s: 2, loop: false });
        voice.add('drums', click(2 * rate, 0, rate), 1);
        voice.add('bass', click(2 * rate, 0, rate), 1);
        return found();
    """
    assert offline(scene) == [[24_000, 0.5], [72_000, 0.5]]


def test_a_loop_comes_round_on_the_sample_though_a_stem_is_longer(offline: Callable[[str], Any]) -> None:
    scene = """
        const voice = new Voice(context, context.destination, { began_s: 0.1, duration_s: 1, loop: true });
        voice.add('drums', click(2 * rate, 0), 1);
        return found();
    """
    assert [frame for frame, _ in offline(scene)] == [4_800, 52_800, 100_800, 148_800]


def test_who_comes_late_hears_it_from_the_middle_and_in_step(offline: Callable[[str], Any]) -> None:
    scene = """
        const voice = new Voice(context, context.destination, { began_s: -1.5, duration_s: 2, loop: true });
        voice.add('drums', click(2 * rate, 0, rate), 1);
        voice.add('bass', click(2 * rate, 0, rate), 1);
        return found();
    """
    assert offline(scene) == [[24_000, 0.5], [72_000, 0.5], [120_000, 0.5], [168_000, 0.5]]


def test_what_is_over_stays_silent(offline: Callable[[str], Any]) -> None:
    scene = """
        const voice = new Voice(context, context.destination, { began_s: -3, duration_s: 2, loop: false });
        voice.add('drums', click(2 * rate, 0, rate), 1);
        voice.stop();
        return [await found(), voice.positionAt(0)];
    """
    assert offline(scene) == [[], None]


def test_bars_are_cut_out_to_the_frame_and_their_ends_don_t_click(offline: Callable[[str], Any]) -> None:
    """Three of five beats of a sound that lasts four: what it has, then silence."""
    scene = """
        const { cutOut, stretchOf } = await import('/sound/excerpt.js');
        const buffer = context.createBuffer(2, 4 * rate, rate);
        for (const channel of [0, 1]) buffer.getChannelData(channel).fill(0.5);
        const stretch = stretchOf({ request: { bars: 5, bpm: 60, meter: '1/4' }, closed: {} }, { from: 3, to: 5 });
        const made = cutOut(context, buffer, stretch);
        const samples = made.getChannelData(1);
        const at = (frame) => Math.round(samples[frame] * 1000) / 1000;
        const short = cutOut(context, buffer, { from_s: 1, lasts_s: 2 });
        const end = short.getChannelData(0).at(-1);
        return [stretch, made.length, made.numberOfChannels, at(0), at(48), at(2 * rate - 1), at(2 * rate), short.length, end];
    """
    stretch = {"from_s": 2, "lasts_s": 3}
    assert offline(scene) == [stretch, 144_000, 2, 0, 0.5, 0.5, 0, 96_000, 0]


FLAT = """
        const flat = (value, frames = rate) => {
            const buffer = context.createBuffer(1, frames, rate);
            buffer.getChannelData(0).fill(value);
            return buffer;
        };
        const render = async () => (await context.startRendering()).getChannelData(0);
"""


def test_what_takes_a_sounds_place_does_so_where_a_loop_comes_round(offline: Callable[[str], Any]) -> None:
    scene = (
        FLAT
        + """
        const voice = new Voice(context, context.destination, { began_s: 0.25, duration_s: 1, loop: true });
        voice.add('bass', flat(0.25), 1);
        voice.replace('bass', flat(0.5), 1);
        const samples = await render();
        let leap = 0;
        for (let i = rate / 2; i < samples.length; i++) leap = Math.max(leap, Math.abs(samples[i] - samples[i - 1]));
        return [samples[rate / 2], samples[1.2 * rate], samples[1.3 * rate], samples[3 * rate], leap];
    """
    )
    before, still, after, later, leap = offline(scene.replace("began_s: 0.25", "began_s: -0.75"))
    assert [before, still, after, later] == pytest.approx([0.5, 0.5, 0.5, 0.5], abs=1e-3), "it came round at 0.25 s"
    assert leap < 0.01


def test_what_takes_a_sounds_place_else_does_so_at_once_and_without_a_click(offline: Callable[[str], Any]) -> None:
    scene = (
        FLAT
        + """
        const voice = new Voice(context, context.destination, { began_s: -1, duration_s: 4, loop: false });
        voice.add('bass', flat(0.25, 4 * rate), 1);
        await context.suspend(0.5).then(() => {}, () => {});
        voice.replace('bass', flat(0.5, 4 * rate), 1);
        const samples = await render();
        let leap = 0;
        for (let i = 0.1 * rate; i < 2.5 * rate; i++) leap = Math.max(leap, Math.abs(samples[i] - samples[i - 1]));
        return [samples[rate], leap];
    """.replace("await context.suspend(0.5).then(() => {}, () => {});", "")
    )
    later, leap = offline(scene)
    assert later == pytest.approx(0.5, abs=1e-3)
    assert leap < 0.01


def test_position_runs_with_the_context(offline: Callable[[str], Any]) -> None:
    scene = """
        const once = new Voice(context, context.destination, { began_s: 1, duration_s: 2, loop: false });
        const loop = new Voice(context, context.destination, { began_s: 1, duration_s: 2, loop: true });
        return [0.5, 1.5, 3.5].map((at) => [once.positionAt(at), loop.positionAt(at)]);
    """
    assert offline(scene) == [[None, None], [0.5, 0.5], [None, 0.5]]


# -- in the page -----------------------------------------------------------------------------------------------------

PLAYER = "starbridge.player"


def add_take(server: Puppet, name: str = "take-1", bars: int = 8, **stems: float) -> None:
    """A take whose stems are tones of these frequencies; one of 0 Hz can't be read."""
    stems = stems or {"drums": 110.0, "bass": 220.0}
    request = request_fields(kind="loop", bars=bars, bpm=120, parts=",".join(stems))
    for part, frequency in stems.items():
        server.files[f"/api/sessions/jam/takes/{name}/stems/{part}.wav"] = (
            sine(bars * 2.0, frequency) if frequency else b"no sound"
        )
    taken: Message = {"type": "take.added", "take": name, "id": f"id-{name}", "member": "kim", "request": request}
    server.say(taken | {"stems": dict.fromkeys(stems, "ab"), "ratings": {}, "votes": {}, "verdict": "", "index": 5})


def started(take: str, time_us: int, *, loop: bool, beat: float = 0.0) -> Message:
    """That a take sounds to everybody from a time on."""
    kind = "take.loop" if loop else "take.play"
    return {
        "type": kind,
        "take": take,
        "at": f"beat {beat:g}",
        "beat": beat,
        "loop": int(loop),
        "time_us": time_us,
        "member": "kim",
    }


def test_a_mix_is_there_to_be_had_where_there_is_sound(server: Puppet, join: Callable[..., Page]) -> None:
    page = join("listener")
    files = "[...document.querySelectorAll('#stems .files button')].filter((one) => one.offsetWidth).map((one) => one.innerText)"
    silent: Message = {
        "type": "take.added",
        "take": "take-0",
        "id": "id-0",
        "member": "kim",
        "request": request_fields(),
    }
    server.say(silent | {"stems": {}, "ratings": {}, "votes": {}, "verdict": "", "index": 4})
    page.wait(f"{files}.join() === 'MIDI,Certificate'")
    add_take(server)
    page.wait("!!document.querySelector('[data-take=take-1]')")
    page.evaluate(
        "[...document.querySelectorAll('[data-take=take-1] button')].find((b) => b.innerText === 'Show').click()"
    )
    page.wait(f"{files}.join() === 'MIDI,Mix,Certificate'")


def test_listening_is_heard_and_mute_and_solo_work(server: Puppet, join: Callable[..., Page]) -> None:
    page = join("listener")
    add_take(server)
    page.wait("document.querySelectorAll('.stem').length === 2")
    page.click("#loop")
    page.click("#listen")
    page.wait(f"{PLAYER}.output.peak() > 0.3")  # two tones of 0.2 each
    page.click(".stem[data-part=drums] .key[aria-label='Mute drums']")
    page.wait(f"{PLAYER}.output.peak() < 0.25 && {PLAYER}.output.peak() > 0.15")
    page.click(".stem[data-part=drums] .key[aria-label='Solo drums']")
    page.wait(f"{PLAYER}.output.peak() < 0.001")
    page.click(".stem[data-part=drums] .key[aria-label='Mute drums']")
    page.wait(f"{PLAYER}.output.peak() > 0.15")
    page.wait("!document.querySelector('#roll .playhead').hidden && !document.querySelector('.stem .playhead').hidden")
    meters = (
        "[...document.querySelectorAll('.stem-level')].map((bar) => 100 * parseFloat(bar.style.transform.slice(7)))"
    )
    page.wait(f"Math.max(...{meters}) >= 18 && Math.min(...{meters}) === 0")  # drums are solo, bass is silent
    page.click("#listen")
    page.wait(f"{PLAYER}.output.peak() < 0.001 && {PLAYER}.listening === ''")


def test_a_take_that_is_played_to_all_sounds_at_its_time(server: Puppet, join: Callable[..., Page]) -> None:
    page = join("listener")
    add_take(server, "take-1")
    add_take(server, "take-2", bass=330.0)
    page.wait("document.querySelectorAll('.take').length === 2")
    at_us = server.now_us() + 400_000
    server.say(started("take-1", at_us, loop=True, beat=4), started("take-2", at_us + 1_000_000, loop=False, beat=6))
    page.wait(f"{PLAYER}.sounding().length === 2")
    began = page.evaluate(f"Object.fromEntries({PLAYER}.sounding().map((one) => [one.take, one.began_s]))")
    assert began["take-2"] - began["take-1"] == pytest.approx(1.0, abs=0.05)
    page.wait(f"{PLAYER}.output.peak() > 0.15")
    page.wait("document.querySelectorAll('.take.sounding').length === 2")
    server.say(*({"type": "take.stop", "take": take, "member": "kim"} for take in ("take-1", "take-2")))
    page.wait(f"{PLAYER}.output.peak() < 0.001 && {PLAYER}.sounding().length === 0")


def test_sound_waits_for_a_gesture_after_a_reload_and_says_so(server: Puppet, join: Callable[..., Page]) -> None:
    page = join("listener")
    page.reload()
    page.wait("starbridge.studio.clock.known")
    add_take(server)
    server.say(started("take-1", server.now_us(), loop=True))
    page.wait("document.querySelector('#banner').textContent.includes('Enable sound')")
    assert page.evaluate(f"{PLAYER}.output.running") is False
    page.click("#enable-sound")
    page.wait(f"{PLAYER}.output.peak() > 0.15")
    assert page.seen(".master")
    assert not page.seen("#enable-sound")


def test_a_stem_that_cannot_be_had_says_so_and_the_others_play(server: Puppet, join: Callable[..., Page]) -> None:
    page = join("listener")
    add_take(server, drums=110.0, bass=0.0)
    page.wait(
        "document.querySelector('.stem[data-part=bass] .stem-failed')?.textContent.includes('could not be loaded')"
    )
    page.click("#listen")
    page.wait(f"{PLAYER}.output.peak() > 0.15")


def test_a_section_is_heard_while_it_is_made_and_its_stems_take_their_places(
    server: Puppet, join: Callable[..., Page]
) -> None:
    page = join("listener")
    request = request_fields(kind="loop", bars=1, bpm=120, parts="drums,bass", renderer="auto")
    own = {"id": "v", "member": "kim"}
    at = "/api/sessions/jam/sections/kim/v/preview"
    for part, frequency in (("drums", 110.0), ("bass", 220.0)):
        server.files[f"{at}/{part}.wav"] = sine(2.0, frequency)
    server.say(own | {"type": "section.requested", "request": request, "status": "working"})
    told = own | {"type": "section.preview", "frames": 88_200, "of": 88_200, "rate": 44_100}
    for part in ("drums", "bass"):
        server.say(told | {"part": part, "by": "sampler", "version": 1, "url": f"http://elsewhere{at}/{part}.wav"})
    page.choose("#roll-picker", "kim/v")
    page.wait("document.querySelectorAll('.stem.for-now').length === 2")
    page.click("#loop")
    page.click("#listen")
    page.wait(f"{PLAYER}.output.peak() > 0.3")
    server.say(told | {"part": "bass", "by": "musicgen", "version": 2, "url": f"{at}/bass.wav"})
    page.wait("document.querySelector('.stem[data-part=bass] .stem-note').textContent === 'musicgen 100 %'")
    server.files["/api/b"] = sine(2.0, 0.0)
    server.say(own | {"type": "section.stem", "part": "bass", "sha256": "ab", "url": "/api/b"})
    page.wait("document.querySelectorAll('.stem.for-now').length === 1")
    page.wait(f"{PLAYER}.output.peak() < 0.25 && {PLAYER}.output.peak() > 0.15")  # silence took the bass's place
    server.say(own | {"type": "section.cancelled"})
    page.wait("document.querySelectorAll('.stem.for-now').length === 0")


def test_what_has_played_to_its_end_is_over(server: Puppet, join: Callable[..., Page]) -> None:
    page = join("listener")
    add_take(server, bars=1)
    page.wait("document.querySelectorAll('.take').length === 1")
    early_us = server.now_us() - 1_500_000  # half a second of its two is left
    server.say(started("take-1", early_us, loop=False))
    page.wait("document.querySelectorAll('.take.sounding').length === 1")
    page.wait("document.querySelectorAll('.take.sounding').length === 0")


def test_listening_alone_silences_the_session_which_goes_on(server: Puppet, join: Callable[..., Page]) -> None:
    page = join("listener")
    add_take(server, "take-1", bass=220.0, drums=110.0)
    add_take(server, "take-2", bass=330.0)
    page.wait("document.querySelectorAll('.take').length === 2")
    server.say(started("take-1", server.now_us(), loop=True))
    page.wait(f"{PLAYER}.output.peak() > 0.3")
    page.choose("#roll-picker", "kim/id-take-2")
    page.click("#loop")
    page.click("#listen")
    page.wait(f"{PLAYER}.output.peak() < 0.25 && {PLAYER}.output.peak() > 0.15")
    page.click("#listen")
    page.wait(f"{PLAYER}.output.peak() > 0.3")


def test_a_loop_is_heard_from_the_middle_by_who_comes_later(server: Puppet, join: Callable[..., Page]) -> None:
    page = join("listener")
    add_take(server, bars=2)
    page.wait("document.querySelectorAll('.take').length === 1")
    long_ago_us = server.now_us() - 3_600_000_000
    server.say(started("take-1", long_ago_us, loop=True))
    page.wait(f"{PLAYER}.output.peak() > 0.3")
    assert page.evaluate(f"{PLAYER}.position(Object.values(starbridge.studio.state.sections)[0])") < 4.0
