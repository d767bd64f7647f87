"""Words: what MusicGen is told of one part of a section.

>>> from sessions.music.section import parse_request
>>> words_of(parse_request({"prompt": "dark dubstep in F#m", "energy": 0.9, "band": 1}), Part.DRUMS)
'dubstep drum loop, drums only, electronic drum kit, 140 bpm, energetic, dark dubstep in F#m'
>>> words_of(parse_request({"style": "jazz", "key": "C dorian", "meter": "3/4", "bpm": 96, "band": 2}), Part.HARMONY)
'jazz chords, guitar alone, 96 bpm, in 3/4, C dorian'
"""

from __future__ import annotations

from collections.abc import Mapping

from models.render.bands import players
from sessions.music.parts import Part
from sessions.music.section import Request

__all__ = ["words_of"]

CALM, ENERGETIC = 0.3, 0.7  # energies from which it is said
PLAIN_METER = "4/4"

_PARTS: Mapping[Part, str] = {
    Part.DRUMS: "drum loop, drums only, {} drum kit",
    Part.BASS: "bass line, {} alone",
    Part.HARMONY: "chords, {} alone",
    Part.MELODY: "melody, {} alone",
    Part.TEXTURE: "soft sustained texture, {}",
}
_KITS: Mapping[int, str] = {16: "rock", 24: "electronic", 25: "808", 32: "jazz", 40: "brushed jazz"}
_FAMILIES = (
    "piano", "mallets", "organ", "guitar", "bass guitar", "strings", "strings", "brass",
    "saxophone", "flute", "synth lead", "synth pad", "atmospheric synth", "kalimba", "percussion", "effects",
)  # fmt: skip
_PLAYERS: Mapping[int, str] = {
    4: "electric piano", 5: "electric piano", 7: "clavinet", 29: "distorted guitar", 30: "distorted guitar",
    32: "double bass", 38: "synth bass", 39: "deep synth bass", 52: "choir", 53: "choir", 71: "clarinet",
}  # fmt: skip


def words_of(request: Request, part: Part) -> str:
    """Style, part, player, tempo, metre, key, energy, and then what the asker said; a tokenizer cuts what is too long."""
    told = [f"{request.style} {_PARTS[part].format(_player(request, part))}", f"{request.bpm:g} bpm"]
    if str(request.meter) != PLAIN_METER:
        told.append(f"in {request.meter}")
    if part is not Part.DRUMS:
        told.append(f"{request.key.name} {request.key.mode}")
    if not CALM < request.energy < ENERGETIC:
        told.append("calm" if request.energy <= CALM else "energetic")
    return ", ".join((*told, request.prompt) if request.prompt else told)


def _player(request: Request, part: Part) -> str:
    program = players(request.style, request.plays).program(part)[0]
    if part is Part.DRUMS:
        return _KITS.get(program, "acoustic")
    return _PLAYERS.get(program, _FAMILIES[program // 8])
