"""MusicGen's decoder on a processor's cores: weights of four or eight bits, kernels of our own, compiled by numba.

`decoder` is what the engine loads, `packing` quantises, `kernels` and `attention` compute; `tiling`, `vectors` and `llvm` are
the loops that no compiler finds, `together` is how threads share a step, `tables` names what lies where.
"""
