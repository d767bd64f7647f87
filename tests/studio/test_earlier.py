"""A long session's takes: the page is told of the newest, and gets the others when they are looked for or heard."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.studio.fake_server import Message, Puppet, request_fields
from tests.support.chromium import Page

pytestmark = pytest.mark.browser

TAKES = "/api/sessions/jam/takes"
STATE = "starbridge.studio.state"
SHOWN = "[...document.querySelectorAll('#takes-list [data-take]')].map((card) => card.dataset.take)"


def taken(number: int) -> Message:
    return {
        "take": f"take-{number}",
        "id": str(number),
        "member": "kim",
        "index": number,
        "request": request_fields(bars=4, parts="bass"),
    }


def test_earlier_takes_come_when_they_are_looked_for(server: Puppet, join: Callable[..., Page]) -> None:
    page = join("leader", "ana")
    newest = [{"type": "take.added", **taken(number)} for number in range(38, 48)]
    server.files[TAKES] = json.dumps([taken(number) for number in range(8, 38)]).encode()
    server.files[f"{TAKES}/take-3"] = json.dumps(taken(3)).encode()
    server.say({"type": "session.takes", "first": "take-38", "earlier": 37}, *newest)
    page.wait(f"Object.keys({STATE}.takes).length >= 10")
    page.evaluate("document.querySelector('.earlier').scrollIntoView()")
    page.wait(f"{STATE}.earlier?.count === 7")
    assert page.evaluate(SHOWN) == [f"take-{number}" for number in range(47, 7, -1)]

    server.say({"type": "take.loop", "take": "take-3", "beat": 0, "loop": 1, "time_us": server.now_us()})
    page.wait(f"{STATE}.takes['take-3']?.section === 'kim/3'")
    assert page.evaluate(f"{SHOWN}.at(-1)") == "take-3"

    server.files[TAKES] = json.dumps([taken(number) for number in range(1, 8)]).encode()
    page.evaluate("document.querySelector('.earlier').click()")
    page.wait(f"{STATE}.earlier === null")
    assert page.evaluate(SHOWN) == [f"take-{number}" for number in range(47, 0, -1)]
    assert not page.seen(".earlier")
    assert page.complaints() == []
