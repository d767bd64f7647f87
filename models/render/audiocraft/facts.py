"""Facts: what audiocraft's process says of itself and of its checkpoint, and the one way in which talking with it fails.

Facts.of({"audiocraft": "1.3.0", "sample_rate": 32000, ...}).frame_rate
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.fetched import FetchedFile

__all__ = ["Broken", "Facts"]


class Broken(Exception):
    """The process is gone, or says what nobody understands; the sentence says how."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a process says of itself and of the checkpoint, once that is loaded."""

    audiocraft: str
    torch: str
    device: str
    sample_rate: int
    frame_rate: float
    channels: int
    longest_s: float
    takes_melody: bool
    files: Mapping[str, FetchedFile]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Facts:
        """From a frame's head. Raises Broken."""
        try:
            files = {str(name): FetchedFile(int(size), str(digest)) for name, (size, digest) in told["files"].items()}
            texts = str(told["audiocraft"]), str(told["torch"]), str(told["device"])
            rate, frame_rate, channels = int(told["sample_rate"]), float(told["frame_rate"]), int(told["channels"])
            longest_s, takes_melody = float(told["longest_s"]), bool(told["takes_melody"])
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise Broken(f"says of itself what can't be read ({error!r})") from None
        return cls(*texts, rate, frame_rate, channels, longest_s, takes_melody, files)
