"""Joining, coming back, leaving, removal, invites, roles of one's own."""

from __future__ import annotations

import pytest

from sessions.decide.members import MAX_MEMBERS, MAX_MEMBERS_PER_INVITE
from sessions.errors import Code, Refused
from sessions.state import Presence, Status
from tests.support.band import Band

KEY, OTHER_KEY = "A" * 43 + "=", "B" * 43 + "="


def refused(code: Code) -> pytest.RaisesExc[Refused]:
    return pytest.RaisesExc(Refused, check=lambda error: error.code is code)


def test_names_come_from_the_wish_the_invite_or_the_role() -> None:
    band = Band()
    assert band.join("leader", "ana") == "ana"
    assert band.join("guest") == "guest"
    assert band.join("guest", "somebody", named="gus", invite="for-gus") == "gus", "the invite says who comes"
    assert band.join("guest") == "guest-2"


def test_the_invite_names_the_role_and_the_log_only_its_id() -> None:
    band = Band()
    band.join("rhythm", "rhy", invite="0011223344556677")
    _, fields, _ = band.log[-1]
    assert fields == {
        "type": "session.joined",
        "member": "rhy",
        "role": "rhythm",
        "invite": "0011223344556677",
        "key": "",
        "resumed": False,
    }


def test_who_was_away_comes_back_by_the_same_invite() -> None:
    band = Band()
    band.join("guest")
    band.lose("guest")
    assert band.state.members["guest"].presence is Presence.AWAY
    assert band.join("guest") == "guest"
    assert band.state.members["guest"].presence is Presence.PRESENT


def test_who_is_here_stays_when_another_brings_the_same_invite() -> None:
    band = Band()
    assert band.join("guest", "gus") == "gus"
    assert band.join("guest", "gus") == "gus-2"
    assert len(list(band.state.present())) == 2


def test_the_same_place_is_the_same_member() -> None:
    band = Band()
    band.join("guest")
    assert band.join("guest", before="guest") == "guest"


def test_a_named_invite_takes_over() -> None:
    band = Band()
    band.join("guest", named="gus", invite="for-gus")
    assert band.join("guest", named="gus", invite="for-gus") == "gus"
    with refused(Code.CONFLICT):
        band.join("guest", named="gus", invite="another")


def test_a_key_is_who_one_is() -> None:
    band = Band()
    assert band.join("guest", "gus", key=KEY) == "gus"
    assert band.join("guest", "somebody", key=KEY) == "gus"
    band.lose("gus")
    assert band.join("guest", "gus") == "gus-2", "without the key it is another"
    assert band.join("guest", "gus", key=OTHER_KEY) == "gus-3"


def test_a_changed_role_outlives_coming_back_by_the_same_invite() -> None:
    band = Band()
    band.join("leader", "ana")
    band.join("leader", "bob", invite="bobs")
    band.do("ana", "session.role", member="bob", role="listener")
    band.lose("bob")
    band.join("leader", "bob", invite="bobs")
    assert band.state.members["bob"].role == "listener"


@pytest.mark.parametrize("name", ["a b", "x" * 33, "ü", "a/b", "\n"])
def test_a_name_that_cannot_be(name: str) -> None:
    with refused(Code.BAD_VALUE):
        Band().join("guest", name)


def test_a_key_that_cannot_be() -> None:
    with refused(Code.BAD_VALUE):
        Band().join("guest", "gus", key="AAAA")


def test_an_invite_and_a_session_are_full_some_day() -> None:
    band = Band()
    for number in range(MAX_MEMBERS):
        band.join("listener", invite=f"invite-{number // MAX_MEMBERS_PER_INVITE}")
        if number == MAX_MEMBERS_PER_INVITE - 1:
            with pytest.raises(Refused, match="this invite"):
                band.join("listener", invite="invite-0")
    with pytest.raises(Refused, match="session"):
        band.join("listener", invite="one more")


def test_a_revoked_invite_is_worth_nothing_and_its_members_go() -> None:
    band = Band()
    band.join("leader", "ana")
    band.join("guest", "gus", invite="00aa00aa00aa00aa")
    band.do("gus", "section.request", id="a")
    band.do("ana", "session.revoke", invite="00aa00aa00aa00aa")
    assert band.state.members["gus"].presence is Presence.REMOVED
    assert band.state.sections["gus/a"].status is Status.CANCELLED
    with refused(Code.BAD_TOKEN):
        band.join("guest", invite="00aa00aa00aa00aa")
    band.do("ana", "session.revoke", invite="00aa00aa00aa00aa")
    assert band.messages("session.revoked")[-1]["invite"] == "00aa00aa00aa00aa"


def test_nobody_revokes_what_they_sit_on() -> None:
    band = Band()
    band.join("leader", "ana", invite="00aa00aa00aa00aa")
    with refused(Code.CONFLICT):
        band.do("ana", "session.revoke", invite="00aa00aa00aa00aa")


def test_removing_somebody_takes_their_invite_unless_others_came_by_it() -> None:
    band = Band()
    band.join("leader", "ana")
    band.join("guest", "gus", invite="shared")
    band.join("guest", "eve", invite="shared")
    band.do("ana", "session.remove", member="eve")
    assert band.join("guest", "new", invite="shared") == "new"
    band.join("guest", "mal", invite="alone")
    band.do("ana", "session.remove", member="mal")
    with refused(Code.BAD_TOKEN):
        band.join("guest", "mal", invite="alone")
    for name in ("gus", "new"):
        band.do("ana", "session.remove", member=name)
    with refused(Code.BAD_TOKEN):
        band.join("guest", "eve", invite="shared")


def test_a_removed_key_stays_out() -> None:
    band = Band()
    band.join("leader", "ana")
    band.join("guest", "eve", key=KEY)
    band.do("ana", "session.remove", member="eve")
    with refused(Code.NOT_ALLOWED):
        band.join("guest", "eve", key=KEY, invite="another")


def test_a_session_keeps_a_leader() -> None:
    band = Band()
    band.join("leader", "ana")
    with refused(Code.CONFLICT):
        band.do("ana", "session.role", member="ana", role="guest")
    with refused(Code.CONFLICT):
        band.do("ana", "session.remove", member="ana")
    band.join("leader", "bob", invite="bobs")
    band.do("ana", "session.role", member="ana", role="guest")
    assert band.state.members["ana"].role == "guest"


@pytest.mark.parametrize(
    ("command", "fields", "code"),
    [
        ("session.role", {"member": "nobody", "role": "guest"}, Code.BAD_VALUE),
        ("session.role", {"member": "ana", "role": "drummer"}, Code.BAD_VALUE),
        ("session.role", {"member": "engine", "role": "guest"}, Code.NOT_ALLOWED),
        ("session.role", {"member": "gus", "role": "engine"}, Code.NOT_ALLOWED),
        ("session.remove", {"member": "nobody"}, Code.BAD_VALUE),
        ("session.remove", {"member": "engine"}, Code.NOT_ALLOWED),
        ("session.revoke", {"invite": "xyz"}, Code.BAD_VALUE),
        ("session.define", {"role": "leader", "grants": "chat.say"}, Code.CONFLICT),
        ("session.define", {"role": "d j", "grants": "chat.say"}, Code.BAD_VALUE),
        ("session.define", {"role": "dj", "grants": ""}, Code.BAD_VALUE),
        ("session.define", {"role": "dj", "grants": "chat.say " * 65}, Code.TOO_MANY),
        ("chat.say", {"text": "  "}, Code.BAD_VALUE),
        ("chat.say", {"text": "x" * 2001}, Code.TOO_LARGE),
    ],
)
def test_what_makes_no_sense(command: str, fields: dict[str, str], code: Code) -> None:
    band = Band()
    band.join("leader", "ana")
    band.join("guest", "gus")
    band.engine()
    before = band.replayed()
    with refused(code) as error:
        band.do("ana", command, **fields)
    assert len(error.value.advice) > 10
    assert band.replayed() == before == band.state


def test_a_role_in_use_is_not_taken_away() -> None:
    band = Band()
    band.join("leader", "ana")
    band.join("guest", "gus")
    band.do("ana", "session.define", role="dj", grants="transport.*")
    band.do("ana", "session.role", member="gus", role="dj")
    with refused(Code.CONFLICT):
        band.do("ana", "session.define", role="dj", grants="")
    band.do("ana", "session.role", member="gus", role="guest")
    band.do("ana", "session.define", role="dj", grants="")
    assert not band.state.has_role("dj")


def test_of_those_who_share_an_invite_the_last_to_go_comes_back_first() -> None:
    band = Band()
    for _ in range(3):
        band.join("guest")
    for name in ("guest", "guest-3", "guest-2"):
        band.now_us += 1_000_000
        band.lose(name)
    assert [band.join("guest") for _ in range(4)] == ["guest-2", "guest-3", "guest", "guest-4"]


def test_who_left_takes_up_the_place_again() -> None:
    band = Band()
    band.join("guest")
    band.join("guest")
    band.do("guest", "session.leave")
    band.lose("guest-2")
    assert [band.join("guest") for _ in range(3)] == ["guest-2", "guest", "guest-3"], "who is away comes first"


def test_a_demotion_is_not_undone_by_coming_again() -> None:
    band = Band()
    band.join("leader", "ana")
    band.join("guest", "gus")
    band.do("ana", "session.role", member="gus", role="listener")
    for name in ("", "another", "yet-another"):  # while gus is here
        assert band.state.members[band.join("guest", name)].role == "listener"
    band.do("gus", "session.leave")
    assert band.state.members[band.join("guest", key=KEY)].role == "listener"
    band.do("ana", "session.role", member="another", role="guest")
    assert band.state.members[band.join("guest", "after")].role == "guest", "one by this invite has its role again"


def test_a_demotion_is_one_persons_where_others_came_by_the_invite() -> None:
    band = Band()
    band.join("leader", "ana")
    band.join("leader", "bob")
    band.do("ana", "session.role", member="bob", role="rhythm")
    assert band.state.members[band.join("leader", "ana-patch")].role == "leader"


@pytest.mark.parametrize("role", ["rhythm", "harmony", "leader"])
def test_another_role_that_is_not_less_is_one_persons(role: str) -> None:
    band = Band()
    band.join("leader", "ana")
    band.join("guest", "gus")
    band.do("ana", "session.role", member="gus", role=role)
    assert band.state.members[band.join("guest", "eve")].role == "guest"


def test_a_demotion_to_a_role_of_ones_own_holds_while_it_is_less() -> None:
    band = Band()
    band.join("leader", "ana")
    band.join("guest", "gus")
    band.do("ana", "session.define", role="mute", grants="chat.say")
    band.do("ana", "session.role", member="gus", role="mute")
    assert band.state.members[band.join("guest", "eve")].role == "mute"
    band.do("ana", "session.define", role="mute", grants="chat.say take.play:*")
    assert band.state.members[band.join("guest", "mal")].role == "guest"


def test_an_engine_whose_invite_was_revoked_comes_by_a_new_one_only() -> None:
    band = Band()
    band.join("leader", "ana")
    band.join("engine", "engine", invite="00aa00aa00aa00aa", key=KEY)
    band.do("ana", "session.revoke", invite="00aa00aa00aa00aa")
    with refused(Code.BAD_TOKEN):
        band.join("engine", "engine", invite="00aa00aa00aa00aa", key=KEY)
    assert band.join("engine", "engine", invite="00bb00bb00bb00bb", key=KEY) == "engine"
    with refused(Code.NOT_ALLOWED):
        band.do("ana", "session.role", member="engine", role="listener")
    assert band.state.members["engine"].presence is Presence.PRESENT


def test_who_left_comes_in_again_as_a_member() -> None:
    band = Band()
    band.join("guest", "gus")
    band.do("gus", "session.leave")
    with refused(Code.NOT_JOINED):
        band.do("gus", "chat.say", text="hi")
    assert band.join("guest", "gus") == "gus"
