"""OSCQuery: the tree is the schemas', attributes and errors are the proposal's, and nothing else is answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.ports import oscquery
from bridge.ports.oscquery import MAX_REQUEST, PATIENCE_S, OscQuery, namespace
from osc_schemas import book
from tests.support.network import Network
from tests.support.virtual_time import run_real, run_virtual

DOOR = ("127.0.0.1", 9800)


def ask(line: str) -> tuple[int, Any]:
    """Status and JSON of the answer to a request line."""
    head, _, body = OscQuery(*DOOR, osc_port=9720).answer(line).partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), json.loads(body) if body else None


def get(target: str) -> tuple[int, Any]:
    return ask(f"GET {target} HTTP/1.1")


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("CONTENTS", {}).values():
        yield from nodes(inner)


def test_every_address_is_in_the_tree_where_it_belongs() -> None:
    status, tree = get("/")
    assert status == 200
    assert tree == json.loads(json.dumps(namespace()))
    found = {node["FULL_PATH"]: node for node in nodes(tree)}
    said = {*book().asks, *(answer.address for answer in book().answers.values())}
    assert said == {path for path, node in found.items() if "TYPE" in node}
    for path, node in found.items():
        assert get(path) == (200, node)
        assert node["DESCRIPTION"]
        assert ("CONTENTS" in node) is (node["ACCESS"] == 0)
        if path in book().asks:
            assert node["ACCESS"] == 2
            assert node["TYPE"] == book().asks[path].tags


def test_what_goes_with_a_type_is_as_long_as_the_type() -> None:
    for node in nodes(namespace()):
        for form in [node, *node.get("OVERLOADS", ())]:
            for attribute in ("RANGE", "EXTENDED_TYPE"):
                assert len(form.get(attribute, ())) == len(form.get("TYPE", ""))
        types = [form["TYPE"] for form in node.get("OVERLOADS", ())]
        assert node.get("TYPE") not in types


def test_a_note_and_a_request_are_described_whole() -> None:
    _, note = get("/live/note")
    assert note["RANGE"][0] == {"VALS": ["drums", "bass", "harmony", "melody", "texture"]}
    assert note["RANGE"][1:] == [{"MIN": 0, "MAX": 127}, {"MIN": 0, "MAX": 127}]
    _, request = get("/section/request")
    keys = {form["RANGE"][1]["VALS"][0]: form for form in request["OVERLOADS"]}
    assert set(keys) == set(book().keys)
    assert keys["bars"]["TYPE"] == "ssi"
    assert keys["bars"]["RANGE"][2] == {"MIN": 1, "MAX": 64}


@pytest.mark.parametrize(
    ("target", "status", "body"),
    [
        ("/take/rate?TYPE", 200, {"TYPE": "si"}),
        ("/take/rate/?TYPE", 200, {"TYPE": "si"}),
        ("/take/rate?RANGE", 200, {"RANGE": [None, {"MIN": 1, "MAX": 5}]}),
        ("/take/rate?FULL_PATH", 200, {"FULL_PATH": "/take/rate"}),
        ("/take%2Frate?ACCESS", 200, {"ACCESS": 2}),
        ("/take/rate?ACCESS=&x=y", 200, {"ACCESS": 2}),
        ("/take/rate#fragment", 200, None),
        ("http://elsewhere/take/rate?ACCESS", 200, {"ACCESS": 2}),
        ("/section/done?ACCESS", 200, {"ACCESS": 1}),
        ("/take?TYPE", 200, {}),
        ("/session/ping?RANGE", 200, {}),
        ("/take/rate?VALUE", 204, None),
        ("/take/rate?UNIT", 204, None),
        ("/take/rate?GABBA", 400, None),
        ("/take/rate?type", 400, None),
        ("/take/rat", 404, None),
        ("/take/rate/stars", 404, None),
        ("/..", 404, None),
        ("/%ff", 400, None),
        ("http://[", 400, None),
    ],
)
def test_attributes_and_errors(target: str, status: int, body: Any) -> None:
    got = get(target)
    assert got[0] == status
    if body is not None or status != 200:
        assert got[1] == body


def test_host_info_says_where_osc_is_and_what_is_given() -> None:
    status, info = get("/whatever?HOST_INFO")
    assert status == 200
    assert (info["OSC_PORT"], info["OSC_TRANSPORT"]) == (9720, "UDP")
    given_attributes = {attribute for node in nodes(namespace()) for attribute in node} - {
        "FULL_PATH",
        "CONTENTS",
        "TYPE",
    }
    assert given_attributes == {name for name, given_ in info["EXTENSIONS"].items() if given_}
    assert info["EXTENSIONS"]["LISTEN"] is False


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("POST / HTTP/1.1", 405),
        ("HEAD / HTTP/1.1", 405),
        ("PUT /take/rate HTTP/1.0", 405),
        ("", 400),
        ("GET /", 400),
        ("GET / HTTP/2", 400),
        ("GET  / HTTP/1.1", 400),
    ],
)
def test_anything_but_a_get_is_turned_away(line: str, status: int) -> None:
    assert ask(line) == (status, None)


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_whatever_is_asked_is_answered(text: str) -> None:
    for line in (text, f"GET {text} HTTP/1.1"):
        status, _ = ask(line)
        assert status in (200, 204, 400, 404, 405)


# -- the connection --------------------------------------------------------------------------------------------------


async def exchange(address: tuple[str, int], *pieces: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(*address)
    for piece in pieces:
        writer.write(piece)
        await asyncio.sleep(0)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def serve(scene: Any, *, real: bool = False) -> None:
    async def main() -> None:
        door = OscQuery(DOOR[0], 0 if real else DOOR[1], osc_port=9720)
        address = await door.start()
        try:
            await scene(address, door)
        finally:
            await door.close()
            await asyncio.sleep(0.01)

    if real:
        run_real(main())
    else:
        run_virtual(main(), network=Network())


@pytest.mark.parametrize("real", [False, True])
def test_a_request_may_come_in_pieces_and_is_answered_once(real: bool) -> None:
    async def scene(address: tuple[str, int], door: OscQuery) -> None:
        for size in (1, 7, 1000):
            request = b"GET /take/rate?TYPE HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n\r\n"
            answer = await exchange(address, *[request[i : i + size] for i in range(0, len(request), size)])
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert answer.endswith(b'\r\n\r\n{"TYPE":"si"}')
        await asyncio.sleep(0.01)
        assert real or not door.connections

    serve(scene, real=real)


def test_a_request_that_is_too_long_or_too_slow_is_ended() -> None:
    async def scene(address: tuple[str, int], door: OscQuery) -> None:
        for _ in range(2):
            assert (await exchange(address, b"GET /" + b"x" * MAX_REQUEST, b"more")).startswith(b"HTTP/1.1 431")
        start_s = asyncio.get_running_loop().time()
        with pytest.raises(ConnectionResetError):
            await exchange(address, b"GET /")
        assert asyncio.get_running_loop().time() - start_s <= PATIENCE_S

    serve(scene)


def test_there_is_room_for_so_many_and_the_oldest_goes_for_one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oscquery, "MAX_CONNECTIONS", 2)

    async def scene(address: tuple[str, int], door: OscQuery) -> None:
        begun_s = asyncio.get_running_loop().time()
        open_ = [await asyncio.open_connection(*address) for _ in range(2)]
        assert b"200 OK" in await exchange(address, b"GET /take HTTP/1.1\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            await open_[0][0].read()
        assert asyncio.get_running_loop().time() - begun_s < 1, "at once, not for want of patience"
        assert door.statistics()["let_go"] == 1
        for _, writer in open_:
            writer.close()

    serve(scene)


def test_who_asks_for_more_than_a_share_waits_in_the_crowd_and_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oscquery, "REQUESTS_BURST", 3)

    async def scene(address: tuple[str, int], door: OscQuery) -> None:
        for number in range(5):
            assert b"200 OK" in await exchange(address, b"GET / HTTP/1.1\r\n\r\n")
            assert door.crowd.statistics()["turns"] == max(0, number - 2)

    serve(scene)
