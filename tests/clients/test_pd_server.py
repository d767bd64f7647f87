"""Pd at a real server: every number a float, answers read by its own [oscparse]."""

from __future__ import annotations

from pathlib import Path

from tests.support.patches import pd_patch
from tests.support.programs import program
from tests.support.server import running_server
from tests.support.talk import Talk, free_port


def test_a_section_from_join_to_done(tmp_path: Path) -> None:
    pd = program("pd")
    reply_port = free_port()
    with running_server(tmp_path / "server") as server:
        patch = tmp_path / "jam.pd"
        patch.write_text(
            pd_patch(
                server.osc_address[1],
                [("session join", f"list {server.invites['rhythm']} {reply_port}")],
                [
                    (
                        "session joined",
                        "section request",
                        "list p1 bars 2 bpm 99.5 parts drums\\,bass stems 0 style rock",
                    ),
                    ("section done", "take play", "list take-1 now"),
                    ("take play", "take rate", "list take-1 4"),
                    ("take rate", "live note", "list drums 38 101"),
                    ("live note", "take rate", "list take-1 4.5"),
                ],
                reply_port=reply_port,
                last="refused",
            ),
            "utf-8",
        )
        with Talk([pd, "-nogui", "-noaudio", "-nrt", str(patch)], tmp_path) as talk:
            talk.until("^osc: refused /take/rate bad-value stars:")
            bars = talk.until(r"^osc: section bar p1 \w+ \d \d+")
            assert len(bars) == 4
            notes = talk.until("^osc: section note p1 ")
            assert len(notes) == sum(int(line.split()[-1]) for line in bars)
            talk.until("^osc: session joined jam rhythm rhythm$")
            talk.until("^osc: take play take-1 beat")
            talk.until("^osc: take rate take-1 4$")
            talk.until("^osc: live note drums 38 101$")
