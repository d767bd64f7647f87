"""Report: how well a sound was held to its notes, as a take's certificate carries it.

>>> Report(Verdict.REGENERATE, "it is silent", onsets=4).to_json()
{'verdict': 'regenerate', 'reason': 'it is silent', 'onsets': 4, 'cuts': 0}
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum

__all__ = ["Report", "Verdict"]


class Verdict(StrEnum):
    """What should become of a rendered sound."""

    KEPT = "kept"
    REGENERATE = "regenerate"
    GIVE_UP = "give up"


@dataclass(frozen=True, slots=True)
class Report:
    """A verdict and a reason in a sentence, with what was measured; None where it could not be.

    Errors are those of the delivered audio: the distances of the notes from the onsets heard near them, `heard` being the share
    of notes that have one. `drift_ms` is how far a note lay from its place at most, counted from where the sound starts;
    `stretch` the least and the most that the sound had to be stretched by (1.02: two hundredths longer); `agreement` the
    correlation of its pitch classes with the notes', and `moved` the semitones by which they would agree best.
    """

    verdict: Verdict
    reason: str
    onsets: int = 0
    heard: float | None = None
    error_p50_ms: float | None = None
    error_p95_ms: float | None = None
    drift_ms: float | None = None
    stretch: tuple[float, float] | None = None
    cuts: int = 0
    agreement: float | None = None
    moved: int | None = None

    def to_json(self) -> dict[str, object]:
        """The fields, with figures rounded to what they are worth."""
        found = asdict(self)
        return {name: _rounded(value) for name, value in found.items() if value is not None}


def _rounded(value: object) -> object:
    if isinstance(value, Verdict):
        return value.value
    if isinstance(value, float):
        return round(value, 4)
    return [_rounded(item) for item in value] if isinstance(value, tuple) else value
