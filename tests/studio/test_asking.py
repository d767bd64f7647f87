"""Asking for music on the page: presets, what a section builds on, folded groups, and files that are dragged out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sessions.music import Note, Part, parse_request
from tests.studio.fake_server import Message, Puppet, midi, puppet, request_fields
from tests.support.chromium import Browser, Page

pytestmark = pytest.mark.browser

Join = Callable[..., Page]
Run = Callable[..., Any]


@pytest.fixture(scope="module")
def run(browser: Browser) -> Iterator[Run]:
    """Calls a module's function with JSON values."""
    with puppet() as server:
        page = browser.open(server.url)
        yield lambda module, function, *values: page.evaluate(
            f"import('/{module}').then((m) => ({function})(m, ...{json.dumps(values)}))"
        )
        page.close()


def add_take(server: Puppet, name: str = "take-1", **more: Any) -> None:
    taken: Message = {"type": "take.added", "take": name, "id": name, "member": "kim", "verdict": "", "index": 5}
    request = request_fields(bars=4, parts="bass", style="jazz")
    server.say(taken | {"request": request, "stems": {"bass": "ab"}, "ratings": {}, "votes": {}} | more)


def sent(message: Message) -> Message:
    return {name: value for name, value in message.items() if name not in ("type", "id", "nonce", "signature")}


# -- presets ---------------------------------------------------------------------------------------------------------


def test_every_preset_that_comes_with_the_page_can_be_asked_for(run: Run) -> None:
    found = run("presets.js", "(m) => new m.Presets({ getItem: () => null, setItem: () => {} }).list()")
    assert len(found) >= 6
    for preset in found:
        request = parse_request(preset["fields"], seed=1)
        assert request.style == preset["fields"]["style"], preset["name"]
        assert not preset["own"]


def test_presets_are_kept_replaced_and_let_go(run: Run) -> None:
    function = """(m) => {
        const held = {};
        const open = () => new m.Presets({ getItem: (name) => held[name] ?? null, setItem: (name, value) => (held[name] = value) });
        open().keep("  mine ", { bars: 2 });
        open().keep("mine", { bars: 3 });
        open().keep(" ", { bars: 9 });
        const own = open().list().filter((preset) => preset.own);
        open().drop("mine");
        return [own, open().find("mine") ?? null];
    }"""
    assert run("presets.js", function) == [[{"name": "mine", "fields": {"bars": 3}, "own": True}], None]


@pytest.mark.parametrize("kept", ["{", "7", '[{"name": 1}]', '[{"name": "x", "fields": {"a": {}}}]', "[null]"])
def test_a_broken_store_is_no_preset(run: Run, kept: str) -> None:
    function = (
        "(m, kept) => new m.Presets({ getItem: () => kept, setItem: () => {} }).list().filter((preset) => preset.own)"
    )
    assert run("presets.js", function, kept) == []


def test_a_preset_fills_the_form_and_the_form_becomes_one(server: Puppet, join: Join) -> None:
    page = join("leader")
    page.choose("#preset", "Funk in seven")
    page.wait("document.querySelector('#field-meter').value === '7/8'")
    page.wait("document.querySelector('details[data-part=bass] .set-count').textContent === '1'")
    page.type("#field-bars", "6")
    add_take(server)
    page.click("details[data-group=build] summary")
    page.choose("#field-context", "take-1")
    page.click("button[aria-label='Keep as a preset']")
    page.type("#preset-name", "six of seven")
    page.press("Enter")
    page.wait("document.querySelector('#preset').value === 'six of seven'")
    page.reload()
    page.wait("document.querySelector('#preset')?.options.length > 5")
    page.choose("#preset", "six of seven")
    page.click("#ask-button")
    asked = sent(server.heard("section.request"))
    assert (asked["bars"], asked["meter"], asked["bass.interest"], asked["key"]) == (6, "7/8", 0.7, "E dorian")
    assert "context" not in asked, "a take is one session's"
    page.click("button[aria-label='Let this preset go']")
    page.wait("![...document.querySelector('#preset').options].some((option) => option.value === 'six of seven')")


def test_a_preset_leaves_out_parts_that_are_not_the_members(server: Puppet, join: Join) -> None:
    page = join("rhythm")
    page.choose("#preset", "Ambient bed")
    page.click("#ask-button")
    assert "parts" not in server.heard("section.request")


# -- building on a take ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["take-1 continue", "take-1 vary", "take-1 accompany", "take-1 bars 5-6", "take-1 bars 3"]
)
def test_context_is_read_as_it_is_written(run: Run, text: str) -> None:
    assert run("context.js", "(m, text) => m.contextText(m.readContext(text))", text) == text


def test_where_a_section_comes_from_is_said_in_words(run: Run) -> None:
    texts = ["take-1 continue", "take-1 vary", "take-1 accompany", "take-1 bars 5-6", "", None]
    said = run("context.js", "(m, texts) => texts.map(m.lineage)", texts)
    assert said == ["goes on from take-1", "take-1 varied", "joins take-1", "take-1 with bars 5-6 anew", "", ""]


def test_context_without_a_way_goes_on_and_junk_is_none(run: Run) -> None:
    function = (
        "(m) => [m.contextText(m.readContext('x-1')), ...['', 'x-1 explode', null].map((text) => m.readContext(text))]"
    )
    assert run("context.js", function) == ["x-1 continue", None, None, None]


def test_a_take_is_varied_with_a_strength(server: Puppet, join: Join) -> None:
    page = join("leader")
    add_take(server)
    page.wait("document.querySelectorAll('.take').length === 1")
    page.evaluate("[...document.querySelectorAll('.take button')].find((b) => b.innerText === 'Vary').click()")
    page.wait("document.querySelector('#field-strength')?.checkVisibility()")
    slider = "document.querySelector('#field-strength')"
    page.evaluate(f"{slider}.value = '0.25'; {slider}.dispatchEvent(new Event('input', {{bubbles: true}}))")
    page.click("#ask-button")
    assert sent(server.heard("section.request")) == {"context": "take-1 vary", "strength": 0.25}
    page.choose("select[aria-label='What to do with the take']", "bars")
    assert not page.seen("#field-strength")
    page.type("input[aria-label^='Bars to write anew']", "2-3")
    page.click("#ask-button")
    assert sent(server.heard("section.request", count=2)) == {"context": "take-1 bars 2-3"}


def test_missing_parts_are_added_from_the_card(server: Puppet, join: Join) -> None:
    page = join("leader")
    add_take(server)
    page.wait("document.querySelectorAll('.take').length === 1")
    page.evaluate("[...document.querySelectorAll('.take button')].find((b) => b.innerText === 'Add parts').click()")
    page.click("#ask-button")
    assert sent(server.heard("section.request")) == {"context": "take-1 accompany"}


def test_takes_that_come_later_can_be_built_on(server: Puppet, join: Join) -> None:
    page = join("leader")
    page.click("details[data-group=build] summary")
    add_take(server, "take-7")
    page.choose("#field-context", "take-7")
    page.wait("document.querySelector('details[data-group=build] .set-count').textContent === '1'")
    add_take(server, "take-8")
    page.wait("document.querySelector('#field-context').options.length === 3")
    assert page.evaluate("document.querySelector('#field-context').value") == "take-7"


# -- carrying files away ---------------------------------------------------------------------------------------------


def drag(page: Page, selector: str) -> Message:
    """Drag an element by mouse; what the browser would hand to whoever it is dropped on."""
    box = page.evaluate(
        f"(() => {{ const el = document.querySelector({json.dumps(selector)}); el.scrollIntoView({{ block: 'center' }});"
        " const b = el.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
    )
    page.call("Input.setInterceptDrags", {"enabled": True})
    mouse = {"button": "left", "clickCount": 1, "buttons": 1}
    page.call("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": box[0], "y": box[1]})
    page.wait(f"document.querySelector({json.dumps(selector)}).dataset.ready")
    page.call("Input.dispatchMouseEvent", {"type": "mousePressed", "x": box[0], "y": box[1], **mouse})
    for step in (4, 12, 30):
        page.call("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": box[0] + step, "y": box[1] + step, **mouse})
    page.evaluate("new Promise((resolve) => setTimeout(resolve, 300))")
    page.call("Input.dispatchMouseEvent", {"type": "mouseReleased", "x": box[0] + 30, "y": box[1] + 30, **mouse})
    found = [event["params"]["data"] for event in page.events("Input.dragIntercepted")]
    assert found, "no drag began"
    dragged: Message = found[-1]
    return dragged


def test_midi_is_dragged_out_without_the_invite(server: Puppet, join: Join, tmp_path: Path) -> None:
    page = join("listener")
    data = midi([Note(0, 960, 40, 90)], Part.BASS, bars=4)
    server.files["/api/sessions/jam/takes/take-1/midi"] = data
    add_take(server)
    page.wait("document.querySelectorAll('.take').length === 1")
    dragged = drag(page, ".take .carry")
    download = {item["mimeType"]: item["data"] for item in dragged["items"]}["downloadurl"]
    assert download.startswith(f"audio/midi:jam-take-1.mid:blob:{server.url}/")
    assert "token" not in json.dumps(dragged)
    behaviour = {"behavior": "allow", "downloadPath": str(tmp_path), "browserContextId": page.context}
    page.call("Browser.setDownloadBehavior", behaviour)
    address = json.dumps(download.split(":", 2)[2])
    page.evaluate(
        f"void Object.assign(document.createElement('a'), {{ href: {address}, download: 'dropped.mid' }}).click()"
    )
    for _ in range(500):
        if (tmp_path / "dropped.mid").exists() and (tmp_path / "dropped.mid").read_bytes() == data:
            return
        page.evaluate("new Promise((resolve) => setTimeout(resolve, 20))")
    raise AssertionError("what would be dropped is not the take's MIDI file")
