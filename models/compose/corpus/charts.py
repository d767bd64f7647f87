"""Charts: real songs' harmony and form without their notes, and short progressions with their moods.

Lives here: the McGill Billboard annotations and a book of Roman-numeral progressions, as values that other music is written
under. Nothing of a tune is in them.

    >>> song = parse_billboard('''# title: T
    ... # artist: A
    ... # metre: 4/4
    ... # tonic: G
    ... 0.0\\tA, verse, | G:maj | C:maj D:7 |
    ... 8.0\\tend''')
    >>> song.key.tonic, song.bpm, song.sections[0].kind, [[str(c) for c, _ in bar.chords] for bar in song.sections[0].bars]
    (7, 60.0, 'verse', [['G'], ['C', 'D7']])
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from models.compose.corpus.numerals import shorthand
from sessions.music.beats import METER_UNITS, MOST_METER_BEATS, Meter
from sessions.music.chords import Chord
from sessions.music.keys import MODES, Key
from sessions.music.kinds import Kind
from sessions.music.pitches import pitch_class, plain_name
from sessions.music.qualities import read_quality

__all__ = ["ChartBar", "ChartSection", "Song", "parse_billboard", "read_billboard", "read_progressions"]

PROGRESSION_BPM = 110.0
"""A progression's own tempo is nowhere said."""
MOST_REPEATS = 8
"""Of one line; fade-outs are noted with up to 79."""

_LINE = re.compile(r"([0-9.eE+-]+)\t(.*)")
_CHORD = re.compile(r"([A-G])([#b]*):([^/]*)(?:/([#b]*)(\d+))?")
_LETTER = re.compile(r"[A-Z]'*")
_METER = re.compile(r"\((\d+)/(\d+)\)")
_DEGREES = {1: 0, 2: 2, 3: 4, 4: 5, 5: 7, 6: 9, 7: 11, 9: 2, 11: 5, 13: 9}

_KINDS = (
    ("pre-intro", Kind.INTRO), ("intro", Kind.INTRO), ("pre-chorus", Kind.PRECHORUS), ("prechorus", Kind.PRECHORUS),
    ("pre chorus", Kind.PRECHORUS), ("pre-verse", Kind.INTRO), ("verse", Kind.VERSE), ("chorus", Kind.CHORUS),
    ("refrain", Kind.CHORUS), ("bridge", Kind.BRIDGE), ("fade", Kind.OUTRO), ("outro", Kind.OUTRO), ("coda", Kind.OUTRO),
    ("ending", Kind.OUTRO), ("interlude", Kind.BREAKDOWN), ("theme", Kind.CHORUS),
)  # fmt: skip
"""What a section's name begins with or holds, to our kinds; solos and transitions have none of ours."""

_TRIADS = {"maj": "", "min": "m", "dim": "dim", "aug": "aug", "5": "5", "1": "5", "hdim7": "m7b5", "minmaj7": "mmaj7",
           "maj6": "6", "min6": "m6", "min7": "m7", "min9": "m9", "min11": "m11", "min13": "m13"}  # fmt: skip
_EXTENDED = {
    "sus4(b7)": "7sus4", "sus4(b7,9)": "9sus4", "sus4(9)": "sus4add9", "sus4(b7,9,13)": "13sus4", "maj6(9)": "69",
    "aug(b7)": "aug7", "sus2(b7)": "7sus2", "5(b7)": "7no3", "maj6(b7)": "13", "maj6(7)": "maj13", "1(b3,b7)": "m7",
    "1(b3,b7,11,9)": "m11", "1(b5,b7,3)": "7b5", "min(b7)": "m7", "maj(b7)": "7", "maj(7)": "maj7", "1(3)": "",
}  # fmt: skip
"""Harte's spellings that ours write in another order."""


@dataclass(frozen=True, slots=True)
class ChartBar:
    """A bar: its metre, its chords with the share of the bar that each holds; None is silence."""

    meter: Meter
    chords: tuple[tuple[Chord | None, float], ...]


@dataclass(frozen=True, slots=True)
class ChartSection:
    """A section: one of our kinds or nothing, and its bars."""

    kind: str
    bars: tuple[ChartBar, ...]


@dataclass(frozen=True, slots=True)
class Song:
    """A chart: the set it is of, its name there, what its versions have in common, its key, tempo, moods and sections."""

    source: str
    name: str
    song: str
    licence: str
    key: Key
    bpm: float
    sections: tuple[ChartSection, ...]
    moods: tuple[str, ...] = ()


def read_billboard(folder: Path) -> Iterator[Song]:
    """The songs of the McGill Billboard annotations, in order of their numbers."""
    for path in sorted(folder.glob("*/salami_chords.txt")):
        song = parse_billboard(path.read_text(encoding="utf-8"), path.parent.name)
        if song is not None:
            yield song


@dataclass(slots=True)
class _Draft:
    """A song being read: sections by tonic, and how long a beat takes line by line."""

    sections: list[tuple[str, list[ChartBar]]] = field(default_factory=list)
    beats: list[tuple[float, float]] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)


def parse_billboard(text: str, name: str = "") -> Song | None:
    """The song that an annotation tells of, in its first tonic; None where it has no bars.

    What follows a change of tonic is moved to the first one, so that a song has one key.
    """
    facts: dict[str, str] = {}
    draft = _Draft()
    tonic, shift, meter = None, 0, Meter(4, 4)
    pending: tuple[float, float] | None = None
    for line in text.splitlines():
        if line.startswith("#"):
            word, _, value = line[1:].partition(":")
            facts.setdefault(word.strip(), value.strip())
            if word.strip() == "metre":
                meter = Meter.parse(value)
            elif word.strip() == "tonic":
                now = _pitch_class(value.strip())
                tonic = now if tonic is None else tonic
                shift = (tonic - now) % 12
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            continue
        at = float(match[1])
        if pending is not None:
            draft.beats.append((at - pending[0], pending[1]))
        bars = _read_line(match[2], meter, shift, draft)
        pending = (at, float(sum(bar.meter.beats_per_bar for bar in bars))) if bars else None
    sections = tuple(ChartSection(kind, tuple(bars)) for kind, bars in draft.sections if bars)
    if tonic is None or not sections:
        return None
    song = " ".join(re.findall(r"\w+", f"{facts.get('artist', '')} {facts.get('title', '')}".lower()))
    paces = [seconds / beats for seconds, beats in draft.beats if beats and seconds > 0]
    bpm = round(60 / median(paces), 3) if paces else PROGRESSION_BPM
    return Song("mcgill_billboard", name, song, "CC0-1.0", Key(tonic, mode_of(tonic, sections)), bpm, sections)


def _read_line(text: str, meter: Meter, shift: int, draft: _Draft) -> list[ChartBar]:
    """Adds a line to the draft; returns its bars, none where it is no music."""
    if "|" not in text:
        return []
    head, body, tail = text[: text.index("|")], text[text.index("|") : text.rindex("|") + 1], text[text.rindex("|") :]
    words = [word.strip() for word in head.split(",") if word.strip()]
    letters = [word for word in words if _LETTER.fullmatch(word)]
    names = [word for word in words if not _LETTER.fullmatch(word)]
    if words:
        kind = next((kind for word in names if (kind := kind_of(word))), "")
        if letters and kind and not names[0].startswith("("):
            draft.kinds.setdefault(letters[0], kind)
        draft.sections.append((kind or (draft.kinds.get(letters[0], "") if letters and not names else ""), []))
    if not draft.sections:
        draft.sections.append(("", []))
    bars: list[ChartBar] = []
    for cell in body.strip("|").split("|"):
        bar = _read_bar(cell.split(), meter, shift, bars[-1] if bars else None)
        if bar is not None:
            bars.append(bar)
    times = re.search(r"\bx(\d+)", tail)
    draft.sections[-1][1].extend(bars * (min(MOST_REPEATS, int(times[1])) if times else 1))
    return bars * (int(times[1]) if times else 1)


def _read_bar(words: Sequence[str], meter: Meter, shift: int, before: ChartBar | None) -> ChartBar | None:
    chords: list[Chord | None] = []
    for word in words:
        match = _METER.fullmatch(word)
        if match:
            n, d = int(match[1]), int(match[2])
            meter = Meter(n, d) if 1 <= n <= MOST_METER_BEATS and d in METER_UNITS else meter
        elif word == ".":
            chords.append(chords[-1] if chords else before.chords[-1][0] if before else None)
        elif word.startswith("&") or word == "*":
            chords.append(None)
        else:
            chords.append(chord_of(word, shift))
    if not chords:
        return None
    joined: list[tuple[Chord | None, int]] = []
    for chord in chords:
        if joined and joined[-1][0] == chord:
            joined[-1] = (chord, joined[-1][1] + 1)
        else:
            joined.append((chord, 1))
    return ChartBar(meter, tuple((chord, count / len(chords)) for chord, count in joined))


def chord_of(text: str, shift: int = 0) -> Chord | None:
    """The chord that Harte's `A:min7/b3` means, `shift` semitones higher; None for silence.

    >>> str(chord_of("A:min7/b3")), str(chord_of("D:sus4(b7,9)"))
    ('Am7/C', 'D9sus4')
    """
    match = _CHORD.fullmatch(text)
    if match is None:
        return None
    root = (_pitch_class(match[1] + match[2]) + shift) % 12
    quality = _quality(match[3])
    bass = None
    if match[5] and int(match[5]) in _DEGREES:
        step = _DEGREES[int(match[5])] + match[4].count("#") - match[4].count("b")
        bass = (root + step) % 12
    return Chord(root, quality, None if bass == root else bass)


def _quality(text: str) -> str:
    if text in _EXTENDED:
        return _EXTENDED[text]
    base, _, inside = text.rstrip(")").partition("(")
    quality = _TRIADS.get(base, base)
    if read_quality(quality) is None:
        return ""
    for degree in inside.split(",") if inside else ():
        for added in (degree if degree[:1] in {"b", "#"} else f"add{degree}", f"add{degree}"):
            if read_quality(quality + added) is not None:
                quality += added
                break
    return quality


def kind_of(name: str) -> str:
    """Our kind for a section's name in the annotations, nothing where there is none."""
    return next((str(kind) for word, kind in _KINDS if word in name.lower()), "")


def mode_of(tonic: int, sections: Sequence[ChartSection]) -> str:
    """The church mode or minor that the chords' tones fit best over a tonic; the plain ones where all fit alike."""
    weights = [0.0] * 12
    for section in sections:
        for bar in section.bars:
            for chord, share in bar.chords:
                for tone in chord.pitch_classes[:3] if chord else ():
                    weights[(tone - tonic) % 12] += share
    modes = ("major", "minor", "mixolydian", "dorian")
    return max(modes, key=lambda mode: (round(sum(weights[step] for step in MODES[mode]), 6), -modes.index(mode)))


def _pitch_class(name: str) -> int:
    return (pitch_class(plain_name(name[0], "")) + name.count("#") - name[1:].count("b")) % 12


def read_progressions(folder: Path) -> Iterator[Song]:
    """The progressions in Roman numerals, a bar a chord, each a song of one section in C or A minor."""
    lines = (folder / "progressions.jsonl").read_text(encoding="utf-8").splitlines()
    for row in map(json.loads, lines):
        minor = row["mode"] == "minor" or (row["mode"] == "modal" and row["chords"][0].startswith("i"))
        key = Key(9, "minor") if minor else Key(0)
        chords = [shorthand(text, key, row["mode"]) for text in row["chords"]]
        if not chords or None in chords:
            continue
        bars = tuple(ChartBar(Meter(4, 4), ((chord, 1.0),)) for chord in chords)
        name = row["mode"] + " " + " ".join(row["chords"])
        mode = mode_of(key.tonic, [ChartSection("", bars)])
        yield Song(
            "chord_progressions_mit", name, name, "MIT", Key(key.tonic, mode), PROGRESSION_BPM,
            (ChartSection("", bars),), tuple(row["tags"]),
        )  # fmt: skip
