"""Signed commands: what the page signs, the house's own verifier takes; and the key never leaves the browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sessions.errors import Refused
from sessions.keys import verify_command
from tests.studio.fake_server import ORIGIN, Puppet
from tests.support.chromium import Page

pytestmark = pytest.mark.browser


def test_join_and_commands_are_signed_for_this_log(server: Puppet, join: Callable[..., Page]) -> None:
    page = join("guest", "zoe-2")
    joined = server.heard("session.join")
    assert joined["name"] == "zoe-2"
    verify_command(joined["key"], ORIGIN, joined)
    page.click("#tab-chat")
    page.type("#chat-text", 'é "quoted" \\ \u2028 😀')
    page.press("Enter")
    said = server.heard("chat.say")
    assert said["text"] == 'é "quoted" \\ \u2028 😀'
    verify_command(joined["key"], ORIGIN, said)
    assert said["nonce"] != joined["nonce"]
    with pytest.raises(Refused):
        verify_command(joined["key"], ORIGIN, {**said, "text": "something else"})
    with pytest.raises(Refused):
        verify_command(joined["key"], ORIGIN.replace("jam", "other"), said)


def test_questions_go_unsigned(server: Puppet, join: Callable[..., Page]) -> None:
    join()
    for question in ("session.ping", "capabilities", "log.head"):
        assert "signature" not in server.heard(question)


def test_key_survives_a_reload_and_cannot_be_read_out(server: Puppet, join: Callable[..., Page]) -> None:
    page = join("guest")
    first = server.heard("session.join")["key"]
    page.reload()
    second = server.heard("session.join", count=2)["key"]
    assert first == second
    script = """(async () => {
        const done = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
        const database = await done(indexedDB.open('starbridge', 1));
        const [pair] = await done(database.transaction('keys').objectStore('keys').getAll());
        return crypto.subtle.exportKey('pkcs8', pair.privateKey).then(() => 'out', (error) => error.name);
    })()"""
    assert page.evaluate(script) == "InvalidAccessError"


def test_without_keys_in_the_browser_commands_go_unsigned(server: Puppet, opened: Callable[..., Page]) -> None:
    page = opened(server.url)
    without = "delete SubtleCrypto.prototype.generateKey; indexedDB.deleteDatabase('starbridge')"
    page.call("Page.addScriptToEvaluateOnNewDocument", {"source": without})
    page.go(server.link("leader"))
    page.click("#join-button")
    joined = server.heard("session.join")
    assert "key" not in joined
    assert "signature" not in joined
    page.click("#transport button[title='Play the session']")
    assert "signature" not in server.heard("transport.play")


def test_commands_leave_in_the_order_they_were_given(server: Puppet, join: Callable[..., Page]) -> None:
    page = join()
    page.evaluate(
        "void Array.from({length: 30}, (_, i) => starbridge.studio.give({type: 'chat.say', text: String(i)}))"
    )
    server.heard("chat.say", count=30)
    assert [command["text"] for command in server.commands if command["type"] == "chat.say"] == [
        str(i) for i in range(30)
    ]
