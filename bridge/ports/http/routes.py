"""Routers whose GET routes answer HEAD as well, and whose every route may be refused.

    router = Routes("log", "/api/sessions/{session}/log")

    @router.read("/checkpoint")
    async def checkpoint(visit: Visitor) -> ...:

FastAPI adds no HEAD by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any, TypeVar

from fastapi import APIRouter
from fastapi.routing import APIRoute

from bridge.ports.http.models import REFUSALS

__all__ = ["Routes"]

Handler = TypeVar("Handler", bound=Callable[..., Any])


class Routes(APIRouter):
    """The routes of one subject."""

    def __init__(self, tag: str, prefix: str) -> None:
        super().__init__(prefix=prefix, tags=[tag], responses=REFUSALS)

    def read(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """A handler of GET; HEAD is answered by the same one, and the server leaves the body out."""

        def add(handler: Handler) -> Handler:
            self.add_api_route(path, handler, methods=["GET"], **options)
            head = copy(self.routes[-1])  # built again it would take another two milliseconds of each start
            assert isinstance(head, APIRoute)
            head.methods, head.include_in_schema = {"HEAD"}, False
            self.routes.append(head)
            return handler

        return add
