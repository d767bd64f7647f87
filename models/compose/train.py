"""Trains the composer's model: `python -m models.compose.train --corpus corpus.npz --out run`.

Lives here: the optimisers, the schedule, the loop, checkpoints and curves. What is learnt is in `lessons` and
`tokens.examples`, the model in `transformer`. A batch follows from seed and step and a step from the one before, so the
same seed, steps, threads and machine give the same weights, and a run goes on from its checkpoint as if it had never
stopped. The rate rises, stays, and falls over the last fifth of the steps or, with --minutes, of the time.

    python -m models.compose.train --corpus corpus.npz --out run --minutes 110
    python -m models.compose.train --corpus corpus.npz --out run --minutes 110 --resume

On CPU each thread computes a share of the batch for itself: with one batch on two threads a step waits for whichever
thread the system keeps waiting, at each of a thousand kernels (measured on two busy cores: 361 tokens a second against 7,600).

The folder gets `weights/` (what `transformer.load` and `transformers` read; a running mean of the weights), `checkpoint.pt`,
`curves.jsonl` and, where matplotlib is there, `curves.png`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from rich.console import Console
from torch import Tensor
from torch.nn import functional

from models.compose.corpus.piece import Origin
from models.compose.corpus.store import load as load_corpus
from models.compose.curves import Curves
from models.compose.lessons import Documents, Tally, documents, judging, mixture_of, of_examples
from models.compose.tokens.examples import examples
from models.compose.tokens.stock import Shelf
from models.compose.tokens.vocabulary import VOCABULARY
from models.compose.transformer import Shape, Transformer, save

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from models.compose.tokens.examples import Batch, Example

__all__ = ["SIZES", "Settings", "Trainer", "judge", "main"]

SIZES: dict[str, dict[str, int]] = {
    "tiny": {"width": 64, "layers": 2, "heads": 2, "kv_heads": 1, "inner": 128, "head": 32},
    "small": {"width": 192, "layers": 8, "heads": 3, "kv_heads": 1, "inner": 512},
    "base": {"width": 256, "layers": 8, "heads": 4, "kv_heads": 2, "inner": 704},
    "large": {"width": 384, "layers": 10, "heads": 6, "kv_heads": 2, "inner": 1024},
}
"""Shapes by name: 0.2, 3, 6 and 15 million weights."""

BETAS, DECAY, LARGEST_GRADIENT = (0.9, 0.95), 0.1, 1.0
WARM_UP_STEPS = 100
COOL_DOWN = 0.2  # of the run, at its end, over which the rate falls to nothing
MEAN_OF = 200  # steps, about, over which the weights that are judged and shipped are a mean
SHARE_ROWS = 2  # that a thread computes at once: more shares than threads, so that neither waits long for the other
CURVE_EVERY = 20  # steps
CHECKPOINT_EVERY_S, JUDGE_EVERY_S = 240.0, 420.0
JUDGE_TOKENS = 8_000  # of each set while training; at the end everything that is kept back
CHECKPOINT_FILE, WEIGHTS_FOLDER = "checkpoint.pt", "weights"

HALF = ("avx512_bf16", "amx_bf16", "bf16")
"""What processors call their own products of bfloat16. Without one they are imitated, 27 times slower than float32 (Zen 3)."""

State = dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run depends on beside its music. `muon` orthogonalises the steps of matrices."""

    size: str = "base"
    seed: int = 1
    rate: float = 2e-3
    rows: int = 8
    length: int = 1024
    threads: int = 2
    device: str = "cpu"
    steps: int = 0
    minutes: float = 0.0
    muon: bool = True

    def rate_at(self, step: int, spent_s: float) -> float:
        """The share of the full rate at a step, so long after the start: warm-up, plateau, linear fall."""
        done = step / self.steps if self.steps else spent_s / 60 / self.minutes
        return min(1.0, (step + 1) / WARM_UP_STEPS, max(0.0, 1.0 - done) / COOL_DOWN)

    def over(self, step: int, spent_s: float) -> bool:
        """Whether the run has ended."""
        return step >= self.steps if self.steps else spent_s >= self.minutes * 60


class Trainer:
    """A model in training. `step` is one step; `state` and `restore` are all that a run consists of."""

    def __init__(self, settings: Settings, shape: Shape) -> None:
        self.settings = settings
        self.model = Transformer(shape, seed=settings.seed).to(settings.device)
        self.mean = {name: weight.detach().clone() for name, weight in self.model.state_dict().items()}
        self.done, self.spent_s = 0, 0.0
        matrices = [w for name, w in self.model.named_parameters() if w.dim() == 2 and "embed" not in name]
        others = [w for name, w in self.model.named_parameters() if w.dim() != 2 or "embed" in name]
        self.optimizers: list[torch.optim.Optimizer] = []
        if settings.muon:
            # By size in turn, so that each thread has as much to do.
            for share in range(settings.threads):
                some = matrices[share :: settings.threads]
                muon = torch.optim.Muon(some, settings.rate, DECAY, momentum=0.95, adjust_lr_fn="match_rms_adamw")
                self.optimizers.append(muon)
        else:
            others += matrices
        groups = [
            {"params": [w for w in others if w.dim() == 2], "weight_decay": DECAY},
            {"params": [w for w in others if w.dim() != 2], "weight_decay": 0.0},
        ]
        self.optimizers.append(torch.optim.AdamW(groups, settings.rate, BETAS))

    def gradients(self, some: Documents, weight: float) -> tuple[tuple[Tensor, ...], np.ndarray]:
        """Gradients of a share of the batch, whose weights are `weight` in all, and what each token cost, in nats."""
        device = self.settings.device
        ids, targets, weights = (torch.from_numpy(x).to(device) for x in (some.ids, some.targets, some.weights))
        with half_precision(device):
            logits = self.model.packed(ids, some.lengths)
        costs = functional.cross_entropy(logits.float(), targets.long(), reduction="none")
        found = torch.autograd.grad((costs * weights).sum() / weight, list(self.model.parameters()))
        return found, costs.detach().cpu().numpy()

    def step(self, batch: Batch, pool: ThreadPoolExecutor, tally: Tally) -> float:
        """One step; adds what it cost to `tally` and returns the length of the gradient before it was clipped."""
        settings = self.settings
        count = max(settings.rows // SHARE_ROWS, 1) if settings.threads > 1 else 1
        shares = [documents(batch, slice(share, None, count)) for share in range(count)]
        weight = float(batch.weights.sum())
        results = list(pool.map(self.gradients, shares, [weight] * len(shares)))
        for place, parameter in enumerate(self.model.parameters()):
            parameter.grad = (
                torch.stack([found[place] for found, _ in results]).sum(0) if len(results) > 1 else results[0][0][place]
            )
        for some, (_, costs) in zip(shares, results, strict=True):
            tally.add(some.targets, some.weights, costs / math.log(2))
        length = torch.nn.utils.clip_grad_norm_(self.model.parameters(), LARGEST_GRADIENT)
        rate = settings.rate * settings.rate_at(self.done, self.spent_s)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
        list(pool.map(lambda optimizer: optimizer.step(), self.optimizers))
        self.done += 1
        keep = min(1.0 - 1.0 / MEAN_OF, self.done / (self.done + 10.0))
        with torch.no_grad():
            for name, weights in self.model.state_dict().items():
                self.mean[name].lerp_(weights, 1.0 - keep)
        return float(length)

    def averaged(self) -> Transformer:
        """The model with the running mean of its weights."""
        model = Transformer(self.model.shape)
        model.load_state_dict(self.mean)
        return model.to(self.settings.device)

    def state(self) -> dict[str, Any]:
        """Everything that the next step depends on."""
        return {
            "model": self.model.state_dict(), "mean": self.mean, "done": self.done, "spent_s": self.spent_s,
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "vocabulary": VOCABULARY.sha256, "settings": asdict(self.settings),
        }  # fmt: skip

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on from a state. Raises ValueError where it is another run's."""
        mine = asdict(self.settings)
        for name in ("size", "seed", "rate", "rows", "length", "muon", "threads"):
            if state["settings"].get(name) != mine[name]:
                raise ValueError(f"the checkpoint has another {name}; give the same, or begin in a new folder")
        if state["vocabulary"] != VOCABULARY.sha256:
            raise ValueError("the checkpoint is of another vocabulary; begin anew in another folder")
        self.model.load_state_dict(state["model"])
        self.mean, self.done, self.spent_s = state["mean"], state["done"], state["spent_s"]
        for optimizer, before in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(before)


def half_precision(device: str) -> contextlib.AbstractContextManager[object]:
    """bfloat16 in matrix products: more than twice as fast, on CPUs that have it and on GPUs; else float32."""
    if device == "cpu" and not any(torch.cpu.get_capabilities().get(name) for name in HALF):
        return contextlib.nullcontext()
    return torch.autocast(device, dtype=torch.bfloat16)


@torch.no_grad()
def judge(model: Transformer, music: Mapping[str, Sequence[Example]], pool: ThreadPoolExecutor) -> dict[str, Tally]:
    """What kept-back music costs, by set, in float32."""
    device = model.embedding.device

    def costs(some: Documents) -> np.ndarray:
        with torch.no_grad():
            logits = model.packed(torch.from_numpy(some.ids).to(device), some.lengths)
            targets = torch.from_numpy(some.targets).to(device).long()
            return functional.cross_entropy(logits, targets, reduction="none").cpu().numpy()

    tallies: dict[str, Tally] = {}
    for name, some in music.items():
        tallies[name] = Tally()
        chunks = [of_examples(some[first : first + 8]) for first in range(0, len(some), 8)]
        for chunk, cost in zip(chunks, pool.map(costs, chunks), strict=True):
            tallies[name].add(chunk.targets, chunk.weights, cost / math.log(2))
    return tallies


def write_checkpoint(trainer: Trainer, folder: Path, *, about: Mapping[str, object]) -> None:
    """Checkpoint and weights, each at once or not at all."""
    fresh = folder / f"{CHECKPOINT_FILE}.new"
    torch.save(trainer.state(), fresh)
    fresh.replace(folder / CHECKPOINT_FILE)
    save(trainer.averaged(), folder / f"{WEIGHTS_FOLDER}.new", more=about)
    (folder / WEIGHTS_FOLDER).mkdir(exist_ok=True)
    for file in sorted((folder / f"{WEIGHTS_FOLDER}.new").iterdir()):
        file.replace(folder / WEIGHTS_FOLDER / file.name)
    (folder / f"{WEIGHTS_FOLDER}.new").rmdir()
    VOCABULARY.save(folder / WEIGHTS_FOLDER / "tokens.json")


def run(
    trainer: Trainer, shelf: Shelf, kept: Shelf, folder: Path, clock: Callable[[], float], console: Console
) -> None:
    """Trains until the run is over, and leaves everything in the folder."""
    settings, shares = trainer.settings, mixture_of(shelf)
    curves = Curves(folder, after=trainer.done)
    few = judging(kept, most_tokens=JUDGE_TOKENS)
    torch.set_num_threads(1)
    started = clock() - trainer.spent_s
    saved, judged, tally, tokens, since = clock(), clock(), Tally(), 0, clock()
    about = {"vocabulary_sha256": VOCABULARY.sha256}
    with ThreadPoolExecutor(settings.threads + 1, initializer=torch.set_num_threads, initargs=(1,)) as pool:

        def look(music: Mapping[str, Sequence[Example]], kind: str) -> None:
            tallies = judge(trainer.averaged(), music, pool)
            row = {name: {"bits_per_token": t.per_token, "bits_per_note": t.per_note, "notes": t.notes, "kinds": t.kinds}
                   for name, t in tallies.items()}  # fmt: skip
            curves.add({"step": trainer.done, "seconds": round(trainer.spent_s), kind: row})
            told = ", ".join(f"{name} {tally.per_note:.2f}" for name, tally in tallies.items())
            console.print(f"step {trainer.done}: bits per note: {told}", highlight=False)

        def draw(step: int) -> Batch:
            return examples(shelf, shares, settings.seed, step, length=settings.length, rows=settings.rows)

        while not settings.over(trainer.done, trainer.spent_s):
            batch = draw(trainer.done)
            length = trainer.step(batch, pool, tally)
            tokens += int((batch.segments > 0).sum())
            now = clock()
            trainer.spent_s = now - started
            if trainer.done % CURVE_EVERY == 0:
                speed = tokens / max(now - since, 1e-9)
                rate = settings.rate * settings.rate_at(trainer.done, trainer.spent_s)
                curves.add(
                    {
                        "step": trainer.done, "seconds": round(trainer.spent_s), "bits": round(tally.per_token, 4),
                        "kinds": tally.kinds, "rate": rate, "gradient": round(length, 3), "tokens_per_s": round(speed),
                    }
                )  # fmt: skip
                console.print(
                    f"step {trainer.done}, {trainer.spent_s / 60:.1f} min: {tally.per_token:.3f} bits a token, "
                    f"{speed:.0f} tokens a second",
                    highlight=False,
                )
                if not math.isfinite(tally.per_token):
                    raise ArithmeticError(f"the loss is no number at step {trainer.done}; try a smaller --rate")
                tally, tokens, since = Tally(), 0, now
            if now - saved > CHECKPOINT_EVERY_S:
                write_checkpoint(trainer, folder, about=about)
                saved = now
            if now - judged > JUDGE_EVERY_S:
                look(few, "kept_back")
                curves.draw()
                judged, since, tokens = clock(), clock(), 0
        write_checkpoint(trainer, folder, about=about)
        look(judging(kept), "kept_back_all")
    curves.draw()


def main(arguments: Sequence[str] | None = None, clock: Callable[[], float] = time.monotonic) -> int:
    """Reads the command line and trains; 2 where it makes no sense."""
    parser = argparse.ArgumentParser(prog="python -m models.compose.train", description="Train the composer's model.")
    parser.add_argument(
        "--corpus", type=Path, nargs="+", required=True, help="files of python -m models.compose.corpus"
    )
    parser.add_argument("--out", type=Path, required=True, help="the run's folder")
    usual = Settings()
    parser.add_argument("--size", choices=SIZES, default=usual.size)
    parser.add_argument("--steps", type=int, default=0, help="train so many steps")
    parser.add_argument("--minutes", type=float, default=0.0, help="or so long, with what came before --resume")
    parser.add_argument("--resume", action="store_true", help="go on from the folder's checkpoint")
    parser.add_argument("--origin", choices=["all", *Origin], default="all", help="whose music to learn from")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--threads", type=int, default=0, help="shares of a batch; 2 on CPU, 1 on a GPU")
    parser.add_argument("--rows", type=int, default=0, help="of 1,024 tokens a step; 8 on CPU, 64 on a GPU")
    parser.add_argument("--rate", type=float, default=usual.rate)
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--adamw", action="store_true", help="AdamW for all weights instead of Muon for the matrices")
    told = parser.parse_args(arguments)
    if (told.steps > 0) == (told.minutes > 0):
        parser.error("give either --steps or --minutes")
    gpu = told.device == "cuda"
    settings = Settings(
        size=told.size, seed=told.seed, rate=told.rate, rows=told.rows or (64 if gpu else 8),
        threads=told.threads or (1 if gpu else 2), device=told.device, steps=told.steps, minutes=told.minutes,
        muon=not told.adamw,
    )  # fmt: skip
    pieces = [piece for file in told.corpus for piece in load_corpus(file)]
    learnt = [piece for piece in pieces if told.origin in ("all", piece.origin)]
    trainer = Trainer(settings, Shape(len(VOCABULARY), **SIZES[settings.size]))
    console = Console(width=200)
    told.out.mkdir(parents=True, exist_ok=True)
    if told.resume:
        trainer.restore(torch.load(told.out / CHECKPOINT_FILE, map_location=settings.device, weights_only=True))
    weights = sum(weight.numel() for weight in trainer.model.parameters())
    console.print(f"{weights:,} weights, {len(learnt):,} pieces, from step {trainer.done}", highlight=False)
    (told.out / "settings.json").write_text(json.dumps(asdict(settings), indent=2) + "\n", encoding="utf-8")
    run(trainer, Shelf(learnt), Shelf(pieces, held_out=True), told.out, clock, console)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
