"""What a server's owner chooses about MIDI.

>>> MidiChoice().name, MidiChoice().role
('StarBridge', 'guest')
"""

from __future__ import annotations

from dataclasses import dataclass

from sessions.music import Part

__all__ = ["SYSTEMS", "MidiChoice"]

SYSTEMS = ("jack", "alsa", "core", "windows", "rtmidi-jack")
"""MIDI systems that can be named: JACK itself, or RtMidi through one of its own."""


@dataclass(frozen=True, slots=True)
class MidiChoice:
    """The port, the role that acts by it, and what goes through."""

    name: str = "StarBridge"
    """Of the port; where the system has no ports of one's own, of the one that is there under that name."""
    device: str = ""
    """A part of the name of a device that is connected both ways whenever it is there."""
    system: str = ""
    """One of `SYSTEMS`; the most exact that is here, where none is named."""
    role: str = "guest"
    """Whoever plays live needs no more; and a port that can say neither yes nor no is nobody's last leader."""
    part: Part | None = None
    """What comes in plays this part, whatever its channel."""
    clock: bool = False
    """MIDI clock, start, stop and song position go out."""
    programs: bool = True
    """Who plays is said by program changes."""
