"""The book of addresses is whole, and says the same as the session does."""

from __future__ import annotations

import dataclasses
import tomllib
from enum import Enum
from importlib.resources import files
from typing import Any

import pytest

from osc_schemas import CHAPTERS, Answer, Argument, Ask, Receiver, Type, address_of, book, type_of
from sessions.commands import COMMANDS, AcceptTake
from sessions.errors import Code
from sessions.music import CONTROLS, FIELDS, Part
from sessions.plain import fields_of

ASKS = list(book().asks.values())
ANSWERS = list(book().answers.values())

NOT_OVER_OSC = {"session.join": {"name", "key"}, "session.ping": {"time"}}
"""What these commands take on the WebSocket only; and naming a section's asker, which OSC does in the id."""

CONTRACT = {
    "/session/join": "si", "/session/leave": "", "/session/ping": "", "/session/role": "ss", "/session/remove": "s",
    "/session/revoke": "s", "/section/request": "s", "/section/resend": "ssi", "/section/cancel": "s",
    "/section/approve": "s", "/section/deny": "s", "/take/play": "ss", "/take/loop": "ss", "/take/stop": "s",
    "/take/accept": "s", "/take/reject": "s", "/take/rate": "si", "/transport/play": "", "/transport/stop": "",
    "/transport/tempo": "f", "/transport/locate": "f", "/transport/meter": "s", "/live/note": "sii", "/log/head": "",
    "/capabilities": "",
}  # fmt: skip
PROMISED = {
    "/session/joined": "sss", "/session/left": "", "/session/pong": "", "/section/accepted": "s", "/section/waiting": "s",
    "/section/note": "ssffii", "/section/bar": "ssii", "/section/stem": "ssss", "/section/done": "ssi",
    "/section/failed": "sss", "/section/cancelled": "s", "/transport/state": "iffii", "/live/note": "sii",
    "/log/head": "is", "/capabilities": "s", "/refused": "sss",
}  # fmt: skip


@pytest.mark.parametrize(("address", "tags"), CONTRACT.items())
def test_what_the_contract_takes_is_taken(address: str, tags: str) -> None:
    assert book().asks[address].tags == tags


@pytest.mark.parametrize(("address", "tags"), PROMISED.items())
def test_what_the_contract_answers_is_answered(address: str, tags: str) -> None:
    assert {answer.address: answer.tags for answer in ANSWERS}[address] == tags


def test_the_tables_hold_only_what_is_read() -> None:
    known = {
        "ask": {"address", "doc", "args", "answers", "pairs"},
        "answer": {"address", "type", "to", "doc", "args", "bundle"},
        "key": {"name", "type", "doc", "range", "choices", "default"},
    }
    arg_keys = {"name", "type", "doc", "optional", "range", "choices", "json"}
    for name in CHAPTERS:
        table = tomllib.loads((files("osc_schemas") / f"{name}.toml").read_text("utf-8"))
        assert table.keys() <= {"title", *known}
        for kind, allowed in known.items():
            for entry in table.get(kind, ()):
                assert entry.keys() <= allowed, entry
                for arg in entry.get("args", ()):
                    assert arg.keys() <= arg_keys, arg


def test_nothing_is_said_twice() -> None:
    assert len(ASKS) == sum(len(chapter.asks) for chapter in book().chapters)
    assert len(ANSWERS) == sum(len(chapter.answers) for chapter in book().chapters)
    assert len(book().keys) == sum(len(chapter.keys) for chapter in book().chapters)


@pytest.mark.parametrize("entry", [*ASKS, *ANSWERS], ids=lambda entry: f"{type(entry).__name__} {entry.type}")
def test_every_entry_is_well_formed(entry: Ask | Answer) -> None:
    assert entry.address.startswith("/")
    assert entry.address.replace("/", "").isalpha()
    assert entry.doc.endswith(".")
    names = [arg.name for arg in entry.args]
    assert len(names) == len(set(names))
    for before, after in zip(entry.args, entry.args[1:], strict=False):
        assert after.optional >= before.optional, "what may be left out comes last"
    for arg in entry.args:
        assert arg.doc
        assert not (arg.choices and arg.low is not None)
        assert all(isinstance(choice, str) is (arg.type is Type.TEXT) for choice in arg.choices)
        if arg.low is not None and arg.high is not None:
            assert arg.type is not Type.TEXT
            assert arg.low < arg.high


@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: ask.address)
def test_every_answer_that_an_ask_names_is_there(ask: Ask) -> None:
    assert ask.answers
    assert set(ask.answers) <= {answer.address for answer in ANSWERS}


def test_every_answer_but_refused_answers_something() -> None:
    answered = {address for ask in ASKS for address in ask.answers}
    assert {answer.address for answer in ANSWERS} - answered == {"/refused"}


def test_types_and_addresses_are_each_other() -> None:
    for address in book().asks:
        assert address_of(type_of(address)) == address
    assert type_of("/capabilities") == "capabilities"


def test_the_book_is_read_once_and_cannot_be_written() -> None:
    assert book() is book()
    with pytest.raises(TypeError):
        book().asks["/x"] = ASKS[0]  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        ASKS[0].doc = ""  # type: ignore[misc]


# -- the same as the session -----------------------------------------------------------------------------------------


def test_every_command_of_people_has_an_address_and_no_other_has() -> None:
    people = {address_of(kind) for kind in COMMANDS if not kind.startswith("engine.")}
    assert set(book().asks) == people


@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: ask.address)
def test_arguments_are_the_fields_of_the_command(ask: Ask) -> None:
    command = COMMANDS[ask.type]
    fields = {field.name: field for field in dataclasses.fields(command)}
    hints = fields_of(command)
    if ask.type == "session.join":
        args: tuple[Argument, ...] = ()  # its token and reply port are the door's business
    elif ask.pairs:
        assert set(fields) == {"id", "fields"}
        args = ask.args
        del fields["fields"]
    else:
        args = ask.args
    elsewhere = NOT_OVER_OSC.get(ask.type, set()) | ({"member"} if ask.type.startswith("section.") else set())
    assert {arg.name for arg in args} == set(fields) - elsewhere
    for arg in args:
        assert arg.type is _type_of_hint(hints[arg.name]), arg.name
        has_default = fields[arg.name].default is not dataclasses.MISSING
        assert arg.optional is has_default, arg.name


def _type_of_hint(hint: Any) -> Type:
    return {int: Type.INT, float: Type.FLOAT}.get(hint, Type.TEXT)


def test_parts_and_codes_are_all_there() -> None:
    for args in [ask.args for ask in ASKS] + [answer.args for answer in ANSWERS]:
        for arg in args:
            if arg.name == "part" and arg.choices:
                assert arg.choices == tuple(map(str, Part))
    (code,) = (arg for arg in book().answers["refused"].args if arg.name == "code")
    assert code.choices == tuple(map(str, Code))


def test_the_keys_of_a_request_are_the_fields_and_controls_of_a_section() -> None:
    fields = [*FIELDS, *(control.field for control in CONTROLS)]
    assert list(book().keys) == [field.name for field in fields]
    for field in fields:
        key = book().keys[field.name]
        said = (str(key.type), key.doc, key.default, key.low, key.high, tuple(map(str, key.choices)))
        meant = (field.type, field.doc, field.default, field.low, field.high, tuple(map(_value, field.choices)))
        assert said == meant, f"copy the row of {field.name} from sessions.music to section.toml"


def _value(choice: Any) -> str:
    return str(choice.value) if isinstance(choice, Enum) else str(choice)


def test_ranges_are_those_of_the_commands() -> None:
    """Just outside of each range the session refuses, at its ends it doesn't."""
    from sessions.commands import parse_command
    from sessions.errors import Refused

    fillers = {"part": "bass", "take": "take-1", "pitch": 60, "velocity": 64, "controller": 64, "value": 1}
    checked = 0
    for ask in ASKS:
        if ask.type in ("session.join", "section.resend"):  # a door's own, and a bar's limit is its section's
            continue
        for arg in ask.args:
            if arg.low is None or arg.high is None:
                continue
            rest = {other.name: fillers[other.name] for other in ask.args if other is not arg}
            for value in (arg.low, arg.high):
                parse_command({"type": ask.type, **rest, arg.name: value})
            for value in (arg.low - 1, arg.high + 1):
                with pytest.raises(Refused, match=arg.name):
                    parse_command({"type": ask.type, **rest, arg.name: value})
            checked += 1
    assert checked >= 5


def test_who_hears_an_answer_is_asker_or_everyone() -> None:
    to = {answer.address: answer.to for answer in ANSWERS}
    assert to["/section/done"] is Receiver.ASKER
    assert to["/take/accept"] is Receiver.EVERYONE
    assert COMMANDS["take.accept"] is AcceptTake
