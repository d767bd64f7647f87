"""The HTTP door held to its own description: whatever fits it, or nearly does, is answered as it says.

Requests are made up by schemathesis from `/openapi.json` and sent to a real server in a thread, with a take in it to be found.
Each is answered with a status that is described, of the type and shape that is described, and never with a fault of ours. (A
query that nobody asked for is passed over, as everywhere; what a body may hold is held in the tests of its route.)
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    missing_required_header,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bridge.house import House
from bridge.ports.clock import SystemClock
from bridge.ports.http.app import create_app, description
from bridge.ports.http.guard import Hosts
from tests.bridge.ports.http.jam import Jam, open_jam

pytestmark = pytest.mark.timeout(300)

EXAMPLES = int(os.environ.get("STARBRIDGE_EXAMPLES", "10"))
"""Of each operation; more of them look longer."""
KNOWN = {"session": "jam", "take": "take-1", "part": "drums", "section": "leader/one", "index": 0}
HELD = [
    content_type_conformance,
    ignored_auth,
    missing_required_header,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]


@schemathesis.serializer("audio/wav")
def _as_it_is(context: Any, value: Any) -> Any:
    return value if isinstance(value, bytes) else bytes(getattr(value, "data", b""))


class Served:
    """A jam in a thread of its own, for clients that block."""

    def __init__(self, folder: Path) -> None:
        self.url = ""
        self.token = ""
        self._folder = folder
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        async with open_jam(self._folder) as jam, jam.engine(), jam.http("leader") as leader:
            asked = {"id": "one", "bars": 1, "parts": "drums,bass"}
            await leader.post("/api/sessions/jam/sections", json=asked)
            while "take-1" not in jam.host.state.takes:
                await asyncio.sleep(0.01)
            self.url, self.token = jam.url, self._long(jam)
            self._ready.set()
            await self._over.wait()

    @staticmethod
    def _long(jam: Jam) -> str:
        return jam.host.make_invite("leader", expires_s=10**6)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(60)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(60)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("jam"))
    served.start()
    yield served
    served.stop()


def operations() -> dict[str, Any]:
    """What is described, by method and path."""
    app = create_app(House(Path("nowhere"), SystemClock()), hosts=Hosts.bound_to("127.0.0.1"))
    schema = schemathesis.openapi.from_dict(description(app)).exclude(path="/ws")
    found: list[Any] = [result.ok() for result in schema.get_all_operations()]  # type: ignore[union-attr]
    return {operation.label: operation for operation in found}


OPERATIONS = operations()


@pytest.mark.may_leak("the server's own threads, which end with it")
@pytest.mark.filterwarnings("ignore:Do not use the `random` module")  # schemathesis does, seeded
@pytest.mark.parametrize("label", OPERATIONS)
def test_it_answers_as_it_says(label: str, served: Served) -> None:
    headers = {"Authorization": f"Bearer {served.token}"}

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of([OPERATIONS[label].as_strategy(mode) for mode in GenerationMode]), st.integers(0, 3))
    def ask(case: Any, lost: int) -> None:
        for name in case.path_parameters or {}:
            if name in KNOWN and lost:  # mostly what is there
                case.path_parameters[name] = KNOWN[name]
        response = case.call(base_url=served.url, headers=headers)
        assert response.status_code < 500, f"{case.as_curl_command()}\n{response.text}"
        own = [ignored_auth] if label == "GET /metrics" else []  # from this machine it takes no token
        case.validate_response(response, checks=HELD, excluded_checks=own)

    ask()


def test_every_path_is_described() -> None:
    assert len(OPERATIONS) > 20
