"""Decoding a Llama-shaped model on a processor, one stream at a time, without torch.

`weights` reads the folder, `packing` quantises, `vectors` and `kernels` compute, `runtime` holds models and states,
`sampling` chooses. Knows ids, no music. Import it where it is used: numba takes a third of a second to load.

    runtime = Runtime.load(Path("models/weights"))
    state = runtime.begin()
    logits = runtime.feed(state, ids)
    token = sample(logits, allowed, chance(seed, state.length), temperature=0.9)

Why kernels of our own: milliseconds of one core's time for a token with 500 to 800 tokens in the cache (median), tokens
read in a second of it (400 at once), logits' mean and largest error against float32 (standard deviation 2.0). Random
weights, which are the hardest to quantise; 6 M is width 256 and inner 704, 18 M width 512 and inner 1024, both of 8
layers. One of two cores of an AMD EPYC (Zen 5, AVX-512), others at work beside it (load 2 to 9).

                                  6 M            18 M           error        bits   memory  installed
    these kernels, int8           0.16-0.33      0.8-1.1        0.058  0.30  same   169 MB  208 MB
        read at once              13-14,700 /s   5,450 /s
    these kernels, float32        0.88           2.5            3e-6   1e-5  same   278 MB
    ONNX Runtime 1.31, int8       0.46-0.49      1.3-1.6        0.058  0.24  differ 190 MB   68 MB
        read at once              11,500 /s      5,400 /s
    ONNX Runtime 1.31, int4       0.44-0.58      0.9-1.1        0.79   3.2   differ 195 MB
    OpenVINO 2026.4, int8         0.74           1.5            0.072  0.28  differ 173 MB  180 MB
    numpy 2.4, float32            1.6            3.6                         differ  77 MB
    transformers 5.23, float32    12.6           24             3e-6   1e-5  differ 384 MB  880 MB
    transformers 5.23, bfloat16   14.4           23             0.030  0.15  differ 378 MB

Without AVX-512 each processor's own product of shorts is taken (`processor`), for the same bits: on a Zen 3 EPYC (AVX2) the 6 M
take 0.34 ms a token and read 5,700-6,100 a second (least times of a core, load 4; by LLVM's choice of instructions 0.97 ms and
2,100).

Streams go in turns, a bar of each. Four in one pass, the same bits, were tried there, both ways in turns in one run: with load 4 to
6 their tokens took 0.8 of a core's time with 50 tokens in each cache, 1.0 with 400, 0.9 with 700, in the quietest quarter 0.8, 1.2
and 1.1. For a pass goes through all four caches, 8 kB a token, where a bar's tokens find their own still near the processor. Whole
sections took 0.8 of it with load 10 and 1.04 with load 4; on two threads 1.1, and were there no sooner beside other programs.

"Bits" says whether logits are the same however the tokens were cut into feeds. Here they are, on a processor without
vectors too: so what a state has read may be kept, branched and rewound without a take being another one for it. A
second thread gained others a quarter on an idle machine and cost them up to tenfold beside another program; these
kernels use one, and several states run on several threads. int4 is refused: it gains little and errs a dozen times more.
Compiling takes 3.3 seconds of a core on the first start after an installation (kept in `__pycache__`, or where
NUMBA_CACHE_DIR says); every later start takes half a second in all.
"""

from __future__ import annotations

from models.compose.runtime.packing import Precision
from models.compose.runtime.runtime import ContextFull, Runtime, State
from models.compose.runtime.sampling import chance, log_chances, sample
from models.compose.runtime.weights import BadWeights

__all__ = ["BadWeights", "ContextFull", "Precision", "Runtime", "State", "chance", "log_chances", "sample"]
