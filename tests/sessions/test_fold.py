"""The state is the fold of the log: whatever a band does, replaying the log, or a snapshot of it, gives the same."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sessions.errors import Refused
from sessions.snapshot import changes, everything, from_lines, lines_of
from tests.support.band import Band

MEMBERS = ["ana", "rhy", "gus", "lis", "e1", "e2"]
TAKES = st.sampled_from(["take-1", "take-2"])
IDS = st.sampled_from(["a", "b", "c", "gus/a"])
MESSAGES = st.one_of(
    st.fixed_dictionaries(
        {
            "type": st.just("section.request"),
            "id": IDS,
            "bars": st.integers(1, 2),
            "parts": st.sampled_from(["drums", "drums,bass"]),
        }
    ),
    st.builds(
        lambda id_, kind: {"type": kind, "id": id_},
        IDS,
        st.sampled_from(["section.cancel", "section.approve", "section.deny"]),
    ),
    st.builds(
        lambda take, kind: {"type": kind, "take": take},
        TAKES,
        st.sampled_from(["take.play", "take.loop", "take.stop", "take.accept"]),
    ),
    st.builds(lambda take, stars: {"type": "take.rate", "take": take, "stars": stars}, TAKES, st.integers(0, 6)),
    st.builds(
        lambda m, r: {"type": "session.role", "member": m, "role": r},
        st.sampled_from(MEMBERS),
        st.sampled_from(["leader", "guest", "dj"]),
    ),
    st.builds(lambda m: {"type": "session.remove", "member": m}, st.sampled_from(MEMBERS)),
    st.just({"type": "session.define", "role": "dj", "grants": "transport.* section.request:drums"}),
    st.builds(lambda bpm: {"type": "transport.tempo", "bpm": bpm}, st.floats(30, 250)),
    st.sampled_from(
        [{"type": "transport.play"}, {"type": "transport.stop"}, {"type": "transport.meter", "meter": "7/8"}]
    ),
    st.builds(
        lambda pitch, velocity: {"type": "live.note", "part": "drums", "pitch": pitch, "velocity": velocity},
        st.sampled_from([36, 38, 130]),
        st.sampled_from([0, 9]),
    ),
    st.builds(
        lambda controller, value: {"type": "live.control", "part": "drums", "controller": controller, "value": value},
        st.sampled_from([1, 7, 64, 120]),
        st.sampled_from([0, 63, 127]),
    ),
    st.builds(lambda value: {"type": "live.bend", "part": "bass", "value": value}, st.sampled_from([0, -8192, 8192])),
    st.sampled_from([{"type": "live.accompany", "id": "solo"}, {"type": "live.rest", "id": "solo"}]),
    st.just({"type": "chat.say", "text": "yes"}),
)
STEPS = st.one_of(
    st.tuples(st.just("say"), st.sampled_from(MEMBERS), MESSAGES),
    st.tuples(st.just("lose"), st.sampled_from(MEMBERS), st.none()),
    st.tuples(st.just("engine"), st.sampled_from(["e1", "e2"]), st.none()),
    st.tuples(st.just("write"), st.none(), st.none()),
    st.tuples(st.just("wait"), st.none(), st.none()),
)


def step(band: Band, what: str, who: Any, message: Any) -> None:
    band.now_us += 137_003
    if what == "say":
        band.send(who, message)
    elif what == "lose" and who in band.state.members:
        band.lose(who)
    elif what == "engine":
        band.engine(who)
    elif what == "write":
        for section in list(band.state.sections.values()):
            if section.engine and not section.status.over:
                band.play_out(section.name)
    else:
        band.now_us += 10_000_000


@settings(max_examples=150)
@given(st.lists(STEPS, max_size=30))
def test_replay_equals_live(steps: list[tuple[str, Any, Any]]) -> None:
    band = Band()
    for role, name in (("leader", "ana"), ("rhythm", "rhy"), ("guest", "gus"), ("listener", "lis")):
        band.join(role, name, invite=f"invite-of-{name}")
    lines = lines_of(everything(band.state))
    for number, (what, who, message) in enumerate(steps):
        before = band.state.size
        try:
            step(band, what, who, message)
        except Refused:
            assert band.state.size == before, "a refused command leaves no trace"
        if number % 3 == 0:
            lines += lines_of(changes(band.state))
    assert band.replayed() == band.state
    assert from_lines(lines + lines_of(changes(band.state))) == band.state, "a little at a time"
    again = from_lines(lines_of(everything(band.state)))
    assert again == band.state, "and all at once"
    assert [list(table) for table in tables(again)] == [list(table) for table in tables(band.state)], (
        "in the same order"
    )
    assert all(band.state.members[name].presence == "present" for name in band.state.sounding)
    held = [name for names in band.state.hands.values() for name in names]
    assert sorted(held) == sorted(s.name for s in band.state.sections.values() if s.status == "working")
    assert sorted(band.state.queue) == sorted(s.name for s in band.state.sections.values() if s.status == "queued")


def tables(state: Any) -> list[dict[str, Any]]:
    return [state.members, state.sections, state.takes]
