"""oscsend and oscdump at a real server: they keep no port, so the owner lets them act as a role, and answers go to one port."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.programs import program
from tests.support.server import Server, running_server
from tests.support.talk import Talk, free_port

Send = Callable[..., None]


@pytest.fixture
def band(tmp_path: Path) -> Iterator[tuple[Server, Talk, Send]]:
    """A server, oscdump at the reply port, and oscsend."""
    oscsend, oscdump = program("oscsend"), program("oscdump")
    port = free_port()
    reply = ["--osc-as", "leader", "--osc-reply", str(port)]
    with (
        Talk([oscdump, "-L", str(port)], tmp_path) as dump,
        running_server(tmp_path / "server", *reply) as server,
    ):

        def send(address: str, *words: str, url: str = "") -> None:
            where = [url] if url else ["127.0.0.1", str(server.osc_address[1])]
            subprocess.run([oscsend, *where, address, *words], check=True, timeout=45)

        yield server, dump, send


def test_a_section_from_request_to_done(band: tuple[Server, Talk, Send]) -> None:
    server, dump, send = band
    send(
        "/section/request",
        "ssssisfsssi",
        "a1",
        "style",
        "dubstep",
        "bars",
        "2",
        "bpm",
        "140",
        "parts",
        "drums,bass",
        "stems",
        "1",
    )
    dump.until(r'/section/accepted s "a1"')
    done = dump.until(r'/section/done ssi "a1" "take-1" \d+')
    bars = dump.until(r'/section/bar ssii "a1"')
    for part in ("drums", "bass"):
        for bar in (1, 2):
            (line,) = (line for line in bars if f'"{part}" {bar} ' in line)
            assert int(line.split()[-1]) or part == "bass", "there are drums in each bar"
    counted = sum(int(line.split()[-1]) for line in bars)
    assert len(dump.until(r'/section/note ssffii "a1"', counted)) == counted
    stems = dump.until(r'/section/stem ssss "a1"')
    assert {line.split()[4] for line in stems} >= {'"drums"', '"bass"'}
    for line in stems:
        assert Path(line.split('"')[-2]).read_bytes()[:4] == b"RIFF"
    assert dump.output.index(bars[-1]) < dump.output.index(done[0])
    send("/take/accept", "s", "take-1")
    dump.until(r'/take/accept s "take-1"')
    send("/log/head")
    dump.until(r"/log/head is \d+ \"[0-9a-f]{64}\"")
    assert (server.folder / "log.jsonl").read_text().count('"section.requested"') == 1


def test_whatever_is_wrong_is_answered(band: tuple[Server, Talk, Send]) -> None:
    _, dump, send = band
    send("/section/request", "ssi", "a1", "bars", "65")
    dump.until(r'/refused sss "a1" "bad-value" "bars: ')
    send("/section/request", "ssi", "a1", "barz", "8")
    dump.until(r'/refused sss "a1" "unknown-field" "barz: ')
    send("/transport/tempo", "d", "128")
    dump.until(r'/refused sss "/transport/tempo" "bad-value" .*send an f')
    send("/transport/tmpo", "f", "128")
    dump.until(r'/refused sss "/transport/tmpo" "unknown-field" .*/transport/tempo')
    send("/session/join", "s", "nonsense")
    dump.until(r'/refused sss "/session/join" "bad-token"')
    send("/take/play", "ss", "take-9", "now")
    dump.until(r'/refused sss "/take/play" "bad-value"')
    send("/transport/tempo", "f", "127.99")
    dump.until(r"/transport/state iffii 0 127.989998 0.000000 4 4")


def test_over_tcp_too(band: tuple[Server, Talk, Send]) -> None:
    server, dump, send = band
    send("/session/ping")
    dump.until("/session/pong")
    send("/chat/say", "s", "over TCP", url=f"osc.tcp://{server.osc_tcp}")
    dump.until(r'/chat/said ss "osc-tcp-leader" "over TCP"')


def test_a_cancelled_section_says_nothing_more(band: tuple[Server, Talk, Send]) -> None:
    _, dump, send = band
    send("/section/request", "ssisisi", "long", "bars", "64", "stems", "1", "seed", "1")
    dump.until(r'/section/accepted s "long"')
    send("/section/cancel", "s", "long")
    dump.until(r'/section/cancelled s "long"')
    send("/section/request", "ssisisi", "next", "bars", "1", "stems", "0", "seed", "1")
    dump.until(r'/section/done ssi "next"')
    after = dump.output.partition("/section/cancelled")[2]
    assert after.count('"long"') == 1, "its own name, and nothing else of it"


def test_the_longest_section_arrives_whole(band: tuple[Server, Talk, Send]) -> None:
    """64 bars of the two parts with the most notes, more than a receive buffer holds: none is lost."""
    _, dump, send = band
    dense = ["density", "1", "energy", "1", "parts", "drums,harmony", "stems", "0"]
    send("/section/request", "ssisfsfsssi", "all", "bars", "64", *dense)
    dump.until(r'/section/done ssi "all"')
    bars = dump.until(r'/section/bar ssii "all"', 128)
    assert len(bars) == 128
    notes = sum(int(line.split()[-1]) for line in bars)
    assert len(dump.until(r'/section/note ssffii "all"', notes)) == notes
