"""Entries of a log as sentences for people.

Any event gets one, those of a later version or of a stranger's log as well: nothing here raises, and nothing that a log
holds reaches the terminal as more than printable text.

    >>> telling({"type": "take.rated", "take": "take-1", "stars": 4})
    'rated take-1 with 4 of 5'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sessions.music import TICKS_PER_BEAT
from sessions.use import is_commercial, use_sentence

__all__ = ["STEPS", "asked_for", "plain", "telling"]

LONGEST = 160
"""Characters of one sentence."""

STEPS = frozenset(
    {
        "section.bar",
        "section.stem",
        "section.assigned",
        "live.note",
        "live.control",
        "live.bend",
        "live.silenced",
        "live.released",
        "live.ahead",
        "engine.ready",
    }
)
"""Events that are steps on the way, left out of a short view."""

_SENTENCES = {
    "session.created": "opened session {session}, log {origin}",
    "session.recovered": "came back after a hard stop; {lost_bytes} unacknowledged bytes were cut off",
    "session.role": "made {member} {role}",
    "session.removed": "removed {member}",
    "session.revoked": "revoked invite {invite}",
    "session.defined": "defined role {role}: {grants}",
    "chat.said": "said: {text}",
    "section.asked-again": "asked for {section} again, by the same invite",
    "section.approved": "said yes to {section}",
    "section.denied": "said no to {section}",
    "section.assigned": "gave {section} to {engine}, attempt {attempt}",
    "section.requeued": "lost the engine of {section}, which waits for the next one",
    "section.stem": "rendered {part} of {section}: {frames} frames at {rate} Hz",
    "section.done": "finished {section}: {take}",
    "section.failed": "failed {section} ({code}): {advice}",
    "section.cancelled": "cancelled {section}",
    "engine.ready": "is ready: {name}, {software}",
    "take.stopped": "stopped {take}",
    "take.accepted": "accepted {take}",
    "take.rejected": "rejected {take}",
    "take.rated": "rated {take} with {stars} of 5",
    "take.voted": "voted {value} on {take}",
    "live.accompanied": "is accompanied live by {engine}, under {id}",
    "live.ahead": "plays on, ticks {start} to {end}",
    "live.rested": "ended the accompaniment {section} {advice}",
    "live.note": "played {part} {pitch}, velocity {velocity}",
    "live.control": "moved controller {controller} of {part} to {value}",
    "live.bend": "bent {part} by {value}",
    "live.released": "let go of what {member} held",
    "live.silenced": "ended what {member} held down",
}


class _Facts(dict[str, str]):
    """What a sentence names but an event lacks."""

    def __missing__(self, key: str) -> str:
        return "?"


def plain(value: object, longest: int = LONGEST) -> str:
    """A value as text that a terminal shows and never obeys."""
    text = str(value)[: longest + 1]
    if not text.isprintable():
        text = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def telling(event: Mapping[str, Any], transport: Mapping[str, Any] | None = None) -> str:
    """What happened, in a sentence that goes on from who did it; `transport` is how that moved until then."""
    kind = event.get("type")
    if kind == "session.joined":
        back = "came back" if event.get("resumed") else "joined"
        keyed = ", with a key" if event.get("key") else ""
        return plain(f"{back} as {event.get('role', '?')}{keyed}")
    if kind == "session.left":
        return {"away": "went away", "restart": "was cut off by a restart"}.get(str(event.get("why")), "left")
    if kind == "section.requested":
        waits = ", and waits for a leader" if event.get("waiting") else ""
        return plain(f"asked for {event.get('id', '?')}: {asked_for(event)}{waits}")
    if kind == "section.bar":
        return plain(f"wrote bar {event.get('bar', '?')} of {event.get('part', '?')} in {event.get('section', '?')}")
    if kind == "take.played":
        return plain(
            f"{'looped' if event.get('loop') else 'played'} {event.get('take', '?')}{_beat(event.get('tick'))}"
        )
    if kind == "transport.moved":
        return plain(_transport(event.get("transport"), transport))
    stated = event.get("stated")
    if kind == "section.done" and isinstance(stated, Mapping) and not is_commercial(stated):
        return plain(f"finished {event.get('section', '?')}: {event.get('take', '?')}, {use_sentence(stated)}")
    sentence = _SENTENCES.get(str(kind))
    if sentence is None:
        return plain(f"{kind}: " + ", ".join(f"{name} {value}" for name, value in event.items() if name != "type"))
    return plain(sentence.format_map(_Facts({name: plain(value) for name, value in event.items()})))


def asked_for(event: Mapping[str, Any]) -> str:
    """A request as it was sent: the fields that were named."""
    asked = event.get("asked")
    if not isinstance(asked, Mapping) or not asked:
        return "whatever comes"
    return ", ".join(f"{name} {value}" for name, value in asked.items() if name not in {"id", "type"})


def _beat(tick: object, where: str = "at") -> str:
    return f" {where} beat {tick / TICKS_PER_BEAT:g}" if isinstance(tick, int | float) else ""


def _transport(transport: object, before: object) -> str:
    match transport, before:
        case (
            {"playing": playing, "tick": tick, "tempos": [*_, [_, bpm]], "meters": [*_, [*_, n, d]]},
            {"playing": played, "tick": old_tick, "tempos": [*_, [_, old_bpm]], "meters": [*_, [*_, old_n, old_d]]},
        ) if playing == played:
            while_it = "" if playing else ", while it stood still"
            if bpm != old_bpm:
                return f"set the tempo to {bpm} bpm{while_it}"
            if (n, d) != (old_n, old_d):
                return f"set the metre to {n}/{d}{while_it}"
            if playing or tick != old_tick:
                return f"moved the transport{_beat(tick, 'to')}{while_it}"
            return "left the transport as it was"
        case {"playing": playing, "tick": tick, "tempos": [*_, [_, bpm]], "meters": [*_, [*_, n, d]]}, _:
            return f"{'started' if playing else 'stopped'} the transport{_beat(tick)}, {bpm} bpm, {n}/{d}"
    return "moved the transport"
