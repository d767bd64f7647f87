"""Figures of a running server as text that Prometheus reads (text exposition format 0.0.4).

Pure: nested counts in, text out. What is counted stands in `bridge.server`; here is how it is called, and what it means.

>>> print(exposition({"crowd": {"waiting": 2}}), end="")
# HELP starbridge_crowd_waiting Senders beyond their share that wait for a turn.
# TYPE starbridge_crowd_waiting gauge
starbridge_crowd_waiting 2
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["CONTENT_TYPE", "FAMILIES", "exposition"]

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

GAUGE, COUNTER = "gauge", "counter"

FAMILIES: Final[Mapping[str, tuple[str, str]]] = {
    "session_members": (GAUGE, "Members who are present."),
    "session_seats": (GAUGE, "Connections of members."),
    "session_queue": (GAUGE, "Sections that wait for an engine."),
    "session_promises": (GAUGE, "Answers that wait for the disk."),
    "session_scheduled": (GAUGE, "Messages that wait for their time tag."),
    "session_takes": (GAUGE, "Takes made so far."),
    "session_entries": (GAUGE, "Entries of the log, those on their way to the disk included."),
    "session_durable": (GAUGE, "Entries of the log that the disk has."),
    "session_refusing": (GAUGE, "1 while the disk takes nothing, and nobody is told yes."),
    "session_preview_bytes": (GAUGE, "Bytes of sound that is being made, to be heard already."),
    "session_held_back": (COUNTER, "Live notes and lines of chat that were dropped, for a member sent too many."),
    "session_turned_away": (COUNTER, "Joins that were refused, for too many a second came by one invite."),
    "session_outbox_bytes": (GAUGE, "Bytes that wait for slow readers."),
    "record_covered": (GAUGE, "Entries that the checkpoint on disk covers."),
    "record_bytes": (GAUGE, "Bytes of the log on disk."),
    "record_pending_bytes": (GAUGE, "Bytes of log lines that wait for the disk."),
    "record_blobs": (GAUGE, "Blobs of audio."),
    "record_blob_bytes": (GAUGE, "Bytes of audio on disk."),
    "record_failures": (COUNTER, "Times that the disk said no."),
    "osc_udp_received": (COUNTER, "Datagrams taken."),
    "osc_udp_sent": (COUNTER, "Datagrams sent."),
    "osc_udp_dropped": (COUNTER, "Datagrams dropped, either way."),
    "osc_udp_errors": (COUNTER, "Errors of the system's about datagrams."),
    "osc_udp_waiting": (GAUGE, "Datagrams that wait for their sender's turn."),
    "osc_udp_callers": (GAUGE, "Senders of datagrams that are known."),
    "osc_tcp_connections": (GAUGE, "Connections of OSC over TCP."),
    "osc_tcp_lingering": (GAUGE, "Those of them that read too slowly, were let go, and still have to read."),
    "osc_tcp_let_go": (COUNTER, "Strangers there who had to make room."),
    "oscquery_connections": (GAUGE, "Connections of OSCQuery."),
    "oscquery_let_go": (COUNTER, "Connections there that had to make room."),
    "http_connections": (GAUGE, "Connections of HTTP and WebSockets."),
    "http_strangers": (GAUGE, "Of those, who have asked nothing yet or not joined."),
    "http_idle": (GAUGE, "Of those, who were answered and may ask again."),
    "http_asking": (GAUGE, "Of those, whose request or answer is on its way."),
    "http_let_go": (COUNTER, "Connections that had to make room."),
    "http_lane": (GAUGE, "Connections that wait for each other with requests, or with pieces of long answers."),
    "http_turned_away": (COUNTER, "Connections that were told that there is no room."),
    "crowd_waiting": (GAUGE, "Senders beyond their share that wait for a turn."),
    "crowd_lane": (GAUGE, "Senders within their share whose signed messages wait for each other."),
    "crowd_turns": (COUNTER, "Turns that they had."),
    "crowd_rests": (COUNTER, "Rests between those."),
}
"""Every figure by its name without the house's prefix; a counter's gets `_total` behind it."""


def exposition(found: Mapping[str, Any]) -> str:
    """The text of all figures that have a name here: groups of counts, and under `sessions` such groups by session."""
    samples: dict[str, list[str]] = {}
    for name, labels, value in _samples(found):
        if name in FAMILIES:
            samples.setdefault(name, []).append(f"{_full(name, FAMILIES[name][0])}{labels} {value}")
    return "".join(_family(name, lines) for name, lines in samples.items())


def _full(name: str, kind: str) -> str:
    return f"starbridge_{name}" + "_total" * (kind == COUNTER)


def _family(name: str, lines: list[str]) -> str:
    kind, help_text = FAMILIES[name]
    full = _full(name, kind)
    return "\n".join([f"# HELP {full} {help_text}", f"# TYPE {full} {kind}", *lines, ""])


def _samples(found: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    for group, counts in found.items():
        if group != "sessions":
            yield from ((f"{group}_{name}", "", value) for name, value in counts.items())
    sessions: Mapping[str, Mapping[str, Any]] = found.get("sessions", {})
    rows = [
        (f"{group}_{name}", f'{{session="{_escaped(session)}"}}', value)
        for session, groups in sessions.items()
        for group, counts in groups.items()
        for name, value in counts.items()
    ]
    yield from sorted(rows, key=lambda row: row[0])  # a family's samples stand together


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
