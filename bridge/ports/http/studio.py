"""The studio page and its files: whatever the API does not know is looked up in one folder.

It serves plain files, with entity tags, and nothing above the folder. Every load asks whether a file has changed, so a
new version of the server shows its new page at once.

    app.router.default = Studio(folder)
"""

from __future__ import annotations

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from bridge.ports.http.errors import Missing, answer_to

__all__ = ["Studio"]


class Studio(StaticFiles):
    """The last resort of the router: a file of the page, or nothing."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True, check_dir=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await answer_to(Missing("there is no WebSocket here; connect to /ws"))(scope, receive, send)
            return
        await super().__call__(scope, receive, send)

    async def get_response(self, path: str, scope: Scope) -> Response:
        if "\0" in path:
            raise HTTPException(404)  # no file system knows such a name
        asked = {**scope, "method": "GET"}
        response = await super().get_response(path, asked)  # raises 404 first, whatever the method
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        response.headers["Cache-Control"] = "no-cache"
        return response
