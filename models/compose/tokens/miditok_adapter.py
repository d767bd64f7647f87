"""The same tokens for who works with miditok: `StarBridge` is one of its tokenizers, with the ids of our weights.

Lives here: the bridge, for training and research; it wants the extra `train`, and nothing else imports it. A file is read
as the corpus is (parts by role, keys and chords inferred) and told in sections of some bars with everything said.
miditok wants names of the form `Type_value`: `Hit_2_5` is `Hit_2.5` there, `pad`, `start` and `end` are its PAD, BOS and
EOS. Tokens say no tonic, so decoded music is in C, and its tempo is the middle of a bin. It is a vocabulary that is
fixed: training miditok's BPE on it gives ids that no weights of ours know.

    tokenizer = StarBridge()
    ids = tokenizer.encode(Path("song.mid")).ids
    score = tokenizer.decode(ids)
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import symusic
from miditok import MusicTokenizer, TokenizerConfig  # type: ignore[import-untyped, import-not-found, unused-ignore]
from miditok.classes import Event, TokSequence  # type: ignore[import-untyped, import-not-found, unused-ignore]

from models.compose.corpus.beat import in_time
from models.compose.corpus.build import Label, build, notes_from
from models.compose.corpus.midi import grid, read_midi
from models.compose.corpus.piece import Piece
from models.compose.corpus.roles import parts_by_role
from models.compose.tokens.decode import decode
from models.compose.tokens.encode import encode
from models.compose.tokens.stock import Stock, sections_of
from models.compose.tokens.vocabulary import SPECIALS, VOCABULARY
from sessions.music.beats import TICKS_PER_BEAT
from sessions.music.parts import Part

_SYMUSIC: Any = symusic  # each of its names is one class for ticks, one for quarters and one for seconds

__all__ = ["StarBridge", "miditok_name", "piece_of"]

_SPECIALS = {"pad": "PAD", "start": "BOS", "end": "EOS"}
_PROGRAMS = {Part.DRUMS: 0, Part.BASS: 33, Part.HARMONY: 0, Part.MELODY: 73}


def miditok_name(name: str) -> str:
    """What miditok calls a token.

    >>> miditok_name("Hit_2_5"), miditok_name("Hop"), miditok_name("pad")
    ('Hit_2.5', 'Hop_None', 'PAD_None')
    """
    family, _, value = name.partition("_")
    return f"{_SPECIALS.get(family, family)}_{value.replace('_', '.') or 'None'}"


def piece_of(path: Path) -> Piece:
    """A MIDI file as a piece, its parts found by role. Raises ValueError where it is none or has no notes."""
    song = in_time(read_midi(path))
    bars = grid(song.meters, song.tempos, song.end)
    parts = {part: notes_from(rows) for part, rows in parts_by_role(song.tracks, bars).items()}
    return build(Label("file", path.name, ""), bars, parts, song.signatures)


class StarBridge(MusicTokenizer):  # type: ignore[misc, unused-ignore]  # miditok is not there for everybody
    """Our tokens as a tokenizer of miditok's: one sequence for all tracks, `start` to `end`."""

    section_bars = 8
    """Bars of a section."""

    def __init__(self, tokenizer_config: TokenizerConfig | None = None, params: str | Path | None = None) -> None:
        if tokenizer_config is None and params is None:
            names = [miditok_name(name) for name in SPECIALS]
            tokenizer_config = TokenizerConfig(special_tokens=names, use_programs=True, encode_ids_split="no")
        super().__init__(tokenizer_config, params)
        self.time_division = TICKS_PER_BEAT

    def preprocess_score(self, score: Any) -> Any:
        """The score as it is; the grid is ours."""
        return score

    def _score_to_tokens(self, score: Any, attribute_controls_indexes: Any = None) -> TokSequence:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "score.mid"
            score.dump_midi(str(path))
            sections = list(sections_of(Stock.of(piece_of(path)), self.section_bars, room=1 << 20))
        ids = encode(sections).tolist()
        return TokSequence(tokens=[miditok_name(VOCABULARY.name(token)) for token in ids], ids=ids)

    def _tokens_to_score(self, tokens: TokSequence, programs: Any = None) -> Any:
        score = _SYMUSIC.Score(TICKS_PER_BEAT)
        tracks = {
            part: _SYMUSIC.Track(name=part.value, program=program, is_drum=part is Part.DRUMS)
            for part, program in _PROGRAMS.items()
        }
        tick, said = 0, None
        for section in decode(self.vocab[name] for name in tokens.tokens):
            header, sheet = section.header, section.write.sheet
            if (header.bpm, header.meter) != said:
                score.tempos.append(_SYMUSIC.Tempo(tick, header.bpm))
                score.time_signatures.append(_SYMUSIC.TimeSignature(tick, header.meter.n, header.meter.d))
                said = header.bpm, header.meter
            for part, notes in sheet.to_notes(tick).items():
                for note in notes:
                    tracks[part].notes.append(_SYMUSIC.Note(note.start, note.length, note.pitch, note.velocity))
            tick += len(sheet) * header.meter.ticks_per_bar
        for track in tracks.values():
            if len(track.notes):
                score.tracks.append(track)
        return score

    def _add_time_events(self, events: list[Event], time_division: int) -> list[Event]:
        """Our events carry their time."""
        return events

    def _create_base_vocabulary(self) -> list[str]:
        return [miditok_name(name) for name in VOCABULARY.names[len(SPECIALS) :]]

    def _create_token_types_graph(self) -> dict[str, set[str]]:
        """Which families may follow which; what a grammar over values allows is in `grammar`."""
        events = {"Hop", "Position"}
        marks = {"Left", "Part"}
        note = {"Hit", "Vel", "Pitch"}
        after_part = {"Density", "Polyphony", "Stack", "Low", "High", "Leap", "Length", "Interest", "Sync", "Loud"}
        graph: dict[str, set[str]] = {
            "Origin": {"Kind", "Style", "Tempo"},
            "Kind": {"Style", "Tempo"},
            "Style": {"Tempo"},
            "Tempo": {"Num"},
            "Num": {"Den"},
            "Den": {"Mode"},
            "Mode": {"Energy", "Feel", "Part"},
            "Energy": {"Feel", "Part"},
            "Feel": {"Part"},
            "Left": {"Chord"},
            "Chord": {"Chord", "Part"},
            "Part": {"Part", *after_part, *events, *marks},
            "Hop": events,
            "Position": {"Nudge", *note},
            "Nudge": note,
            "Vel": {"Pitch"},
            "Pitch": {"Dur"},
            "Dur": {"Vel", "Pitch", *events, *marks},
            "Hit": {"Hit", *events, *marks},
        }
        return graph | {control: {"Part", *after_part} for control in after_part}
