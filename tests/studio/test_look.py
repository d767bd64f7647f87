"""How the page looks and is worked by keys: dark and light, contrast, shortcuts."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.studio.fake_server import Message, Puppet, request_fields
from tests.support.chromium import Page

pytestmark = pytest.mark.browser

Join = Callable[..., Page]
STUDIO = Path(__file__).parents[2] / "bridge" / "studio"
SPACES = {0, 1, 2, 4, 6, 8, 12, 16, 24, 32}
GROUNDS = ("back", "panel", "raised")
WORDS = ("text", "soft", "accent", "good", "bad")
PARTS = ("drums", "bass", "harmony", "melody", "texture")
LOOK = "document.documentElement.dataset.theme"


def take_added(name: str) -> Message:
    taken: Message = {"type": "take.added", "take": name, "id": name, "member": "kim", "verdict": "", "index": 5}
    return taken | {"request": request_fields(bars=4, parts="bass"), "stems": {}, "ratings": {}, "votes": {}}


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, as WCAG defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_styles_keep_to_one_scale_of_type_and_one_of_spaces() -> None:
    files = [STUDIO / "style.css", *sorted((STUDIO / "css").glob("*.css"))]
    lines = [line.strip() for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    sizes = [line for line in lines if line.startswith("font-size:")]
    assert [line for line in sizes if not re.fullmatch(r"font-size: var\(--[a-z]+\);", line)] == []
    spaces = [line for line in lines if re.match(r"(padding|margin|gap)(-[a-z]+)?:", line)]
    off = [line for line in spaces if not {abs(int(px)) for px in re.findall(r"-?(\d+)px", line)} <= SPACES]
    assert off == []
    assert len(spaces) > 100
    scale = [line for line in lines if re.match(r"--(tiny|small|note|body|large|title|poster):", line)]
    assert len(scale) == 7
    assert [line for line in scale if not line.endswith("rem;")] == [], "letters are as large as the browser is told to"


def test_colours_follow_the_system_until_somebody_chooses(server: Puppet, join: Join) -> None:
    page = join("listener")
    page.prefer("light")
    page.wait(f"{LOOK} === 'light'")
    page.prefer("dark")
    page.wait(f"{LOOK} === 'dark'")
    page.click("#theme")
    page.wait(f"{LOOK} === 'light' && document.querySelector('#theme').ariaLabel === 'Colours: light'")
    page.reload()
    page.wait("starbridge.studio.clock.known")
    for words, look in (("light", "light"), ("dark", "dark"), ("as the system", "dark")):
        page.wait(f"{LOOK} === '{look}' && document.querySelector('#theme').ariaLabel === 'Colours: {words}'")
        page.click("#theme")


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_words_stand_out_from_what_they_are_written_on(server: Puppet, join: Join, scheme: str) -> None:
    """WCAG AA: 4.5 for text, 3 for what is drawn."""
    page = join("listener")
    page.prefer(scheme)
    page.wait(f"{LOOK} === '{scheme}'")
    names = [*GROUNDS, *WORDS, *PARTS, "on-accent", "roll-back", "focus"]
    style = "getComputedStyle(document.documentElement)"
    ink = page.evaluate(f"Object.fromEntries({names}.map((n) => [n, {style}.getPropertyValue(`--${{n}}`).trim()]))")
    words = {(text, on) for text in WORDS for on in GROUNDS}
    weak = {pair: contrast(ink[pair[0]], ink[pair[1]]) for pair in words | {("on-accent", "accent")}}
    assert {pair: round(found, 2) for pair, found in weak.items() if found < 4.5} == {}
    drawn = {(part, "roll-back") for part in PARTS} | {("focus", "panel")}
    assert {pair for pair in drawn if contrast(ink[pair[0]], ink[pair[1]]) < 3} == set()


MEASURE = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_everything_that_is_written_stands_out_as_it_is_drawn(server: Puppet, join: Join, scheme: str) -> None:
    """WCAG AA measured on the page, mixed colours and transparency included."""
    page = join("leader", "ana")
    page.prefer(scheme)
    for name in ("kim", "lee", "max", "ned", "ola", "pia"):
        server.say({"type": "chat.said", "member": name, "text": "hello"})
    server.say(take_added("take-1"), take_added("take-2"))
    page.wait("document.querySelectorAll('.take').length === 2")
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    for tab in ("members", "play", "chat", "log"):
        page.click(f"#tab-{tab}")
        seen = page.evaluate(MEASURE)
        assert seen["measured"] > 40
        assert seen["weak"] == {}, tab


def test_keys_are_listed_and_a_field_keeps_its_letters(server: Puppet, join: Join) -> None:
    page = join("leader")
    page.press("?")
    page.wait("document.querySelector('dialog.help').open")
    assert "change over between A and B" in page.text("dialog.help")
    page.press("Escape")
    page.wait("!document.querySelector('dialog.help').open")
    page.press("a")
    page.wait("document.activeElement.id === 'field-prompt'")
    page.press("p")
    page.press("?")
    page.wait("document.querySelector('#field-prompt').value === 'p?'")
    assert not [command for command in server.commands if command["type"] == "transport.play"]
    page.evaluate("void document.activeElement.blur()")
    page.press("p")
    server.heard("transport.play")
    page.press("c")
    page.wait("document.activeElement.id === 'chat-text'")


def test_keys_step_through_the_sections(server: Puppet, join: Join) -> None:
    page = join("listener")
    for name in ("take-1", "take-2", "take-3"):
        server.say(take_added(name))
    page.wait("document.querySelectorAll('.take').length === 3")
    page.choose("#roll-picker", "kim/take-3")
    shown = "starbridge.studio.state.selected"
    for key, take in (("j", "take-2"), ("j", "take-1"), ("j", "take-1"), ("k", "take-2")):
        page.press(key)
        page.wait(f"{shown} === 'kim/{take}' && document.querySelector('#roll-picker').value === 'kim/{take}'")
    page.press("m")
    page.wait("document.activeElement.classList.contains('scroller')")


def test_keys_lead_to_each_part_of_the_page_where_it_is_not_shown(server: Puppet, join: Join) -> None:
    page = join("leader", "ana", width=1024, height=768)
    server.say(take_added("take-1"))
    page.wait("document.querySelectorAll('.take').length === 1")
    for key, at in (
        ("t", "#takes .take button"),
        ("b", "#tab-members"),
        ("m", "#roll .scroller"),
        ("a", "#field-prompt"),
    ):
        page.press(key)
        page.wait(f"document.activeElement.matches('{at}') && document.activeElement.checkVisibility()")


def test_all_keys_of_the_piano_are_one_stop(server: Puppet, join: Join) -> None:
    page = join("leader", "ana")
    page.click("#tab-play")
    page.wait("document.querySelectorAll('.piano button').length === 25")
    assert page.evaluate("document.querySelectorAll('.piano button[tabindex=\"0\"]').length") == 1
    page.evaluate("void document.querySelector('.piano button').focus()")
    page.press("ArrowRight")
    page.wait("document.activeElement.ariaLabel === 'C♯3' && document.activeElement.tabIndex === 0")
    page.press("Enter")
    assert server.heard("live.note")["pitch"] == 49


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_whoever_wants_no_motion_gets_none(server: Puppet, join: Join, scheme: str) -> None:
    page = join("listener")
    features = [
        {"name": "prefers-reduced-motion", "value": "reduce"},
        {"name": "prefers-color-scheme", "value": scheme},
    ]
    page.call("Emulation.setEmulatedMedia", {"features": features})
    moving = """[...document.querySelectorAll('*')].filter((el) => {
        const style = getComputedStyle(el);
        return parseFloat(style.transitionDuration) > 0 || style.animationName !== 'none';
    }).length"""
    assert page.evaluate(moving) == 0


def test_a_wave_takes_the_other_colours_too(server: Puppet, join: Join) -> None:
    page = join("listener")
    page.prefer("light")
    asked: Message = {"type": "section.requested", "id": "a", "member": "kim", "request": request_fields(parts="bass")}
    server.say(asked)
    server.say({"type": "section.stem", "id": "a", "member": "kim", "part": "bass", "sha256": "0" * 64, "frames": 1})
    pixel = """(() => {
        const wave = document.querySelector('#stems .wave');
        const at = wave.getContext('2d').getImageData(wave.width / 2, wave.height / 2 - 0.5, 1, 1).data;
        return at[3] > 0 && [...at].join();
    })()"""
    light = page.wait(pixel)
    page.prefer("dark")
    page.wait(f"{pixel} !== '{light}'")
