"""The codec: equal to EnCodec by `transformers`, and the same however its codes come."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.render.musicgen.checkpoint import Checkpoint
from models.render.musicgen.codec import Codec
from tests.models.render.musicgen.conftest import Published
from tests.models.render.musicgen.published import Kind

CPU = torch.device("cpu")
KINDS = {
    "as published": Kind(),
    "stereo": Kind(channels=2),
    "causal": Kind(causal=True),
    "with shortcuts": Kind(shortcut=True),
    "zeros around": Kind(pad_mode="constant"),
    "edges repeated": Kind(pad_mode="replicate"),
}
EACH = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


def codec(published: Published, kind: Kind, *, small: bool = False) -> Codec:
    checkpoint = Checkpoint.of(published(kind)[1])
    return Codec.read(checkpoint.tensors, checkpoint.codec, checkpoint.decoder.channels, CPU, small=small)


def codes(frames: int, channels: int = 1) -> torch.Tensor:
    return torch.randint(0, 64, (4 * channels, frames), generator=torch.Generator().manual_seed(frames))


@EACH
@pytest.mark.parametrize("frames", [1, 2, 3, 4, 60])
def test_decoded_as_theirs(published: Published, kind: Kind, frames: int) -> None:
    given = codes(frames, kind.channels)
    theirs = published(kind)[0].audio_encoder
    with torch.no_grad():
        sides = [theirs.decode(given[None, None, side :: kind.channels], [None]) for side in range(kind.channels)]
        wanted = torch.cat([side.audio_values[0] for side in sides])
    torch.testing.assert_close(codec(published, kind).decode(given), wanted, rtol=1e-5, atol=1e-5)


@EACH
@pytest.mark.parametrize("samples", [1, 639, 641, 32_000])
def test_encoded_as_theirs(published: Published, kind: Kind, samples: int) -> None:
    sound = torch.randn(kind.channels, samples, generator=torch.Generator().manual_seed(samples)) * 0.3
    theirs = published(kind)[0].audio_encoder
    with torch.no_grad():
        sides = [theirs.encode(side[None, None]).audio_codes[0, 0] for side in sound]
    ours = codec(published, kind).encode(sound)
    assert ours.shape == (4 * kind.channels, -(-samples // 640))
    np.testing.assert_array_equal(ours.numpy(), torch.stack(sides, dim=1).flatten(0, 1).numpy())


@EACH
@pytest.mark.parametrize("pushes", [[60], [1] * 60, [13, 25, 22], [2, 1, 1, 56], [59, 1]], ids=str)
def test_streamed_equals_whole(published: Published, kind: Kind, pushes: list[int]) -> None:
    made = codec(published, kind)
    given = codes(60, kind.channels)
    voice, parts, first = made.voice(), [], 0
    for count in pushes:
        parts.append(voice.push(given[:, first : first + count], final=first + count == 60))
        first += count
    streamed = torch.cat(parts, dim=1)
    assert streamed.shape == (kind.channels, 60 * 640)
    torch.testing.assert_close(streamed, made.decode(given), rtol=0, atol=1e-5)


@pytest.mark.timeout(240)  # a kernel is compiled here where it never was
@pytest.mark.parametrize("kind", [Kind(), Kind(channels=2)], ids=["mono", "stereo"])
def test_a_small_one_is_as_near_as_a_disc(published: Published, kind: Kind) -> None:
    exact, small = codec(published, kind), codec(published, kind, small=True)
    given, voice = codes(60, kind.channels), small.voice()
    wanted, found = exact.decode(given), small.decode(given)
    apart_db = 20 * float(torch.log10((found - wanted).norm() / wanted.norm()))
    assert -200 < apart_db < -76
    streamed = torch.cat([voice.push(given[:, :13]), voice.push(given[:, 13:], final=True)], dim=1)
    torch.testing.assert_close(streamed, found, rtol=0, atol=1e-5)
    sound = torch.randn(kind.channels, 6400, generator=torch.Generator().manual_seed(3)) * 0.3
    assert float((small.encode(sound) == exact.encode(sound)).double().mean()) > 0.98


def test_a_voice_is_late_by_less_than_four_frames(published: Published) -> None:
    voice = codec(published, Kind()).voice()
    assert (
        voice.push(codes(12)).shape[1] == 12 * 640 - 2402
    )  # three frames for the first convolution, the rest for the others
    assert voice.push(codes(25)).shape[1] == 25 * 640
