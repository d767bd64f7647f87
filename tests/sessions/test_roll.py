"""The roll: by invite and by key, who a search of all members would find, in the same order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sessions.roll import Member, Roll
from sessions.state import State

NAMES, INVITES, KEYS = st.sampled_from("abcde"), st.sampled_from(("one", "two", "three")), st.sampled_from("kl")


@given(st.lists(st.tuples(NAMES, INVITES, st.one_of(st.just(""), KEYS))))
def test_the_roll_finds_whom_a_search_of_all_finds(joined: list[tuple[str, str, str]]) -> None:
    roll = Roll()
    for name, invite, key in joined:
        holder = next((member.name for member in roll.values() if key and member.key == key), name)
        known = roll[holder].key if holder in roll else ""
        roll[holder] = Member(holder, "guest", invite, known or key)
    for invite in ("one", "two", "three"):
        assert list(roll.came_by(invite)) == [member for member in roll.values() if member.invite == invite]
    for key in "kl":
        assert roll.of_key(key) == next((member for member in roll.values() if member.key == key), None)
    assert roll == dict(roll)


def test_a_state_that_is_read_back_has_its_roll() -> None:
    ana = Member("ana", "leader", "00")
    state = State(members={"ana": ana})
    assert state.came_by("00") == (ana,)
    assert state == State(members=Roll({"ana": ana}))
