"""A real Chromium, driven over its DevTools protocol: pages are opened, clicked, typed into and asked.

Lives here: starting a browser with a profile of its own, and the dozen of its methods that tests need. Pages stand in contexts
of their own, so two of them share nothing. Waiting is done inside the page (`wait`): it polls an expression until it is true.

    with chromium() as browser:
        page = browser.open("http://127.0.0.1:8080/#token=...")
        page.click("#join-button")
        page.wait("document.querySelectorAll('.take').length === 1")
"""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.support.programs import program

__all__ = ["Browser", "JavaScriptError", "Page", "chromium"]

START_S = 45.0
WAIT_S = 45.0
ANSWER_S = 40.0
MAX_ANSWER_BYTES = 64 * 1024 * 1024

FLAGS = (
    "--headless",
    "--no-sandbox",  # the tests' container has no user namespaces
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--mute-audio",
    "--remote-debugging-port=0",
)


class JavaScriptError(AssertionError):
    """A script of the test's failed in the page, or what it waited for never came."""


class Browser:
    """One Chromium, and the one connection that all its pages are driven over."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._last_id = 0
        self.events: list[dict[str, Any]] = []

    def open(self, url: str, *, width: int = 1440, height: int = 900, context: str | None = None) -> Page:
        """A page in a context of its own, or in another page's (`page.context`), where it shares storage with it."""
        context = context or self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", {"url": "about:blank", "browserContextId": context})["targetId"]
        session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = Page(self, target, session, context)
        page.call("Page.enable")
        page.call("Runtime.enable")
        page.call("Log.enable")
        page.resize(width, height)
        page.go(url)
        return page

    def call(self, method: str, params: dict[str, Any] | None = None, session: str | None = None) -> dict[str, Any]:
        """One command and its answer; events that come meanwhile are kept in `events`."""
        self._last_id += 1
        message: dict[str, Any] = {"id": self._last_id, "method": method, "params": params or {}}
        self._socket.send(json.dumps(message | ({"sessionId": session} if session else {})))
        while True:
            answer: dict[str, Any] = json.loads(self._socket.recv(timeout=ANSWER_S))
            if "id" not in answer:
                self.events.append(answer)
            elif answer["id"] == self._last_id:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result


class Page:
    """One page, as a person would use it."""

    def __init__(self, browser: Browser, target: str, session: str, context: str) -> None:
        self._browser, self._target, self._session = browser, target, session
        self.context = context

    def call(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        return self._browser.call(method, params, self._session)

    def go(self, url: str) -> None:
        """Load an address, and wait until the page has run its scripts."""
        self._leave(lambda: self.call("Page.navigate", {"url": url}))

    def reload(self) -> None:
        self._leave(lambda: self.call("Page.reload"))

    def _leave(self, how: Callable[[], object]) -> None:
        """Go from this document to the next one, and wait until that is there."""
        self.evaluate("void (globalThis.documentBefore = true)")
        how()
        self.wait("!globalThis.documentBefore && document.readyState === 'complete'")

    def close(self) -> None:
        self._browser.call("Target.closeTarget", {"targetId": self._target})

    def resize(self, width: int, height: int, *, scale: float = 1.0) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", metrics)

    def prefer(self, scheme: str) -> None:
        """`light` or `dark`."""
        self.call("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page; a promise is awaited."""
        asked = {"expression": expression, "awaitPromise": True, "returnByValue": True, "userGesture": False}
        answer = self.call("Runtime.evaluate", asked)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise JavaScriptError(details.get("exception", {}).get("description") or details["text"])
        return answer["result"].get("value")

    def wait(self, expression: str, *, timeout_s: float = WAIT_S) -> Any:
        """Wait until an expression is true, and return its value; survives a page that is just being loaded."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                value = self.evaluate(expression)
                problem = f"was {value!r}"
            except AssertionError as error:  # the page may not have the element yet, or be between two documents
                value, problem = None, str(error)
            if value:
                return value
            if time.monotonic() > deadline:
                raise JavaScriptError(f"never came true: {expression} ({problem})")
            time.sleep(0.02)

    def text(self, selector: str) -> str:
        """What an element says, as it is seen; waits until it says something."""
        return str(self.wait(f"document.querySelector({json.dumps(selector)})?.innerText.trim()"))

    def seen(self, selector: str) -> bool:
        """Whether an element is there and takes up room."""
        return bool(self.evaluate(f"document.querySelector({json.dumps(selector)})?.checkVisibility() ?? false"))

    def click(self, selector: str) -> None:
        """Press and release the mouse over an element's middle, once it is there, keeps still and nothing lies over it."""
        found = f"document.querySelector({json.dumps(selector)})"
        ready = f"""(() => {{
            const el = {found};
            if (!el?.checkVisibility() || el.disabled) return null;
            el.scrollIntoView({{ block: 'center', inline: 'nearest', behavior: 'instant' }});
            const box = el.getBoundingClientRect();
            const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
            const still = el.wasAt?.x === x && el.wasAt?.y === y;
            el.wasAt = {{ x, y }};
            const top = document.elementFromPoint(x, y);
            return still && top && (el.contains(top) || top.contains(el)) ? {{ x, y }} : null;
        }})()"""
        point = self.wait(ready)
        for kind in ("mousePressed", "mouseReleased"):
            event = {"type": kind, "x": point["x"], "y": point["y"], "button": "left", "clickCount": 1}
            self.call("Input.dispatchMouseEvent", event)

    def type(self, selector: str, text: str) -> None:
        """Replace what a field holds, as by typing."""
        found = f"document.querySelector({json.dumps(selector)})"
        self.wait(f"{found}?.checkVisibility() && !{found}.disabled")
        self.evaluate(f"void ({found}.focus(), {found}.select?.())")
        self.call("Input.insertText", {"text": text})

    def choose(self, selector: str, value: str) -> None:
        """Choose an option of a select."""
        found = f"document.querySelector({json.dumps(selector)})"
        self.wait(f"[...({found}?.options ?? [])].some((option) => option.value === {json.dumps(value)})")
        self.evaluate(
            f"{found}.value = {json.dumps(value)}; {found}.dispatchEvent(new Event('change', {{bubbles: true}}))"
        )

    def press(self, key: str, code: str | None = None) -> None:
        """Press and release one key: `Tab`, `Enter`, `ArrowRight`, ..."""
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "ArrowLeft": 37, "ArrowRight": 39}
        event = {"key": key, "code": code or key, "windowsVirtualKeyCode": codes.get(key, 0)}
        text = {"text": "\r"} if key == "Enter" else {"text": key} if len(key) == 1 else {}
        self.call("Input.dispatchKeyEvent", {"type": "keyDown", **event, **text})
        self.call("Input.dispatchKeyEvent", {"type": "keyUp", **event})

    def events(self, method: str) -> list[dict[str, Any]]:
        """What the browser has told of this page so far, of one kind."""
        self.evaluate("0")  # whatever has happened has been told by now
        return [e for e in self._browser.events if e.get("sessionId") == self._session and e["method"] == method]

    def complaints(self) -> list[str]:
        """What went wrong in the page so far: thrown errors, console errors, violations of its security policy."""
        self.evaluate("0")  # whatever has happened has been told by now
        found = []
        for event in self._browser.events:
            if event.get("sessionId") != self._session:
                continue
            params = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                found.append(str(details.get("exception", {}).get("description") or details["text"]))
            elif event["method"] == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
                found.append(" ".join(str(arg.get("value", arg.get("description"))) for arg in params["args"]))
            elif event["method"] == "Log.entryAdded" and params["entry"]["level"] == "error":
                found.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        return found

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", {"format": "png"})["data"]))


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """A browser for the time of a block; skips the test where none is installed."""
    path = program("chromium", "chromium-browser", "google-chrome", "chrome")
    with tempfile.TemporaryDirectory(prefix="starbridge-chromium-", ignore_cleanup_errors=True) as profile:
        command = [path, *FLAGS, *flags, f"--user-data-dir={profile}", "about:blank"]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            address = _address(Path(profile) / "DevToolsActivePort", process)
            with connect(address, max_size=MAX_ANSWER_BYTES, compression=None, ping_interval=None) as socket:
                browser = Browser(socket)
                yield browser
                browser.call("Browser.close")
            process.wait(START_S)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(START_S)


def _address(file: Path, process: subprocess.Popen[bytes]) -> str:
    """Where the browser listens; it writes port and path once it does."""
    deadline = time.monotonic() + START_S
    while True:
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        if len(lines) >= 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"Chromium did not start (exit {process.returncode})")
        time.sleep(0.02)
