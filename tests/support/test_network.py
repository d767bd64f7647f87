"""The scripted network does exactly what its route says, under asyncio's own ways of opening things."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from tests.support.network import Network, Packet, Route, chopped, delayed, lossy, perfect
from tests.support.virtual_time import run_virtual


class Ear(asyncio.DatagramProtocol):
    """Keeps what it hears, with the time."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, bytes]] = []

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard.append((asyncio.get_running_loop().time(), data))


def send_four(route: Route) -> list[tuple[float, bytes]]:
    network = Network(route)

    async def scene() -> list[tuple[float, bytes]]:
        loop = asyncio.get_running_loop()
        listening, ear = await loop.create_datagram_endpoint(Ear, local_addr=("127.0.0.1", 9000))
        speaking, _ = await loop.create_datagram_endpoint(Ear, remote_addr=("127.0.0.1", 9000))
        for word in (b"one", b"two", b"three", b"four"):
            speaking.sendto(word)
        await asyncio.sleep(10)
        speaking.close()
        listening.close()
        return ear.heard

    heard = run_virtual(scene(), network=network)
    assert [packet.data for packet in network.sent] == [b"one", b"two", b"three", b"four"]
    return heard


def doubled(packet: Packet) -> Sequence[float]:
    return (0.0, 2.0)


@pytest.mark.parametrize(
    ("route", "heard"),
    [
        (perfect, [(0, b"one"), (0, b"two"), (0, b"three"), (0, b"four")]),
        (lossy([0, 1]), [(0, b"one"), (0, b"three")]),
        (lossy([1, 0, 0, 0], delayed(1.0)), [(1, b"two"), (1, b"three"), (1, b"four")]),
        (delayed(3.0, 1.0, 2.0), [(1, b"two"), (2, b"three"), (2, b"four"), (3, b"one")]),
        (doubled, [(time, word) for time in (0, 2) for word in (b"one", b"two", b"three", b"four")]),
    ],
)
def test_datagrams_arrive_as_the_route_says(route: Route, heard: list[tuple[float, bytes]]) -> None:
    assert send_four(route) == heard


def test_a_datagram_for_nobody_is_gone_and_an_address_is_taken_once() -> None:
    network = Network()

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Ear, local_addr=("127.0.0.1", 9000))
        transport.sendto(b"hello?", ("127.0.0.1", 1))
        with pytest.raises(OSError, match="in use"):
            await loop.create_datagram_endpoint(Ear, local_addr=("127.0.0.1", 9000))
        await asyncio.sleep(1)
        transport.close()

    run_virtual(scene(), network=network)
    assert len(network.sent) == 1
    assert network.delivered == []


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_streams_keep_order_in_any_pieces(size: int) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    async def scene() -> bytes:
        server = await asyncio.start_server(echo, "127.0.0.1", 8000)
        reader, writer = await asyncio.open_connection("127.0.0.1", 8000)
        writer.write(bytes(range(256)) * 4)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        server.close()
        await asyncio.sleep(1)
        return answer

    assert run_virtual(scene(), network=Network(chop=chopped(size), latency_s=0.05)) == bytes(range(256)) * 4


def test_a_cut_line_is_felt_on_both_sides_and_nobody_listens_where_nobody_is() -> None:
    felt: list[str] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readexactly(10)
        except ConnectionResetError:
            felt.append("far")
        writer.close()

    async def scene() -> None:
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", 8000)
        server = await asyncio.start_server(listen, "127.0.0.1", 8000)
        reader, writer = await asyncio.open_connection("127.0.0.1", 8000)
        writer.write(b"five!")
        writer.transport.abort()
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        felt.append("near")
        server.close()
        await asyncio.sleep(1)

    run_virtual(scene(), network=Network())
    assert sorted(felt) == ["far", "near"]


def test_a_writer_is_paused_while_its_reader_sleeps() -> None:
    async def sleepy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(100)
        await reader.read(-1)
        writer.close()

    async def scene() -> float:
        server = await asyncio.start_server(sleepy, "127.0.0.1", 8000)
        _, writer = await asyncio.open_connection("127.0.0.1", 8000)
        for _ in range(8):
            writer.write(bytes(65_536))
            await asyncio.sleep(0)
            await writer.drain()
        drained_at = asyncio.get_running_loop().time()
        writer.close()
        server.close()
        await asyncio.sleep(1)
        return drained_at

    assert run_virtual(scene(), network=Network()) == pytest.approx(100)
