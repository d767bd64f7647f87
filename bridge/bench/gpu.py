"""`bench stems` on a GPU: steps of MusicGen's three sizes as graphs, and how much of its memory's speed they have.

Weights are random numbers, made where they are read; a step takes as long with them. What a step must read is its weights and
what its pieces have read before; the memory's speed is that of a copy within it. Without a GPU nothing is measured, and it is
said. (Where it runs on a processor, in a test, figures mean nothing.)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bridge.bench.figures import Figure, Figures

if TYPE_CHECKING:
    import torch

    from models.render.musicgen.decoder import TorchDecoder

__all__ = ["UNMEASURED", "sizes"]

UNMEASURED = (
    "no GPU here: unmeasured are graphs in bfloat16, their share of its memory, the first sound and many at once"
)
SIZES = {"small": (24, 1024, 16), "medium": (48, 1536, 24), "large": (48, 2048, 32)}  # layers, width, heads
AT_ONCE = (1, 4, 16)  # a part, a section of four, four of them or as many parts of others
GOAL = "0.5 or more, alone"
COPIED_BYTES, COPIES = 1 << 30, 10
KNOWN = 250  # frames before those that are timed
WARM, STEPS = 20, 200
TOKENS = 12
WINDOW = 1503


def sizes(device: torch.device) -> Figures:
    """Steps a second of each size, alone and together, as far as the GPU's memory takes them."""
    import torch

    from models.render.musicgen.decoder import TorchDecoder
    from models.render.musicgen.graphs import seats_that_fit
    from models.render.musicgen.protocol import DecoderShape

    memory = copied(device)
    name_of = torch.cuda.get_device_name(device) if device.type == "cuda" else "none"
    figures = [Figure("memory copied on the GPU", memory / 1e9, "GB/s", "", {"GPU": name_of})]
    for name, (layers, width, heads) in SIZES.items():
        shape = DecoderShape(layers=layers, width=width, heads=heads, inner=4 * width)
        decoder = TorchDecoder.read(_random(device), shape, device, torch.bfloat16)
        seats = seats_that_fit(decoder, WINDOW)
        for count in (count for count in AT_ONCE if count <= seats):
            step_s = timed(decoder, count, device)
            said, more = f"{name} bfloat16, {count} at once", {"pieces": count, "frames known": KNOWN}
            figures.append(Figure(f"GPU steps, {said}", 1 / step_s, "steps/s", "", more))
            kept = 2 * 2 * layers * width * 2 * (KNOWN + WARM + STEPS // 2)  # keys and values, two rows, bfloat16
            share = (decoder.step_bytes + count * kept) / step_s / memory
            figures.append(Figure(f"share of the GPU's memory, {said}", share, "times", GOAL))
        del decoder
    return figures


def copied(device: torch.device) -> float:
    """Bytes a second that are read and written by a copy."""
    import torch

    source = torch.zeros(COPIED_BYTES, dtype=torch.uint8, device=device)
    there = torch.empty_like(source)
    return 2 * COPIED_BYTES * COPIES / _passed(lambda: there.copy_(source), 1, COPIES, device)


def timed(decoder: TorchDecoder, count: int, device: torch.device) -> float:
    """Seconds of a step of so many pieces."""
    import torch

    from models.render.musicgen.graphs import SeatWriter
    from models.render.musicgen.piece import Piece, Wish, never
    from models.render.musicgen.sampling import Choice

    shape = decoder.shape
    writer = SeatWriter(decoder, seats=count, window=WINDOW)
    for seed in range(count):
        told = torch.randn(TOKENS, shape.width, device=device)
        prompt = torch.randint(0, shape.vocabulary, (shape.codebooks, KNOWN), device=device)
        wish = Wish([told, torch.zeros_like(told)], WARM + STEPS + 1, prompt, 3.0, Choice(), seed, never)
        writer.sit(Piece(wish, shape, frame_rate=50, device=device))
    return _passed(writer.step, WARM, STEPS, device) / STEPS


def _passed(work: Callable[[], Any], warm: int, times: int, device: torch.device) -> float:
    """Seconds in which the device has done some work so many times."""
    import torch

    for _ in range(warm):
        work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    start = time.perf_counter()
    for _ in range(times):
        work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def _random(device: torch.device) -> Any:
    """Whatever tensor is asked for."""
    import torch

    from models.render.musicgen.tensors import Tensors

    class Random(Tensors):
        def __init__(self) -> None:
            pass

        def take(self, name: str, shape: tuple[int, ...]) -> torch.Tensor:
            return torch.randn(shape, device=device).mul_(shape[-1] ** -0.5)

    return Random()
