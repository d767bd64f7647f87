from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.errors import Code, Refused
from sessions.music import At, AtKind, Context, ContextMode, Reference, format_references, parse_references
from sessions.music.references import LATEST_BEAT, MOST_REFERENCES

references = st.builds(
    Reference,
    st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,20}", fullmatch=True),
    st.sampled_from(["", "track-3", "live/2 nights (late)", "Für Elise"]),
    st.none() | st.tuples(st.integers(1, 99), st.integers(100, 9999)),
    st.integers(1, 1_000_000).map(lambda millionths: millionths / 1_000_000),
)


@given(st.lists(references, min_size=1, max_size=MOST_REFERENCES))
def test_references_read_back(wanted: list[Reference]) -> None:
    assert parse_references(format_references(tuple(wanted))) == tuple(wanted)


def test_the_contract_s_example() -> None:
    first, second = parse_references("nightdrive:0.7,demos/track-3@8-16:0.3")
    assert first == Reference("nightdrive", "", None, 0.7)
    assert second == Reference("demos", "track-3", (8, 16), 0.3)
    assert Reference.parse("demos@5").bars == (5, 5)


@pytest.mark.parametrize(
    "text",
    ["", "a,", "a:0", "a:1.5", "a:nan", "a:x", "a:", "a@0-3", "a@5-3", "a@b", "a/", "a//b", "a/../b", "a/.", "..",
     ".", "a/b\\c", "a b", "/etc/passwd",
     "a/ b", "a:0.5:0.5", "a@1@2", "a/" + "x" * 201, "ä", "a/\x07"],
)  # fmt: skip
def test_no_reference(text: str) -> None:
    with pytest.raises(Refused, match="^bad-value: like: "):
        parse_references(text)


def test_too_many_references() -> None:
    with pytest.raises(Refused) as refused:
        parse_references(",".join("a" * (MOST_REFERENCES + 1)))
    assert refused.value.code is Code.TOO_MANY


@pytest.mark.parametrize(
    ("text", "expected", "canonical"),
    [
        ("take-3 bars 5-6", Context("take-3", ContextMode.BARS, 5, 6), "take-3 bars 5-6"),
        ("take-3  bars 5", Context("take-3", ContextMode.BARS, 5, 5), "take-3 bars 5-5"),
        ("take-3", Context("take-3", ContextMode.CONTINUE), "take-3 continue"),
        ("take-3 accompany", Context("take-3", ContextMode.ACCOMPANY), "take-3 accompany"),
        ("take-3 vary", Context("take-3", ContextMode.VARY), "take-3 vary"),
    ],
)
def test_contexts(text: str, expected: Context, canonical: str) -> None:
    assert Context.parse(text) == expected
    assert str(expected) == canonical
    assert Context.parse(canonical) == expected


@pytest.mark.parametrize(
    "text", ["", "continue", "vary", "take-3 forever", "take-3 bars", "take-3 bars 0", "take-3 bars 6-5",
    "take-3 bars 65", "a b c", "take 3 vary"]
)  # fmt: skip
def test_no_context(text: str) -> None:
    with pytest.raises(Refused, match="^bad-value: context: "):
        Context.parse(text)


@given(st.integers(0, LATEST_BEAT * 960))
def test_a_beat_finds_its_tick_again(ticks: int) -> None:
    assert At.parse(str(At.beat(ticks))) == At.beat(ticks)


@pytest.mark.parametrize("text", ["now", "next-bar", "next-4", "never"])
def test_moments(text: str) -> None:
    assert At.parse(text.upper()) == At(AtKind(text))
    assert str(At.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "beat", "beat -1", "beat nan", "beat 1 2", "beat 10000001", "soon", "12", "next-5"]
)
def test_no_moment(text: str) -> None:
    with pytest.raises(Refused, match="^bad-value: at: "):
        At.parse(text)


@given(st.text(max_size=40))
def test_foreign_text_is_read_or_refused(text: str) -> None:
    for read in (parse_references, Context.parse, At.parse):
        try:
            read(text)
        except Refused as refused:
            assert refused.advice.split(":")[0] in {"like", "context", "at"}
