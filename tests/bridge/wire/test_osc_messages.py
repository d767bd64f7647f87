"""OSC and messages: the golden datagrams, the mercy, every answer of a session, and what is too long."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.wire.osc import Packet, bundle, pack, parse, unbundle
from bridge.wire.osc_messages import MAX_DATAGRAM, Message, datagrams, decode, encode, read, subject
from osc_schemas import VECTORS, Argument, Ask, Type, book, vectors
from sessions.capabilities import capabilities
from sessions.errors import Code, Refused
from tests.support.band import Band

TAKEN = [(name, row) for name in ("good", "oscsend", "sclang", "pd") for row in vectors(name) if "says" in row]
REFUSED = [(name, row) for name in ("bad", "oscsend", "sclang", "pd") for row in vectors(name) if "refused" in row]


def names(cases: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [f"{name}: {row['name']}" for name, row in cases]


@pytest.mark.parametrize("row", [row for _, row in TAKEN], ids=names(TAKEN))
def test_a_good_datagram_says_what_it_says(row: dict[str, Any]) -> None:
    says = [(said["message"], said["at_us"]) for said in row["says"]]
    decoded = decode(bytes.fromhex(row["hex"]))
    assert list(decoded) == says
    for (message, _), (meant, _) in zip(decoded, says, strict=True):
        assert {name: type(value) for name, value in message.items()} == {n: type(v) for n, v in meant.items()}


@pytest.mark.parametrize("row", [row for _, row in REFUSED], ids=names(REFUSED))
def test_a_bad_datagram_is_refused_with_its_code_and_advice(row: dict[str, Any]) -> None:
    data = bytes.fromhex(row["hex"])
    with pytest.raises(Refused) as caught:
        decode(data)
    assert caught.value.code == row["refused"]
    assert caught.value.advice.isprintable()
    assert len(caught.value.advice) > 20
    assert subject(Packet(data)) == row["what"]


@pytest.mark.parametrize("row", vectors("answers"), ids=lambda row: row["name"])
def test_an_answer_goes_out_as_these_bytes(row: dict[str, Any]) -> None:
    data = encode(row["messages"], row["at_us"])
    assert data == bytes.fromhex(row["hex"])
    assert datagrams(row["messages"], row["at_us"]) == ([data] if data else [])


def test_every_address_has_its_golden_datagrams() -> None:
    asked = {said["message"]["type"] for row in vectors("good") for said in row["says"]}
    assert asked == {ask.type for ask in book().asks.values()}
    answered = {message["type"] for row in vectors("answers") for message in row["messages"]}
    assert answered >= set(book().answers)
    assert len(VECTORS) == len(set(VECTORS))


# -- what is asked ---------------------------------------------------------------------------------------------------


def value_for(arg: Argument) -> st.SearchStrategy[Any]:
    whole = st.integers(-(2**31), 2**31 - 1)
    if arg.type is Type.TEXT:
        return st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
    return whole if arg.type is Type.INT else st.integers(-1000, 1000).map(lambda number: number / 8)


@given(st.data())
def test_every_ask_is_read_as_it_was_meant(data: st.DataObject) -> None:
    ask: Ask = data.draw(st.sampled_from(list(book().asks.values())))
    args = ask.args[: data.draw(st.integers(ask.required, len(ask.args)))]
    values = [data.draw(value_for(arg)) for arg in args]
    tags = "".join(arg.type for arg in args)
    meant: Message = {"type": ask.type, **dict(zip([arg.name for arg in args], values, strict=True))}
    if ask.pairs:
        for name in data.draw(st.lists(st.sampled_from(list(book().keys)), unique=True)):
            value = data.draw(value_for(book().keys[name]))
            values += [name, value]
            tags += "s" + book().keys[name].type
            meant[name] = value
    assert read(Packet(pack(ask.address, tags, values))) == meant
    merciful = tags.replace("i", "f")
    if all(abs(value) < 2**24 for tag, value in zip(tags, values, strict=True) if tag == "i"):
        assert read(Packet(pack(ask.address, merciful, values))) == meant


@given(st.binary(max_size=200))
def test_junk_gives_messages_or_a_refusal_and_a_subject(data: bytes) -> None:
    assert subject(Packet(data))
    with contextlib.suppress(Refused):
        decode(data)


@pytest.mark.parametrize(
    ("address", "tags", "values", "advice"),
    [
        ("/section/reqest", "s", ["a"], "/section/request"),
        ("/live/note", "si", ["bass", 1], "s part, i pitch, i velocity"),
        ("/take/play", "", [], "s take, s at (or nothing)"),
        ("/session/ping", "i", [1], "none"),
        ("/take/rate", "sf", ["take-1", 4.5], "stars: 4.5"),
        ("/take/rate", "ss", ["take-1", "a b\n"], "stars: 'a b?'"),
        ("/transport/*", "", [], "pattern"),
        ("/section/done", "s", ["a"], "server"),
    ],
)
def test_the_advice_names_what_is_wrong_and_what_to_send(
    address: str, tags: str, values: list[Any], advice: str
) -> None:
    data = pack(address, tags, values)
    with pytest.raises(Refused) as caught:
        read(Packet(data))
    assert advice in caught.value.advice


@pytest.mark.parametrize(
    ("tag", "advice"), [("T", "send 1"), ("h", "send an i"), ("d", "send an f"), ("?", "i, f or s")]
)
def test_the_advice_for_a_type_says_what_to_send_instead(tag: str, advice: str) -> None:
    data = pack("/live/note", "s", ["bass"]).replace(b",s\0\0", f",s{tag}\0".encode()) + bytes(8)
    with pytest.raises(Refused, match=advice):
        read(Packet(data))


# -- what is answered ------------------------------------------------------------------------------------------------


def test_every_answer_of_a_session_can_be_said_over_osc() -> None:
    """A session in which everything happens; what only the WebSocket hears is left out, nothing else is."""
    band = Band()
    lea, gus, rhy = band.join("leader", "lea"), band.join("guest", "gus"), band.join("rhythm", "rhy")
    band.engine()
    band.do(lea, "section.request", id="a", bars=2, parts="drums,texture")
    band.play_out("lea/a")
    band.do(gus, "section.request", id="b", bars=1)
    band.do(lea, "section.approve", id="b")
    band.do(lea, "section.cancel", id="gus/b")
    band.do(gus, "section.request", id="c", bars=1)
    band.do(lea, "section.deny", id="c")
    band.do(lea, "section.request", id="a", bars=2, parts="drums,texture")
    band.do(lea, "section.resend", id="a", part="drums", bar=1)
    band.do(lea, "section.request", id="d", bars=1)
    band.do("engine", "engine.failed", section="lea/d", code="failed", advice="it broke")
    for kind in ("accept", "reject", "stop"):
        if kind == "stop":
            band.do(lea, "take.play", take="take-1", at="now")
        band.do(lea, f"take.{kind}", take="take-1")
    band.do(lea, "take.loop", take="take-1", at="next-bar")
    band.do(gus, "take.rate", take="take-1", stars=4)
    band.do(gus, "take.vote", take="take-1", value=-1)
    band.do(lea, "transport.tempo", bpm=99.5)
    band.do(gus, "live.note", part="bass", pitch=40, velocity=0)
    band.do(gus, "live.control", part="bass", controller=64, value=127)
    band.do(gus, "live.bend", part="bass", value=99)
    band.do(lea, "live.accompany", id="solo", parts="bass")
    beat = band.state.accompaniment.tick if band.state.accompaniment else 0
    played = {"bass": [[beat, 480, 36, 90]]}
    band.do("engine", "engine.ahead", section=f"{lea}/solo", start=beat, end=beat + 960, notes=played)
    band.do(lea, "live.rest", id="solo")
    band.do(lea, "session.define", role="keys", grants="section.request:harmony")
    band.do(lea, "session.role", member=gus, role="keys")
    band.do(lea, "chat.say", text="hi")
    band.do(lea, "session.remove", member=rhy)
    band.do(lea, "session.revoke", invite="00112233445566aa")
    band.do(gus, "session.leave")
    said = set()
    for message in band.heard:
        if encode([message]):
            said.add(message["type"])
        else:
            assert message["type"] not in book().answers
    outside = {
        "session.pong",
        "session.joined",
        "capabilities",
        "log.head",
        "refused",
        "transport.state",
        "section.waiting",
    }
    assert set(book().answers) - said <= outside | {"section.position", "section.preview", "section.progress"}
    assert said >= {"section.bar", "section.note", "section.done", "take.loop", "session.removed", "section.deny"}


def note(number: int) -> Message:
    return {
        "type": "section.note", "id": "a1", "part": "harmony", "start": number / 16, "length": 0.0625,
        "pitch": 60, "velocity": 100,
    }  # fmt: skip


def bar(notes: int) -> list[Message]:
    last: Message = {"type": "section.bar", "id": "a1", "part": "harmony", "bar": 1, "notes": notes}
    return [*map(note, range(notes)), last]


def addresses(data: bytes) -> list[str]:
    return [parse(packet.data).address for packet in unbundle(data)]


def test_a_bar_is_one_datagram_as_long_as_udp_has_any_that_is_long_enough() -> None:
    (whole,) = datagrams(bar(250), 10**15)
    assert 1400 < len(whole) <= MAX_DATAGRAM
    assert addresses(whole) == ["/section/note"] * 250 + ["/section/bar"]


@pytest.mark.parametrize("notes", [16, 700, 900, 4096])
@pytest.mark.parametrize("limit", [1400, 9216, MAX_DATAGRAM])
def test_a_bar_beyond_a_datagram_comes_in_pieces_with_its_end_in_the_last(notes: int, limit: int) -> None:
    pieces = datagrams(bar(notes), 10**15, limit)
    assert max(map(len, pieces)) <= limit
    assert b"".join(piece[16:] for piece in pieces) == bundle([pack_of(m) for m in bar(notes)])[16:]
    assert {piece[:16] for piece in pieces} == {bundle([], 10**15)}
    assert all(len(piece) > limit - 120 for piece in pieces[:-1])


def pack_of(message: Message) -> bytes:
    answer = book().answers[message["type"]]
    return pack(answer.address, answer.tags, [message[arg.name] for arg in answer.args])


def test_what_no_datagram_holds_is_refused_with_the_way_to_get_it() -> None:
    (instead,) = datagrams([{"type": "capabilities", "capabilities": {"x": "y" * MAX_DATAGRAM}}])
    (packet,) = unbundle(instead)
    spoken = parse(packet.data)
    assert spoken.address == "/refused"
    assert spoken.values[:2] == ("/capabilities", Code.TOO_LARGE)


def test_the_capabilities_fit_a_datagram_many_times_over() -> None:
    (data,) = datagrams([{"type": "capabilities", "capabilities": capabilities()}])
    assert len(data) < MAX_DATAGRAM // 3


def test_an_answer_that_lacks_what_its_schema_says_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="take"):
        encode([{"type": "take.stop"}])
