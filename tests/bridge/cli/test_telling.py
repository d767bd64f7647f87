"""Sentences for entries: every event of ours has one, and any event at all gets some."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.cli.telling import LONGEST, telling
from sessions.events import EVENTS, TransportMoved, to_fields
from sessions.music import Transport

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


@given(st.sampled_from([*EVENTS, "later.event", ""]), st.dictionaries(st.text(max_size=10), JSON, max_size=5))
def test_any_event_is_one_line_of_printable_text(kind: str, fields: dict[str, object]) -> None:
    sentence = telling({**fields, "type": kind})
    assert sentence.isprintable()
    assert len(sentence) <= LONGEST
