"""A long session's takes: the page is told of the newest, and gets the others when they are looked for or heard."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from sessions.music import Note, Part
from tests.studio.fake_server import Message, Puppet, midi, request_fields
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


def test_earlier_takes_come_when_they_are_heard_or_looked_for(server: Puppet, join: Callable[..., Page]) -> None:
    page = join("leader", "ana", width=390, height=844)  # where one view is seen at a time
    newest = [{"type": "take.added", **taken(number)} for number in range(38, 48)]
    server.files[f"{TAKES}?before=take-38&limit=30"] = json.dumps([taken(n) for n in range(8, 38)]).encode()
    server.files[f"{TAKES}?before=take-8&limit=30"] = json.dumps([taken(n) for n in range(1, 8)]).encode()
    server.files[f"{TAKES}/take-3"] = json.dumps(taken(3)).encode()
    for number in (3, *range(38, 48)):  # what is heard, and whatever is the newest for a while
        server.files[f"{TAKES}/take-{number}/midi"] = midi([Note(0, 960, 40, 90)], Part.BASS, bars=4)
    server.say({"type": "session.takes", "first": "take-38", "earlier": 37}, *newest)
    server.say({"type": "take.loop", "take": "take-3", "beat": 0, "loop": 1, "time_us": server.now_us()})
    page.wait(f"{STATE}.takes['take-3']?.section === 'kim/3'")
    page.wait(f"{SHOWN}.length === 11")
    assert page.evaluate(SHOWN) == [f"take-{number}" for number in (*range(47, 37, -1), 3)]
    assert page.evaluate(f"{STATE}.earlier.count") == 37

    page.evaluate("starbridge.studio.store.dispatch({ type: 'page.view', view: 'takes' })")
    page.wait(f"document.querySelector('.earlier').scrollIntoView(), {STATE}.earlier === null && {SHOWN}.length === 47")
    assert page.evaluate(SHOWN) == [f"take-{number}" for number in range(47, 0, -1)]
    assert not page.seen(".earlier")
    assert page.complaints() == []
