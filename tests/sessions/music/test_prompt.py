from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.music import read_prompt
from sessions.music.fields import FIELD_TABLE, LONGEST_PROMPT


@pytest.mark.parametrize(
    ("prompt", "style"),
    [
        ("dark dubstep", "dubstep"), ("Drum & Bass with a reese", "dnb"), ("a jazz ballad", "ballad"),
        ("ambient techno", "techno"),
        ("lo-fi hip-hop to study to", "lo-fi"), ("half-time rock beat", "rock"), ("drum'n'bass", "dnb"),
        ("808 bass over deep house", "house"),
        ("chill evening house", "house"), ("bossa nova", "latin"), ("rocking horse", None), ("popcorn", None),
        ("", None), ("four-on-the-floor", "house"),
    ],
)  # fmt: skip
def test_style(prompt: str, style: str | None) -> None:
    assert read_prompt(prompt).get("style") == style


@pytest.mark.parametrize(
    ("prompt", "bpm"),
    [
        ("140 bpm", "140"), ("at 93.7bpm", "93.7"), ("174-BPM drums", "174"), ("tempo: 98", "98"),
        ("tempo of 120, slow", "120"), ("house at 128.", "128"),
        ("at 16 bars", None), ("at 100%", None), ("at 440 Hz", None), ("140 beats", None),
        ("1140 bpm", "1140"), ("5 bpm", "5"), ("11140 bpm", None), ("at 5", None),
        ("the year 1984", None), ("at 120/4", None),
    ],
)  # fmt: skip
def test_tempo(prompt: str, bpm: str | None) -> None:
    assert read_prompt(prompt).get("bpm") == bpm


@pytest.mark.parametrize(
    ("prompt", "key"),
    [
        ("F minor", "F minor"), ("in F#m", "F#m"), ("house in Bb", "Bb"), ("in C, slow", "C"),
        ("e flat minor", "e flat minor"), ("C# Dorian jam", "C# Dorian"),
        ("key of G", "G"), ("key: D", "D"), ("in A at 120 bpm", "A"), ("in A", "A"), ("in a minor, slow", "a minor"),
        ("lofi Am 80 bpm", "Am"),
        ("in Eb minor pentatonic", "Eb minor pentatonic"), ("in F sharp", "F sharp"), ("A minor waltz", "A minor"),
        ("in A-flat", "A-flat"),
        ("in a minor key", None), ("add a major lift", None), ("In A Dark Room", None), ("I Am the night", None),
        ("in G-funk style", None),
        ("in C4", None), ("Cm7 chords", None), ("a big room", None), ("be a drummer", None), ("Gmail", None),
        ("D'Angelo", None),
    ],
)  # fmt: skip
def test_key(prompt: str, key: str | None) -> None:
    assert read_prompt(prompt).get("key") == key


@pytest.mark.parametrize(
    ("prompt", "bars"),
    [("8-bar loop", "8"), ("16 bars", "16"), ("100 bars", "100"),
     ("four bars", "4"), ("a twelve-bar blues", "12"), ("bars 5-6", None),
     ("no bars", None), ("2.5 bars", None)],
)  # fmt: skip
def test_bars(prompt: str, bars: str | None) -> None:
    assert read_prompt(prompt).get("bars") == bars


@pytest.mark.parametrize(
    ("prompt", "meter"), [("in 7/8", "7/8"), ("3/4 waltz", "3/4"), ("24/7", None), ("16/9", None), ("1/2/2020", None)]
)
def test_meter(prompt: str, meter: str | None) -> None:
    assert read_prompt(prompt).get("meter") == meter


@pytest.mark.parametrize(
    ("prompt", "kind"), [("a Verse", "verse"), ("pre-chorus", "prechorus"), ("big hook", "chorus"),
    ("the drop", "drop"), ("universe", None)]
)  # fmt: skip
def test_kind(prompt: str, kind: str | None) -> None:
    assert read_prompt(prompt).get("kind") == kind


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("drums and bass", "drums,bass"), ("bass, drums & melody", "drums,bass,melody"), ("only drums", "drums"),
        ("bass line only", "bass"),
        ("without drums", "bass,harmony,melody"), ("no drums or bass", "harmony,melody"),
        ("pads and percussion", "drums,harmony"),
        ("drum and bass", None), ("drum and bass and melody", None), ("dubstep with heavy bass", None),
        ("drums, bass, harmony and melody", None),
        ("no drums, bass, harmony or melody", None),
    ],
)  # fmt: skip
def test_parts(prompt: str, parts: str | None) -> None:
    assert read_prompt(prompt).get("parts") == parts


def test_everything_at_once() -> None:
    assert read_prompt("8-bar jazz verse in 3/4 at 92.5 bpm, D dorian, bass and harmony") == {
        "style": "jazz",
        "bpm": "92.5",
        "key": "D dorian",
        "meter": "3/4",
        "bars": "8",
        "kind": "verse",
        "parts": "bass,harmony",
    }


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from("in a A F# minor key bass drums and , 140 bpm at 8 bars house no only".split())).map(
        " ".join
    )
)
def test_any_text_is_read(prompt: str) -> None:
    assert set(read_prompt(prompt)) <= set(FIELD_TABLE)


@pytest.mark.parametrize(
    "unit", ["a ", "drums,", "in A ", "bass and ", "9", "- ", "no drums or ", "house ", "d and ", "F# "]
)
def test_the_longest_prompt_is_read_at_once(unit: str) -> None:
    """Some patterns would take years over it; the test's time limit says so."""
    assert set(read_prompt((unit * LONGEST_PROMPT)[:LONGEST_PROMPT])) <= set(FIELD_TABLE)
