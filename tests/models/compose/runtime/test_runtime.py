"""The runtime against plain numpy, and against itself: cached, cut up, branched, rewound, from many threads."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.compose.runtime import ContextFull, Precision, Runtime
from tests.models.compose.runtime import tiny

Floats = NDArray[np.float32]

pytestmark = pytest.mark.timeout(600)  # the first to come compiles the kernels, which takes six seconds of an idle core

IDS = [int(one) for one in np.random.default_rng(3).integers(0, 150, 200)]  # as many as the context holds
UNTIED = tiny.CONFIG | {"tie_word_embeddings": False, "rms_norm_eps": 1e-6, "rope_theta": 500.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write(tmp_path_factory.mktemp("weights"), tiny.tensors())


@pytest.fixture(scope="module")
def runtime(folder: Path) -> Runtime:
    return Runtime.load(folder)


@pytest.fixture(scope="module")
def alone(runtime: Runtime) -> Floats:
    """The logits after each of IDS, token by token."""
    state = runtime.begin()
    return np.stack([runtime.feed(state, [one]) for one in IDS])


@pytest.mark.parametrize("config", [tiny.CONFIG, UNTIED], ids=["tied", "untied"])
def test_float32_computes_what_the_papers_say(tmp_path: Path, config: dict[str, object]) -> None:
    weights = tiny.tensors(config)
    runtime = Runtime.load(tiny.write(tmp_path, weights, config), "float32")
    found = runtime.feed_all(runtime.begin(), IDS)
    np.testing.assert_allclose(found, tiny.logits(weights, IDS, config), atol=2e-5)


def test_int8_stays_close(runtime: Runtime, alone: Floats) -> None:
    """Random weights are the hardest: trained ones have clearer favourites."""
    exact = tiny.logits(tiny.tensors(), IDS)
    assert np.abs(alone - exact).mean() < 0.03 * exact.std()
    assert (alone.argmax(-1) == exact.argmax(-1)).mean() > 0.9


@settings(max_examples=30)
@given(cuts=st.lists(st.integers(1, 199), max_size=8))
def test_cut_up_in_any_way_it_is_the_same_to_the_last_bit(runtime: Runtime, alone: Floats, cuts: list[int]) -> None:
    state, ends = runtime.begin(), sorted({*cuts, len(IDS)})
    for first, last in zip([0, *ends], ends, strict=False):
        assert np.array_equal(runtime.feed(state, IDS[first:last]), alone[last - 1])
    assert state.length == len(IDS)


def test_all_logits_are_those_of_each(runtime: Runtime, alone: Floats) -> None:
    state = runtime.begin()
    assert np.array_equal(np.concatenate([runtime.feed_all(state, IDS[:70]), runtime.feed_all(state, IDS[70:])]), alone)


def test_a_copy_goes_its_own_way(runtime: Runtime, alone: Floats) -> None:
    state = runtime.begin()
    runtime.feed(state, IDS[:37])
    branch = state.copy()
    runtime.feed(branch, IDS[100:150])
    assert (state.length, branch.length) == (37, 87)
    assert np.array_equal(runtime.feed(state, IDS[37:90]), alone[89])
    assert not np.array_equal(runtime.feed(branch, IDS[90:91]), alone[90])


def test_a_rewound_state_has_forgotten(runtime: Runtime, alone: Floats) -> None:
    state = runtime.begin()
    runtime.feed(state, IDS[:20])
    for length in (20, 13, 0):
        runtime.feed(state, IDS[120:190])
        state.truncate(length)
        assert np.array_equal(runtime.feed(state.copy(), IDS[length:100]), alone[99])
    with pytest.raises(ValueError, match="can't go back to 1"):
        state.truncate(1)


def test_a_token_knows_nothing_of_what_comes_after(runtime: Runtime) -> None:
    one, other = runtime.feed_all(runtime.begin(), IDS[:50]), runtime.feed_all(runtime.begin(), IDS[:30] + IDS[:20])
    assert np.array_equal(one[:30], other[:30])
    assert not np.array_equal(one[30:], other[30:])


def test_many_threads_and_states_share_a_model(runtime: Runtime, alone: Floats) -> None:
    def stream(step: int) -> list[Floats]:
        state = runtime.begin()
        return [runtime.feed(state, IDS[first : first + step]) for first in range(0, 180, step)]

    with ThreadPoolExecutor(4) as pool:
        for step, found in zip((1, 3, 5, 9), pool.map(stream, (1, 3, 5, 9)), strict=True):
            assert np.array_equal(np.stack(found), alone[step - 1 : 180 : step])


def test_what_is_too_much_or_nothing_is_refused_and_changes_nothing(runtime: Runtime, alone: Floats) -> None:
    state = runtime.begin()
    runtime.feed(state, IDS[:60])
    with pytest.raises(ContextFull, match="60 tokens and 141 more exceed the 200"):
        runtime.feed(state, [0] * 141)
    for wrong in ([], [150], [-1]):
        with pytest.raises(ValueError):
            runtime.feed(state, wrong)
    assert np.array_equal(runtime.feed(state, IDS[60:]), alone[-1])


def test_what_it_says_of_itself(runtime: Runtime, folder: Path) -> None:
    assert (runtime.context, runtime.vocabulary, runtime.precision) == (200, 150, Precision.INT8)
    assert len(runtime.sha256) == 64


SAY = """
import hashlib, pathlib, sys
from models.compose.runtime import Runtime
runtime = Runtime.load(pathlib.Path(sys.argv[1]))
print(hashlib.sha256(runtime.feed_all(runtime.begin(), IDS).tobytes()).hexdigest())
""".replace("IDS", repr(IDS[:90]))


@pytest.mark.slow
def test_another_processor_computes_the_same_bits(runtime: Runtime, folder: Path, tmp_path: Path) -> None:
    """One without any vectors wider than SSE2's; its kernels are compiled anew."""
    plain = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_CACHE_DIR": str(tmp_path)}
    said = subprocess.run(
        [sys.executable, "-c", SAY, str(folder)], env=os.environ | plain, capture_output=True, check=True, text=True
    )
    here = runtime.feed_all(runtime.begin(), IDS[:90])
    assert said.stdout.split() == [hashlib.sha256(here.tobytes()).hexdigest()]


def test_it_is_what_the_model_in_torch_computes(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    transformer = pytest.importorskip("models.compose.transformer")
    torch.manual_seed(5)
    shape = transformer.Shape(vocabulary=150, width=64, layers=2, heads=2, kv_heads=1, inner=96, context=256)
    model = transformer.Transformer(shape)
    transformer.save(model, tmp_path)
    with torch.inference_mode():
        wanted = model.forward(torch.tensor([IDS]))[0].numpy()
    runtime = Runtime.load(tmp_path, "float32")
    np.testing.assert_allclose(runtime.feed_all(runtime.begin(), IDS), wanted, atol=2e-5)


@pytest.mark.may_leak("transformers loads weights in threads of its own")
def test_it_is_what_transformers_computes(folder: Path) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.inference_mode():
        wanted = model(torch.tensor([IDS])).logits[0].numpy()
    runtime = Runtime.load(folder, "float32")
    np.testing.assert_allclose(runtime.feed_all(runtime.begin(), IDS), wanted, atol=2e-5)
