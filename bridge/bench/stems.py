"""`bench stems`: how fast MusicGen-small writes sound on this machine's cores, beside `transformers` in the same run.

The weights are random, of the true shape (`checkpoint`): made once, kept in the user's cache. Decoders take turns, a few
steps each, and medians are told, so that whatever else the machine does meets all of them alike. What a whole engine needs
in memory, and when it is first heard, is asked of a process of its own:

    python -m bridge.bench.stems FOLDER cpu int4 5 ""       # five seconds; the last word is a file for packed weights

Where there is a GPU, `gpu` measures it as well.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.bench import gpu
from bridge.bench.figures import Figure, Figures, NotMeasured, Setting
from bridge.bench.process import Moment, peak_mb
from bridge.config import default_cache
from models.render.generated.runtime import PATIENT

if TYPE_CHECKING:
    from models.render.musicgen.checkpoint import Checkpoint

__all__ = ["measure"]

CACHED = 250  # frames before those that are timed: five seconds, half of a piece of ten
TOKENS = 12  # of the text
FRAMES_A_S = 50
TOGETHER = 4  # parts of a section
TURN = 4  # steps of each decoder in a round; the first of them wakes its threads and is not counted
ROUNDS_MIN = 5
SETTLE_S = 0.02  # in which the threads of whoever came before stop spinning
READ_BYTES = 1 << 28  # far more than a cache holds
BUSY = 0.5  # of a core, by others: from here on the machine is called busy
CHILD_S = 900
PLAYED_S = 10.0  # of sound, by an engine in a process of its own
OURS = ("int4", "int8")
TEXT = "dark dubstep, 140 bpm"

Step = Callable[[], Any]


def measure(setting: Setting) -> Figures:
    """Raises NotMeasured where MusicGen's libraries are missing."""
    try:
        from bridge.bench.checkpoint import NAME, random_small
        from models.render.musicgen.checkpoint import Checkpoint
    except ModuleNotFoundError as error:
        raise NotMeasured(f"{error.name} is missing: pip install 'starbridge[musicgen]'") from None
    cache = default_cache() / "bench"
    if not (cache / NAME).is_dir():
        say(f"making random weights of MusicGen-small's shape, once: 1.2 GB in {cache / NAME} ...")
    folder = random_small(cache)
    engines = [figure for precision in OURS for figure in engine_alone(folder, precision)]  # before this process grows
    return [*decoders(Checkpoint.of(folder), folder, setting.seconds), *engines, *on_gpu(folder)]


def on_gpu(folder: Path) -> Figures:
    """What a GPU does, where there is one."""
    import torch

    if not torch.cuda.is_available():
        say(gpu.UNMEASURED)
        return []
    return [*gpu.sizes(torch.device("cuda")), *engine_alone(folder, "bfloat16", device="cuda")]


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def decoders(checkpoint: Checkpoint, folder: Path, seconds: float) -> Figures:
    """Steps a second of bare decoders, two rows each, and the memory's limit."""
    import torch

    from models.render.musicgen.cpu.decoder import CpuDecoder

    shape = checkpoint.decoder
    dice = torch.Generator().manual_seed(7)
    rows = [torch.randn(TOKENS, shape.width, generator=dice), torch.zeros(TOKENS, shape.width)]
    codes = torch.randint(0, shape.vocabulary, (shape.codebooks, CACHED + 1), generator=dice)

    def ours(decoder: CpuDecoder, pieces: int) -> Step:
        states = [decoder.begin(rows, CACHED + 1) for _ in range(pieces)]
        for state in states:
            decoder.feed(state, codes[:, :CACHED])

        def step() -> None:
            for state in states:
                state.rewind(CACHED)
            decoder.feed_each(states, [codes[:, CACHED]] * pieces)

        return step

    made = {precision: CpuDecoder.read(checkpoint.tensors, shape, precision) for precision in OURS}
    steps = {precision: ours(decoder, 1) for precision, decoder in made.items()}
    steps |= {f"{precision}, {TOGETHER} pieces": ours(decoder, TOGETHER) for precision, decoder in made.items()}
    theirs, wholes = beside_transformers(folder, rows, codes)
    steps |= theirs
    numbers = torch.ones(READ_BYTES // 8, dtype=torch.int64)
    before = Moment()
    times = taken({**steps, "memory": numbers.sum}, seconds)
    others = before.others()
    if others >= BUSY:
        say(f"the machine is busy: other programs use {others:.1f} cores, so figures are lower than they need be")
    rate = {name: 1 / statistics.median(samples) for name, samples in times.items()}
    most = READ_BYTES / min(times["memory"])
    told = {"cached": CACHED, "rows": len(rows), "busy": others >= BUSY}
    figures = [Figure("memory read, by torch", most / 1e9, "GB/s", "", {"others use cores": round(others, 2)})]
    best = max((rate[name] for name in theirs), default=0.0)
    for name in steps:
        figures.append(Figure(f"steps, {name}", rate[name], "steps/s", "", told))
        if name in made:
            share = rate[name] * made[name].step_bytes / most
            figures.append(Figure(f"share of the memory's limit, {name}", share, "times"))
            if best:
                figures.append(Figure(f"{name} to transformers' best", rate[name] / best, "times", "2.5 or more"))
            faster = TOGETHER * rate[f"{name}, {TOGETHER} pieces"] / rate[name]
            figures.append(Figure(f"{TOGETHER} pieces together to one after another, {name}", faster, "times"))
    for name, whole in wholes.items():
        start = time.perf_counter()
        whole()
        more: dict[str, Any] = {"seconds of sound": 1, "first sound": "at its end"}
        figures.append(Figure(f"real-time factor, {name}", time.perf_counter() - start, "times", "", more))
    return figures


def taken(steps: dict[str, Step], seconds: float) -> dict[str, list[float]]:
    """Seconds of each step, in turns."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    end, rounds = time.perf_counter() + seconds * len(steps), 0
    while rounds < ROUNDS_MIN or time.perf_counter() < end:
        for name, step in steps.items():
            time.sleep(SETTLE_S)
            step()
            for _ in range(TURN - 1):
                start = time.perf_counter()
                step()
                times[name].append(time.perf_counter() - start)
        rounds += 1
    return times


def beside_transformers(folder: Path, rows: list[Any], codes: Any) -> tuple[dict[str, Step], dict[str, Step]]:
    """A step of `transformers`, and a second of sound by it, in float32 and in bfloat16, if it is installed (the extra
    `test` brings it)."""
    try:
        import torch
        import transformers
    except ImportError:
        return {}, {}
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    conditions, flat = torch.stack(rows), codes.repeat(len(rows), 1)
    steps: dict[str, Step] = {}
    wholes: dict[str, Step] = {}
    for kind in (torch.float32, torch.bfloat16):
        model = transformers.MusicgenForConditionalGeneration.from_pretrained(
            folder, dtype=kind, local_files_only=True
        ).eval()
        told = conditions.to(kind)
        known = "cache" if "cache" in signature(model.decoder.forward).parameters else "past_key_values"  # since 5.24
        with torch.inference_mode():
            begun = model.decoder(input_ids=flat[:, :CACHED], encoder_hidden_states=told, use_cache=True)

        past = begun.cache if hasattr(begun, "cache") else begun.past_key_values

        def step(model: Any = model, told: Any = told, past: Any = past, known: str = known) -> None:
            with torch.inference_mode():
                new = flat[:, CACHED:]
                model.decoder(input_ids=new, encoder_hidden_states=told, use_cache=True, **{known: past})
                past.self_attention_cache.crop(-1)

        def whole(model: Any = model) -> None:
            text = torch.arange(3, 3 + TOKENS)[None]
            model.generate(
                input_ids=text, attention_mask=torch.ones_like(text), do_sample=True, guidance_scale=3,
                max_new_tokens=FRAMES_A_S,
            )  # fmt: skip

        name = f"transformers {transformers.__version__} {str(kind)[6:]}"
        steps[name], wholes[name] = step, whole
    return steps, wholes


def engine_alone(folder: Path, precision: str, device: str = "cpu") -> Figures:
    """A whole engine in a process of its own: text in, sound out, EnCodec included; and another that finds its weights packed."""
    packed = folder.parent / f"{folder.name}.{precision}"
    packed.unlink(missing_ok=True)

    def played(seconds: float) -> dict[str, float]:
        words = [str(folder), device, precision, str(seconds), str(packed) if precision in OURS else ""]
        command = [sys.executable, "-m", "bridge.bench.stems", *words]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=CHILD_S, check=False, env=os.environ | dict([PATIENT])
        )
        if done.returncode:
            raise NotMeasured(f"the engine in {precision} ended: {done.stderr.strip().splitlines()[-1:]}")
        return dict(json.loads(done.stdout))

    found = played(PLAYED_S)
    told = {"seconds of sound": PLAYED_S, "others use cores": round(found["others"], 2)}
    again = [Figure(f"load again, {precision}", played(0)["load_s"], "s")] if packed.exists() else []
    packed.unlink(missing_ok=True)
    return [
        Figure(f"load, {precision}", found["load_s"], "s"),
        *again,
        Figure(f"first sound, {precision}", found["first_s"], "s"),
        Figure(f"real-time factor, {precision}", found["factor"], "times", "below 1", told),
        Figure(f"peak memory, {precision}", found["peak_mb"], "MB", "below 2,000"),
    ]


def alone(folder: Path, device: str, precision: str, seconds: float, packed: str) -> dict[str, float]:
    """What a process that does nothing else sees; no seconds are loading alone."""
    from models.render.musicgen import load

    start = time.perf_counter()
    engine = load(folder, device=device, precision=precision, packed=packed or None)
    load_s = time.perf_counter() - start
    if not seconds:
        return {"load_s": load_s}
    for _ in engine.stream(TEXT, seconds=1.0):  # compiles what is not compiled yet
        pass
    before, start = Moment(), time.perf_counter()
    heard = []
    for _ in engine.stream(TEXT, seconds=seconds):
        heard.append(time.perf_counter() - start)
    passed = time.perf_counter() - start
    return {
        "load_s": load_s, "first_s": heard[0], "factor": passed / seconds, "peak_mb": peak_mb(), "others": before.others()
    }  # fmt: skip


if __name__ == "__main__":
    sys.stdout.write(json.dumps(alone(Path(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4]), sys.argv[5])))
