"""What is measured is what is there: each fault, form, groove and distance on music made for it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from models.compose.composer import BarNotes
from models.compose.evaluate.excerpt import Excerpt, of_piece, of_section
from models.compose.evaluate.human import Human
from models.compose.evaluate.measures import Fault, at_home, consistency, faults, groove, register, similarity
from models.compose.evaluate.portrait import Portrait, distance_of
from models.compose.originality import RunIndex
from sessions.music.beats import Meter
from sessions.music.notes import Note
from sessions.music.parts import Part
from sessions.music.section import parse_request
from tests.models.compose.evaluate.small import BAR, piece

WHITE = frozenset({0, 2, 4, 5, 7, 9, 11})


def excerpt(part: Part, notes: list[Note], bars: int = 8, meter: Meter | None = None) -> Excerpt:
    return Excerpt((part,), {part: tuple(notes)}, meter or Meter(4, 4), bars, 120.0, "rock", ((0, WHITE),))


def line(bars: int = 8, pitches: tuple[int, ...] = (48, 50)) -> list[Note]:
    return [Note(960 * i, 480, pitches[i % len(pitches)], 90) for i in range(4 * bars)]


@pytest.mark.parametrize(
    ("part", "notes", "fault"),
    [
        (Part.BASS, line(), None),
        (Part.BASS, [], Fault.EMPTY),
        (Part.BASS, [Note(0, 960, 40, 90)], Fault.FEW),
        (Part.BASS, line(pitches=(48,)), Fault.ONE_PITCH),
        (Part.DRUMS, line(pitches=(36,)), None),
        (Part.HARMONY, [Note(0, 5 * BAR, 48, 90), *line()], Fault.HELD),
        (Part.MELODY, line(2), Fault.SILENT),
        (Part.MELODY, [*line(2), Note(2 * BAR, 4 * BAR, 50, 90)], None),
    ],
)
def test_faults(part: Part, notes: list[Note], fault: Fault | None) -> None:
    assert faults(excerpt(part, notes)) == ([(part, fault)] if fault else [])


def test_short_excerpts_can_only_be_empty() -> None:
    assert faults(excerpt(Part.BASS, [Note(0, 960, 40, 90)], bars=2)) == []


def test_notes_of_the_chord_are_at_home() -> None:
    notes = [Note(0, 960, 60, 90), Note(BAR, 960, 61, 90), Note(2 * BAR, 960, 61, 90)]
    changing = replace(excerpt(Part.MELODY, notes), tones=((0, WHITE), (2 * BAR, WHITE | {1})))
    assert at_home(changing) == (2, 3)


def test_a_section_is_measured_by_its_request() -> None:
    request = parse_request({"bars": 2, "parts": "bass", "key": "C", "chords": "C A7"})
    bars: list[BarNotes] = [{Part.BASS: (Note(0, 960, 37, 90),)}, {Part.BASS: (Note(BAR, 960, 37, 90),)}]
    assert at_home(of_section(request, bars, "C A7")) == (1, 2)


def test_form_is_found_at_its_lag() -> None:
    two = excerpt(Part.BASS, [Note(BAR * bar + 240 * (bar % 2), 240, 40, 90) for bar in range(8)])
    assert [similarity(two, lag) for lag in (1, 2, 4, 8)] == [0.0, 1.0, 1.0, None]


def test_groove_is_told_in_four_four_alone() -> None:
    beats = line()
    shares = groove(excerpt(Part.BASS, beats), Part.BASS)
    assert shares is not None
    assert shares.tolist() == [0.25 if place % 4 == 0 else 0 for place in range(16)]
    assert groove(excerpt(Part.BASS, beats, meter=Meter(3, 4)), Part.BASS) is None
    assert consistency(excerpt(Part.BASS, beats)) == 1.0
    assert consistency(excerpt(Part.BASS, beats[:16])) == pytest.approx(1 - 4 / 16 / 7)


def test_drums_have_no_register() -> None:
    assert register(excerpt(Part.DRUMS, line()), Part.DRUMS) is None
    shares = register(excerpt(Part.BASS, line(pitches=(48, 60))), Part.BASS)
    assert shares is not None
    assert (shares[12], shares[15]) == (0.5, 0.5)


def test_pieces_are_cut_where_their_metre_stays() -> None:
    assert [one.bars for one in of_piece(piece(1, bars=38))] == [16, 16, 6]
    assert [one.bars for one in of_piece(piece(1, bars=18))] == [16]
    second = list(of_piece(piece(1, bars=32)))[1]
    assert min(note.start for notes in second.notes.values() for note in notes) == 0
    assert at_home(second)[0] == at_home(second)[1]


def test_distances_and_their_json() -> None:
    slow = Portrait.of(one for seed in range(4) for one in of_piece(piece(seed, bars=32)))
    assert slow.distances(slow) == {"groove": 0.0, "density": 0.0, "register": 0.0}
    assert slow.distances(Portrait()) == {"groove": None, "density": None, "register": None}
    many = Portrait.of(one for seed in range(24) for one in of_piece(piece(seed, bars=16)))
    assert all(far is not None and far < 0.05 for far in slow.distances(many).values())
    again = Portrait.from_fields(json.loads(json.dumps(many.to_fields())))
    assert again.rows == pytest.approx(many.rows, abs=1e-3)
    assert slow.distances(again) == pytest.approx(slow.distances(many), abs=1e-3)
    other = Portrait.of([excerpt(Part.BASS, [Note(120 + 240 * i, 60, 90, 90) for i in range(100)])])
    assert distance_of([1, 0, 0], [0, 0, 2]) == 1.0
    assert (other.distances(many)["register"] or 0) > 0.9


def test_copied_runs_are_found_in_any_key() -> None:
    tune = [60, 62, 64, 67, 65, 64, 62, 69, 67, 60, 72]
    index = RunIndex.build([tune])
    notes = [Note(480 * i, 240, pitch + 5, 90) for i, pitch in enumerate([*tune, *tune[::-1]])]
    rows = Portrait.of([excerpt(Part.MELODY, notes), excerpt(Part.MELODY, line())], index).rows
    assert rows["notes of the longest run known from training"] == 11
    assert rows["excerpts with such a run"] == 0.5


def test_human_music_keeps_bands_and_written_music_apart(tmp_path_factory: pytest.TempPathFactory) -> None:
    pieces = [piece(seed, bars=16) for seed in range(6)] + [piece(seed, style="hymn") for seed in range(3)]
    human = Human.of(pieces)
    assert (human.band.excerpts, human.written.excerpts) == (6, 3)
    path = tmp_path_factory.mktemp("human") / "human.json"
    human.save(path)
    again = Human.load(path)
    assert again.band.rows == pytest.approx(human.band.rows, abs=1e-3)
    for text in ("{}", "[]", '{"version": 1}', '{"version": 1, "band": 3, "written": {}, "halves": {}}', "no"):
        path.write_text(text)
        with pytest.raises(ValueError):
            Human.load(path)
