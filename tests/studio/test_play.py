"""Playing live on the page: its own keys and pads, the computer's keyboard, MIDI devices in and out, and what others play."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest

from sessions.music import NOTE_PARTS, Note, Part
from tests.studio.fake_server import Message, Puppet, midi, puppet, request_fields
from tests.support.chromium import Browser, Page

pytestmark = pytest.mark.browser

Join = Callable[..., Page]
Run = Callable[..., Any]

DEVICES = """(() => {
    globalThis.sent = [];
    const input = { id: 'i', name: 'Keystation', state: 'connected', onmidimessage: null };
    const output = { id: 'o', name: 'Synth', state: 'connected', send: (data, at) => sent.push([...data, at ?? 0]) };
    globalThis.device = { input, strike: (...data) => input.onmidimessage({ data: Uint8Array.from(data) }) };
    const access = { inputs: new Map([['i', input]]), outputs: new Map([['o', output]]), onstatechange: null };
    navigator.requestMIDIAccess = async () => access;
})()"""


@pytest.fixture(scope="module")
def run(browser: Browser) -> Iterator[Run]:
    """Calls a module's function with JSON values."""
    with puppet() as server:
        page = browser.open(server.url)
        yield lambda module, function, *values: page.evaluate(
            f"import('/{module}').then((m) => ({function})(m, ...{json.dumps(values)}))"
        )
        page.close()


def open_play(page: Page, part: str = "") -> Page:
    page.click("#tab-play")
    if part:
        page.choose("#play-part", part)
    return page


def played(server: Puppet, count: int) -> list[tuple[str, int, int]]:
    """The first notes that the page sent."""
    server.heard("live.note", count)
    notes = [command for command in server.commands if command["type"] == "live.note"]
    return [(note["part"], note["pitch"], note["velocity"]) for note in notes]


def test_midi_messages_are_read_and_written(run: Run) -> None:
    data = [[0x90, 60, 100], [0x9F, 60, 0], [0x85, 61, 64], [0xB0, 7, 100], [0xF8], [0x90, 60], [0x90, 200, 1]]
    found = run("play/messages.js", "(m, data) => data.map((one) => m.readMessage(one))", data)
    on, off = {"pitch": 60, "velocity": 100}, {"pitch": 60, "velocity": 0}
    assert found == [on, off, {"pitch": 61, "velocity": 0}, None, None, None, None]
    parts = [str(part) for part in NOTE_PARTS]
    written = run("play/messages.js", "(m, parts) => parts.map((part) => m.messageOf(part, 60, 9))", parts)
    assert written == [[0x90 | part.channel, 60, 9] for part in NOTE_PARTS]
    assert run("play/messages.js", "(m) => [m.messageOf('bass', 40, 0), m.silenceOf('drums')]") == [
        [0x80, 40, 0],
        [0xB9, 123, 0],
    ]


def test_letters_are_keys_by_their_place(run: Run) -> None:
    function = """(m) => [
        m.pitchOfKey('KeyA', 'melody', 4), m.pitchOfKey('KeyW', 'melody', 4),
        m.pitchOfKey('KeyK', 'bass', 2), m.pitchOfKey('KeyQ', 'bass', 2),
        m.pitchOfKey('KeyS', 'drums', 4), m.pitchOfKey('KeyP', 'drums', 4), m.pitchOfKey('Semicolon', 'melody', 9),
    ]"""
    assert run("play/messages.js", function) == [60, 61, 48, None, 38, None, None]


def test_notes_of_a_loop_come_round_after_round(run: Run) -> None:
    notes = "[{ start: 3, length: 1 }, { start: 0, length: 1 }]"
    function = f"(m, loop) => m.notesBetween({notes}, 3, 9, 4, loop).map(({{ at }}) => at)"
    assert run("play/messages.js", function, True) == [3, 4, 7, 8]
    assert run("play/messages.js", function, False) == [3]


def test_keys_of_the_page_play_the_members_part(server: Puppet, join: Join) -> None:
    page = open_play(join("rhythm"))
    assert page.evaluate("[...document.querySelector('#play-part').options].map((o) => o.value)") == ["drums", "bass"]
    page.click(".pad[data-pitch='38']")
    assert played(server, 2) == [("drums", 38, 92), ("drums", 38, 0)]
    page.choose("#play-part", "bass")
    page.click(".key-white[data-pitch='48']")
    assert played(server, 4)[2:] == [("bass", 48, 92), ("bass", 48, 0)]
    page.wait("starbridge.player.output.running")
    page.click("button[aria-label='An octave lower']")
    page.wait("document.querySelector('.piano').firstElementChild.dataset.pitch === '36'")


def test_a_key_is_played_by_keyboard_too(server: Puppet, join: Join) -> None:
    page = open_play(join("harmony"), "harmony")
    page.evaluate("document.querySelector('.key-white').focus()")
    page.press("Enter")
    assert [velocity for _, _, velocity in played(server, 2)] == [92, 0]


def test_letters_are_notes_while_one_plays_and_keys_again_after(server: Puppet, join: Join) -> None:
    page = open_play(join("leader"), "melody")
    page.evaluate("[...document.querySelectorAll('#play button')].find((b) => b.innerText === 'Computer keys').click()")
    page.evaluate("void document.activeElement.blur()")
    page.press("a", "KeyA")
    page.press("p", "KeyP")
    assert [pitch for _, pitch, _ in played(server, 4)] == [48, 48, 63, 63]
    assert not [command for command in server.commands if command["type"] == "transport.play"]
    page.press("Escape")
    page.press("p", "KeyP")
    server.heard("transport.play")


def test_listener_has_nothing_to_play(join: Join) -> None:
    page = join("listener")
    assert not page.seen("#tab-play")


def test_a_midi_keyboard_plays_and_a_synth_gets_what_sounds(server: Puppet, join: Join) -> None:
    page = open_play(join("leader"), "bass")
    page.evaluate(DEVICES)
    page.click("#use-midi")
    page.wait("document.querySelector('#play').innerText.includes('You play bass with Keystation')")
    page.evaluate("device.strike(0x93, 40, 77), device.strike(0xb3, 1, 2), device.strike(0x83, 40, 0)")
    assert played(server, 2) == [("bass", 40, 77), ("bass", 40, 0)]
    page.choose("#midi-out", "o")
    server.say({"type": "live.note", "member": "kim", "part": "drums", "pitch": 36, "velocity": 88})
    page.wait("sent.some((m) => m[0] === 0x99 && m[1] === 36 && m[2] === 88)")
    server.files["/api/sessions/jam/takes/take-1/midi"] = midi(
        [Note(0, 960, 40, 90), Note(1920, 960, 43, 90)], Part.BASS, bars=1, bpm=120
    )
    taken: Message = {"type": "take.added", "take": "take-1", "id": "a", "member": "kim", "verdict": "", "index": 5}
    request = request_fields(bars=1, parts="bass", bpm=120)
    server.say(taken | {"request": request, "stems": {}, "ratings": {}, "votes": {}})
    page.wait("Object.values(starbridge.studio.state.sections)[0]?.notes.bass?.length === 2")
    begins_us = server.now_us() + 1_000_000
    loop: Message = {"type": "take.loop", "take": "take-1", "at": "now", "beat": 0.0, "loop": 1, "member": "kim"}
    server.say(loop | {"time_us": begins_us})
    page.wait("sent.filter((m) => m[0] === 0x90).length >= 5")
    on = page.evaluate("sent.filter((m) => m[0] === 0x90)")
    assert [message[1] for message in on[:5]] in ([40, 43, 40, 43, 40], [43, 40, 43, 40, 43])
    times = [message[3] for message in on[:5]]
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps == pytest.approx([1000] * 4, abs=1)
    offset_us, origin = page.evaluate("[starbridge.studio.clock.offset_us, performance.timeOrigin]")
    assert times[0] + origin == pytest.approx((begins_us - offset_us) / 1000, abs=40)
    server.say({"type": "take.stop", "take": "take-1", "member": "kim"})
    page.wait("sent.some((m) => m[0] === 0xb0 && m[1] === 123)")


def test_a_browser_without_midi_or_a_user_who_says_no_is_told_what_to_do(server: Puppet, join: Join) -> None:
    page = open_play(join("leader"))
    page.evaluate("navigator.requestMIDIAccess = async () => { throw new DOMException('no', 'NotAllowedError'); }")
    page.click("#use-midi")
    page.wait("document.querySelector('#play .notice').innerText.includes('allow them beside the address')")
    page.evaluate("navigator.requestMIDIAccess = undefined")
    page.click("#use-midi")
    page.wait("document.querySelector('#play .notice').innerText.includes('no Web MIDI')")


def test_others_are_heard_and_can_be_silenced(server: Puppet, join: Join) -> None:
    page = open_play(join("leader", "ana"))
    people = [{"member": name, "role": "leader", "status": "present", "keyed": False} for name in ("ana", "kim")]
    kim: Message = {"type": "session.members", "members": people}
    note = {"type": "live.note", "part": "melody", "pitch": 60}
    server.say(kim, note | {"member": "kim", "velocity": 100}, note | {"member": "ana", "velocity": 100})
    page.wait("starbridge.play.others.voices === 1 && starbridge.player.output.peak() > 0.05")
    page.evaluate(
        "[...document.querySelectorAll('#play button')].find((b) => b.innerText === 'Hear the others').click()"
    )
    page.wait("starbridge.play.others.voices === 0 && starbridge.player.output.peak() < 0.001")
    page.evaluate(
        "[...document.querySelectorAll('#play button')].find((b) => b.innerText === 'Hear the others').click()"
    )
    server.say(note | {"member": "kim", "velocity": 100})
    page.wait("starbridge.play.others.voices === 1")
    server.say({**kim, "members": kim["members"][:1]})
    page.wait("starbridge.play.others.voices === 0")
