"""Equal to `transformers`: the same weights give the same states, logits, codes and sound."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import models.render.musicgen as musicgen
from models.render.musicgen.checkpoint import Checkpoint
from models.render.musicgen.conditions import Conditions
from models.render.musicgen.decoder import TorchDecoder
from models.render.musicgen.engine import Engine
from models.render.musicgen.text import TextEncoder
from tests.models.render.musicgen.conftest import Published
from tests.models.render.musicgen.published import TEXT, Kind, tokens
from tests.models.render.musicgen.theirs import generated

CPU = torch.device("cpu")
KINDS = {
    "text": Kind(),
    "text stereo": Kind(channels=2),
    "text small": Kind(small=True, feed_forward="gated-gelu"),
    "text of the same width": Kind(same_width=True, feed_forward="gated-relu"),
    "melody": Kind(melody=True),
    "melody stereo": Kind(melody=True, channels=2),
    "melody small": Kind(melody=True, small=True),
}
EACH = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


def sung(channels: int = 1, frames: int = 60_000) -> NDArray[np.float32]:
    """A rising scale with some noise."""
    time = np.arange(frames) / 32_000
    steps = 220 * 2 ** (np.floor(time * 6) / 12)
    noise = np.random.default_rng(5).normal(size=(channels, frames)) * 0.01
    return (np.sin(2 * np.pi * np.cumsum(steps / 32_000)) * 0.5 + noise).astype(np.float32)


@EACH
def test_text_states_equal(published: Published, kind: Kind) -> None:
    theirs, folder = published(kind)
    checkpoint = Checkpoint.of(folder)
    ours = TextEncoder.read(checkpoint.tensors, checkpoint.text, CPU)
    ids = torch.randint(3, 64, (1, 40), generator=torch.Generator().manual_seed(1))  # past the furthest bucket
    with torch.no_grad():
        wanted = theirs.text_encoder(input_ids=ids).last_hidden_state[0]
    torch.testing.assert_close(ours.states(ids[0].tolist()), wanted, rtol=1e-5, atol=1e-5)


@EACH
def test_text_states_by_weights_in_half_the_room_are_near(published: Published, kind: Kind) -> None:
    checkpoint = Checkpoint.of(published(kind)[1])
    exact, small = (TextEncoder.read(checkpoint.tensors, checkpoint.text, CPU, small=small) for small in (False, True))
    ids = list(range(3, 43))
    wanted, found = exact.states(ids), small.states(ids)
    assert found.dtype == torch.float32
    assert 0 < float((found - wanted).norm() / wanted.norm()) < 2e-3


@EACH
def test_logits_of_each_step_equal(published: Published, kind: Kind) -> None:
    theirs, folder = published(kind)
    checkpoint = Checkpoint.of(folder)
    shape = checkpoint.decoder
    ours = TorchDecoder.read(checkpoint.tensors, shape, CPU, torch.float32)
    (row,) = Conditions.read(checkpoint, CPU).rows(TEXT, guided=False, melody=None)
    codes = torch.randint(0, shape.vocabulary, (shape.codebooks, 17), generator=torch.Generator().manual_seed(2))
    codes[:, 0] = shape.pad
    with torch.no_grad():
        wanted = theirs(input_ids=tokens(TEXT), decoder_input_ids=codes).logits[:, -17:]
    state = ours.begin([row], 17)
    for column in range(17):
        logits = ours.feed(state, codes[:, column : column + 1])
        torch.testing.assert_close(logits[0], wanted[:, column], rtol=1e-4, atol=1e-5)


@EACH
def test_greedy_codes_and_sound_equal(published: Published, kind: Kind) -> None:
    theirs, folder = published(kind)
    ours = musicgen.load(folder)
    codes, sound = generated(theirs, TEXT, 50)
    assert len(np.unique(codes)) > 5
    np.testing.assert_array_equal(ours.generate_codes(TEXT, seconds=1, greedy=True), codes)
    streamed = np.concatenate(list(ours.stream(TEXT, seconds=1, greedy=True)), axis=1)
    assert streamed.shape == (kind.channels, 32_000)
    np.testing.assert_allclose(streamed, sound, atol=1e-5)


@pytest.mark.parametrize("melody", [False, True])
def test_without_guidance_one_row_is_read(published: Published, melody: bool) -> None:
    theirs, folder = published(Kind(melody=melody))
    codes, _ = generated(theirs, TEXT, 20, guidance=1.0)
    np.testing.assert_array_equal(musicgen.load(folder).generate_codes(TEXT, 0.4, greedy=True, guidance=1.0), codes)


@EACH
def test_a_piece_goes_on_as_theirs_does(published: Published, kind: Kind) -> None:
    theirs, folder = published(kind)
    ours = musicgen.load(folder)
    before = ours.generate_codes("a bass", seconds=0.3, seed=3)
    codes, _ = generated(theirs, TEXT, 20, decoder_input_ids=torch.from_numpy(before))
    np.testing.assert_array_equal(
        ours.generate_codes(TEXT, seconds=0.4, greedy=True, continue_from=before), codes[:, 15:]
    )


@pytest.mark.parametrize("channels", [1, 2])
def test_a_piece_goes_on_from_a_sound(published: Published, channels: int) -> None:
    theirs, folder = published(Kind(channels=channels))
    ours = musicgen.load(folder)
    before = sung(channels, 9_700)
    heard = torch.from_numpy(before)[None]
    codes, _ = generated(theirs, TEXT, 20, input_values=heard)
    np.testing.assert_array_equal(codes[:, :16], ours.encode(before))
    np.testing.assert_array_equal(
        ours.generate_codes(TEXT, seconds=0.4, greedy=True, continue_from=before), codes[:, 16:]
    )


@pytest.mark.parametrize("frames", [60_000, 1_000_000], ids=["repeated", "cut"])
def test_a_melody_is_followed_as_theirs_is(published: Published, frames: int) -> None:
    theirs, folder = published(Kind(melody=True, chroma_length=235))
    ours = musicgen.load(folder)
    melody = sung(frames=frames)
    chroma = reference_chroma(melody[0])
    codes, _ = generated(theirs, TEXT, 30, input_features=torch.from_numpy(chroma)[None])
    with_melody = ours.generate_codes(TEXT, seconds=0.6, greedy=True, melody=melody)
    np.testing.assert_array_equal(with_melody, codes)
    assert (with_melody != ours.generate_codes(TEXT, seconds=0.6, greedy=True)).any()


def reference_chroma(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Chroma by the filters and the spectrogram of `transformers`, in numpy."""
    from transformers.audio_utils import chroma_filter_bank, spectrogram, window_function

    window = window_function(16_384, "hann")
    power = spectrogram(sound[: 30 * 32_000], window, 16_384, 4_096, fft_length=16_384, power=2.0)
    filters = chroma_filter_bank(sampling_rate=32_000, num_frequency_bins=16_384, tuning=0, num_chroma=12)
    loudest: NDArray[np.int64] = (filters @ power).argmax(axis=0)
    return np.eye(12, dtype=np.float32)[loudest]


def test_nothing_told_is_theirs_without_condition(published: Published) -> None:
    theirs, folder = published(Kind())
    ours = musicgen.load(folder)
    nothing = theirs.get_unconditional_inputs(1)
    heard = theirs.generate(**nothing, do_sample=False, max_new_tokens=23)[0].numpy()
    np.testing.assert_allclose(ours.decode(ours.generate_codes(None, seconds=0.4, greedy=True)), heard, atol=1e-5)


def test_bfloat16_stays_near_float32(published: Published) -> None:
    _, folder = published(Kind(small=True))
    checkpoint = Checkpoint.of(folder)
    shape = checkpoint.decoder
    rows = Conditions.read(checkpoint, CPU).rows(TEXT, guided=True, melody=None)
    codes = torch.randint(0, shape.vocabulary, (shape.codebooks, 40), generator=torch.Generator().manual_seed(4))
    said = []
    for dtype in (torch.float32, torch.bfloat16):
        decoder = TorchDecoder.read(checkpoint.tensors, shape, CPU, dtype)
        state = decoder.begin(rows, 40)
        said.append(torch.stack([decoder.feed(state, codes[:, n : n + 1]) for n in range(40)]))
    exact, rounded = said
    apart = (rounded - exact).pow(2).mean().sqrt() / exact.pow(2).mean().sqrt()
    divergence = torch.nn.functional.kl_div(
        rounded.log_softmax(-1), exact.log_softmax(-1), log_target=True, reduction="none"
    )
    assert apart < 0.02
    assert divergence.sum(-1).mean() < 1e-3


@pytest.mark.timeout(240)  # the kernels are compiled here where they never were
@pytest.mark.parametrize("precision", ["bfloat16", "int8", "int4"])
def test_every_precision_plays_what_it_says(published: Published, precision: str) -> None:
    _, folder = published(Kind(channels=2))
    ours: Engine = musicgen.load(folder, precision=precision)
    sound = np.concatenate(list(ours.stream(TEXT, seconds=0.5)), axis=1)
    assert sound.shape == (2, 16_000)
    np.testing.assert_allclose(sound, ours.decode(ours.generate_codes(TEXT, seconds=0.5))[:, :16_000], atol=1e-5)
