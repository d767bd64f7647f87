"""The whole house through the page: a real server with its engine, and several people in it."""

from __future__ import annotations

import base64
import json
import re
import socket
import subprocess
import sys
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.chromium import Browser, Page
from tests.support.server import Server, running_server, start_server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(200)]

STATE = "starbridge.studio.state"
INSIDE = f"!document.querySelector('#studio').hidden && {STATE}.capabilities !== null && starbridge.studio.clock.known"
MADE_S = 100.0
"""A section is made within this, on a machine that has better things to do as well."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("house")) as server:
        yield server


@pytest.fixture
def enter(house: Server, opened: Callable[..., Page]) -> Callable[..., Page]:
    """Goes in by the link that the server printed for a role."""

    def come_in(role: str, name: str = "", server: Server = house) -> Page:
        page = opened(f"{server.http}/#token={server.invites[role]}")
        page.type("#own-name", name)
        page.click("#join-button")
        page.wait(INSIDE)
        return page

    return come_in


def ask(page: Page, bars: int = 8, **fields: str) -> str:
    """Ask for a section by the form; its id."""
    page.type("#field-bars", str(bars))
    for name, value in fields.items():
        page.choose(f"#field-{name}", value)
    before = page.evaluate(f"Object.keys({STATE}.sections)")
    page.click("#ask-button")
    key = page.wait(f"Object.keys({STATE}.sections).find((key) => !{json.dumps(before)}.includes(key))")
    return str(key)


def section(key: str) -> str:
    return f"{STATE}.sections[{json.dumps(key)}]"


def until_done(page: Page, key: str) -> str:
    """Wait until a section is a take; the take's name."""
    page.wait(f"['done', 'failed'].includes({section(key)}?.status)", timeout_s=MADE_S)
    assert page.evaluate(f"{section(key)}.status") == "done", page.evaluate(f"{section(key)}.advice")
    return str(page.evaluate(f"{section(key)}.take"))


def test_leader_asks_for_eight_bars_sees_them_come_and_hears_them(enter: Callable[..., Page], tmp_path: Path) -> None:
    page = enter("leader", "ana")
    page.evaluate(
        "void (globalThis.seen = [], starbridge.studio.store.hear((m) => m.type === 'section.bar' && seen.push(m.bar)))"
    )
    key = ask(page, bars=8, kind="verse", style="house")
    take = until_done(page, key)
    assert page.evaluate("seen") == sorted(page.evaluate("seen"))
    closed = page.evaluate(f"{section(key)}.closed")
    assert closed == {part: [1, 2, 3, 4, 5, 6, 7, 8] for part in ("drums", "bass", "harmony", "melody")}
    page.wait("document.querySelectorAll('.stem').length === 4")
    page.click("#loop")
    page.click("#listen")
    page.wait("starbridge.player.output.peak() > 0.01")
    page.click("#listen")
    for label, name in (("MIDI", "mid"), ("Mix", "wav"), ("Certificate", "certificate.json")):
        download(page, label, tmp_path / f"jam-{take}.{name}")
    with wave.open(str(tmp_path / f"jam-{take}.wav")) as mix:
        bpm = page.evaluate(f"{section(key)}.request.bpm")
        assert mix.getnframes() == round(8 * 4 * 60 / bpm * mix.getframerate())
    assert (tmp_path / f"jam-{take}.mid").read_bytes()[:4] == b"MThd"
    assert json.loads((tmp_path / f"jam-{take}.certificate.json").read_text())["statement"]
    assert page.complaints() == []


def download(page: Page, label: str, path: Path) -> None:
    """Press a download button, and wait until the file is there."""
    behaviour = {"behavior": "allow", "downloadPath": str(path.parent), "browserContextId": page.context}
    page.call("Browser.setDownloadBehavior", behaviour)
    page.evaluate(f"[...document.querySelectorAll('.files button')].find((b) => b.innerText === {label!r}).click()")
    page.wait("document.readyState === 'complete'")
    for _ in range(500):
        if path.exists() and path.stat().st_size:
            return
        page.evaluate("new Promise((resolve) => setTimeout(resolve, 20))")
    raise AssertionError(f"{path.name} did not come; there is {[file.name for file in path.parent.iterdir()]}")


def test_listener_hears_and_sees_but_can_change_nothing(enter: Callable[..., Page]) -> None:
    leader, listener = enter("leader", "bea"), enter("listener", "lis")
    assert not listener.seen("#request-form")
    key = ask(leader, bars=2)
    take = until_done(leader, key)
    listener.wait(f"{section(key)}?.status === 'done' && {section(key)}.closed.bass?.length === 2")
    handmade = [
        {"type": "section.request", "id": "x", "bars": 2},
        {"type": "take.accept", "take": take},
        {"type": "take.play", "take": take, "at": "now"},
        {"type": "transport.play"},
        {"type": "session.role", "member": "lis", "role": "leader"},
        {"type": "session.remove", "member": "bea"},
        {"type": "section.cancel", "id": key.split("/")[1], "member": "bea"},
        {"type": "engine.done", "section": key, "composer": {}, "renderer": {}},
    ]
    for number, command in enumerate(handmade):
        listener.evaluate(f"void starbridge.studio.give({json.dumps(command)}, 'try:{number}')")
        refused = listener.wait(f"{STATE}.notices['try:{number}']")
        assert refused["code"] == "not-allowed", command
    leader.click("#play-next-bar")
    listener.wait("starbridge.player.output.peak() > 0.01")
    leader.evaluate("document.querySelector(\"#transport button[title='Stop the session']\").click()")
    listener.wait("starbridge.player.sounding().length === 0 && starbridge.player.output.peak() < 0.001")


def test_guest_waits_for_the_leaders_yes(enter: Callable[..., Page]) -> None:
    leader, guest = enter("leader", "cleo"), enter("guest", "gus")
    first, second = ask(guest, bars=1), ask(guest, bars=1)
    guest.wait("document.querySelector('.outcome').textContent.includes('waits for the leader')")
    leader.wait("document.querySelectorAll('.queued.asks').length === 2")
    leader.click(".queued.asks .good")
    until_done(guest, first)
    leader.click(".queued.asks .bad")
    guest.wait(f"{section(second)}.status === 'denied'")
    guest.wait("document.querySelector('.outcome').textContent.includes('said no')")


def test_reload_comes_back_as_the_same_member_with_everything(enter: Callable[..., Page]) -> None:
    page = enter("harmony", "dora")
    key = ask(page, bars=2)
    take = until_done(page, key)
    page.click("#tab-chat")
    page.type("#chat-text", "was it <b>good</b>?")
    page.press("Enter")
    page.wait("document.querySelector('.lines').innerText.includes('was it <b>good</b>?')")
    page.reload()
    page.wait(INSIDE)
    assert page.evaluate(f"{STATE}.me.member") == "dora"
    page.wait(f"Boolean({STATE}.takes[{take!r}])")
    page.choose("#roll-picker", key)
    page.wait(f"{section(key)}.closed.melody?.length === 2 && {section(key)}.notes.melody?.length > 0")
    page.wait("document.querySelectorAll('.stem').length === 2")
    page.wait(f"{STATE}.lines.some((line) => line.member === 'dora' && line.text === 'was it <b>good</b>?')")


def test_role_changes_while_one_looks(enter: Callable[..., Page]) -> None:
    leader, other = enter("leader", "eve"), enter("listener", "finn")
    leader.choose("select[aria-label='Role of finn']", "rhythm")
    other.wait("document.querySelector('#request-form').checkVisibility()")
    assert other.evaluate("[...document.querySelectorAll('.part-chip')].map((chip) => chip.dataset.part)") == [
        "drums",
        "bass",
    ]


def test_invite_link_made_on_the_page_lets_somebody_in(enter: Callable[..., Page], opened: Callable[..., Page]) -> None:
    leader = enter("leader", "fay")
    leader.choose("#invite-role", "rhythm")
    leader.type("#invite-name", "max")
    leader.click("#make-invite")
    link = leader.wait("document.querySelector('.links input')?.value")
    page = opened(link)
    page.wait(INSIDE)
    assert page.evaluate(f"[{STATE}.me.member, {STATE}.me.role]") == ["max", "rhythm"]
    leader.evaluate("[...document.querySelectorAll('.links button')].find((b) => b.innerText === 'Take back').click()")
    leader.wait("document.querySelectorAll('.links input').length === 0")
    page.wait("!document.querySelector('#entrance').hidden && !document.querySelector('#again').hidden")


def test_who_leaves_may_come_back_and_who_is_removed_may_not(enter: Callable[..., Page]) -> None:
    leader, guest = enter("leader", "ida"), enter("guest", "jon")
    guest.evaluate("[...document.querySelectorAll('.me button')].find((b) => b.innerText === 'Leave').click()")
    guest.wait("document.querySelector('#entrance').innerText.includes('You left the session')")
    leader.wait(f"!{STATE}.members.jon")
    guest.click("#again")
    guest.wait(INSIDE)
    assert guest.evaluate(f"{STATE}.me.member") == "jon"
    leader.wait(f"{STATE}.members.jon?.status === 'present'")
    leader.evaluate("starbridge.studio.give({type: 'session.remove', member: 'jon'})")
    guest.wait("document.querySelector('#entrance').innerText.includes('A leader removed you')")
    guest.click("#again")
    why = "['a leader removed you', 'this invite was revoked']"  # the link too, where nobody else came by it
    guest.wait(f"{why}.some((words) => document.querySelector('#entrance').innerText.includes(words))", timeout_s=10)


def test_a_take_is_continued_from_its_card(enter: Callable[..., Page]) -> None:
    page = enter("leader", "kay")
    take = until_done(page, ask(page, bars=2, style="jazz"))
    buttons = f"[...document.querySelectorAll('.take[data-take={take}] button')]"
    page.evaluate(f"{buttons}.find((b) => b.innerText === 'Continue').click()")
    key = ask(page, bars=2)
    until_done(page, key)
    request = page.evaluate(f"{section(key)}.request")
    assert (request["context"], request["style"]) == (f"{take} continue", "jazz")


def test_bad_field_is_explained_at_the_form(enter: Callable[..., Page]) -> None:
    page = enter("leader", "gil")
    page.type("#field-key", "H#")
    page.click("#ask-button")
    page.wait("document.querySelector('#request-form .notice').checkVisibility()")
    assert page.text("#request-form .notice").startswith("Key:")
    page.wait("document.querySelector('#field-key').getAttribute('aria-invalid') === 'true'")


def test_forged_invite_is_explained(house: Server, opened: Callable[..., Page]) -> None:
    payload, _, signature = house.invites["listener"].partition(".")
    forged = house.invites["leader"].partition(".")[0]
    page = opened(f"{house.http}/#token={forged}.{signature}")
    page.click("#join-button")
    page.wait("document.querySelector('#entrance').innerText.includes('Token:')")
    assert not page.seen("#studio")
    assert payload != forged


def test_kill_and_restart_is_survived(
    browser: Browser, opened: Callable[..., Page], enter: Callable[..., Page], tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = start_server(tmp_path, "--http", f"127.0.0.1:{port}")
    try:
        page = enter("leader", "hal", server)
        page.evaluate("void starbridge.studio.give({type: 'chat.say', text: 'before'}, 'chat')")
        page.wait(f"{STATE}.lines.some((line) => line.text === 'before')")
        server.kill()
        page.wait("document.querySelector('#banner').textContent.includes('The connection is lost')")
        server = start_server(tmp_path, "--http", f"127.0.0.1:{port}")
        page.wait(f"{STATE}.connection.phase === 'joined' && document.querySelector('#banner').textContent === ''")
        assert page.evaluate(f"{STATE}.me.member") == "hal"
        page.evaluate("void starbridge.studio.give({type: 'chat.say', text: 'after'}, 'chat')")
        page.wait(f"{STATE}.lines.some((line) => line.text === 'after')")
        page.reload()
        page.wait(f"['before', 'after'].every((text) => {STATE}.lines.some((line) => line.text === text))")
        server.stop()
        verify = [sys.executable, "-m", "bridge", "log", "verify", str(server.folder / "log.jsonl")]
        assert subprocess.run(verify, capture_output=True, check=False).returncode == 0
        lines = [json.loads(line) for line in (server.folder / "log.jsonl").read_text().splitlines()]
        assert all(
            line["signature"] for line in lines if line["member"] == "hal" and line["event"]["type"] == "chat.said"
        )
    finally:
        server.kill()


def test_the_page_checks_the_log_and_a_takes_card_by_itself(enter: Callable[..., Page]) -> None:
    page = enter("leader", "lea")
    take = until_done(page, ask(page, bars=1))
    page.click("#tab-log")
    page.wait("document.querySelector('#log .verdict.good')?.innerText.includes('signed by the log')")
    page.wait("document.querySelector('.tab-tick').checkVisibility()")
    page.evaluate("void starbridge.studio.give({type: 'chat.say', text: 'one more line'}, 'chat')")
    page.wait("document.querySelector('#log .verdict').innerText.includes('are those that this browser saw first')")
    card = f"[...document.querySelectorAll('.take[data-take={take}] button')].find((b) => b.innerText === 'Card')"
    page.evaluate(f"{card}.click()")
    page.wait("document.querySelector('.card-sheet').open")
    page.wait(
        "document.querySelector('.card-sheet .verdict.good')?.innerText.includes('section.mid and mix.wav unchanged')"
    )
    text = page.text(".card-sheet")
    for words in (take, "lea, leader", "transformer", "sampler", "GPL-2.0", "starbridge verify"):
        assert words in text
    assert page.evaluate("document.querySelector('.card-sheet .qr').checkVisibility()")
    assert page.evaluate("document.querySelectorAll('.card-notes path').length") == 4
    paper = base64.b64decode(page.call("Page.printToPDF", {"printBackground": True})["data"])
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1, "a card is one page"
    assert page.complaints() == []
