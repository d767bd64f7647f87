"""`starbridge bench`: figures with their machine, and a clear word on what can't be measured. No figure is judged."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from bridge.bench import PARTS
from tests.bridge.cli.conftest import Command
from tests.models.compose.runtime import tiny

FAST = ("--seconds", "0.02")


@pytest.mark.timeout(600)  # the kernels may have to be compiled, and torch to be loaded
@pytest.mark.may_leak("transformers loads weights in threads of its own")
def test_compose_is_measured_on_any_weights(starbridge: Command, tmp_path: Path) -> None:
    weights = tiny.write(tmp_path, tiny.tensors(tiny.LONGER), tiny.LONGER)
    done = starbridge("bench", "compose", "--json", "--weights", weights, *FAST)
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)["measured"]["compose"]
    assert {"tokens, one stream", "tokens, each of four streams", "tokens written, sampled"} <= set(figures)
    assert figures["a token"]["p95"] >= figures["a token"]["value"] > 0


def test_without_weights_it_says_what_to_do(starbridge: Command, tmp_path: Path) -> None:
    done = starbridge("bench", "compose", "--weights", tmp_path, *FAST)
    assert done.exit_code == 0
    assert "can't be read" in done.stdout
    assert "name another folder" in done.stdout


def test_what_is_not_built_yet_says_so(starbridge: Command) -> None:
    missing = [part for part, home in PARTS.items() if home is None]
    done = starbridge("bench", *missing)
    assert done.exit_code == 0
    for part in missing:
        assert f"{part}: not measured yet" in done.stdout


def test_an_unknown_part_is_mistyped(starbridge: Command) -> None:
    done = starbridge("bench", "everything")
    assert done.exit_code == 2
    assert "compose" in done.output


@pytest.mark.timeout(240)
def test_sync_is_measured_with_the_machine_named(starbridge: Command) -> None:
    done = starbridge("bench", "sync", "--json", *FAST)
    assert done.exit_code == 0
    report = json.loads(done.stdout)
    assert report["machine"]["cores"] >= 1
    assert report["machine"]["processor"]
    assert set(report["measured"]) == {"sync"}
    measured = report["measured"]["sync"]
    assert all(figure["value"] > 0 and figure["unit"] for figure in measured.values())
    thread = measured["MIDI out through the sender thread, off its time at p99"]
    assert thread["sent"] > 0
    assert thread["value"] >= thread["p50"] > 0
    if shutil.which("jackd") and importlib.util.find_spec("jack"):
        assert any("JACK" in name for name in measured)
