"""`bench compose`: how fast the composer's model decodes here, beside `transformers` with the same weights in the same run.

The runtime alone comes first, whole sections (`sections`) after it.

    measure(Setting(weights=Path("models/weights")))
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bridge.bench import sections
from bridge.bench.figures import Figure, Figures, NotMeasured, Setting, spread

if TYPE_CHECKING:
    from models.compose.runtime import Runtime

__all__ = ["measure"]

READ = 400  # tokens that are read at once: a header, the parts that are given
CACHED = 500  # tokens in the cache when steps are timed
STREAMS = 4  # sessions at once
BEATS_PER_S = 2  # 120 bpm
TOKENS_PER_BEAT = 30  # four parts, rather full
WRITTEN = 100  # tokens that are generated to compare


def measure(setting: Setting) -> Figures:
    """Raises NotMeasured where there are no weights."""
    from models.compose.runtime import BadWeights, Runtime

    try:
        Runtime.load(setting.weights)  # compiles what is not compiled yet
        runtime, load_s = timed(lambda: Runtime.load(setting.weights))
    except BadWeights as error:
        raise NotMeasured(str(error)) from None
    ids = [(7 * i) % runtime.vocabulary for i in range(runtime.context)]
    read, cached = min(READ, runtime.context // 2), min(CACHED, runtime.context // 2)
    read_s = min(timed(lambda: runtime.feed(runtime.begin(), ids[:read]))[1] for _ in range(5))
    ours = generated(runtime, ids[:read], WRITTEN)
    return [
        Figure("load, compiled before", load_s, "s", "under 1"),
        Figure("tokens read at once", read / read_s, "tokens/s", "5,000 or more", {"tokens": read}),
        *steps(runtime, ids, cached, setting.seconds),
        streams(runtime, ids, cached, setting.seconds),
        Figure("tokens written, sampled", ours, "tokens/s", "", {"after": read}),
        *beside_transformers(setting, ids[:read], ours),
        *whole_sections(setting),
    ]


def whole_sections(setting: Setting) -> Figures:
    """What sections cost; nothing for weights that are no composer's, with other tokens or without a card."""
    from models.compose.runtime import BadWeights

    try:
        return sections.measure(setting)
    except BadWeights:
        return []


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def steps(runtime: Runtime, ids: list[int], cached: int, seconds: float) -> Figures:
    """Single tokens after `cached` others; wall time as a player feels it, and the core's own time beside it."""
    state = runtime.begin()
    runtime.feed(state, ids[:cached])
    wall: list[float] = []
    core: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        state.truncate(cached)
        start, cpu = time.perf_counter(), time.thread_time()
        runtime.feed(state, [1])
        core.append((time.thread_time() - cpu) * 1e3)
        wall.append((time.perf_counter() - start) * 1e3)
    step = spread(wall, "ms", "a token")
    rate = len(wall) / sum(wall) * 1e3
    return [
        Figure("tokens, one stream", rate, "tokens/s", "1,000 or more", {"cached": cached}),
        step,
        spread(core, "ms", "a token, of one core"),
    ]


def streams(runtime: Runtime, ids: list[int], cached: int, seconds: float) -> Figure:
    """Several streams in turn, on one thread: what each of them gets."""
    states = []
    for first in range(STREAMS):
        states.append(runtime.begin())
        runtime.feed(states[-1], ids[first : first + cached])
    count, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds:
        for state in states:
            state.truncate(cached)
            runtime.feed(state, [2])
        count += 1
    goal = f"{BEATS_PER_S * TOKENS_PER_BEAT} or more keeps up with 120 bpm"
    return Figure("tokens, each of four streams", count / passed, "tokens/s", goal)


def generated(runtime: Runtime, ids: list[int], count: int) -> float:
    """Tokens a second, read and sampled, as a writer does without a grammar."""
    from models.compose.runtime import chance, sample

    def write() -> None:
        state = runtime.begin()
        logits = runtime.feed(state, ids)
        for _ in range(count):
            logits = runtime.feed(state, [sample(logits, None, chance(1, state.length), top_p=0.95)])

    write()
    return count / timed(write)[1]


def beside_transformers(setting: Setting, ids: list[int], ours: float) -> Figures:
    """The same task by `transformers` generate, if it is installed (the extras `test` and `train` bring it)."""
    try:
        import torch
        import transformers
    except ImportError:
        return []
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    model = transformers.AutoModelForCausalLM.from_pretrained(
        setting.weights, dtype=torch.float32, local_files_only=True
    ).eval()
    given = torch.tensor([ids])
    options: dict[str, Any] = {"do_sample": True, "top_p": 0.95, "top_k": 0, "pad_token_id": 0, "eos_token_id": None}

    def write(count: int) -> None:
        with torch.inference_mode():
            model.generate(given, max_new_tokens=count, min_new_tokens=count, **options)

    before = torch.get_num_threads()
    rates = {}
    for threads in sorted({1, before}):  # beside other programs more threads are slower: the better counts
        torch.set_num_threads(threads)
        write(2)
        rates[threads] = WRITTEN / timed(lambda: write(WRITTEN))[1]
    torch.set_num_threads(before)
    threads, theirs = max(rates.items(), key=lambda rate: rate[1])
    told = {"transformers": transformers.__version__, "torch": torch.__version__, "threads": threads}
    return [
        Figure("transformers generate, the same task", theirs, "tokens/s", "", told),
        Figure("ours to transformers'", ours / theirs, "times", "5 or more"),
    ]
