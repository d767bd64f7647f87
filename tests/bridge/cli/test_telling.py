"""Sentences for entries: every event of ours has one, and any event at all gets some."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.cli.telling import LONGEST, telling
from sessions.events import EVENTS, TransportMoved, to_fields
from sessions.music import TICKS_PER_BEAT, Meter, Transport

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def test_every_event_of_ours_has_a_sentence() -> None:
    for kind in EVENTS:
        sentence = telling({"type": kind})
        assert not sentence.startswith(kind)


def test_sentences() -> None:
    assert telling({"type": "take.played", "take": "take-1", "tick": 3840, "loop": True}) == "looped take-1 at beat 4"
    asked = {"id": "a", "bars": 8, "kind": "drop"}
    told = telling({"type": "section.requested", "id": "a", "asked": asked, "waiting": True})
    assert told == "asked for a: bars 8, kind drop, and waits for a leader"
    assert telling({"type": "section.requested", "id": "a", "asked": {}}) == "asked for a: whatever comes"
    assert telling(to_fields(TransportMoved(Transport()))) == "stopped the transport at beat 0, 120.0 bpm, 4/4"


def test_what_moved_the_transport_is_said() -> None:
    stands = Transport()
    plays = stands.play(1_000_000)

    def told(moved: Transport, before: Transport) -> str:
        return telling(to_fields(TransportMoved(moved)), to_fields(TransportMoved(before))["transport"])

    assert told(stands.tempo(0, 130.0), stands) == "set the tempo to 130.0 bpm, while it stood still"
    assert told(stands.meter(0, Meter(7, 8)), stands) == "set the metre to 7/8, while it stood still"
    assert told(stands.locate(0, 8 * TICKS_PER_BEAT), stands) == "moved the transport to beat 8, while it stood still"
    assert told(stands, stands) == "left the transport as it was"
    assert told(plays, stands) == "started the transport at beat 0, 120.0 bpm, 4/4"
    assert told(plays.tempo(2_000_000, 90.0), plays) == "set the tempo to 90.0 bpm"
    assert told(plays.locate(2_000_000, 0), plays) == "moved the transport to beat 0"
    assert told(plays.stop(2_000_000), plays) == "stopped the transport at beat 2, 120.0 bpm, 4/4"


@given(st.sampled_from([*EVENTS, "later.event", ""]), st.dictionaries(st.text(max_size=10), JSON, max_size=5))
def test_any_event_is_one_line_of_printable_text(kind: str, fields: dict[str, object]) -> None:
    sentence = telling({**fields, "type": kind})
    assert sentence.isprintable()
    assert len(sentence) <= LONGEST
