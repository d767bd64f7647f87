"""What the server counts: who may read it, and that it counts."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families as read

from bridge.config import Address, Config
from bridge.ports.http import metrics
from bridge.server import Server
from bridge.wire.prometheus import FAMILIES
from tests.bridge.ports.http.jam import Jam, play
from tests.support.virtual_time import run_real


def test_this_machine_asks_without_a_token(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.client("guest", "ana") as ana, httpx.AsyncClient(base_url=jam.url, verify=False) as http:
            await ana.ask("session.ping")
            answer = await http.get("/metrics")
            assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
            found = {family.name: family.samples for family in read(answer.text)}
            assert found["starbridge_session_members"][0].labels == {"session": "jam"}
            assert found["starbridge_session_members"][0].value == 1
            assert (await http.head("/metrics")).status_code == 200

    play(tmp_path, scene)


def test_from_elsewhere_it_takes_a_leader_s_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "is_loopback", lambda host: False)

    async def scene(jam: Jam) -> None:
        async with httpx.AsyncClient(base_url=jam.url, verify=False) as http:
            assert (await http.get("/metrics")).status_code == 401
            for role, status in (("leader", 200), ("guest", 403), ("engine", 403)):
                answer = await http.get("/metrics", headers={"Authorization": f"Bearer {jam.invite(role)}"})
                assert answer.status_code == status, role
            assert (await http.get("/metrics", headers={"Authorization": "Bearer nonsense"})).status_code == 401
            assert (await http.get(f"/metrics?token={jam.invite('leader')}")).status_code == 401, "not in an address"

    play(tmp_path, scene)


def test_every_figure_of_a_whole_server_has_a_name(tmp_path: Path) -> None:
    async def scene() -> None:
        here = Address("127.0.0.1", 0)
        server = Server(Config(data=tmp_path, http=here, osc=here, engine=False))
        ready = await server.start()
        try:
            async with httpx.AsyncClient(base_url=ready.http, verify=False) as http:
                text = (await http.get("/metrics")).text
                doors = (await http.get("/api/health")).json()["doors"]
            counted = server.statistics()
            sessions = counted.pop("sessions")["jam"]
            names = {f"{group}_{name}" for group, found in (counted | sessions).items() for name in found}
            assert names - FAMILIES.keys() <= {"record_entries", "record_durable"}, "the session's say the same"
            assert FAMILIES.keys() <= names
            assert len(list(read(text))) == len(FAMILIES)
            assert doors.keys() == {"http", "osc_udp", "osc_tcp", "oscquery", "crowd"}
        finally:
            await server.close()

    run_real(scene())
