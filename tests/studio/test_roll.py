"""The piano roll under hands: zoom, bars selected and asked for anew, notes that are touched, parts put aside."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sessions.music import Note, Part
from tests.studio.fake_server import Message, Puppet, midi, puppet, request_fields, sine
from tests.support.chromium import Browser, Page

pytestmark = pytest.mark.browser

Join = Callable[..., Page]
Run = Callable[..., Any]

SCROLLER = "document.querySelector('#roll .scroller')"
SHEET_PX = "document.querySelector('#roll .sheet').offsetWidth"
SHEET_TALL_PX = "document.querySelector('#roll .sheet').offsetHeight"
FIT_PX = f"{SCROLLER}.clientWidth"  # asked anew each time: the page around may have got its scroll bar meanwhile


@pytest.fixture(scope="module")
def run(browser: Browser) -> Iterator[Run]:
    """Calls a module's function with JSON values."""
    with puppet() as server:
        page = browser.open(server.url)
        yield lambda module, function, *values: page.evaluate(
            f"import('/{module}').then((m) => ({function})(m, ...{json.dumps(values)}))"
        )
        page.close()


def add_take(server: Puppet, page: Page, *notes: Note, bars: int = 8, stems: dict[str, str] | None = None) -> None:
    """A take of bass notes, shown with its notes."""
    server.files["/api/sessions/jam/takes/take-1/midi"] = midi(list(notes), Part.BASS, bars=bars, bpm=120)
    request = request_fields(bars=bars, parts="bass", bpm=120)
    taken: Message = {"type": "take.added", "take": "take-1", "id": "a", "member": "kim", "request": request}
    server.say(taken | {"stems": stems or {}, "ratings": {}, "votes": {}, "verdict": "", "index": 5})
    page.wait(f"Object.values(starbridge.studio.state.sections)[0]?.notes.bass?.length === {len(notes)}")


def middle(page: Page) -> tuple[float, float]:
    box = page.evaluate(
        f"(() => {{ const b = {SCROLLER}.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; }})()"
    )
    return box[0] + box[2] / 2, box[1] + box[3] / 2


@pytest.mark.parametrize(
    ("scroll", "pointer", "before", "after", "fixed"),
    [(0, 100, 500, 1000, 0), (300, 50, 900, 450, 0), (40, 200, 600, 1500, 50)],
)
def test_what_is_under_the_pointer_stays_there(
    run: Run, scroll: int, pointer: int, before: int, after: int, fixed: int
) -> None:
    left = run("roll/zoom.js", "(m, ...all) => m.keptAt(...all)", scroll, pointer, before, after, fixed)
    assert (left + pointer - fixed) / (after - fixed) == pytest.approx((scroll + pointer - fixed) / (before - fixed))


def test_zoom_ends_where_all_is_seen(run: Run) -> None:
    function = """(m) => [
        m.zoomed(m.FIT, { across: 0.1 }), m.zoomed(m.FIT, { across: 1e9, tall: 1e9 }), m.wheelFactor(-240), m.wheelFactor(1e6),
    ]"""
    assert run("roll/zoom.js", function) == [{"across": 1, "tall": 1}, {"across": 64, "tall": 6}, 2, 0.5]


def test_fingers_beside_each_other_leave_the_height_alone(run: Run) -> None:
    function = "(m) => m.pinched([{ x: 0, y: 10 }, { x: 100, y: 15 }], [{ x: 0, y: 10 }, { x: 250, y: 90 }])"
    assert run("roll/zoom.js", function) == {"across": 2.5, "tall": 1}


def test_bars_are_selected_by_steps(run: Run) -> None:
    function = """(m) => {
        const two = m.stepped(m.stepped(null, 1, false, 8), 1, false, 8);
        const more = m.stepped(m.stepped(two, 1, true, 8), 1, true, 8);
        const back = [1, 2, 3, 4].reduce((bars) => m.stepped(bars, -1, true, 8), more);
        return [two, more, back].map(m.barsText).concat(m.redoContext("take-3", more), m.barsText(m.stepped(null, -1, false, 8)));
    }"""
    assert run("roll/bars.js", function) == ["bar 2", "bars 2-4", "bars 1-2", "take-3 bars 2-4", "bar 8"]


def test_note_is_found_under_a_finger_and_a_hidden_part_is_not(run: Run) -> None:
    function = """async (m) => {
        const { newSection } = await import('/state/sections.js');
        const note = { start: 1, length: 2, pitch: 45, velocity: 90 };
        const hit = { start: 4, length: 0.25, pitch: 38, velocity: 90 };
        const request = { bars: 2, meter: '4/4', parts: 'drums,bass' };
        const section = { ...newSection({ id: 'a', member: 'b' }), request, notes: { bass: [note], drums: [hit] } };
        const at = m.layout(section, 800, 400, { across: 1, tall: 1 });
        const y = m.yOf(at, 45) + at.keyHeight / 2;
        const lane = at.lanes.find((one) => one.pitch === 38);
        const find = (...place) => m.noteAt(section, at, ...place)?.part ?? null;
        return [
            find(150, y), find(50, y), find(150, y - 60), find(150, y, new Set(['bass'])),
            find(402, lane.y + 5), find(430, lane.y + 5), m.barAtX(at, 401), m.barAtX(at, 9999),
        ];
    }"""
    assert run("roll/layout.js", function) == ["bass", None, None, None, "drums", None, 2, 2]


def test_a_playhead_glides_by_itself_and_is_put_right_where_it_is_wrong(run: Run) -> None:
    function = """(m) => new Promise((done) => requestAnimationFrame(() => {
        const head = document.body.appendChild(document.createElement('div'));
        const glide = m.gliding(head);
        const track = { seconds: 4, px: 400 };
        const way = () => head.getAnimations()[0];
        const at_s = () => (way().currentTime + performance.now() - document.timeline.currentTime) / 1000;
        const place = () => new DOMMatrix(getComputedStyle(head).transform).e;
        const meant = () => (way().currentTime / 1000 / 4) * 400;
        glide(1, track);
        const first = way();
        const seen = [at_s(), place() - meant()];
        glide(1.01, track);
        seen.push(way() === first, at_s());
        glide(3, track);
        seen.push(way() === first, at_s(), place() - meant());
        glide(0.5, track);
        seen.push(at_s());
        glide(0.5, { seconds: 4, px: 800 });
        seen.push(way() === first, document.getAnimations().length, place() - 2 * meant());
        glide(null);
        seen.push(head.hidden, document.getAnimations().length);
        head.remove();
        done(seen);
    }))"""
    near = pytest.approx
    start, place, *rest = run("glide.js", function)
    assert (start, place) == (near(1, abs=0.05), near(0, abs=1))
    same, unmoved, still, jumped, there, back, anew, count, twice, hidden, none = rest
    assert (same, unmoved, still) == (True, near(1, abs=0.05), True), "what is near enough is let be"
    assert (jumped, there, back) == (near(3, abs=0.05), near(0, abs=1), near(0.5, abs=0.05))
    assert (anew, count, twice) == (False, 1, near(0, abs=1))
    assert (hidden, none) == (True, 0)


def test_steps_go_from_note_to_note_and_say_each(run: Run) -> None:
    function = """async (m) => {
        const { newSection } = await import('/state/sections.js');
        const note = (start, pitch, length = 1) => ({ start, pitch, length, velocity: 90 });
        const request = { bars: 2, meter: '7/8', parts: 'drums,bass,texture,melody' };
        const notes = { drums: [note(0, 36), note(3.5, 38)], bass: [note(3.5, 45, 0.5), note(0, 48), note(0, 40)], melody: [] };
        const section = { ...newSection({ id: 'a', member: 'b' }), request, notes };
        const told = [];
        const go = (from, ...steps) => steps.reduce((place, step) => {
            const next = m.stepped(section, place, step);
            told.push(next && m.noteText(next, section));
            return next;
        }, from);
        go(null, 'next', 'next', 'next', 'next', 'down', 'down', 'first', 'up', 'last');
        const aside = m.stepped(section, null, 'next', { hidden: new Set(['bass']), bar: 2 });
        return [...told, m.noteText(aside, section), m.stepped({ ...section, notes: {} }, aside, 'next')];
    }"""
    low, high, last = (
        "bass E2, bar 1 beat 1, 2 beats long",
        "bass C3, bar 1 beat 1, 2 beats long",
        "bass A2, bar 2 beat 1, 1 beat long",
    )
    kick, snare = "drums Kick, bar 1 beat 1", "drums Snare, bar 2 beat 1"
    told = [low, high, last, last, snare, snare, kick, low, last, snare, None]
    assert run("roll/steps.js", function) == told


def test_wheel_and_keys_zoom_around_what_is_looked_at(server: Puppet, join: Join) -> None:
    page = join("listener")
    add_take(server, page, Note(0, 480, 40, 90))
    tall = page.evaluate(SHEET_TALL_PX)
    x, y = middle(page)
    wheel = {"type": "mouseWheel", "x": x, "y": y, "deltaX": 0, "deltaY": -240}
    page.call("Input.dispatchMouseEvent", wheel | {"modifiers": 2})
    page.wait(f"{SHEET_PX} > {FIT_PX} * 1.9 && {SCROLLER}.scrollLeft > 0")
    page.call("Input.dispatchMouseEvent", wheel | {"modifiers": 1})
    page.wait(f"{SHEET_TALL_PX} > {tall * 1.5}")
    page.evaluate(f"void {SCROLLER}.focus()")
    page.press("0")
    page.wait(f"{SHEET_PX} === {FIT_PX} && {SHEET_TALL_PX} < {tall} * 1.1")
    page.press("+")
    page.wait(f"Math.abs({SHEET_PX} - {FIT_PX} * 1.4) < 2")
    page.press("-")
    page.wait(f"{SHEET_PX} === {FIT_PX}")


def test_two_fingers_zoom(server: Puppet, join: Join) -> None:
    page = join("listener")
    add_take(server, page, Note(0, 480, 40, 90))
    fit = page.evaluate(SHEET_PX)
    x, y = middle(page)

    def fingers(apart: float) -> list[dict[str, float]]:
        return [{"x": x - apart / 2, "y": y, "id": 0}, {"x": x + apart / 2, "y": y, "id": 1}]

    page.call("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": fingers(100)})
    for apart in (150, 200):
        page.call("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": fingers(apart)})
    page.call("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait(f"Math.abs({SHEET_PX} - {fit * 2}) < 4")


def test_bars_selected_in_the_ruler_are_asked_for_anew(server: Puppet, join: Join) -> None:
    page = join("leader")
    add_take(server, page, Note(0, 480, 40, 90))
    box = page.evaluate(
        "(() => { const b = document.querySelector('#roll .ruler').getBoundingClientRect(); return [b.x, b.y, b.width]; })()"
    )
    at = {bar: (box[0] + (bar - 0.5) * box[2] / 8, box[1] + 8) for bar in (5, 6)}
    for kind, bar in (("mousePressed", 5), ("mouseMoved", 6), ("mouseReleased", 6)):
        event = {"type": kind, "x": at[bar][0], "y": at[bar][1], "button": "left", "clickCount": 1}
        page.call("Input.dispatchMouseEvent", event)
    page.wait("document.querySelector('.picked').textContent === 'bars 5-6'")
    page.click("#redo-bars")
    asked = server.heard("section.request")
    assert asked["context"] == "take-1 bars 5-6"
    assert set(asked) - {"nonce", "signature"} == {"type", "id", "context"}
    page.evaluate(f"void {SCROLLER}.focus()")
    for key in ("Escape", ".", ".", ">"):
        page.press(key)
    page.wait("document.querySelector('.picked').textContent === 'bars 2-3'")


def test_bars_are_heard_as_they_are_again_and_again(server: Puppet, join: Join) -> None:
    page = join("listener")
    server.files["/api/sessions/jam/takes/take-1/stems/bass.wav"] = sine(4 * 2.0)
    add_take(server, page, Note(0, 480, 40, 90), bars=4, stems={"bass": "ab"})
    page.evaluate(f"void {SCROLLER}.focus()")
    for key in (".", ".", " "):
        page.press(key)
    page.wait("starbridge.player.output.peak() > 0.15 && starbridge.player.bars?.from === 2")
    at = "starbridge.player.position(Object.values(starbridge.studio.state.sections)[0])"
    assert 2.0 <= page.wait(at) < 4.0
    page.press(".")
    page.wait(f"starbridge.player.bars?.from === 3 && {at} >= 4 && {at} < 6")
    page.press("Escape")
    page.wait("starbridge.player.listening === '' && starbridge.player.output.peak() < 0.001")


def test_listener_sees_bars_but_cannot_ask_for_them(server: Puppet, join: Join) -> None:
    page = join("listener")
    add_take(server, page, Note(0, 480, 40, 90))
    page.evaluate(f"void {SCROLLER}.focus()")
    page.press(".")
    page.wait("document.querySelector('.picked').textContent === 'bar 1'")
    assert not page.seen("#redo-bars")


def test_notes_are_heard_before_there_is_a_stem(server: Puppet, join: Join) -> None:
    page = join("listener")
    add_take(server, page, Note(0, 960, 40, 120), Note(960, 960, 43, 120), bars=1)
    page.click("#hear-notes")
    page.wait("starbridge.player.output.peak() > 0.05 && !document.querySelector('#roll .playhead').hidden")
    page.wait("document.querySelector('#hear-notes').getAttribute('aria-pressed') === 'true'")
    page.click("#hear-notes")
    page.wait(
        "starbridge.sketch.voices === 0 && starbridge.sketch.playing === '' && starbridge.player.output.peak() < 0.001"
    )
    page.click(".legend-part[data-part=bass]")
    page.wait("document.querySelector('.legend-part').getAttribute('aria-pressed') === 'false'")
    page.click("#hear-notes")
    page.wait("starbridge.sketch.playing !== ''")
    assert page.evaluate("starbridge.sketch.voices") == 0, "what is put aside is not heard"


def test_a_part_is_seen_and_heard_alone(server: Puppet, join: Join) -> None:
    page = join("listener")
    request = request_fields(bars=1, parts="drums,bass,melody")
    section: Message = {"type": "section.requested", "id": "v", "member": "kim", "status": "queued", "request": request}
    server.say(section)
    page.wait("document.querySelectorAll('.legend-part').length === 3")
    shown = (
        "[...document.querySelectorAll('.legend-part')].filter((b) => b.ariaPressed === 'true').map((b) => b.innerText)"
    )
    alone = "document.querySelector('.legend-part[data-part=bass]').dispatchEvent(new MouseEvent('click', { shiftKey: true }))"
    page.evaluate(f"void {alone}")
    page.wait(f"String({shown}) === 'bass'")
    page.evaluate(f"void {alone}")
    page.wait(f"String({shown}) === 'drums,bass,melody'")


def test_a_touched_note_sounds(server: Puppet, join: Join) -> None:
    page = join("listener")
    add_take(server, page, Note(0, 30720, 40, 127))
    at = """import('/roll/layout.js').then((m) => {
        const scroller = document.querySelector('#roll .scroller');
        const section = Object.values(starbridge.studio.state.sections)[0];
        const at = m.layout(section, scroller.clientWidth, scroller.clientHeight, { across: 1, tall: 1 });
        const box = scroller.getBoundingClientRect();
        return [box.x + 100, box.y + m.yOf(at, 40) + at.keyHeight / 2];
    })"""
    x, y = page.evaluate(at)
    for kind in ("mousePressed", "mouseReleased"):
        page.call("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1})
    page.wait("starbridge.player.output.peak() > 0.05")
    page.wait("starbridge.sketch.voices === 0")


def test_notes_are_gone_through_and_heard_by_keys(server: Puppet, join: Join) -> None:
    page = join("listener")
    add_take(server, page, Note(0, 480, 40, 90), Note(3840, 960, 43, 127), Note(7 * 3840, 960, 45, 90))
    page.evaluate(f"void {SCROLLER}.focus()")
    for _ in range(6):
        page.press("+")
    told = "document.querySelector('.note-told[role=status]').textContent"
    for key, words in (("ArrowRight", "bass E2, bar 1"), ("ArrowRight", "bass G2, bar 2"), ("End", "bass A2, bar 8")):
        page.press(key)
        page.wait(f"{told}.startsWith('{words}')")
    page.wait(f"{SCROLLER}.scrollLeft > {FIT_PX}")
    page.wait("starbridge.player.output.peak() > 0.05")
    page.wait("starbridge.sketch.voices === 0")
    page.press("Enter")
    page.wait("starbridge.sketch.voices === 1")
