"""The app: every route of the HTTP door, what guards them, and their description.

    app = create_app(house, static=folder, hosts=Hosts.bound_to("127.0.0.1"))

`HttpServer` serves it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.types import Message

from bridge.crowd import Crowd
from bridge.house import House
from bridge.ports.http import blobs, errors, invites, log, metrics, previews, sections, takes, ws
from bridge.ports.http.auth import house_of
from bridge.ports.http.guard import Guard, Hosts
from bridge.ports.http.models import REFUSALS, SOCKET, Capabilities, Health
from bridge.ports.http.routes import Routes
from bridge.ports.http.studio import Studio
from sessions.capabilities import capabilities, renderers_of

__all__ = ["STUDIO", "Statistics", "create_app", "description", "self_description", "warm_up"]

STUDIO: Final = Path(__file__).parents[2] / "studio"
"""The page that comes with the package."""

DESCRIPTION: Final = """
Ask for sections of music, hear what comes of it, and check who asked for what. A token goes in `Authorization: Bearer`,
or in `?token=` where a browser can't set headers. Whatever is refused is answered with a code and advice. Everything live
goes by `GET /ws`, a WebSocket of JSON objects, both ways.
"""

public = Routes("server", "")


@public.read("/openapi.json", include_in_schema=False)
async def describe(request: Request) -> Response:
    """All of this, for programs."""
    made: Response | None = request.app.state.described
    return made if made is not None else await asyncio.to_thread(self_description, request.app)


def self_description(app: FastAPI) -> Response:
    """The answer that describes all of this; made once, which takes a tenth of a second: in a thread, not in the loop."""
    if app.state.described is None:
        app.state.described = JSONResponse(description(app))
    made: Response = app.state.described
    return made


def description(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI description, with what the framework leaves out: the WebSocket, and that refusals are JSON everywhere."""
    found = app.openapi()
    refusal = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    for operation in (operation for path in found["paths"].values() for operation in path.values()):
        for status in REFUSALS:
            operation["responses"][str(status)]["content"] = refusal
    return {**found, "paths": {**found["paths"], "/ws": SOCKET}}


@public.read("/api/health")
async def health(request: Request) -> Health:
    """Whether the server is up, which engines are here, which sessions, and how full each queue is."""
    doors = {name: counts for name, counts in request.app.state.statistics().items() if name != "sessions"}
    return Health.model_validate(house_of(request).health() | {"doors": doors})


@public.read("/api/capabilities")
async def show_capabilities(request: Request) -> Capabilities:
    """What can be asked for, and by which renderers, in any session; over the WebSocket `capabilities` says what you may."""
    renderers = renderers_of(host.state for host in house_of(request).hosts.values())
    return Capabilities.model_validate(capabilities() | {"renderers": renderers})


Statistics = Callable[[], dict[str, Any]]
"""Counts by what they are of, and under `sessions` such by session."""


def create_app(
    house: House,
    *,
    hosts: Hosts,
    static: Path = STUDIO,
    crowd: Crowd | None = None,
    statistics: Statistics | None = None,
) -> FastAPI:
    """The app for a house; it answers to `hosts` only and serves the page in `static`."""
    crowd = crowd or Crowd()
    app = FastAPI(
        title="StarBridge",
        version="1",
        description=DESCRIPTION,
        license_info={"name": "Apache-2.0"},
        openapi_url=None,  # see `describe`; FastAPI's own pages of documentation load scripts from elsewhere
        redirect_slashes=False,
    )
    app.state.house = house
    app.state.described = None
    app.state.crowd = crowd
    app.state.statistics = statistics or (lambda: {"crowd": crowd.statistics(), "sessions": house.statistics()})
    app.state.uploads = asyncio.Semaphore(blobs.MAX_UPLOADS)
    errors.install(app)
    for router in (
        public,
        metrics.router,
        previews.router,
        sections.router,
        takes.router,
        log.router,
        blobs.router,
        invites.router,
        ws.router,
    ):
        app.router.routes += router.routes  # as they are: `include_router` would build each of them a second time
    app.router.default = Studio(static)
    app.add_middleware(Guard, hosts=hosts)
    return app


def warm_up(app: FastAPI) -> None:
    """Let the framework build what it builds at its first request, a tenth of a second long: in a thread, not in the loop."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_: Message) -> None:
        """Nobody asked."""

    scope = {"type": "http", "http_version": "1.1", "method": "GET", "path": "/-", "raw_path": b"/-"}
    scope |= {"scheme": "http", "query_string": b"", "root_path": "", "headers": [(b"host", b"localhost")]}
    asyncio.run(app(scope | {"client": None, "server": None}, receive, send))
