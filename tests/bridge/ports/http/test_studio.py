"""The page's folder: its files and nothing above them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from bridge.ports.http import errors
from bridge.ports.http.studio import Studio


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., httpx.Response]:
    folder = tmp_path / "studio"
    (folder / "state").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Studio</title>")
    (folder / "state" / "take.js").write_text("export const take = 1;\n")
    (tmp_path / "secret.txt").write_text("not yours")
    (folder / "way-out").symlink_to(tmp_path / "secret.txt")
    app = FastAPI(redirect_slashes=False)
    errors.install(app)

    @app.get("/api/thing")
    async def thing() -> str:
        return "thing"

    app.router.default = Studio(folder)

    def ask(method: str, path: str, **options: object) -> httpx.Response:
        async def one() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
                request: Awaitable[httpx.Response] = client.request(method, path, **options)  # type: ignore[arg-type]
                return await request

        return asyncio.run(one())

    return ask


def test_the_page_and_its_files(ask: Callable[..., httpx.Response]) -> None:
    page = ask("GET", "/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert ask("GET", "/index.html").text == page.text
    script = ask("GET", "/state/take.js")
    assert script.text == "export const take = 1;\n"
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["cache-control"] == "no-cache"


def test_a_file_that_did_not_change_is_not_sent_again(ask: Callable[..., httpx.Response]) -> None:
    tag = ask("GET", "/").headers["etag"]
    again = ask("GET", "/", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_head_has_no_body(ask: Callable[..., httpx.Response]) -> None:
    head = ask("HEAD", "/")
    assert head.status_code == 200
    assert int(head.headers["content-length"]) == len(ask("GET", "/").content)


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2fetc/passwd",
        "//etc/passwd",
        "/way-out",
        "/nothing",
        "/state",
        "/state/",
        "/a%00b",
        "/" + "a" * 5000,
        "/api/nothing",
        "/api/thing/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_nothing_else_is_there(ask: Callable[..., httpx.Response], method: str, path: str) -> None:
    answer = ask(method, path)
    assert answer.status_code == 404
    assert set(answer.json()) == {"code", "advice"}
    assert len(answer.json()["advice"]) < 200


def test_what_is_there_says_how_it_is_asked(ask: Callable[..., httpx.Response]) -> None:
    for path in ("/", "/state/take.js", "/api/thing"):
        answer = ask("POST", path)
        assert answer.status_code == 405
        assert "GET" in answer.headers["allow"]
        assert set(answer.json()) == {"code", "advice"}
