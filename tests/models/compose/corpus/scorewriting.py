"""Small scores for tests, written as MusicXML."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

DIVISIONS = 12


def note(name: str, quarters: float, *, chord: bool = False, staff: int = 0, extra: str = "", ties: str = "") -> str:
    """A note such as `C#4`, or a rest `-`."""
    length = f"<duration>{round(quarters * DIVISIONS)}</duration>"
    tied = "".join(f'<tie type="{word}"/>' for word in ties.split())
    where = f"<staff>{staff}</staff>" if staff else ""
    if name == "-":
        return f"<note><rest/>{length}{where}</note>"
    alter = {"#": "<alter>1</alter>", "b": "<alter>-1</alter>"}.get(name[1:-1], "")
    pitch = f"<pitch><step>{name[0]}</step>{alter}<octave>{name[-1]}</octave></pitch>"
    return f"<note>{'<chord/>' if chord else ''}{pitch}{length}{tied}<voice>1</voice>{where}{extra}</note>"


def attributes(fifths: int = 0, time: str = "4/4", mode: str = "") -> str:
    beats, beat_type = time.split("/")
    said = f"<mode>{mode}</mode>" if mode else ""
    return (
        f"<attributes><divisions>{DIVISIONS}</divisions><key><fifths>{fifths}</fifths>{said}</key>"
        f"<time><beats>{beats}</beats><beat-type>{beat_type}</beat-type></time></attributes>"
    )


def measure(number: int | str, *content: str) -> str:
    return f'<measure number="{number}">{"".join(content)}</measure>'


def backup(quarters: float) -> str:
    return f"<backup><duration>{round(quarters * DIVISIONS)}</duration></backup>"


def symbol(root: str, kind: str, more: str = "") -> str:
    alter = {"#": "<root-alter>1</root-alter>", "b": "<root-alter>-1</root-alter>"}.get(root[1:], "")
    return f"<harmony><root><root-step>{root[0]}</root-step>{alter}</root><kind>{kind}</kind>{more}</harmony>"


def tempo(bpm: float) -> str:
    return f'<direction><direction-type><words>x</words></direction-type><sound tempo="{bpm}"/></direction>'


def score(parts: Sequence[tuple[str, str, Sequence[str]]]) -> str:
    """A score of parts, each a name, a sound and its measures."""
    listed = "".join(
        f'<score-part id="P{i}"><part-name>{name}</part-name><score-instrument id="P{i}-I1">'
        f"<instrument-name>{name}</instrument-name><instrument-sound>{sound}</instrument-sound></score-instrument></score-part>"
        for i, (name, sound, _) in enumerate(parts)
    )
    music = "".join(f'<part id="P{i}">{"".join(measures)}</part>' for i, (_, _, measures) in enumerate(parts))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><score-partwise version="4.0"><part-list>{listed}</part-list>'
        f"{music}</score-partwise>"
    )


def write_mxl(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/container.xml", "<container/>")
        archive.writestr("score.xml", text)
