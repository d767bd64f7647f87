"""Training on a tiny model: repeatable, resumed as if never stopped, and the schedule."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from models.compose import train
from models.compose.corpus.piece import Bar, Origin, Piece
from models.compose.corpus.store import save as save_corpus
from models.compose.curves import Curves
from models.compose.tokens.vocabulary import VOCABULARY
from models.compose.train import Settings
from models.compose.transformer import load
from sessions.music.beats import Meter
from sessions.music.chords import Chord
from sessions.music.keys import Key
from sessions.music.notes import Note
from sessions.music.parts import Part


def song(name: str, step: int) -> Piece:
    meter = Meter(4, 4)
    bars = tuple(Bar(index * meter.ticks_per_bar, meter, 120.0) for index in range(8))
    bass = tuple(Note(480 * index, 480, 36 + index * step % 12, 80) for index in range(64))
    drums = tuple(Note(960 * index, 240, 36 if index % 2 else 38, 100) for index in range(32))
    pair = (Chord(0, ""), Chord(7, ""))
    return Piece("set", name, "CC0-1.0", Origin.REAL, "rock", False, bars, (Key(0),) * 8, (pair,) * 8,
                 {Part.BASS: bass, Part.DRUMS: drums})  # fmt: skip


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "corpus.npz"
    pieces = [song(f"song {number}", number % 5 + 1) for number in range(100)]
    assert any(piece.held_out for piece in pieces)
    save_corpus(path, pieces)
    return path


def trained(corpus: Path, out: Path, *more: str, steps: int = 6) -> dict[str, torch.Tensor]:
    words = ["--corpus", str(corpus), "--out", str(out), "--size", "tiny", "--rows", "2", "--steps", str(steps), *more]
    assert train.main(words) == 0
    return weights_of(out)


def weights_of(out: Path) -> dict[str, torch.Tensor]:
    state = torch.load(out / train.CHECKPOINT_FILE, weights_only=True)
    weights: dict[str, torch.Tensor] = state["model"] | {f"mean {name}": w for name, w in state["mean"].items()}
    return weights


def equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def whole(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole")
    trained(corpus, out)
    return out


@pytest.fixture(autouse=True)
def _only_the_first_run_draws_its_curves(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Curves, "draw", lambda _: False)  # a third of a run so short


def test_the_same_run_gives_the_same_weights(corpus: Path, whole: Path, tmp_path: Path) -> None:
    assert equal(weights_of(whole), trained(corpus, tmp_path))


@pytest.mark.parametrize("more", [(), ("--adamw",)])
def test_a_resumed_run_is_the_same_as_one_that_never_stopped(
    corpus: Path, whole: Path, tmp_path: Path, more: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = trained(corpus, tmp_path / "at once", *more) if more else weights_of(whole)
    over = Settings.over
    with monkeypatch.context() as stopping:
        stopping.setattr(Settings, "over", lambda settings, step, spent_s: step >= 3 or over(settings, step, spent_s))
        assert not equal(trained(corpus, tmp_path / "stopped", *more), at_once)
    assert equal(trained(corpus, tmp_path / "stopped", "--resume", *more), at_once)


def test_a_run_leaves_weights_and_curves(whole: Path) -> None:
    model = load(whole / train.WEIGHTS_FOLDER)
    mean = torch.load(whole / train.CHECKPOINT_FILE, weights_only=True)["mean"]
    assert equal(model.state_dict(), mean)
    config = json.loads((whole / train.WEIGHTS_FOLDER / "config.json").read_text())
    assert config["vocabulary_sha256"] == VOCABULARY.sha256
    rows = [json.loads(line) for line in (whole / "curves.jsonl").read_text().splitlines()]
    judged = rows[-1]["kept_back_all"]["set"]
    assert judged["notes"] > 0
    assert judged["bits_per_note"] > judged["bits_per_token"] > 0
    assert {"position", "pitch", "duration", "hit"} <= judged["kinds"].keys()


def test_another_run_s_checkpoint_is_refused(corpus: Path, whole: Path) -> None:
    with pytest.raises(ValueError, match="another seed"):
        trained(corpus, whole, "--resume", "--seed", "9", steps=9)


def test_the_rate_rises_stays_and_falls() -> None:
    by_steps, by_time = Settings(steps=1000), Settings(minutes=10)
    assert [by_steps.rate_at(step, 0) for step in (0, 49, 99, 500, 800)] == pytest.approx([0.01, 0.5, 1, 1, 1])
    assert [by_steps.rate_at(step, 0) for step in (900, 1000)] == pytest.approx([0.5, 0])
    assert [by_time.rate_at(500, 60 * minute) for minute in (1, 8, 9, 10, 11)] == pytest.approx([1, 1, 0.5, 0, 0])
    assert (by_time.over(500, 599), by_time.over(500, 600)) == (False, True)
    assert (by_steps.over(999, 1e9), by_steps.over(1000, 0)) == (False, True)


def test_steps_or_minutes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        train.main(["--corpus", "x", "--out", "y"])
    assert "either --steps or --minutes" in capsys.readouterr().err
