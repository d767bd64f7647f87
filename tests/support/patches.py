"""Pd patches and an environment for sclang, so that both run without a screen."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

__all__ = ["pd_patch", "sclang_env"]


def sclang_env(folder: Path) -> dict[str, str]:
    """An environment in which sclang needs neither a screen nor the user's own settings."""
    home = folder / "home"
    home.mkdir(mode=0o700, exist_ok=True)
    offscreen = {"QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_DISABLE_SANDBOX": "1"}
    return os.environ | offscreen | {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "LC_ALL": "C.UTF-8"}


def pd_patch(
    port: int,
    says: Sequence[tuple[str, str]],
    answers: Sequence[tuple[str, str, str]] = (),
    *,
    reply_port: int = 0,
    last: str = "",
) -> str:
    """A patch that sends to a port of this machine, in order: (address in words, message).

    With a reply port, `answers` are (answer to wait for in words, address, message); whatever is answered is printed
    after `osc:`, and Pd ends when the answer `last` has come.
    """
    lines = ["#N canvas 0 0 450 300 12;"]
    wires: list[str] = []

    def box(text: str, kind: str = "obj") -> int:
        lines.append(f"#X {kind} 10 {20 * len(lines)} {text};")
        return len(lines) - 2

    def wire(source: int, target: int, outlet: int = 0) -> None:
        wires.append(f"#X connect {source} {outlet} {target} 0;")

    start = box("loadbang")
    steps = box("t " + " ".join("b" * (len(says) + 1)))
    wire(start, steps)
    connect = box(f"connect 127.0.0.1 {port}", "msg")
    wire(steps, connect, len(says))
    net = box("netsend -u -b")
    wire(connect, net)
    prepend, trim = box("list prepend send"), box("list trim")
    wire(prepend, trim)
    wire(trim, net)

    def say(address: str, message: str) -> int:
        text, formatted = box(message, "msg"), box(f"oscformat {address}")
        wire(text, formatted)
        wire(formatted, prepend)
        return text

    for index, (address, message) in enumerate(says):
        wire(steps, say(address, message), len(says) - 1 - index)
    if not reply_port:
        return "\n".join([*lines, *wires, ""])
    ear, parse, plain, shown = (
        box(f"netreceive -u -b {reply_port}"),
        box("oscparse"),
        box("list trim"),
        box("print osc"),
    )
    wire(ear, parse)
    wire(parse, plain)
    wire(plain, shown)

    def on(words: str) -> int:
        source = plain
        for word in words.split():
            target = box(f"route {word}")
            wire(source, target)
            source = target
        bang = box("bang")
        wire(source, bang)
        return bang

    for words, address, message in answers:
        wire(on(words), say(address, message))
    wire(on(last), box("\\; pd quit", "msg"))
    return "\n".join([*lines, *wires, ""])
