"""Players: programs that have joined a session over real sockets, many in one process, and when each of them heard what.

All are read in one place, and whatever comes is stamped as it is read, before anybody looks into it. OSC players speak UDP,
`ws` ones the WebSocket; both know of an answer only its bytes, so that 150 of them cost little beside the server.

    with Crowd() as crowd:
        ana = crowd.add(OscPlayer(server.osc_address, token))
        ana.say("live.note", part="bass", pitch=40, velocity=90)
        heard = crowd.hear_all(lambda player: player.note(40, 90))
"""

from __future__ import annotations

import json
import selectors
import socket
import struct
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.uri import parse_uri

from bridge.wire.osc import pack

__all__ = ["Crowd", "Lost", "OscPlayer", "Player", "Silent", "WsPlayer"]

DATAGRAM = 65_536
BUFFER = 1 << 20
PATIENCE_S = 10.0
"""What a busy server may take for an answer before a player gives up on it."""

AGAIN_S = 1.0
"""Then whoever joins over UDP says it again."""

NEVER = b"\0never\0"


class Silent(Exception):
    """Something that was waited for has not come."""


class Lost(Silent):
    """And nothing else has come either."""


class OscPlayer:
    """Speaks OSC over UDP."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.heard_bytes = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self.socket.connect(address)

    def say(self, kind: str, /, **fields: Any) -> None:
        self.socket.send(self.packed(kind, **fields))

    @staticmethod
    def packed(kind: str, /, **fields: Any) -> bytes:
        """The datagram of a message whose fields are in the address's order; a request's go in pairs behind its id."""
        values: list[Any] = list(fields.values())
        if kind == "section.request":
            values = [fields.pop("id"), *(one for pair in fields.items() for one in pair)]
        tags = "".join("s" if isinstance(value, str) else "f" if isinstance(value, float) else "i" for value in values)
        return pack("/" + kind.replace(".", "/"), tags, values)

    def read(self) -> bytes:
        return self.socket.recv(DATAGRAM)

    def took(self, data: bytes) -> list[bytes]:
        return [data]

    def note(self, pitch: int, velocity: int) -> bytes:
        """What everybody hears of such a note, in this door's bytes."""
        return struct.pack(">ii", pitch, velocity)

    def needle(self, kind: str) -> bytes:
        """What an answer of this type holds, in this door's bytes."""
        return b"/" + kind.replace(".", "/").encode() + b"\0"


class WsPlayer:
    """Speaks JSON over the WebSocket; it frames by the library and takes frames apart itself, which is quicker."""

    def __init__(self, url: str, session: str, token: str) -> None:
        split = urlsplit(url)
        assert split.hostname is not None
        assert split.port is not None
        self.heard_bytes = 0
        self.socket = socket.create_connection((split.hostname, split.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._protocol = ClientProtocol(
            parse_uri(f"ws://{split.hostname}:{split.port}/ws?session={session}&token={token}")
        )
        self._protocol.send_request(self._protocol.connect())
        self._flush()
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.socket.recv(DATAGRAM) or self._refused(head)
        head, end, rest = head.partition(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            self._refused(head)
        self._protocol.receive_data(head + end)
        self._rest = rest

    @staticmethod
    def _refused(head: bytes) -> bytes:
        raise Silent(f"the WebSocket does not open: {head[:200]!r}")

    def say(self, kind: str, /, **fields: Any) -> None:
        self.say_text(json.dumps({"type": kind, **fields}).encode())

    def say_text(self, text: bytes) -> None:
        """Send what is JSON already."""
        self._protocol.send_text(text)
        self._flush()

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            self.socket.sendall(data)

    def read(self) -> bytes:
        return self.socket.recv(DATAGRAM)

    def took(self, data: bytes) -> list[bytes]:
        """Frames of a server are not masked; ours are neither packed nor in pieces."""
        data, at, found = self._rest + data, 0, []
        while len(data) - at >= 2:
            size, begin = data[at + 1], at + 2
            if size > 125:
                width = 2 if size == 126 else 8
                size, begin = int.from_bytes(data[begin : begin + width], "big"), begin + width
            if len(data) < begin + size:
                break
            if data[at] & 0x0F == 9:
                self._protocol.send_pong(data[begin : begin + size])
                self._flush()
            else:
                found.append(data[begin : begin + size])
            at = begin + size
        self._rest = data[at:]
        return found

    def note(self, pitch: int, velocity: int) -> bytes:
        return f'"pitch":{pitch},"velocity":{velocity},'.encode()

    def needle(self, kind: str) -> bytes:
        return f'"type":"{kind}"'.encode()


Player = OscPlayer | WsPlayer


class Crowd:
    """Players, read together."""

    def __init__(self) -> None:
        self.players: list[Player] = []
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.dismiss(list(self.players))
        self._selector.close()

    def osc(self, address: tuple[str, int], token: str) -> OscPlayer:
        """One more over OSC, who has joined."""
        player = OscPlayer(address)
        self._enter(player)
        end = time.perf_counter() + PATIENCE_S
        while True:  # a datagram may be lost
            player.say("session.join", token=token)
            try:
                self._hear({player: player.needle("session.joined")}, AGAIN_S)
                return player
            except Lost:
                if time.perf_counter() > end:
                    raise

    def ws(self, url: str, session: str, token: str, **fields: Any) -> WsPlayer:
        """One more over the WebSocket, who has joined."""
        player = WsPlayer(url, session, token)
        self._enter(player)
        player.say("session.join", **fields)
        self.hear(player, player.needle("session.joined"))
        return player

    def _enter(self, player: Player) -> None:
        self._selector.register(player.socket, selectors.EVENT_READ, player)
        self.players.append(player)

    def dismiss(self, players: Iterable[Player]) -> None:
        """Let some go, without a word."""
        for player in players:
            self._selector.unregister(player.socket)
            player.socket.close()
            self.players.remove(player)

    def read(self, timeout_s: float = 0.0) -> list[tuple[Player, bytes, float]]:
        """Every answer that has come, with its time; waits so long for the first."""
        came = []
        for key, _ in self._selector.select(timeout_s):
            data = key.data.read()
            came.append((key.data, data, time.perf_counter()))
            key.data.heard_bytes += len(data)
        if any(not data for _, data, _ in came):
            raise Silent("the server has hung up on a player")
        return [(player, answer, at) for player, data, at in came for answer in player.took(data)]

    def hear(self, player: Player, needle: bytes) -> float:
        """When this player hears it; raises Silent."""
        return self._hear({player: needle})[player]

    def hear_all(self, needle: Callable[[Player], bytes]) -> dict[Player, float]:
        """When each player hears it; raises Silent where one does not."""
        return self._hear({player: needle(player) for player in self.players})

    def _hear(self, needles: Mapping[Player, bytes], patience_s: float = PATIENCE_S) -> dict[Player, float]:
        heard: dict[Player, float] = {}
        end = time.perf_counter() + patience_s
        while len(heard) < len(needles):
            for player, answer, at in self.read(0.2):
                if player not in heard and needles.get(player, NEVER) in answer:
                    heard[player] = at
                elif player in needles and player.needle("refused") in answer:
                    raise Silent(f"the server refuses: {answer!r}")
            if time.perf_counter() > end:
                raise Lost(f"{len(needles) - len(heard)} of {len(needles)} players did not hear it")
        return heard

    def drain(self, quiet_s: float = 0.02) -> None:
        """Read what is still on its way, until it is quiet."""
        while self.read(quiet_s):
            pass
