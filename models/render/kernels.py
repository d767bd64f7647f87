"""The sampler's arithmetic, frame by frame, compiled by numba for the processor at hand.

Knows arrays and plain numbers: who calls checks them. No fast-math, so the same numbers come out everywhere. What was compiled
is kept on disk where there is a place for it; `python -m models.render` compiles it ahead.

    count = sounded(data, 400, 4300, True, 1.0, bends, filters, envelope, out)     # one note, before its end is known
    laid(stem, out, 0, start, held, 44, 0.999, 4000, -1, 352, 0.7, 0.7, False)     # that note on its place, ended
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit

__all__ = ["BLOCK", "added", "highest", "laid", "packed", "powers", "sounded"]

BLOCK = 32
"""Frames between two settings of a moving filter or pitch: 0.7 ms."""

PEAK_FRAMES = 64  # looked at together; most of them can't hold the highest peak and are left out
RELEASE_FADE = 64  # frames over which the last of a release goes to nothing

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def _compiled(kernel: Kernel) -> Kernel:
    try:
        return cast(Kernel, njit(cache=True, nogil=True, error_model="numpy")(kernel))
    except RuntimeError:  # nowhere to keep it
        return cast(Kernel, njit(nogil=True, error_model="numpy")(kernel))


@_compiled
def sounded(
    data: Any,
    loop_start: int,
    loop_end: int,
    looped: bool,
    step: float,
    bends: Any,
    filters: Any,
    envelope: Any,
    out: Any,
) -> int:
    """Read a sample at its pitch, filter it, shape it; how many frames were sounding.

    `bends` holds the pitch's factor at every BLOCK frames and one more, or is empty; `filters` the b0, a1, a2 of each block's
    low-pass (b0 0 for none); `envelope` the frames of delay, attack and hold, the factor of a frame of decay, the level it
    decays to, and the gain.
    """
    length = loop_end if looped else data.shape[0]
    delay, attack, hold = int(envelope[0]), int(envelope[1]), int(envelope[2])
    fall, sustain, gain = envelope[3], envelope[4], envelope[5]
    place, level = 0.0, 1.0
    s1, s2 = 0.0, 0.0
    bent = bends.shape[0] > 0
    for i in range(out.shape[0]):
        block = i // BLOCK
        whole = int(place)
        if not looped and whole >= length - 1:
            return i
        t = place - whole
        a = data[max(whole - 1, 0)]
        b = data[whole]
        if whole + 2 < length:
            c, d = data[whole + 1], data[whole + 2]
        elif looped:
            c = data[whole + 1] if whole + 1 < length else data[loop_start + whole + 1 - length]
            d = data[loop_start + (whole + 2 - length) % (length - loop_start)]
        else:
            c = data[whole + 1] if whole + 1 < length else np.float32(0.0)
            d = np.float32(0.0)
        value = b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
        b0 = filters[min(block, filters.shape[0] - 1), 0]
        if b0 > 0.0:
            a1, a2 = filters[min(block, filters.shape[0] - 1), 1], filters[min(block, filters.shape[0] - 1), 2]
            made = b0 * value + s1
            s1 = 2.0 * b0 * value - a1 * made + s2
            s2 = b0 * value - a2 * made
            value = made
        shape = level
        if i < delay:
            shape = 0.0
        elif i < delay + attack:
            shape = (i - delay + 1.0) / attack
        elif i >= delay + attack + hold:
            level = max(level * fall, sustain)
        out[i] = value * shape * gain
        if bent:
            part = (i % BLOCK) / BLOCK
            place += step * (bends[block] + (bends[block + 1] - bends[block]) * part)
        else:
            place += step
        if looped and place >= length:
            place = loop_start + (place - loop_start) % (length - loop_start)
    return int(out.shape[0])


@_compiled
def laid(
    stem: Any,
    sound: Any,
    lead: int,
    start: int,
    held: int,
    rise: int,
    release: float,
    release_frames: int,
    choked: int,
    choke_frames: int,
    left: float,
    right: float,
    wraps: bool,
) -> None:
    """Add one note to (frames, 2): from `lead` on of its sound, released after `held` frames, choked after `choked` (-1: never).

    What reaches beyond the end goes on at the start where the stem wraps, else it is dropped.
    """
    total = stem.shape[0]
    count = min(sound.shape[0] - lead, held + release_frames)
    if choked >= 0:
        count = min(count, choked + choke_frames)
    falling = 1.0
    at = start
    for i in range(count):
        if at >= total:
            if not wraps:
                return
            at = 0
        gain = falling
        if lead > 0 and i < rise:
            gain *= i / rise
        if i >= held:
            falling *= release
            gain *= min(1.0, (held + release_frames - i) / RELEASE_FADE)
        if choked >= 0 and i >= choked:
            gain *= 1.0 - (i - choked) / choke_frames
        value = sound[lead + i] * gain
        stem[at, 0] += value * left
        stem[at, 1] += value * right
        at += 1


@_compiled
def highest(sound: Any, fir: Any, first: int, last: int, least: float) -> float:
    """The highest absolute value of (frames, 2) between and on frames `first` to `last`, or `least` where none is higher.

    `fir` is (phases, taps): a phase's row makes the value between two frames of those around it.
    """
    phases, taps = fir.shape
    before = taps // 2 - 1
    most = 0.0
    for phase in range(phases):
        total = 0.0
        for tap in range(taps):
            total += abs(fir[phase, tap])
        most = max(most, total)
    flat = sound.reshape(-1)
    best = least
    made = np.empty(2 * PEAK_FRAMES, np.float32)
    for start in range(first, last, PEAK_FRAMES):
        stop = min(start + PEAK_FRAMES, last)
        around = np.float32(0.0)
        for i in range(2 * max(start - before, 0), 2 * min(stop + taps, sound.shape[0])):
            around = max(around, abs(flat[i]))
        if around * most <= best:
            continue
        for i in range(2 * start, 2 * stop):
            best = max(best, abs(flat[i]))
        for phase in range(phases):
            made[:] = 0.0
            for tap in range(taps):
                factor = fir[phase, tap]
                shift = 2 * (tap - before)
                low = max(2 * start, -shift)
                high = min(2 * stop, 2 * sound.shape[0] - shift)
                for i in range(low, high):
                    made[i - 2 * start] += factor * flat[i + shift]
            for i in range(2 * (stop - start)):
                best = max(best, abs(made[i]))
    return best


@_compiled
def powers(sound: Any, filters: Any, hop: int, into: Any) -> None:
    """The power of each `hop` frames of (frames, 2), summed over channels, after two filters: rows of b0, b1, b2, a1, a2."""
    for channel in range(2):
        s1, s2, t1, t2 = 0.0, 0.0, 0.0, 0.0
        for step in range(into.shape[0]):
            power = 0.0
            for i in range(step * hop, (step + 1) * hop):
                x = float(sound[i, channel])
                y = filters[0, 0] * x + s1
                s1 = filters[0, 1] * x - filters[0, 3] * y + s2
                s2 = filters[0, 2] * x - filters[0, 4] * y
                z = filters[1, 0] * y + t1
                t1 = filters[1, 1] * y - filters[1, 3] * z + t2
                t2 = filters[1, 2] * y - filters[1, 4] * z
                power += z * z
            into[step] += power / hop


@_compiled
def added(total: Any, stem: Any, gains: Any, scale: float) -> None:
    """Add a stem (frames, 2) to whole numbers: each value times its frame's gain and the scale, rounded, halves to even."""
    for i in range(stem.shape[0]):
        gain = gains[i] * scale
        total[i, 0] += np.int32(np.rint(stem[i, 0] * gain))
        total[i, 1] += np.int32(np.rint(stem[i, 1] * gain))


@_compiled
def packed(numbers: Any, into: Any) -> None:
    """The low 24 bits of each number, least first."""
    for i in range(numbers.shape[0]):
        number = numbers[i]
        into[3 * i] = number & 255
        into[3 * i + 1] = (number >> 8) & 255
        into[3 * i + 2] = (number >> 16) & 255
