"""Lists of many controls are one tab stop each: what arrows reach, what Tab does, and where the focus is when its button goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.studio.conftest import TWO_FRAMES
from tests.studio.fake_server import Message, Puppet, request_fields
from tests.support.chromium import Page

pytestmark = pytest.mark.browser

Join = Callable[..., Page]
STOPS = """[...document.querySelectorAll('#takes :is(button, select, input, [tabindex])')]
    .filter((el) => el.checkVisibility() && !el.disabled && el.tabIndex >= 0).length"""
AT = """(([el, row]) => row && `${row.querySelector('h3').innerText} ${el.ariaLabel ?? el.innerText.trim()}`)(
    [document.activeElement, document.activeElement.closest('.take, .queued')])"""
"""Whose button has the focus, and which."""
WALK_RIGHT = f"""(() => {{
    const seen = [];
    while (seen.at(-1) !== {AT}) {{
        seen.push({AT});
        document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", {{ key: "ArrowRight", bubbles: true, cancelable: true }}));
    }}
    return seen;
}})()"""


def take_added(number: int) -> Message:
    added: Message = {
        "type": "take.added",
        "take": f"take-{number}",
        "id": f"id-{number}",
        "member": "kim",
        "verdict": "",
    }
    return added | {
        "request": request_fields(bars=4, parts="bass", style="house", key="Am", bpm=124),
        "stems": {},
        "ratings": {},
        "votes": {},
        "index": 5,
    }


def waiting(id_: str) -> Message:
    asked: Message = {"type": "section.requested", "id": id_, "member": "kim", "status": "waiting"}
    return asked | {"request": request_fields(kind=id_, style="house")}


def drawn(page: Page) -> None:
    page.evaluate(TWO_FRAMES)


def test_thirty_takes_and_a_queue_are_two_stops_and_all_of_it_is_reached(server: Puppet, join: Join) -> None:
    page = join("leader", "ana")
    server.say(*(take_added(number) for number in range(1, 31)), waiting("verse"), waiting("drop"))
    page.wait("document.querySelectorAll('.take').length === 30 && document.querySelectorAll('.queued').length === 2")
    assert page.evaluate(STOPS) == 2
    page.press("t")
    page.wait(f"{AT} === 'verse, house Show'")
    page.press("Tab")
    page.wait(f"{AT} === 'take-30 Show'")
    page.press("Home")
    seen = page.evaluate(WALK_RIGHT)
    wanted = """[...document.querySelector('.take').querySelectorAll('button')].filter((b) => b.checkVisibility())
        .map((b) => `take-30 ${b.ariaLabel ?? b.innerText}`)"""
    assert page.evaluate(wanted) == seen
    assert len(seen) > 12
    page.press("ArrowDown")
    page.wait(f"{AT} === 'take-29 A/B'")
    page.evaluate("void document.querySelector('.take[data-take=take-3] .star').focus()")
    page.press("ArrowDown")
    page.press("Enter")
    sent = server.heard("take.rate")
    assert (sent["take"], sent["stars"]) == ("take-2", 1)
    page.press("Tab")
    assert page.evaluate("document.activeElement.closest('#takes')") is None
    assert page.evaluate(STOPS) == 2


def test_focus_rests_where_no_harm_is_done_when_its_button_goes(server: Puppet, join: Join) -> None:
    page = join("leader", "ana")
    server.say(*(take_added(number) for number in range(1, 5)), waiting("verse"), waiting("drop"))
    page.wait("document.querySelectorAll('.take').length === 4 && document.querySelectorAll('.queued').length === 2")
    page.evaluate("void document.querySelector('.take[data-take=take-3] .good').focus()")
    page.press("Enter")
    server.heard("take.accept")
    server.say({"type": "take.accept", "take": "take-3", "member": "ana"})
    page.wait(f"{AT} === 'take-3 Show'")
    server.say(take_added(5))
    page.wait("document.querySelectorAll('.take').length === 5")
    page.press("ArrowDown")
    page.wait(f"{AT} === 'take-2 Accept'")
    page.evaluate("void document.querySelector('.queued .good').focus()")
    server.say({"type": "section.cancelled", "id": "verse", "member": "kim"})
    page.wait(f"{AT} === 'drop, house Show'")
    page.evaluate("void document.activeElement.blur()")
    server.say({"type": "section.cancelled", "id": "drop", "member": "kim"})
    page.wait("document.querySelectorAll('.queued').length === 0")
    assert page.evaluate("document.activeElement === document.body"), "who is elsewhere is left there"


def test_lists_are_read_out_as_lists_of_toolbars(server: Puppet, join: Join) -> None:
    page = join("leader", "ana")
    server.say(take_added(1), take_added(2), waiting("verse"))
    server.say({"type": "session.members", "members": [{"member": "kim", "role": "guest", "status": "present"}]})
    page.wait("document.querySelectorAll('.take').length === 2 && document.querySelectorAll('.member').length === 1")
    drawn(page)

    def named(node: dict[str, Any], key: str) -> str:
        return str(node.get(key, {}).get("value", ""))

    nodes = [node for node in page.call("Accessibility.getFullAXTree")["nodes"] if not node.get("ignored")]
    bars = [(named(node, "name"), named(node, "description")) for node in nodes if named(node, "role") == "toolbar"]
    assert ("take-2", "loop · house · 4 bars · 124 bpm · 4/4 · Am · by kim") in bars
    assert {"take-1", "take-2", "verse, house", "kim"} <= {name for name, _ in bars}
    assert {"Queue", "Takes"} <= {named(node, "name") for node in nodes if named(node, "role") == "list"}


def test_arrows_walk_by_a_role_and_leave_it_as_it_is(server: Puppet, join: Join) -> None:
    page = join("leader", "ana")
    members = [{"member": name, "role": "guest", "status": "present"} for name in ("kim", "lee", "max")]
    server.say({"type": "session.members", "members": members})
    page.wait("document.querySelectorAll('.member').length === 3")
    page.evaluate("void document.querySelector('.role-select').focus()")
    page.press("ArrowDown")
    page.wait("document.activeElement.ariaLabel === 'Role of lee'")
    page.press("ArrowRight")
    page.press("Enter")
    page.wait("document.activeElement.innerText === 'Keep'")
    assert page.evaluate("document.querySelectorAll('.member-rows [tabindex=\"0\"]').length") == 1
    assert not [command for command in server.commands if command["type"] in ("session.role", "session.remove")]
