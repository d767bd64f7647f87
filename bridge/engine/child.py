"""Child: the engine's own process, `python -m bridge.engine.child`.

It is told by lines of JSON on its standard input what to do, tokens included, so that none is ever seen in a process list:

    {"engine": {"seed": "base64", "soundfont": "/path/to.sf2", "weights": "/a/folder", "musicgen": "/a/folder",
                "precision": "int8", "audiocraft": "/a/python", "ca": "/path/to.pem"}}    first, once
    {"join": {"url": "http://127.0.0.1:8080", "session": "jam", "token": "...", "origin": "..."}}    again with a newer token
    {"leave": {"session": "jam"}}

When its input ends, whoever started it is gone, and it ends at once, whatever it is doing. Where no session lets it in, because
the server's certificate has run out, say, it ends as well, with the reason as its last line. The seed makes it the same member
after a crash; it lives in memory only, here and in the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

from bridge.engine.bench import Bench
from bridge.engine.client import Client
from bridge.orphan import end_with_parent
from sessions.canonical import from_base64
from sessions.errors import Refused
from sessions.keys import MemberKey

__all__ = ["CONFIGURATION", "main"]

CONFIGURATION = 78  # exit code: what it was told can't work, starting it again won't help (sysexits' EX_CONFIG)
BROKEN = 70  # exit code: something that nobody thought of, such as a line that is none (EX_SOFTWARE)
PATHS = ("soundfont", "weights", "musicgen", "audiocraft", "ca")
NICENESS = 5  # the server's clock comes before imagining; STARBRIDGE_NICENESS says otherwise where cores are plenty

log = logging.getLogger("starbridge.engine")


class Child:
    """The sessions of this process."""

    def __init__(self, engine: dict[str, Any]) -> None:
        paths = {name: Path(engine[name]) if engine.get(name) else None for name in PATHS}
        self._ca = paths.pop("ca")
        self._key = MemberKey(from_base64(engine["seed"]) if engine.get("seed") else None)
        precision = engine.get("precision") or None
        self._bench = Bench.of_models(precision=precision, **paths)
        self._sessions: dict[str, asyncio.Task[None]] = {}

    async def load(self) -> None:
        """Raises Refused where the soundfont can't be played."""
        await self._bench.offers()

    def join(self, *, url: str, token: str, session: str = "", origin: str = "") -> None:
        """Serve a session; what was served under that name before is left."""
        try:
            client = Client(self._bench, self._key, url=url, token=token, origin=origin, ca=self._ca)
        except Refused as refused:
            self._not_let_in(session, refused)
            return
        self.leave(session=client.session)
        self._sessions[client.session] = asyncio.create_task(self._serve(client))

    def leave(self, *, session: str) -> None:
        if (task := self._sessions.pop(session, None)) is not None:
            task.cancel()

    async def _serve(self, client: Client) -> None:
        try:
            await client.serve()
        except Refused as refused:
            del self._sessions[client.session]
            self._not_let_in(client.session, refused)
        except Exception:
            log.exception("%s: the engine failed", client.session)
            _end(BROKEN)  # the supervisor starts another one; half an engine would answer nobody

    def _not_let_in(self, session: str, refused: Refused) -> None:
        """It won't be let in by trying again; where it serves no other session, nobody should wait for it."""
        log.error("%s: not let in: %s", session, refused.advice)
        if not self._sessions:
            _end(CONFIGURATION)


async def run(orders: asyncio.Queue[dict[str, Any]]) -> None:
    """Do as told, until the process ends. Raises Refused where the first order can't work."""
    child: Child | None = None
    while True:
        for what, how in (await orders.get()).items():
            if what == "engine":
                child = Child(how)
                await child.load()
            elif child is not None and what in ("join", "leave"):
                getattr(child, what)(**how)
            else:
                raise ValueError(f"no such order here: {what}")


def main() -> NoReturn:
    """Run until standard input ends."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    end_with_parent(signal.SIGKILL)
    with contextlib.suppress(OSError, AttributeError, ValueError):  # Windows has no such thing
        os.nice(int(os.environ.get("STARBRIDGE_NICENESS", NICENESS)))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which then ends our input
    code = BROKEN
    try:
        asyncio.run(_main())
    except Refused as refused:
        log.error("%s", refused.advice)
        code = CONFIGURATION
    except Exception:
        log.exception("the engine failed")
    _end(code)


def _end(code: int) -> NoReturn:
    """At once: a step in the bench's thread is not waited for."""
    sys.stderr.flush()
    os._exit(code)


async def _main() -> None:
    loop = asyncio.get_running_loop()
    orders: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    threading.Thread(target=_listen, args=(loop, orders), name="orders", daemon=True).start()
    await run(orders)


def _listen(loop: asyncio.AbstractEventLoop, orders: asyncio.Queue[dict[str, Any]]) -> None:
    for line in sys.stdin.buffer:
        try:
            order = json.loads(line)
        except ValueError:
            order = {"": line.decode(errors="replace")[:80]}
        loop.call_soon_threadsafe(orders.put_nowait, order)
    os._exit(0)  # from here: the loop may be busy, and nothing is left to be saved


if __name__ == "__main__":
    main()
