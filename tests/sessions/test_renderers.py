"""Renderers in a session: who is handed a section that asks for one, and what a take says of how its stems were made."""

from __future__ import annotations

from typing import Any

import pytest

from sessions.certificate import statement_hash
from sessions.errors import Code, Refused
from sessions.state import Status
from tests.support.band import Band

FREE = {"name": "sampler", "licence": "CC0-1.0"}
BOUND = {"name": "musicgen", "licence": "CC-BY-NC-4.0", "commercial": False}
MADE = {"by": "musicgen-small", "tries": 2, "error_p95_ms": 4.5}


@pytest.fixture
def band() -> Band:
    band = Band()
    band.join("leader", "ana")
    for name, renderers in (("here", [FREE]), ("box", [FREE, BOUND])):
        band.do(band.join("engine", name), "engine.ready", name=name, software="1", at_once=2, renderers=renderers)
    return band


def ask(band: Band, id_: str, **fields: Any) -> str:
    band.do("ana", "section.request", id=id_, **{"bars": 1, "parts": "drums,bass", **fields})
    return f"ana/{id_}"


def engine_of(band: Band, section: str) -> str:
    return band.state.sections[section].engine


def test_a_section_goes_to_an_engine_that_has_its_renderer(band: Band) -> None:
    bound = [ask(band, f"m{number}", renderer="musicgen") for number in range(3)]
    free = ask(band, "free")
    assert [engine_of(band, name) for name in bound] == ["box", "box", ""]
    assert engine_of(band, free) == "here", "who asks for less does not wait behind"
    band.play_out(bound[0])
    assert engine_of(band, bound[2]) == "box"


def test_notes_alone_and_auto_go_to_anybody(band: Band) -> None:
    for number in range(2):
        ask(band, f"n{number}", renderer="musicgen", stems=0)
        ask(band, f"a{number}")
    hands = [section.engine for section in band.state.sections.values()]
    assert sorted(hands) == ["box", "box", "here", "here"]


def test_where_nobody_has_it_any_more_another_engine_says_so(band: Band) -> None:
    section = ask(band, "m", renderer="musicgen")
    band.lose("box")
    assert engine_of(band, section) == "here"


def finish(band: Band, stems: dict[str, Any]) -> dict[str, Any]:
    section = ask(band, "a", parts="drums")
    engine = engine_of(band, section)
    band.do(engine, "engine.bar", section=section, part="drums", bar=1, notes=[])
    for name in ("drums", "mix"):
        band.do(engine, "engine.stem", section=section, part=name, sha256="ab" * 32, frames=10, rate=44100)
    done = {"composer": {"name": "c"}, "renderer": {"name": "r"}, "chords": "Am"}
    band.do(engine, "engine.done", section=section, **done, **({"stems": stems} if stems else {}))
    assert band.state.sections[section].status is Status.DONE
    take = band.state.takes["take-1"]
    assert take.statement == statement_hash(take.stated)
    return dict(take.stated)


def test_a_take_says_how_its_stems_were_made(band: Band) -> None:
    assert finish(band, {"drums": MADE})["stems"] == {"drums": MADE}
    assert band.replayed().takes == band.state.takes


def test_where_there_is_nothing_to_say_a_statement_is_as_it_always_was(band: Band) -> None:
    assert "stems" not in finish(band, {})


@pytest.mark.parametrize("stems", [{"bass": MADE}, {"mix": MADE}, {"drums": "well"}, {"drums": {"by": "x" * 3000}}])
def test_what_is_no_part_or_too_long_is_refused(band: Band, stems: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="stems: ") as caught:
        finish(band, stems)
    assert caught.value.code is Code.BAD_VALUE


def unheard(band: Band, sounds: tuple[str, ...], parts: str = "drums") -> str:
    """A section whose engine could hand in only these sounds, and says so; its name."""
    section = ask(band, "a", parts=parts)
    engine = engine_of(band, section)
    if "drums" in parts:
        band.do(engine, "engine.bar", section=section, part="drums", bar=1, notes=[])
    for name in sounds:
        band.do(engine, "engine.stem", section=section, part=name, sha256="ab" * 32, frames=10, rate=44100)
    made = {"composer": {"name": "c"}, "renderer": {"name": "r"}, "stems": {"drums": MADE}}
    band.do(engine, "engine.done", section=section, unheard="the disk is full", **made)
    return section


def test_notes_without_their_sound_are_a_take_that_says_why(band: Band) -> None:
    section = unheard(band, ())
    assert band.state.sections[section].status is Status.DONE
    stated = band.state.takes["take-1"].stated
    assert (stated["unheard"], stated["renderer"], list(stated["files"])) == ("the disk is full", {}, ["section.mid"])
    assert "stems" not in stated, "nothing is said of sound that is not there"
    assert (
        band.messages("section.done")[-1]["unheard"] == band.messages("take.added")[-1]["unheard"] == "the disk is full"
    )
    assert band.messages("section.progress")[-1]["stage"] == "no sound: the disk is full", "in words, by OSC as well"
    assert band.replayed().takes == band.state.takes


def test_what_there_is_of_its_sound_is_kept(band: Band) -> None:
    unheard(band, ("drums",))
    stated = band.state.takes["take-1"].stated
    assert (stated["renderer"], stated["stems"], "stems/drums.wav" in stated["files"]) == (
        {"name": "r"},
        {"drums": MADE},
        True,
    )


def test_a_reason_without_a_lack_is_none(band: Band) -> None:
    unheard(band, ("drums", "mix"))
    assert "unheard" not in band.state.takes["take-1"].stated
    assert "unheard" not in band.messages("section.done")[-1]


def test_where_there_are_no_notes_either_it_is_no_take(band: Band) -> None:
    with pytest.raises(Refused, match="no sound either: the disk is full"):
        unheard(band, (), parts="texture")
