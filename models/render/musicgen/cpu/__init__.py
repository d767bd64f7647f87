"""MusicGen's decoder on a processor's cores: weights of four or eight bits, kernels of our own, compiled by numba.

`decoder` is what the engine loads, `packing` quantises, `kept` spares it that; `kernels` and `attention` compute, `lstm` does for
the codec; `tiling`, `vectors` and `llvm` are the loops that no compiler finds, `crew` and `together` are how threads share a step,
`tables` names what lies where.
"""
