"""What the server counts, for whoever watches over it: every queue, as text for Prometheus.

    GET /metrics        from this machine, or with the token of a leader's invite

Names of sessions stand in it, so it is nobody else's.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from bridge.loopback import is_loopback
from bridge.ports.http.auth import RULE, Visit, house_of
from bridge.ports.http.routes import Routes
from bridge.wire.prometheus import CONTENT_TYPE, exposition
from sessions.errors import Code, Refused

__all__ = ["router"]

router = Routes("server", "")

_bearer = HTTPBearer(
    auto_error=False, description="The token of a leader's invite; from this machine none is asked for."
)
_TEXT = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Text exposition format 0.0.4."}
}


@router.read("/metrics", response_class=Response, responses=_TEXT)
async def metrics(
    request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Response:
    """Sizes of all that can grow, and counts of what was refused, for Prometheus."""
    if bearer is not None:
        Visit(*house_of(request).open(bearer.credentials)).must(RULE)
    elif request.client is None or not is_loopback(request.client.host):
        raise Refused(
            Code.BAD_TOKEN, "token: send a leader's as `Authorization: Bearer TOKEN`, or ask from the machine itself"
        )
    return Response(exposition(request.app.state.statistics()), media_type=CONTENT_TYPE)
