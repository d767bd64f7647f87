from __future__ import annotations

import json

import pytest

from sessions.errors import Code, Refused
from sessions.music import CONTROLS, FIELDS, NOTE_PARTS, Part, parse_request
from sessions.music.fields import CONTROL_TABLE, FIELD_TABLE, RATES


def test_the_table_names_the_contract_s_fields() -> None:
    contract = "kind style bars bpm meter key chords parts energy density prompt seed temperature like context at stems renderer"
    ours = {"strength", "strict", "composer", "rate", "tail", "band"}
    assert [field.name for field in FIELDS if field.name not in ours] == contract.split()
    assert len(CONTROL_TABLE) == len(CONTROLS)


def test_what_a_request_writes_is_in_the_table() -> None:
    fields = {
        "chords": "Am",
        "prompt": "soft",
        "like": "demos",
        "context": "take-1 vary",
        "harmony.polyphony": 3,
        "strict": 0,
        "composer": "arranger",
        "rate": 48000,
        "tail": "ring",
        "band": 2,
    }
    written = parse_request(fields).to_fields()
    assert set(written) == set(FIELD_TABLE) | {"harmony.polyphony"}
    types = {"s": str, "i": int, "f": float}
    for name, value in written.items():
        field = FIELD_TABLE.get(name) or CONTROL_TABLE[name].field
        assert type(value) is types[field.type]


@pytest.mark.parametrize(
    "field", [field for field in FIELDS if field.default not in {None, ""}], ids=lambda field: field.name
)
def test_a_default_is_a_value_of_its_field(field: object) -> None:
    assert field in FIELDS
    name = getattr(field, "name", "")
    assert parse_request({name: FIELD_TABLE[name].default}) == parse_request({})


@pytest.mark.parametrize(
    "name", [field.name for field in (*FIELDS, *(c.field for c in CONTROLS)) if field.low is not None]
)
def test_numbers_hold_their_range(name: str) -> None:
    field = FIELD_TABLE.get(name) or CONTROL_TABLE[name].field
    assert field.low is not None
    assert field.high is not None
    assert field.read(field.low) == field.low
    assert field.read(str(field.high)) == field.high
    for value in (field.low - 0.01 if field.type == "f" else field.low - 1, field.high + 1):
        with pytest.raises(Refused) as refused:
            field.read(value)
        assert refused.value.code is Code.BAD_VALUE
        assert refused.value.advice.startswith(f"{name}: ")
        assert "ask for" in refused.value.advice


def test_controls_are_there_for_every_part_and_of_its_sound_alone_for_the_texture() -> None:
    assert {control.part for control in CONTROLS if control.name not in {"level", "space"}} == set(NOTE_PARTS)
    assert {control.part for control in CONTROLS if control.name == "level"} == set(Part)
    for control in CONTROLS:
        assert control.field.name == f"{control.part}.{control.name}"
        assert control.name != "range" or control.part is not Part.DRUMS


def test_only_rates_that_stems_can_have_are_taken() -> None:
    rate = FIELD_TABLE["rate"]
    assert [rate.read(value) for value in (44_100, "48000", 96_000.0)] == list(RATES)
    for value in (44_101, 88_200, "50000"):
        with pytest.raises(Refused, match=r"rate: .* is not to be had; ask for 44100, 48000, 96000$"):
            rate.read(value)


def test_descriptions_are_plain_and_tell_what_can_be_asked() -> None:
    described = json.loads(json.dumps([field.describe() for field in FIELDS]))
    by_name = {facts["name"]: facts for facts in described}
    assert by_name["bars"] == {"name": "bars", "type": "i", "default": 8, "low": 1, "high": 64, "doc": "length in bars"}
    assert "drop" in by_name["kind"]["choices"]
    assert by_name["prompt"]["longest"] == 2000
    assert all(facts["doc"] for facts in described)
