"""`bench stems` on a checkpoint of the true form and of small size: what it makes, measures and says. No figure is judged."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch

from bridge.bench import checkpoint, gpu, stems
from bridge.bench.figures import NotMeasured, Setting


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own, and sizes that are made in no time."""
    config = copy.deepcopy(checkpoint.CONFIG)
    config["text_encoder"] |= {"vocab_size": 64, "d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 1, "num_heads": 2}
    config["audio_encoder"] |= {"hidden_size": 16, "codebook_dim": 16, "num_filters": 4}
    config["decoder"] |= {"num_hidden_layers": 2, "ffn_dim": 128, "num_attention_heads": 2, "hidden_size": 64}
    monkeypatch.setattr(checkpoint, "CONFIG", config)
    monkeypatch.setattr(stems, "default_cache", lambda: tmp_path)
    monkeypatch.setattr(stems, "PLAYED_S", 1.0)
    return tmp_path


@pytest.mark.timeout(600)  # the kernels may have to be compiled, and torch to be loaded
@pytest.mark.may_leak("transformers loads weights in threads of its own")
@pytest.mark.may_block("it measures")
def test_stems_are_measured_beside_transformers(small: Path, capfd: pytest.CaptureFixture[str]) -> None:
    figures = {figure.name: figure for figure in stems.measure(Setting(seconds=0.02))}
    assert (small / "bench" / checkpoint.NAME / "model.safetensors").is_file()
    said = capfd.readouterr().err
    assert "making random weights" in said
    if not torch.cuda.is_available():
        assert gpu.UNMEASURED in said
    for precision in ("int4", "int8"):
        for name in (
            "steps",
            "share of the memory's limit",
            "first sound",
            "real-time factor",
            "peak memory",
            "load",
            "load again",
        ):
            assert figures[f"{name}, {precision}"].value > 0
        assert figures[f"{precision} to transformers' best"].value > 0
        assert figures[f"4 pieces together to one after another, {precision}"].value > 0
        assert figures[f"first sound, {precision}"].value <= figures[f"real-time factor, {precision}"].value
    theirs = [name for name in figures if name.startswith("steps, transformers")]
    assert len(theirs) == 2
    assert all("busy" in figures[name].more for name in theirs)


def test_what_a_gpu_is_asked_runs_on_a_processor_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "SIZES", {"tiny": (1, 32, 2)})
    monkeypatch.setattr(gpu, "COPIED_BYTES", 1 << 10)
    monkeypatch.setattr(gpu, "AT_ONCE", (1, 2))
    monkeypatch.setattr(gpu, "KNOWN", 5)
    monkeypatch.setattr(gpu, "STEPS", 3)
    monkeypatch.setattr("models.render.musicgen.graphs.seats_that_fit", lambda decoder, room: 2)
    figures = {figure.name: figure.value for figure in gpu.sizes(torch.device("cpu"))}
    assert len(figures) == 5
    assert all(value > 0 for value in figures.values())


def test_made_once(small: Path) -> None:
    folder = checkpoint.random_small(small)
    written = (folder / "model.safetensors").stat().st_mtime_ns
    assert checkpoint.random_small(small) == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == written
    assert [path.name for path in small.iterdir()] == [checkpoint.NAME]


@pytest.mark.may_block("it waits for a process of its own")
def test_an_engine_that_ends_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(NotMeasured, match="no folder"):
        stems.engine_alone(tmp_path / "nothing", "int4")
