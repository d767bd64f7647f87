"""Forms: how the phrases of a section follow each other, by how many there are.

Lives here: data alone. A letter is material: its chords, its motif, its groove; the same letter again is the same material,
varied. Longer sections take the form of eight and say it twice, with a new middle.

    >>> FORMS[4]
    ('AABA', 'AABC', 'ABAC')
"""

from __future__ import annotations

__all__ = ["FORMS", "LOOP_FORMS"]

FORMS: dict[int, tuple[str, ...]] = {
    1: ("A",),
    2: ("AA", "AA", "AB"),
    3: ("AAB", "ABA"),
    4: ("AABA", "AABC", "ABAC"),
    5: ("AABAC", "ABABC"),
    6: ("AABABC", "AABBAC", "ABACAB"),
    7: ("AABACAB", "AABABCA"),
    8: ("AABAACBA", "AABBAACA", "ABACABCA"),
}
"""For one up to eight phrases."""

LOOP_FORMS: dict[int, tuple[str, ...]] = {
    1: ("A",),
    2: ("AA",),
    3: ("AAA", "AAB"),
    4: ("AAAB", "AABA"),
    5: ("AABAA",),
    6: ("AAABAA", "AABAAB"),
    7: ("AAABAAB",),
    8: ("AAABAABC", "AABAAABA"),
}
"""For loops, drops, and styles that live by repetition."""
