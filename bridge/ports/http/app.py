"""The app: every route of the HTTP door, what guards them, and their description.

    app = create_app(house, static=folder, hosts=Hosts.bound_to("127.0.0.1"))

`HttpServer` serves it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from bridge.house import House
from bridge.ports.http import blobs, errors, invites, log, sections, takes, ws
from bridge.ports.http.auth import house_of
from bridge.ports.http.guard import Guard, Hosts
from bridge.ports.http.models import SOCKET, Capabilities, Health
from bridge.ports.http.routes import Routes
from bridge.ports.http.studio import Studio
from sessions.capabilities import capabilities, renderers_of

__all__ = ["STUDIO", "create_app"]

STUDIO: Final = Path(__file__).parents[2] / "studio"
"""The page that comes with the package."""

DESCRIPTION: Final = """
Ask for sections of music, hear what comes of it, and check who asked for what. A token goes in `Authorization: Bearer`,
or in `?token=` where a browser can't set headers. Whatever is refused is answered with a code and advice. Everything live
goes by `GET /ws`, a WebSocket of JSON objects, both ways.
"""

public = Routes("server", "")


@public.read("/openapi.json", include_in_schema=False)
async def describe(request: Request) -> JSONResponse:
    """All of this, for programs; made once, off the loop, as it takes a tenth of a second."""
    found = await asyncio.to_thread(request.app.openapi)
    return JSONResponse({**found, "paths": {**found["paths"], "/ws": SOCKET}})


@public.read("/api/health")
async def health(request: Request) -> Health:
    """Whether the server is up, which engines are here, which sessions."""
    return Health.model_validate(house_of(request).health())


@public.read("/api/capabilities")
async def show_capabilities(request: Request) -> Capabilities:
    """What can be asked for, and by which renderers, in any session; over the WebSocket `capabilities` says what you may."""
    renderers = renderers_of(host.state for host in house_of(request).hosts.values())
    return Capabilities.model_validate(capabilities() | {"renderers": renderers})


def create_app(house: House, *, hosts: Hosts, static: Path = STUDIO) -> FastAPI:
    """The app for a house; it answers to `hosts` only and serves the page in `static`."""
    app = FastAPI(
        title="StarBridge",
        version="1",
        description=DESCRIPTION,
        license_info={"name": "Apache-2.0"},
        openapi_url=None,  # see `describe`; FastAPI's own pages of documentation load scripts from elsewhere
        redirect_slashes=False,
    )
    app.state.house = house
    app.state.uploads = asyncio.Semaphore(blobs.MAX_UPLOADS)
    errors.install(app)
    for router in (public, sections.router, takes.router, log.router, blobs.router, invites.router, ws.router):
        app.include_router(router)
    app.router.default = Studio(static)
    app.add_middleware(Guard, hosts=hosts)
    return app
