from __future__ import annotations

import math
import re
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.errors import Code, Refused
from sessions.music import (
    NOTE_PARTS,
    STYLE_TABLE,
    Chords,
    Context,
    Kind,
    Meter,
    Part,
    Renderer,
    Request,
    parse_references,
    parse_request,
)
from sessions.music.kinds import Author, Tail
from tests.sessions.music.strategies import field_sets


@given(field_sets())
def test_a_request_reads_back(fields: dict[str, Any]) -> None:
    request = parse_request(fields)
    assert parse_request(request.to_fields()) == request
    elsewhere = parse_request(request.to_fields(), parts=(Part.BASS,), bpm=77.0, meter=Meter(5, 8), seed=9)
    assert elsewhere == request


@given(field_sets())
def test_what_is_given_is_kept(fields: dict[str, Any]) -> None:
    written = parse_request(fields).to_fields()
    for name in fields.keys() & {
        "kind",
        "style",
        "bars",
        "bpm",
        "meter",
        "seed",
        "stems",
        "renderer",
        "at",
        "key",
        "chords",
    }:
        assert written[name] == fields[name]


@given(field_sets())
def test_texts_for_numbers_mean_the_same(fields: dict[str, Any]) -> None:
    spoken = {name: repr(value) if isinstance(value, int | float) else value for name, value in fields.items()}
    floats = {name: float(value) if isinstance(value, int) else value for name, value in fields.items()}
    assert parse_request(spoken) == parse_request(floats) == parse_request(fields)


@given(field_sets())
def test_the_order_of_fields_does_not_matter(fields: dict[str, Any]) -> None:
    assert parse_request(dict(reversed(fields.items()))) == parse_request(fields)


def test_a_32_bit_float_means_what_was_typed() -> None:
    narrow: float = struct.unpack("f", struct.pack("f", 0.7))[0]
    request = parse_request({"energy": narrow, "bpm": struct.unpack("f", struct.pack("f", 93.7))[0]})
    assert (request.energy, request.bpm) == (0.7, 93.7)


def test_defaults() -> None:
    request = parse_request({})
    assert request == Request(
        kind=Kind.LOOP,
        style="house",
        bars=8,
        bpm=124.0,
        meter=Meter(4, 4),
        key=request.key,
        chords=None,
        parts=NOTE_PARTS,
        energy=0.5,
        density=0.5,
        controls=(),
        prompt="",
        seed=0,
        temperature=1.0,
        like=(),
        context=None,
        strength=0.5,
        strict=True,
        composer=Author.AUTO,
        at=request.at,
        stems=True,
        renderer=Renderer.AUTO,
        rate=44_100,
        tail=Tail.AUTO,
        band=None,
    )
    assert (str(request.key), str(request.at)) == ("Am", "never")


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_a_style_and_every_style_a_tempo_and_white_keys(kind: Kind) -> None:
    style = parse_request({"kind": kind.value}).style
    assert style in STYLE_TABLE
    for name, row in STYLE_TABLE.items():
        request = parse_request({"kind": kind.value, "style": name})
        assert request.bpm == row.bpm
        assert set(request.key.scale) == {0, 2, 4, 5, 7, 9, 11}


def test_who_is_asked_where_no_field_says() -> None:
    own = {"parts": (Part.BASS, Part.DRUMS), "bpm": 99.9994, "meter": Meter(3, 4), "seed": 7}
    request = parse_request({}, **own)  # type: ignore[arg-type]
    assert (request.parts, request.bpm, request.meter, request.seed) == (
        (Part.DRUMS, Part.BASS),
        99.999,
        Meter(3, 4),
        7,
    )
    prompted = parse_request({"prompt": "techno, 5/4, 150 bpm"}, **own)  # type: ignore[arg-type]
    assert (prompted.style, prompted.bpm, prompted.meter) == ("techno", 150.0, Meter(5, 4))
    given = parse_request({"prompt": "techno, 5/4, 150 bpm", "bpm": 60, "style": "jazz"}, **own)  # type: ignore[arg-type]
    assert (given.style, given.bpm, given.meter) == ("jazz", 60.0, Meter(5, 4))


def test_what_a_prompt_cannot_express_is_ignored() -> None:
    request = parse_request({"prompt": "300 bpm, 99 bars, 17/4, drums and bass", "bass.density": 1}, parts=(Part.BASS,))
    assert (request.bpm, request.bars, request.meter, request.parts) == (124.0, 8, Meter(4, 4), (Part.BASS,))
    assert parse_request({"prompt": "drums and bass"}, parts=(Part.MELODY,)).parts == (Part.MELODY,)
    assert parse_request({"prompt": "drums and bass", "melody.density": 1}).parts == (
        Part.DRUMS,
        Part.BASS,
        Part.MELODY,
    )
    assert parse_request({"prompt": "two bars", "context": "take-1 bars 5-6"}).bars == 8


PARENT = parse_request(
    {"style": "jazz", "bars": 12, "bpm": 90, "key": "F", "chords": "F7 Bb7", "parts": "drums,bass", "seed": 5}
)


def test_a_section_follows_its_parent() -> None:
    request = parse_request({"context": "take-1", "bpm": 100}, bpm=60.0, seed=3, parent=PARENT)
    assert (request.style, request.bars, request.bpm, str(request.key), request.seed) == ("jazz", 12, 100.0, "F", 3)
    assert request.chords == Chords.parse("F7 Bb7")
    assert request.parts == PARENT.parts
    assert parse_request({"context": "take-1 accompany"}, parent=PARENT).parts == (Part.HARMONY, Part.MELODY)
    everything = parse_request({}, parent=parse_request({}))
    assert parse_request({"context": "take-1 accompany"}, parent=everything).parts == NOTE_PARTS
    assert parse_request({"context": "take-1 vary", "prompt": "in 7/8, 3 bars"}, parent=PARENT).bars == 12


def test_bars_reach_as_far_as_the_context() -> None:
    assert parse_request({"context": "take-1 bars 15-16"}).bars == 16
    assert parse_request({"context": "take-1 bars 1-2"}).bars == 8


@pytest.mark.parametrize(
    ("fields", "advice"),
    [
        ({"bars": 65}, "^bars: 65 is out of range; ask for 1 to 64$"),
        ({"bars": 8.5}, "^bars: 8.5 is not a whole number"),
        ({"bpm": math.nan}, "^bpm: nan is not a finite number"),
        ({"bpm": math.inf}, "^bpm: "),
        ({"bpm": 39.9994}, "^bpm: 39.999 is out of range; ask for 40 to 240$"),
        ({"stems": 2}, "^stems: 2 is out of range; ask for 0 to 1$"),
        ({"stems": "maybe"}, "^stems: "),
        ({"seed": 2**32}, "^seed: "),
        ({"seed": -1}, "^seed: "),
        ({"kind": "verze"}, "^kind: 'verze' is none; did you mean verse"),
        ({"style": "dark dubstep"}, "^style: .*did you mean dubstep"),
        ({"renderer": "piano"}, "^renderer: .*auto, sampler, musicgen"),
        ({"key": ""}, "^key: it is empty; leave the field out"),
        ({"key": None}, "^key: this NoneType is not a text"),
        ({"key": 5}, "^key: 5 is not a text"),
        ({"meter": "7/3"}, "^meter: '7/3' is no metre"),
        ({"parts": ["drums"]}, "^parts: this list is not a text"),
        ({"parts": ""}, "^parts: it is empty"),
        ({"energy": True}, "^energy: True is not a number"),
        ({"bass.range": "C4-C2"}, "^bass.range: .*empty"),
        ({"strength": 0.8}, "^strength: it says how far vary strays; add a context such as take-1 vary, or leave"),
        ({"harmony.polyphony": 7}, "^harmony.polyphony: 7 is out of range; ask for 1 to 6$"),
        ({"parts": "drums", "bass.density": 0.5}, "^bass.density: bass is not among the parts drums; add bass"),
        ({"parts": "drums,texture", "stems": 0}, "^stems: the texture is a stem alone"),
        ({"context": "take-1 bars 5-6", "bars": 4}, "^context: bars 5-6 go beyond the section's 4; "),
        ({"context": "take-1 bars 70"}, "^context: "),
        ({"at": "soon"}, "^at: "),
        ({"temperature": 3}, "^temperature: "),
    ],
)
def test_impossible_fields(fields: dict[str, Any], advice: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_request(fields)
    assert refused.value.code is Code.BAD_VALUE
    assert re.search(advice, refused.value.advice)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("tempo", "^tempo: there is no such field; did you mean bpm"),
        ("Bars", "did you mean bars"),
        ("bass.densty", "did you mean bass.density"),
        ("drums.range", "there is no such field"),
        ("bass.volume", "did you mean bass.level"),
        ("texture.reverb", "^texture.reverb: the texture is a stem without notes, of which level and space"),
        ("sample_rate", "did you mean rate"),
        ("texture.density", "^texture.density: the texture is a stem without notes"),
        ("zzz", "see the capabilities"),
        ("", "see the capabilities"),
        ("x" * 500, "^xxx"),
        ("id", "there is no such field"),
    ],
)
def test_unknown_fields(name: str, advice: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_request({name: "1"})
    assert refused.value.code is Code.UNKNOWN_FIELD
    assert re.search(advice, refused.value.advice)
    assert len(refused.value.advice) < 200


def test_too_much_text() -> None:
    for name in ("prompt", "chords", "like", "style"):
        with pytest.raises(Refused) as refused:
            parse_request({name: "a" * 5000})
        assert refused.value.code is Code.TOO_LARGE


@pytest.mark.parametrize("value", [1, 1.0, "1", True, "true", "True"])
def test_stems_yes(value: object) -> None:
    assert parse_request({"stems": value}).stems is True
    assert parse_request({"stems": 0 if value in {1, "1"} else "false"}).stems is False


def test_empty_texts_where_nothing_is_a_choice() -> None:
    assert parse_request({"prompt": "", "chords": "", "like": " ", "context": ""}) == parse_request({})


def test_texts_become_values() -> None:
    request = parse_request(
        {"like": "a:0.5", "context": "take-2 vary", "bass.range": "e1 - e3", "bass.velocity": "0.25"}
    )
    assert request.like == parse_references("a:0.5")
    assert request.context == Context.parse("take-2 vary")
    assert request.controls == (("bass.velocity", 0.25), ("bass.range", "E1-E3"))
    assert request.pitch_range(Part.BASS) == (28, 52)
    assert request.pitch_range(Part.MELODY) is None
    assert request.control(Part.BASS, "velocity") == 0.25
    assert request.control(Part.BASS, "density") is None


def test_lengths() -> None:
    request = parse_request({"bars": 4, "meter": "7/8", "bpm": 140, "parts": "drums,texture", "chords": "Am/2 F/1.5"})
    assert (request.total_ticks, request.ticks_per_bar) == (13440, 3360)
    assert request.seconds == 6
    assert request.frames(44100) == 264600
    assert request.note_parts == (Part.DRUMS,)
    assert len(request.spans) == 8
    assert parse_request({}).spans == ()


@given(
    st.dictionaries(
        st.text(max_size=12), st.text(max_size=20) | st.integers() | st.floats() | st.none() | st.booleans()
    )
)
def test_foreign_fields_are_refused_in_one_way(fields: dict[str, Any]) -> None:
    try:
        parse_request(fields)
    except Refused as refused:
        assert refused.advice


def test_a_range_may_be_meant_loosely() -> None:
    request = parse_request({"melody.range": " ~ C4-c6", "bass.range": "C1-C3"})
    assert request.to_fields()["melody.range"] == "~C4-C6"
    assert request.pitch_range(Part.MELODY) == (60, 84)
    assert request.range_is_loose(Part.MELODY)
    assert not request.range_is_loose(Part.BASS)
    assert not request.range_is_loose(Part.HARMONY)
    assert parse_request(request.to_fields()) == request


def test_a_variation_has_a_strength() -> None:
    request = parse_request({"context": "take-1 vary", "strength": 0.9})
    assert request.varies
    assert request.to_fields()["strength"] == 0.9
    assert parse_request(request.to_fields()) == request


def test_what_stems_are_asked_to_be_is_written_only_where_it_was_asked_for() -> None:
    assert not {"rate", "tail", "band"} & set(parse_request({"seed": 5}).to_fields())
    request = parse_request({"rate": 96_000, "tail": "ring", "band": 3, "parts": "texture", "texture.level": 0.7})
    assert parse_request(request.to_fields()) == request
    assert (request.frames(request.rate), request.ends, request.plays) == (1_486_452, Tail.RING, 3)


@pytest.mark.parametrize(("kind", "end"), [("loop", Tail.LOOP), ("outro", Tail.RING), ("verse", Tail.CUT)])
def test_a_kind_has_an_end(kind: str, end: Tail) -> None:
    assert parse_request({"kind": kind}).ends is end
    assert parse_request({"kind": kind, "tail": "cut"}).ends is Tail.CUT


def test_the_band_of_a_take_plays_on_in_what_follows_it() -> None:
    assert {parse_request({"seed": seed}).plays for seed in range(6)} == {1, 2, 3}
    first = parse_request({"seed": 5, "rate": 48_000})
    second = parse_request({"context": "take-1 continue"}, seed=1, parent=first)
    third = parse_request({"context": "take-2 continue"}, seed=3, parent=second)
    assert (first.plays, second.plays, third.plays, third.rate) == (3, 3, 3, 48_000)
    assert parse_request({"context": "take-1", "band": 1}, seed=1, parent=first).plays == 1
