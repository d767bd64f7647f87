"""A hub that speaks what `huggingface_hub` asks for, with a repository of a few megabytes, and fails in every way it is told to.

Lives here: the listing with sizes and hashes, redirects of large files to another path, ranges, and the faults: connections cut in
the middle, changed bytes, refusals.

    with hub() as server:
        server.cut_after = 1_500_000           # bytes of each answer, until set back
        os.environ["HF_ENDPOINT"] = server.url
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

__all__ = ["COMMIT", "LARGE", "TestHub", "checkpoint", "hub"]

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPO = "facebook/musicgen-small"
LARGE = 10_000
"""Files of more bytes are kept as the hub keeps large ones."""


def checkpoint(size: int = 3_500_000) -> dict[str, bytes]:
    """Files as a checkpoint has them, of bytes without a meaning, and some that nobody needs."""
    weights = random.Random(7).randbytes(size)
    return {
        "config.json": b'{"model_type": "musicgen"}\n',
        "generation_config.json": b"{}\n",
        "preprocessor_config.json": b'{"sampling_rate": 32000}\n',
        "special_tokens_map.json": b"{}\n",
        "tokenizer.json": b'{"version": "1.0"}\n' * 1000,
        "tokenizer_config.json": b"{}\n",
        "spiece.model": random.Random(8).randbytes(20_000),
        "model.safetensors": weights,
        "model.fp32.safetensors": b"twice as large",
        "pytorch_model.bin": b"a pickle",
        "state_dict.bin": b"another",
        "README.md": b"# MusicGen\n",
    }


@dataclass
class TestHub:
    """The hub as the test sees it and changes it."""

    __test__ = False

    files: dict[str, bytes] = field(default_factory=checkpoint)
    licence: str = "cc-by-nc-4.0"
    commit: str = COMMIT
    port: int = 0
    spoilt: dict[str, bytes] = field(default_factory=dict)
    """Bytes that are sent instead of those that are stated."""
    statuses: dict[str, int] = field(default_factory=dict)
    """Answers by the end of a path."""
    cut_after: int = 0
    """Bytes of a large file's answer after which the connection is cut; 0 never."""
    cuts_left: int = 1_000_000
    resets: bool = False
    """A cut is a reset instead of an end."""
    stall_after: int = 0
    """Bytes of a large file's answer after which nothing more comes until `go_on` is set; 0 never."""
    go_on: threading.Event = field(default_factory=threading.Event)
    ignores_ranges: bool = False
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path and range of each request."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def gets(self, end: str) -> list[str]:
        """The ranges of what was asked for under paths of this end."""
        return [span for method, path, span in self.asked if method == "GET" and path.endswith(end)]

    def listing(self) -> dict[str, object]:
        siblings = []
        for name, data in self.files.items():
            git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
            one: dict[str, object] = {"rfilename": name, "size": len(data), "blobId": git}
            if len(data) > LARGE:
                one["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 135}
            siblings.append(one)
        card = {"license": self.licence} if self.licence else {}
        return {"id": REPO, "sha": self.commit, "tags": ["musicgen"], "cardData": card, "siblings": siblings}


def _handler(hub: TestHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

        def do_HEAD(self) -> None:
            self.answer()

        def do_GET(self) -> None:
            self.answer()

        def answer(self) -> None:
            path = unquote(urlsplit(self.path).path)
            hub.asked.append((self.command, path, self.headers.get("Range", "")))
            assert "Authorization" not in self.headers
            status = next((code for end, code in hub.statuses.items() if path.endswith(end)), 0)
            if status:
                code = {401: "RepoNotFound", 404: "RepoNotFound" if "/api/" in path else "EntryNotFound"}.get(
                    status, ""
                )
                self.send(status, b"<html>no</html>", {"X-Error-Code": code})
            elif path.startswith(f"/api/models/{REPO}/revision/"):
                revision = path.rpartition("/")[2]
                if revision in ("main", hub.commit):
                    self.send(200, json.dumps(hub.listing()).encode(), {"Content-Type": "application/json"})
                else:
                    self.send(404, b"", {"X-Error-Code": "RevisionNotFound"})
            elif path.startswith(f"/{REPO}/resolve/{hub.commit}/"):
                self.file(path.rpartition("/")[2])
            elif path.startswith("/cdn/"):
                self.content(path.rpartition("/")[2])
            else:
                self.send(404, b"", {"X-Error-Code": "RepoNotFound"})

        def file(self, name: str) -> None:
            data = hub.files.get(name)
            if data is None:
                self.send(404, b"", {"X-Error-Code": "EntryNotFound"})
            elif len(data) > LARGE:
                etag = hashlib.sha256(data).hexdigest()
                headers = {"X-Linked-Etag": f'"{etag}"', "X-Linked-Size": str(len(data)), "X-Repo-Commit": hub.commit}
                self.send(302, b"", headers | {"Location": f"{hub.url}/cdn/{name}"})
            else:
                self.content(name)

        def content(self, name: str) -> None:
            data = hub.spoilt.get(name, hub.files[name])
            span = self.headers.get("Range", "")
            start = int(span.removeprefix("bytes=").rstrip("-")) if span and not hub.ignores_ranges else 0
            headers = {"ETag": f'"{hashlib.sha1(data).hexdigest()}"', "X-Repo-Commit": hub.commit}
            if start:
                headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            large = len(data) > LARGE and self.command == "GET"
            cut = hub.cut_after if large and hub.cuts_left > 0 else 0
            self.send(206 if start else 200, data[start:], headers, cut)

        def send(self, status: int, body: bytes, headers: dict[str, str], cut: int = 0) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "HEAD":
                return
            if 0 < cut < len(body):
                hub.cuts_left -= 1
                self.close_connection = True
                body = body[:cut]
            stall = hub.stall_after if len(body) > hub.stall_after else 0
            if stall:
                self.wfile.write(body[:stall])
                hub.go_on.wait()
            with contextlib.suppress(ConnectionError):  # who asked may have gone
                self.wfile.write(body[stall:])
            if cut and hub.resets:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()

    return Handler


@contextmanager
def hub(**settings: object) -> Iterator[TestHub]:
    """A hub on a port of its own, gone at the end."""
    state = TestHub(**settings)  # type: ignore[arg-type]
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(state)) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            state.go_on.set()
            server.shutdown()
            thread.join()
