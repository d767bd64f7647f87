from __future__ import annotations

import itertools

import pytest

from sessions.music.qualities import read_quality

KNOWN = {
    "": (0, 4, 7), "maj": (0, 4, 7), "M": (0, 4, 7), "m": (0, 3, 7), "min": (0, 3, 7), "-": (0, 3, 7),
    "dim": (0, 3, 6), "°": (0, 3, 6),
    "aug": (0, 4, 8), "+": (0, 4, 8), "5": (0, 7), "sus2": (0, 2, 7), "sus4": (0, 5, 7), "sus": (0, 5, 7),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9), "69": (0, 4, 7, 9, 14), "7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11), "M7": (0, 4, 7, 11),
    "Δ": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10), "-7": (0, 3, 7, 10), "mmaj7": (0, 3, 7, 11), "mM7": (0, 3, 7, 11), "dim7": (0, 3, 6, 9),
    "o7": (0, 3, 6, 9),
    "m7b5": (0, 3, 6, 10), "ø": (0, 3, 6, 10), "ø7": (0, 3, 6, 10), "m7-5": (0, 3, 6, 10), "aug7": (0, 4, 8, 10),
    "7#5": (0, 4, 8, 10),
    "9": (0, 4, 7, 10, 14), "maj9": (0, 4, 7, 11, 14), "m9": (0, 3, 7, 10, 14), "11": (0, 7, 10, 14, 17),
    "m11": (0, 3, 7, 10, 14, 17),
    "13": (0, 4, 7, 10, 14, 21), "7sus4": (0, 5, 7, 10), "7sus": (0, 5, 7, 10), "add9": (0, 4, 7, 14),
    "2": (0, 2, 7), "madd9": (0, 3, 7, 14),
    "7b9": (0, 4, 7, 10, 13), "7#9": (0, 4, 7, 10, 15), "7#11": (0, 4, 7, 10, 18), "maj7#11": (0, 4, 7, 11, 18),
    "7b13": (0, 4, 7, 10, 20),
    "9#11": (0, 4, 7, 10, 14, 18), "13b9": (0, 4, 7, 10, 13, 21), "7b5": (0, 4, 6, 10), "(b5)": (0, 4, 6),
    "7alt": (0, 4, 6, 8, 10, 13, 15),
    "7(b9)(#11)": (0, 4, 7, 10, 13, 18), "7♭9": (0, 4, 7, 10, 13), "7no5": (0, 4, 10), "no3": (0, 7),
    "maj7sus2": (0, 2, 7, 11),
}  # fmt: skip


@pytest.mark.parametrize("text", KNOWN)
def test_known_qualities(text: str) -> None:
    quality = read_quality(text)
    assert quality is not None
    assert quality.intervals == KNOWN[text]


@pytest.mark.parametrize(
    "text",
    ["x", "mm", "majmaj7", "m5", "dim9", "dimmaj7", "msus4", "mmaj", "7b7",
     "augb5", "7no5b5", "(", "7(b9", "alt7x", "b", "#", "77", "add7", "maj7alt9", " m"],
)  # fmt: skip
def test_no_qualities(text: str) -> None:
    assert read_quality(text) is None


def test_the_canonical_name_reads_back_whatever_is_combined() -> None:
    triads, extensions = ["", "maj", "m", "mmaj", "dim", "ø", "aug", "+maj"], ["", "6", "69", "7", "9", "11", "13"]
    sus, changes = (
        ["", "sus2", "sus4"],
        [
            "",
            "b5",
            "#5",
            "b9",
            "#9",
            "#11",
            "b13",
            "add9",
            "add4",
            "add6",
            "no3",
            "no5",
            "alt",
            "(b5)#9",
            "add9no5",
            "#9b9",
        ],
    )
    read = 0
    for parts in itertools.product(triads, extensions, sus, changes):
        quality = read_quality("".join(parts))
        if quality is not None:
            read += 1
            assert read_quality(quality.name) == quality
            assert quality.intervals[0] == 0
            assert len({interval % 12 for interval in quality.intervals}) >= 2
    assert read > 500


def test_a_change_that_changes_nothing_is_not_said() -> None:
    quality = read_quality("9add9")
    assert quality is not None
    assert quality.name == "9"
