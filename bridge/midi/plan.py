"""A plan: all that is to sound in the next moments, as the door tells it to the sender.

It replaces the plan of before. A note in it begins when its time comes, once, however many plans name it (by its `id`); one that
sounds ends as the newest plan says, and at once where that doesn't know it any more. So nobody has to know what has sounded
meanwhile to change his mind.

    >>> plan = Plan(1000, notes=(Tone(7, 2000, 2500, 0, 60, 100),), held=((3, 1500),), said=(Word(8, 2000, bytes([0xF8])),))
    >>> Plan.from_json(plan.to_json()) == plan
    True
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

__all__ = ["FOREVER_US", "LATE_US", "Plan", "Tone", "Word"]

LATE_US = 100_000
"""A note that should have begun so long ago is left out: it would be heard as a wrong one. But for one that is still held."""
FOREVER_US = 1 << 62
"""The end of a note that somebody still holds."""
CONTROL, SYSTEM = 0xB0, 0xF0
"""Controllers; and the beat, of which nothing is said too late."""


@dataclass(frozen=True, slots=True)
class Tone:
    """A note by the clock."""

    id: int
    on_us: int
    off_us: int
    channel: int
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class Word:
    """Any other message, said once; at its time it goes after the notes that end then and before those that begin."""

    id: int
    at_us: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Plan:
    """What may begin from now on, what of before sounds on and until when, and what else is said."""

    now_us: int
    notes: tuple[Tone, ...] = ()
    held: tuple[tuple[int, int], ...] = ()
    said: tuple[Word, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.notes or self.held or self.said)

    def after(self, untaken: Plan) -> Plan:
        """This plan, where the one before it was never taken: what that had to say of pedals and programs is not lost."""
        mine = {word.id for word in self.said}
        past = [word for word in untaken.said if word.at_us <= self.now_us and word.id not in mine]
        newest = {_what(word.data): word for word in past if word.data[0] < SYSTEM}
        return replace(self, said=(*newest.values(), *self.said)) if newest else self

    def to_json(self) -> dict[str, Any]:
        return {
            "now": self.now_us,
            "notes": [(one.id, one.on_us, one.off_us, one.channel, one.pitch, one.velocity) for one in self.notes],
            "held": self.held,
            "said": [(word.id, word.at_us, word.data.hex()) for word in self.said],
        }

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Plan:
        """What `to_json` made, from our own door; raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            plain["now"],
            tuple(Tone(*note) for note in plain["notes"]),
            tuple((id_, off_us) for id_, off_us in plain["held"]),
            tuple(Word(id_, at_us, bytes.fromhex(data)) for id_, at_us, data in plain["said"]),
        )


def _what(data: bytes) -> bytes:
    """What a message sets: a controller by its number, else a channel's program or wheel."""
    return data[:2] if data[0] & 0xF0 == CONTROL else data[:1]
