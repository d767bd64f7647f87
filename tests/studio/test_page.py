"""The page as people use it, with a puppet for a server: what each role gets to see, what it sends, what it says when refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sessions.music import Note, Part
from tests.studio.fake_server import Message, Puppet, midi, request_fields
from tests.support.chromium import Page

pytestmark = pytest.mark.browser

Join = Callable[..., Page]

BOUND = "Not for commercial use: its sound is by musicgen, under CC-BY-NC-4.0"
SHOWN = "document.querySelector('#roll-canvas').getAttribute('aria-label')"
"""What the piano roll says that it shows."""


def asked(id_: str = "v", member: str = "kim", status: str = "queued", **fields: Any) -> Message:
    return {
        "type": "section.requested",
        "id": id_,
        "member": member,
        "status": status,
        "request": request_fields(**fields),
    }


def take_added(name: str = "take-1", member: str = "kim", **more: Any) -> Message:
    taken: Message = {
        "type": "take.added",
        "take": name,
        "id": f"id-{name}",
        "member": member,
        "stems": {},
        "ratings": {},
        "votes": {},
    }
    return (
        taken
        | {"request": request_fields(bars=4, parts="drums,bass"), "verdict": "", "index": 5, "commercial": True}
        | more
    )


# -- coming in -------------------------------------------------------------------------------------------------------


def test_token_leaves_the_address_and_a_reload_comes_back(server: Puppet, join: Join) -> None:
    page = join("leader", "ana")
    assert page.evaluate("location.href") == f"{server.url}/"
    page.reload()
    page.wait("!document.querySelector('#studio').hidden && document.querySelector('.me-name').textContent === 'ana'")
    assert server.joins == 2
    assert page.complaints() == []


def test_token_in_the_query_works_as_well(server: Puppet, opened: Callable[..., Page]) -> None:
    page = opened(server.link("guest").replace("#", "?"))
    assert page.evaluate("location.href") == f"{server.url}/"
    assert "as guest" in page.text("#entrance")


def test_another_invite_in_the_same_tab_is_taken_up(server: Puppet, join: Join) -> None:
    page = join("leader", "ana")
    page.go(server.link("guest"))  # only the part behind '#' changes: browsers load nothing anew by themselves
    assert "as guest" in page.text("#entrance")


def test_invite_that_names_somebody_goes_straight_in(server: Puppet, opened: Callable[..., Page]) -> None:
    page = opened(server.link("guest", name="zoe"))
    page.wait("!document.querySelector('#studio').hidden")
    assert "name" not in server.heard("session.join")


@pytest.mark.parametrize("link", ["/#token=junk", "/#token=%7B%7D.x", "/#token="])
def test_junk_in_place_of_an_invite_is_explained(server: Puppet, opened: Callable[..., Page], link: str) -> None:
    page = opened(server.url + link)
    if link != "/#token=":
        assert "no invite that can be read" in page.text("#entrance .notice")
    page.type("#invite-link", "not a link")
    page.press("Enter")
    page.wait("document.querySelector('#entrance .notice').textContent.includes('copy the whole link')")
    page.type("#invite-link", server.link("harmony"))
    page.press("Enter")
    page.wait("document.querySelector('#entrance').innerText.includes('as harmony')")


def test_invite_that_the_server_turns_away_is_explained_and_not_tried_again(
    server: Puppet, opened: Callable[..., Page]
) -> None:
    server.turned_away = {"code": "expired", "advice": "token: this invite ended yesterday; ask a leader for another"}
    page = opened(server.link("guest"))
    page.click("#join-button")
    page.wait(
        "document.querySelector('#entrance').innerText.includes('Token: this invite ended yesterday; ask a leader')"
    )
    page.evaluate("new Promise((resolve) => setTimeout(resolve, 1200))")
    assert len([command for command in server.commands if command["type"] == "session.join"]) == 1


def test_lost_connection_is_said_and_found_again(server: Puppet, join: Join) -> None:
    page = join("leader", "ana")
    server.deaf = True
    server.hang_up()
    page.wait("document.querySelector('#banner').textContent.includes('The connection is lost')")
    page.click("#transport button[title='Play the session']")
    page.wait("document.querySelector('#transport .notice').textContent.includes('Not sent')")
    over = "((box) => document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2).id)"
    assert page.evaluate(f"{over}(document.querySelector('#banner').getBoundingClientRect())") == "banner"
    server.deaf = False
    page.wait("document.querySelector('#banner').textContent === ''")
    assert server.joins == 2
    assert page.text(".me-name") == "ana"


def test_removed_member_is_told_and_stays_out(server: Puppet, join: Join) -> None:
    page = join("guest", "zoe")
    server.say({"type": "session.removed", "member": "zoe"})
    page.wait("document.querySelector('#entrance').innerText.includes('A leader removed you')")
    assert not page.seen("#studio")


# -- what a role gets to see -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "parts"),
    [
        ("leader", ["drums", "bass", "harmony", "melody", "texture"]),
        ("rhythm", ["drums", "bass"]),
        ("harmony", ["harmony", "melody", "texture"]),
        ("guest", ["drums", "bass", "harmony", "melody", "texture"]),
    ],
)
def test_form_offers_the_parts_of_the_role(join: Join, role: str, parts: list[str]) -> None:
    page = join(role)
    page.wait("document.querySelector('#request-form').checkVisibility()")
    assert page.evaluate("[...document.querySelectorAll('.part-chip')].map((chip) => chip.dataset.part)") == parts
    waits = "document.querySelector('#request-form').innerText.includes('wait for the leader')"
    assert page.evaluate(waits) is (role == "guest")


def test_listener_gets_no_form_and_nothing_to_press_that_is_not_theirs(server: Puppet, join: Join) -> None:
    page = join("listener")
    server.say(take_added(), asked(status="waiting"))
    page.wait("document.querySelectorAll('.take').length === 1 && document.querySelectorAll('.queued').length === 1")
    assert not page.seen("#request-form")
    assert "As listener you don't ask for sections" in page.text("#ask-body")
    labels = "[...document.querySelectorAll('button')].filter((b) => b.checkVisibility()).map((b) => b.innerText || b.ariaLabel)"
    seen = set(page.evaluate(labels))
    assert seen.isdisjoint({"Accept", "Reject", "Approve", "Deny", "Cancel", "Remove", "Make a link"})
    assert seen.isdisjoint({"Play to all at the next bar", "Play the session"})
    assert {"1 star", "Vote for it"} <= seen
    assert page.evaluate("document.querySelector('input.tempo').disabled")
    assert not page.seen(".invite")


def test_a_new_role_changes_the_page_at_once(server: Puppet, join: Join) -> None:
    page = join("listener", "zoe")
    server.say({"type": "session.role", "member": "zoe", "role": "rhythm"})
    server.heard("capabilities", count=2)
    page.wait("document.querySelector('.me .chip').textContent === 'rhythm'")


def test_band_member_judges_takes_of_their_own_parts_only(server: Puppet, join: Join) -> None:
    page = join("rhythm")
    server.say(take_added("take-1"), take_added("take-2", request=request_fields(bars=4, parts="bass,melody")))
    page.wait("document.querySelectorAll('.take').length === 2")
    accepts = (
        "[...document.querySelectorAll('.take button')].filter((b) => b.innerText === 'Accept' && b.checkVisibility())"
    )
    assert page.evaluate(f"{accepts}.map((b) => b.closest('.take').dataset.take)") == ["take-1"]


# -- asking ----------------------------------------------------------------------------------------------------------


def test_form_sends_what_was_chosen_and_nothing_else(server: Puppet, join: Join) -> None:
    page = join()
    page.type("#field-bars", "12")
    page.type("#field-bpm", "87.5")
    page.choose("#field-kind", "verse")
    page.type("#field-key", "C dorian")
    page.type("#field-prompt", "slow & dusty <b>")
    page.click(".part-chip[data-part=melody]")
    page.click("#ask-button")
    sent = server.heard("section.request")
    id_ = sent.pop("id")
    assert id_.startswith("verse-")
    assert {name: value for name, value in sent.items() if name not in ("nonce", "signature")} == {
        "type": "section.request", "bars": 12, "bpm": 87.5, "kind": "verse", "key": "C dorian", "prompt": "slow & dusty <b>",
        "parts": "drums,bass,harmony",
    }  # fmt: skip
    assert page.evaluate("starbridge.studio.state.notices.form ?? null") is None


def test_untouched_form_asks_for_the_defaults(server: Puppet, join: Join) -> None:
    page = join()
    page.click("#ask-button")
    assert set(server.heard("section.request")) == {"type", "id", "nonce", "signature"}


def test_no_part_at_all_is_caught_before_it_is_sent(server: Puppet, join: Join) -> None:
    page = join("rhythm")
    for part in ("drums", "bass"):
        page.click(f".part-chip[data-part={part}]")
    page.click("#ask-button")
    page.wait(
        "document.querySelector('#request-form .notice').textContent.includes('Parts: choose at least one part.')"
    )
    assert not [command for command in server.commands if command["type"] == "section.request"]


def test_refusal_stands_at_the_form_and_marks_the_field(server: Puppet, join: Join) -> None:
    page = join()
    page.type("#field-bars", "65")
    page.click("#ask-button")
    id_ = server.heard("section.request")["id"]
    server.say(
        {
            "type": "refused",
            "what": id_,
            "id": id_,
            "code": "bad-value",
            "advice": "bars: 65 is out of range, ask for 1 to 64",
        }
    )
    page.wait(
        "document.querySelector('#request-form .notice').textContent.includes('Bars: 65 is out of range, ask for 1 to 64.')"
    )
    assert page.evaluate("document.querySelector('#field-bars').getAttribute('aria-invalid')") == "true"
    page.type("#field-bars", "8")
    page.click("#ask-button")
    page.wait("!document.querySelector('#request-form .notice').checkVisibility()")


def test_notes_appear_bar_by_bar_and_progress_is_told(server: Puppet, join: Join) -> None:
    page = join("leader", "ana")
    page.choose("#field-kind", "verse")
    page.click("#ask-button")
    id_ = server.heard("section.request")["id"]
    about = {"id": id_, "member": "ana"}
    server.say(
        asked(id_, "ana", kind="verse", bars=2, meter="7/8", parts="drums,bass"),
        {"type": "section.accepted", **about, "position": 3},
    )
    page.wait("document.querySelector('.outcome').textContent.includes('number 3 in the queue')")
    hit = {"type": "section.note", **about, "part": "drums", "start": 0.0, "length": 0.25, "pitch": 38, "velocity": 100}
    server.say(
        {"type": "section.progress", **about, "stage": "composing", "done": 0.0},
        hit,
        {"type": "section.bar", **about, "part": "drums", "bar": 1, "notes": 1},
    )
    page.wait(f"{SHOWN}.includes('in 7/8: drums 1 of 2 bars, 1 notes; bass 0 of 2 bars')")
    assert "verse · " in page.text(".facts")
    for part, bar in (("bass", 1), ("drums", 2), ("bass", 2)):
        server.say({"type": "section.bar", **about, "part": part, "bar": bar, "notes": 0})
    page.wait(f"{SHOWN}.includes('bass 2 of 2 bars, 0 notes')")
    server.say({"type": "section.done", **about, "take": "take-1", "index": 4})
    page.wait("document.querySelector('.outcome').textContent.includes('is done: take-1')")
    assert page.complaints() == []


def test_notes_are_drawn_in_the_colours_of_their_parts(server: Puppet, join: Join) -> None:
    page = join("listener")
    about = {"id": "v", "member": "kim"}
    server.say(
        asked(bars=1, parts="bass"),
        {"type": "section.note", **about, "part": "bass", "start": 1.0, "length": 2.0, "pitch": 45, "velocity": 127},
    )
    server.say({"type": "section.bar", **about, "part": "bass", "bar": 1, "notes": 1})
    page.wait(f"{SHOWN}?.includes('bass 1 of 1 bars, 1 notes')")
    pixel = """(() => { const canvas = document.querySelector('#roll-canvas'); const context = canvas.getContext('2d');
        const wanted = getComputedStyle(document.documentElement).getPropertyValue('--bass').trim();
        const [r, g, b] = [1, 3, 5].map((i) => parseInt(wanted.slice(i, i + 2), 16));
        const near = (x) => {
            const d = context.getImageData(Math.round(canvas.width * x), 60, 1, canvas.height - 60).data;
            let n = 0;
            for (let i = 0; i < d.length; i += 4) n += Math.abs(d[i] - r) + Math.abs(d[i+1] - g) + Math.abs(d[i+2] - b) < 12;
            return n;
        };
        return [near(0.1), near(0.5), near(0.9)]; })()"""
    before, inside, after = page.evaluate(pixel)
    assert (before, after) == (0, 0)
    assert inside > 3


def test_notes_of_an_old_take_come_from_its_midi_file(server: Puppet, join: Join) -> None:
    page = join("listener")
    server.files["/api/sessions/jam/takes/take-1/midi"] = midi(
        [Note(0, 480, 36, 100), Note(3840, 480, 38, 90)], Part.DRUMS, bars=4
    )
    server.say(take_added(request=request_fields(bars=4, parts="drums")))
    page.wait(f"{SHOWN}?.includes('drums 4 of 4 bars, 2 notes')")


# -- takes, queue, members -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "command"),
    [
        ("Accept", {"type": "take.accept", "take": "take-1"}),
        ("Reject", {"type": "take.reject", "take": "take-1"}),
        ("4 stars", {"type": "take.rate", "take": "take-1", "stars": 4}),
        ("Vote for it", {"type": "take.vote", "take": "take-1", "value": 1}),
        ("Vote against it", {"type": "take.vote", "take": "take-1", "value": -1}),
        ("Play to all at the next bar", {"type": "take.play", "take": "take-1", "at": "next-bar"}),
        ("Loop to all from the next bar", {"type": "take.loop", "take": "take-1", "at": "next-bar"}),
    ],
)
def test_take_buttons_send_their_command(server: Puppet, join: Join, label: str, command: Message) -> None:
    page = join()
    server.say(take_added())
    press_labelled(page, ".take", label)
    sent = server.heard(command["type"])
    assert {name: value for name, value in sent.items() if name not in ("nonce", "signature")} == command


def press_labelled(page: Page, within: str, label: str) -> None:
    """Press the button of this name inside an element, by mouse."""
    buttons = json.dumps(f"{within} button")
    found = f"[...document.querySelectorAll({buttons})].find((b) => (b.ariaLabel ?? b.innerText.trim()) === {json.dumps(label)})"
    page.wait(f"({found})?.setAttribute('data-press', '1'), document.querySelector('[data-press]') !== null")
    page.click("[data-press]")
    page.evaluate("document.querySelector('[data-press]')?.removeAttribute('data-press')")


def test_take_shows_who_asked_and_what_its_sound_may_be_used_for(server: Puppet, join: Join) -> None:
    page = join("listener")
    makers: Message = {
        "composer": {"name": "arranger", "version": "1", "licence": "Apache-2.0"},
        "renderer": {"name": "musicgen", "licence": "CC-BY-NC-4.0"},
        "commercial": False,
        "restrictions": [{"of": "sound", "by": "musicgen", "licence": "CC-BY-NC-4.0"}],
    }
    opinions: Message = {"ratings": {"a": 4, "b": 5}, "votes": {"a": 1, "b": 1, "c": -1}, "verdict": "accepted"}
    server.say(take_added() | makers | opinions)
    text = page.text(".take")
    for words in ("by kim", "arranger 1 (Apache-2.0)", "musicgen (CC-BY-NC-4.0)", BOUND):
        assert words in text
    for words in ("4.5 (2)", "+1", "accepted"):
        assert words in text


def test_take_without_restrictions_says_nothing_of_them(server: Puppet, join: Join) -> None:
    page = join("listener")
    sampler = {"name": "sampler", "version": "1", "licence": "GPL-2.0"}
    server.say(take_added(renderer=sampler))
    assert "sound: sampler 1 (GPL-2.0)" in page.text(".take")
    assert not page.seen(".take .caution")
    server.say(take_added("take-2", commercial=False))  # by a server that does not say why
    page.wait("document.querySelector('.take[data-take=take-2] .caution')?.innerText === 'Not for commercial use'")


def test_licence_stands_beside_the_choice_of_the_sound(server: Puppet, join: Join) -> None:
    """The engine comes after the page; what it offers shows when somebody looks, and nothing that was typed is lost."""
    page = join()
    page.type("[data-field=prompt]", "slow")
    server.renderers = [
        {"name": "sampler", "licence": "GPL-2.0", "note": "", "commercial": True},
        {"name": "musicgen", "licence": "CC-BY-NC-4.0", "note": "", "commercial": False},
    ]
    page.click("details[data-group=sound] summary")
    options = "[...document.querySelectorAll('[data-field=renderer] option')].map((o) => o.innerText)"
    page.wait(f"{options}.includes('sampler (GPL-2.0)')")
    assert "musicgen (CC-BY-NC-4.0, not for commercial use)" in page.evaluate(options)
    assert page.evaluate("document.querySelector('[data-field=prompt]').value") == "slow"
    assert page.seen("[data-field=renderer]"), "what was open stays open"
    select = "document.querySelector('[data-field=renderer]')"
    choose = f"(name) => {{ {select}.value = name; {select}.dispatchEvent(new Event('change')); }}"
    page.evaluate(f"({choose})('sampler')")
    assert not page.seen("#renderer-caution")
    page.evaluate(f"({choose})('musicgen')")
    assert page.seen("#renderer-caution")
    assert (
        page.text("#renderer-caution")
        == "What musicgen makes is not for commercial use (CC-BY-NC-4.0); the take will say so."
    )
    server.renderers = server.renderers[1:]
    page.click("details[data-group=sound] summary")
    page.click("details[data-group=sound] summary")
    page.wait(f"!{options}.includes('sampler (GPL-2.0)')")
    page.evaluate(f"({choose})('')")
    assert page.seen("#renderer-caution"), "auto can only be the one that is here"


def test_refusal_of_a_take_stands_at_the_take(server: Puppet, join: Join) -> None:
    page = join()
    server.say(take_added("take-1"), take_added("take-2"))
    press_labelled(page, ".take[data-take=take-1]", "Accept")
    server.heard("take.accept")
    server.say(
        {"type": "refused", "what": "take.accept", "code": "not-allowed", "advice": "role: as rhythm you may not"}
    )
    page.wait("document.querySelector('.take[data-take=take-1] .notice').checkVisibility()")
    assert not page.seen(".take[data-take=take-2] .notice")


def test_leader_says_yes_and_no_to_what_waits(server: Puppet, join: Join) -> None:
    page = join("leader", "ana")
    server.say(asked("a", "zoe", "waiting"), asked("b", "zoe", "waiting"))
    page.wait("document.querySelectorAll('.queued.asks').length === 2")
    press_labelled(page, ".queued", "Approve")
    approved = server.heard("section.approve")
    assert (approved["id"], approved["member"]) == ("a", "zoe")
    about = {"id": "a", "member": "zoe"}
    server.say({"type": "section.approve", **about, "by": "ana"}, {"type": "section.accepted", **about, "position": 1})
    page.wait("document.querySelectorAll('.queued.asks').length === 1")
    press_labelled(page, ".queued.asks", "Deny")
    assert server.heard("section.deny")["id"] == "b"


def test_cancel_is_offered_for_ones_own_sections(server: Puppet, join: Join) -> None:
    page = join("rhythm", "ana")
    server.say(asked("mine", "ana"), asked("theirs", "kim"))
    page.wait("document.querySelectorAll('.queued').length === 2")
    cancels = "[...document.querySelectorAll('.queued button')].filter((b) => b.innerText === 'Cancel' && b.checkVisibility())"
    assert page.evaluate(f"{cancels}.length") == 1
    press_labelled(page, ".queued:has(button:not([hidden]))", "Cancel")
    assert server.heard("section.cancel")["id"] == "mine"


def test_leader_gives_roles_removes_and_invites(server: Puppet, join: Join) -> None:
    page = join("leader", "ana")
    people = [("ana", "leader"), ("kim", "guest"), ("zoe", "listener")]
    server.say(
        {
            "type": "session.members",
            "members": [{"member": m, "role": r, "status": "present", "keyed": False} for m, r in people],
        }
    )
    page.choose("select[aria-label='Role of kim']", "rhythm")
    given = server.heard("session.role")
    assert (given["member"], given["role"]) == ("kim", "rhythm")
    row = ".member:has(select[aria-label='Role of zoe'])"
    press_labelled(page, row, "Remove")
    assert not [command for command in server.commands if command["type"] == "session.remove"]
    press_labelled(page, row, "Remove for good")
    assert server.heard("session.remove")["member"] == "zoe"
    page.choose("#invite-role", "harmony")
    page.type("#invite-name", "max")
    page.click("#make-invite")
    link = page.wait("document.querySelector('.links input')?.value")
    assert link.startswith(f"{server.url}/#token=")
    asked_for = server.heard("POST invites")
    assert (asked_for["role"], asked_for["name"], asked_for["expires"]) == ("harmony", "max", 43_200)


def test_who_is_away_for_long_crowds_nobody_out(server: Puppet, join: Join) -> None:
    page = join("leader", "ana")
    away = [{"member": f"m-{i}", "role": "guest", "status": "away"} for i in range(12)]
    here = {"member": "ana", "role": "leader", "status": "present"}
    server.say({"type": "session.members", "members": [*away, here]})
    shown = "[...document.querySelectorAll('.member-name')].map((name) => name.innerText).join()"
    page.wait(f"{shown} === 'ana,m-0,m-1,m-2,m-3'")
    page.wait("document.querySelector('#members > button').innerText === '8 more away'")
    page.click("#members > button")
    page.wait(f"{shown} === 'ana,m-0,m-1,m-2,m-3,m-4,m-5,m-6,m-7,m-8,m-9,m-10,m-11'")


def test_an_invite_is_shown_to_a_camera_and_taken_back(server: Puppet, join: Join) -> None:
    page = join("leader", "ana")
    page.click("#make-invite")
    page.wait("document.querySelector('.links input')?.value")
    press_labelled(page, ".links", "QR")
    page.wait("document.querySelector('dialog.qr-sheet').open")
    page.wait("document.querySelector('.qr').getAttribute('aria-label') === 'QR code: Invite for guest'")
    page.press("Escape")
    page.wait("!document.querySelector('dialog.qr-sheet').open")
    page.reload()
    page.wait("document.querySelectorAll('.links input').length === 1", timeout_s=10)
    press_labelled(page, ".links", "Take back")
    assert server.heard("session.revoke")["invite"] == "00" * 8
    server.say({"type": "session.revoked", "invite": "00" * 8})
    page.wait("document.querySelectorAll('.links input').length === 0")


def test_all_invites_are_listed_and_taken_back(server: Puppet, join: Join) -> None:
    page = join("leader", "ana")
    known = [
        {"invite": "00" * 8, "role": "leader", "name": "", "expires_s": 4_000_000_000, "members": ["ana"]},
        {"invite": "11" * 8, "role": "guest", "name": "gus", "expires_s": 0, "members": ["gus", "kim"]},
        {"invite": "22" * 8, "role": "rhythm", "name": "", "expires_s": 4_000_000_000, "members": []},
    ]
    answer = [one | {"revoked": False} for one in known] + [known[0] | {"invite": "33" * 8, "revoked": True}]
    server.files["/api/sessions/jam/invites"] = json.dumps(answer).encode()
    page.click("#all-invites > summary")
    page.wait("document.querySelectorAll('#all-invites li').length === 3")
    mine, theirs, nobodys = page.evaluate(
        "[...document.querySelectorAll('#all-invites li')].map((one) => one.innerText)"
    )
    assert mine.startswith("leader: you came by it, good until ")
    assert "Take back" not in mine
    assert theirs.startswith("gus, guest: gus, kim came by it\n")
    assert nobodys.startswith("rhythm: nobody came by it yet, good until ")
    press_labelled(page, "#all-invites li:nth-child(2)", "Take back")
    assert server.heard("session.revoke")["invite"] == "11" * 8
    server.say({"type": "session.revoked", "invite": "11" * 8})
    page.wait("document.querySelectorAll('#all-invites li').length === 2")
    server.files["/api/sessions/jam/invites"] = json.dumps([answer[0], answer[2] | {"members": ["zoe"]}]).encode()
    server.say({"type": "session.members", "members": [{"member": "zoe", "role": "rhythm", "status": "present"}]})
    page.wait("document.querySelector('#all-invites li:last-child').innerText.startsWith('rhythm: zoe came by it')")


# -- transport, chat, log --------------------------------------------------------------------------------------------


def test_transport_is_shown_and_steered(server: Puppet, join: Join) -> None:
    page = join()
    server.say({"type": "transport.state", "playing": 0, "bpm": 93.5, "beat": 7.0, "n": 7, "d": 8})
    page.wait("document.querySelector('.counter').textContent === '3.1'")
    assert page.evaluate("document.querySelector('input.tempo').value") == "93.5"
    page.type("input.tempo", "101.25")
    page.press("Enter")
    assert server.heard("transport.tempo")["bpm"] == 101.25
    page.type("input.metre", "5/4")
    page.press("Enter")
    assert server.heard("transport.meter")["meter"] == "5/4"
    page.click("#transport button[title='Back to the start']")
    assert server.heard("transport.locate")["beat"] == 0
    server.say(
        {"type": "transport.state", "playing": 1, "bpm": 240, "beat": 0.0, "n": 4, "d": 4, "time_us": server.now_us()}
    )
    page.wait("Number(document.querySelector('.counter').textContent.split('.')[0]) >= 2")
    page.click("#transport button[title='Stop the session']")
    server.heard("transport.stop")


def test_an_engine_plays_along_and_rests_again(server: Puppet, join: Join) -> None:
    page = join("leader", "ana")
    page.click("#transport button[title^='Have an engine play along']")
    asked = server.heard("live.accompany")
    assert set(asked) - {"nonce", "signature"} == {"type", "id"}
    now = server.now_us()
    server.say({"type": "transport.state", "playing": 1, "bpm": 60, "beat": 0.0, "n": 4, "d": 4, "time_us": now})
    about = {"id": asked["id"], "member": "ana"}
    server.say({"type": "live.accompanied", **about, "parts": "bass", "beat": 0.0, "engine": "engine", "time_us": now})
    page.wait("document.querySelector('#transport button[aria-pressed=true][title*=bass]')")
    page.wait("starbridge.player.output.running")
    note = {"part": "bass", "pitch": 36, "velocity": 90, "member": "engine", "section": f"ana/{asked['id']}"}
    server.say({"type": "live.coming", **note, "start": 0.5, "length": 60.0, "time_us": now + 500_000})
    page.wait("starbridge.along.voices === 1")
    page.wait("starbridge.studio.state.live.engine?.length === 1")
    page.click("#transport button[title^='End what plays along']")
    assert server.heard("live.rest")["id"] == asked["id"]
    server.say({"type": "live.rested", **about, "code": "", "advice": ""})
    server.say({"type": "live.note", "part": "bass", "pitch": 36, "velocity": 0, "member": "engine"})
    page.wait("starbridge.along.voices === 0 && starbridge.studio.state.live.engine.length === 0")
    page.wait("starbridge.studio.state.accompaniment === null")


def test_what_members_write_stays_text(server: Puppet, join: Join) -> None:
    page = join("leader", "ana")
    nasty = '<img src=x onerror="globalThis.owned=1"><script>globalThis.owned=1</script>'
    server.say(
        {"type": "chat.said", "member": nasty, "text": nasty},
        asked(nasty, nasty, "waiting")
        | {"request": request_fields() | dict.fromkeys(("kind", "style", "key", "parts", "chords"), nasty)},
        take_added(
            nasty, nasty, composer={"name": nasty, "licence": nasty}, request=request_fields() | {"kind": nasty}
        ),
        {"type": "session.members", "members": [{"member": nasty, "role": nasty, "status": nasty, "keyed": True}]},
        {"type": "section.stem", "id": nasty, "member": nasty, "part": nasty, "url": "javascript:globalThis.owned=1"},
        {"type": "section.failed", "id": nasty, "member": "ana", "code": nasty, "advice": nasty},
        {"type": "refused", "what": "x", "code": "failed", "advice": nasty},
    )
    page.wait("document.querySelectorAll('.line').length >= 1 && document.querySelectorAll('.take').length === 1")
    page.click("#tab-chat")
    assert nasty in page.text("#chat")
    assert page.evaluate("globalThis.owned ?? null") is None
    assert page.evaluate("document.querySelectorAll('img, script:not([src])').length") == 0


def test_chat_badge_counts_what_was_not_seen(server: Puppet, join: Join) -> None:
    page = join("listener")
    server.say(
        {"type": "chat.said", "member": "kim", "text": "one"}, {"type": "chat.said", "member": "kim", "text": "two"}
    )
    page.wait("document.querySelector('#tab-chat .badge').textContent === '2'")
    page.click("#tab-chat")
    page.wait("!document.querySelector('#tab-chat .badge').checkVisibility()")
    page.press("ArrowRight")
    page.wait("document.activeElement.id === 'tab-log' && document.querySelector('#log').checkVisibility()")


def test_what_happens_elsewhere_is_said_and_no_more(server: Puppet, join: Join) -> None:
    """To who hears the page: what others make and say, and what waits for a leader; no progress, nothing of one's own."""
    page = join("leader", "ana")
    said = "document.querySelector('#announcer[role=status]').textContent"
    server.say(
        asked("w", "zoe", "waiting", kind="drop", style="dubstep"),
        {"type": "section.progress", "id": "w", "member": "zoe", "stage": "composing", "done": 0.5},
    )
    page.wait(f"{said} === 'zoe asks for your yes to the dubstep drop.'")
    server.say(
        {"type": "chat.said", "member": "ana", "text": "mine"}, {"type": "chat.said", "member": "kim", "text": "hi"}
    )
    server.say(
        *({"type": "section.done", "id": f"s{i}", "member": "kim", "take": f"take-{i}", "index": i} for i in range(4))
    )
    page.wait(f"{said} === 'kim says: hi kim has a new take: take-0. kim has a new take: take-1. And 2 more.'")
    page.click("#tab-chat")
    server.say(
        {"type": "chat.said", "member": "kim", "text": "seen"},
        {"type": "section.done", "id": "z", "member": "kim", "take": "take-9", "index": 9},
    )
    page.wait(f"{said} === 'kim has a new take: take-9.'")
    live = "document.querySelectorAll('#queue-list [role=status], #queue-list [aria-live]').length"
    assert page.evaluate(live) == 0, "a queue that moves is looked up, not told"


def test_log_head_and_how_to_check_it(server: Puppet, join: Join) -> None:
    page = join("listener")
    server.say({"type": "log.head", "size": 42, "root": "ab" * 32})
    page.click("#tab-log")
    page.wait("document.querySelector('#log dd').textContent === '42'")
    text = page.text("#log")
    assert "ab" * 32 in text
    assert "starbridge log verify log.jsonl --key 'starbridge.local/jam/0badcafe+0badcafe+AQID'" in text


# -- everybody -------------------------------------------------------------------------------------------------------


def test_every_control_has_a_name(server: Puppet, join: Join) -> None:
    page = join("leader", "ana")
    server.say(
        take_added(),
        asked(status="waiting"),
        {"type": "section.stem", "id": "v", "member": "kim", "part": "bass", "url": "/x"},
    )
    page.choose("#roll-picker", "kim/v")
    page.wait("document.querySelectorAll('.stem').length === 1")
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    roles = {"button", "textbox", "combobox", "slider", "checkbox", "spinbutton", "tab", "image"}
    unnamed = [
        n
        for n in nodes
        if n.get("role", {}).get("value") in roles and not n.get("ignored") and not n.get("name", {}).get("value")
    ]
    assert [n["role"]["value"] for n in unnamed] == []


@pytest.mark.parametrize(
    ("width", "height", "letters"),
    [
        (1440, 900, 16),
        (1024, 768, 16),
        (390, 844, 16),
        (320, 640, 16),
        (1440, 900, 24),
        (1440, 900, 32),
        (390, 844, 32),
    ],
)
def test_nothing_is_wider_than_the_screen(server: Puppet, join: Join, width: int, height: int, letters: int) -> None:
    """With the browser's letters one and a half times and twice as large as usual as well (WCAG 1.4.4)."""
    page = join("leader", "a-name-of-thirty-two-characters.", width=width, height=height)
    page.call("Page.setFontSizes", {"fontSizes": {"standard": letters}})
    page.wait(f"getComputedStyle(document.body).fontSize === '{letters * 14 / 16:g}px'")
    server.say(
        asked(status="waiting", bars=64, parts="drums,bass"),  # first, so that it is what is shown
        {"type": "section.stem", "id": "v", "member": "kim", "part": "bass", "url": "/x"},
        take_added(composer={"name": "arranger", "licence": "Apache-2.0"}),
    )
    many = [{"member": f"listener-{i}", "role": "listener", "status": "present", "keyed": True} for i in range(40)]
    server.say({"type": "session.members", "members": many})
    page.wait("document.querySelectorAll('.member').length === 40")
    for view in ("ask", "roll", "takes", "people"):
        page.evaluate(f"starbridge.studio.store.dispatch({{type: 'page.view', view: '{view}'}})")
        page.wait(f"document.querySelector('#studio').dataset.view === '{view}'")
        too_wide = """[...document.querySelectorAll('body, .top, .panel, .panel-body, .card, .stem, .field, .member-row')]
            .filter((el) => el.checkVisibility() && el.scrollWidth > el.clientWidth + 1).map((el) => `${el.id}.${el.className}`)"""
        assert page.evaluate(too_wide) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.documentElement.scrollHeight") <= height, "only panels scroll"
        if view == "roll":
            page.wait(f"document.querySelector('#roll .gutter').clientWidth === {84 * letters // 16}")


def test_an_empty_session_says_what_each_role_can_do_there(join: Join) -> None:
    page = join("leader", width=390, height=844)
    page.click(".to-ask")
    page.wait("document.querySelector('#request-form').checkVisibility()")
    other = join("listener", width=390, height=844)
    assert "What the band asks for appears here" in other.text("#roll .empty")
    assert not other.seen(".to-ask")
    assert not other.seen("#views [data-view=ask]")
    other.resize(1024, 768)
    other.wait(
        "document.querySelector('#takes').checkVisibility() && !document.querySelector('#ask').checkVisibility()"
    )


def test_a_finger_hits_what_it_means(server: Puppet, join: Join) -> None:
    page = join("leader", "ana", width=390, height=844)
    server.say(
        asked(status="waiting"),  # first, so that it is what is shown
        {"type": "section.stem", "id": "v", "member": "kim", "part": "bass", "url": "/x"},
        take_added(),
    )
    page.wait("document.querySelectorAll('.take').length === 1 && document.querySelectorAll('.stem').length === 1")
    page.click("#views [data-view=people]")
    page.click("#tab-play")
    small = """[...document.querySelectorAll('button, select, input:not([type=checkbox]), summary, .part-chip, .views button')]
        .filter((el) => el.checkVisibility()).map((el) => [el, el.getBoundingClientRect()])
        .filter(([el, box]) => Math.min(box.width, box.height) < (el.matches('.key-black') ? 24 : 32))
        .map(([el]) => el.ariaLabel ?? el.innerText)"""
    for view in ("ask", "roll", "takes", "people"):
        page.click(f"#views [data-view={view}]")
        page.wait(f"document.querySelector('#studio').dataset.view === '{view}'")
        assert page.evaluate(small) == [], view


@pytest.mark.parametrize(
    ("width", "height"), [(1440, 900), (1024, 768), (768, 1024), (800, 600), (844, 390), (390, 844), (320, 640)]
)
def test_nothing_lies_over_the_controls_at_the_top(server: Puppet, join: Join, width: int, height: int) -> None:
    page = join("leader", "a-name-of-thirty-two-characters.", width=width, height=height)
    server.say(take_added())
    page.wait("document.querySelectorAll('.take').length === 1")
    covered = """[...document.querySelectorAll(':is(.top, #roll-head, #people .panel-head) :is(button, input, select)')]
        .filter((el) => el.checkVisibility() && el.getClientRects().length).filter((el) => {
            const box = el.getBoundingClientRect();
            return [0.15, 0.5, 0.85].some((share) => {
                const top = document.elementFromPoint(box.x + box.width * share, box.y + box.height / 2);
                return !top || !(el.contains(top) || top.contains(el));
            });
        }).map((el) => el.ariaLabel ?? el.innerText)"""
    assert page.evaluate(covered) == []


def test_form_is_filled_and_sent_by_keyboard_alone(server: Puppet, join: Join) -> None:
    page = join()
    page.evaluate("void document.querySelector('#field-prompt').focus()")
    page.press("Tab")
    assert page.evaluate("document.activeElement.id") == "field-kind"
    page.press("Tab")
    page.press("Tab")
    page.call("Input.insertText", {"text": "16"})
    page.press("Enter")
    assert server.heard("section.request")["bars"] == 16
