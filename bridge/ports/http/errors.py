"""Refusals as HTTP answers: one table of statuses, one shape of body.

Whatever goes wrong at this door, the framework's own complaints included, is answered with
`{"code": ..., "advice": ...}`. A bug of ours is a 500 that says so and leaves its trace in the server's log, never in
the answer.

>>> answer_to(Refused(Code.TOO_MANY, "wait a moment")).status_code
429
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from bridge.ports.disk import NotKept
from sessions.errors import Code, Refused

__all__ = ["STATUS", "Missing", "NoRoom", "answer_to", "install"]

STATUS: Final[Mapping[Code, int]] = {
    Code.NOT_ALLOWED: 403,
    Code.NOT_JOINED: 401,
    Code.BAD_TOKEN: 401,
    Code.EXPIRED: 401,
    Code.UNKNOWN_FIELD: 422,
    Code.BAD_VALUE: 422,
    Code.CONFLICT: 409,
    Code.TOO_LARGE: 413,
    Code.TOO_MANY: 429,
    Code.NO_ENGINE: 503,
    Code.CANCELLED: 409,
    Code.FAILED: 500,
}
"""The HTTP status of each refusal."""

RETRY_AFTER_S: Final = 1
"""What a client is told to wait after `too-many` or `no-engine`."""


class Missing(Refused):
    """What the path names is not there: 404."""

    def __init__(self, advice: str) -> None:
        super().__init__(Code.BAD_VALUE, advice)


class NoRoom(Refused):
    """There is no room for what was to be kept: 507, which trying again does not mend."""

    def __init__(self, advice: str) -> None:
        super().__init__(Code.FAILED, advice)


_OWN_STATUS: Final = {Missing: 404, NoRoom: 507, NotKept: 507}


def answer_to(refused: Refused, status: int | None = None) -> JSONResponse:
    """The answer that tells a client of a refusal."""
    status = status or _OWN_STATUS.get(type(refused)) or STATUS[refused.code]
    headers = {"Cache-Control": "no-store"}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="starbridge"'
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        headers["Retry-After"] = str(RETRY_AFTER_S)
    return JSONResponse({"code": refused.code.value, "advice": refused.advice}, status, headers)


def install(app: FastAPI) -> None:
    """Let the app answer everything that goes wrong in the one shape."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(Exception, _bug)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)
    return answer_to(error)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    """A path or query parameter that is no number, out of range, missing."""
    assert isinstance(error, RequestValidationError)
    first: Mapping[str, Any] = error.errors()[0]
    name = ".".join(str(step) for step in first["loc"][1:]) or "body"
    return answer_to(Refused(Code.BAD_VALUE, f"{name}: {first['msg'][:1].lower()}{first['msg'][1:]}"))


async def _framework(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    path = request.url.path if len(request.url.path) <= 80 else request.url.path[:77] + "..."
    if error.status_code == HTTPStatus.NOT_FOUND:
        answer = answer_to(Missing(f"there is nothing at {path}; /openapi.json lists all that is"))
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "another method")
        advice = f"{request.method} is not for {path}; use {allowed}"
        answer = answer_to(Refused(Code.BAD_VALUE, advice), error.status_code)
    else:
        code = Code.BAD_VALUE if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR else Code.FAILED
        answer = answer_to(Refused(code, str(error.detail)), error.status_code)
    answer.headers.update(error.headers or {})
    return answer


async def _bug(_: Request, error: Exception) -> JSONResponse:
    advice = "the server made a mistake; its own log says more, and trying again may help"
    return answer_to(Refused(Code.FAILED, advice))
