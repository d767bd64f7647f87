"""Caution: a note that would end a known run is not chosen, so that hardly a bar has to be written twice for it.

Lives here: the highest and the lowest line of each part, as far as they are told, and whether a run that the index knows would
end with a pitch. The notes of an onset are told from the lowest up, so each is held against the highest line as if no other
came. What slips through (onsets a few ticks apart, notes that were there before) is for `unlike`. Knows tokens, and neither
rules nor notes.

    >>> tune = [60, 62, 64, 67, 65, 64, 62, 69, 67]
    >>> caution = Caution(RunIndex.build([tune]), {Part.MELODY: (tune[:7], tune[:7])})
    >>> for name in ("Part_melody", "Position_0", "Pitch_69", "Dur_24", "Position_24"):
    ...     caution.read(VOCABULARY.id(name))
    >>> caution.shuns(VOCABULARY.id("Pitch_65"), bar=5), caution.shuns(VOCABULARY.id("Pitch_67"), bar=5)
    (False, True)
    >>> list(caution.shunned)
    ['melody 5']
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.compose.originality import LONGEST_NOTES, RunIndex
from models.compose.tokens.encode import part_id
from models.compose.tokens.vocabulary import VOCABULARY
from sessions.music.parts import Part

__all__ = ["Caution"]

_PITCH, _PART, _POSITION = (
    range(VOCABULARY.base[family], VOCABULARY.base[family] + VOCABULARY.size[family])
    for family in ("Pitch", "Part", "Position")
)


class Caution:
    """Follows the tokens of a section; `lines` are the pitches told before, of each part that is looked after: of its highest
    line and of its lowest.

    The parts and bars in which a pitch was not chosen are named in `shunned`, which copies share.
    """

    def __init__(
        self,
        index: RunIndex,
        lines: Mapping[Part, tuple[Sequence[int], Sequence[int]]],
        shunned: dict[str, None] | None = None,
    ) -> None:
        self._index, self.shunned = index, {} if shunned is None else shunned
        self._parts = {part_id(part): part for part in lines}
        self._tops = {part: list(tops[-LONGEST_NOTES:]) for part, (tops, _) in lines.items()}
        self._bottoms = {part: list(bottoms[-LONGEST_NOTES:]) for part, (_, bottoms) in lines.items()}
        self._part: Part | None = None
        self._begun = False

    def copy(self) -> Caution:
        """Another one that has read the same."""
        lines = {part: (tops, self._bottoms[part]) for part, tops in self._tops.items()}
        other = Caution(self._index, lines, self.shunned)
        other._part, other._begun = self._part, self._begun
        return other

    def read(self, token: int) -> None:
        """Takes in what was told next."""
        if token in _PART:
            self._part = self._parts.get(token)
        elif token in _POSITION:
            self._begun = False
        elif token in _PITCH and self._part is not None:
            pitch = token - _PITCH.start
            if self._begun:
                self._tops[self._part][-1] = pitch
            else:
                self._tops[self._part].append(pitch)
                self._bottoms[self._part].append(pitch)
            self._begun = True

    def shuns(self, token: int, bar: int) -> bool:
        """Whether a token that may come next, in a bar of this number, is better not chosen."""
        if token not in _PITCH or self._part is None:
            return False
        tops, bottoms, pitch = self._tops[self._part], self._bottoms[self._part], token - _PITCH.start
        known = self._ends(tops[:-1] if self._begun else tops, pitch)
        if not known and not self._begun and tops != bottoms:
            known = self._ends(bottoms, pitch)
        if known:
            self.shunned[f"{self._part} {bar}"] = None
        return known

    def _ends(self, line: list[int], pitch: int) -> bool:
        return self._index.ending([*line[-LONGEST_NOTES:], pitch]) > 0
