"""A soundfont written byte by byte: one looped sine, one click, as many presets and generators as a test needs."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from models.render.generators import Gen

RATE = 44_100
SINE_HZ = 441.0  # 100 frames a period, so that the loop is exact
SINE_FRAMES = 4_400
CLICK_FRAMES = 2_000
SINE, CLICK = 0, 1


@dataclass(frozen=True)
class Zone:
    """One zone of an instrument: a sample, and generators that are written as they are."""

    sample: int = SINE
    amounts: Mapping[int, int] = field(default_factory=dict)


def looped(**more: int) -> Zone:
    """A zone that plays the sine for as long as a note is held; key 69 sounds at 441 Hz."""
    named: dict[int, int] = {Gen[name.upper()]: amount for name, amount in more.items()}
    return Zone(SINE, {Gen.SAMPLE_MODES: 1, **named})


def struck(**more: int) -> Zone:
    """A zone that plays the click once."""
    named: dict[int, int] = {Gen[name.upper()]: amount for name, amount in more.items()}
    return Zone(CLICK, {Gen.SCALE_TUNING: 0, Gen.ENV_RELEASE: 0, **named})


def keys(low: int, high: int) -> int:
    """The amount of a range generator."""
    return low | high << 8


def _chunk(tag: bytes, body: bytes) -> bytes:
    return tag + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _list(kind: bytes, *chunks: bytes) -> bytes:
    return _chunk(b"LIST", kind + b"".join(chunks))


def _name(text: str) -> bytes:
    return text.encode()[:20].ljust(20, b"\0")


def soundfont(presets: Mapping[tuple[int, int], Sequence[Zone]], *, licence: str = "") -> bytes:
    """The bytes of an SF2 file with these presets, each one instrument of these zones."""
    sine = np.sin(2 * np.pi * SINE_HZ / RATE * np.arange(SINE_FRAMES))
    click = np.full(CLICK_FRAMES, 0.5)
    sound = np.concatenate((sine * 0.5, np.zeros(46), click, np.zeros(46)))
    smpl = (sound * 32767).astype("<i2").tobytes()
    click_at = SINE_FRAMES + 46
    shdr = struct.pack("<20sIIIIIBbHH", _name("sine"), 0, SINE_FRAMES, 400, 4_300, RATE, 69, 0, 0, 1)
    shdr += struct.pack(
        "<20sIIIIIBbHH", _name("click"), click_at, click_at + CLICK_FRAMES, click_at, click_at, RATE, 60, 0, 0, 1
    )
    shdr += struct.pack("<20sIIIIIBbHH", _name("EOS"), 0, 0, 0, 0, 0, 0, 0, 0, 0)
    phdr = pbag = pgen = inst = ibag = igen = b""
    zones = gens = 0
    for index, ((bank, program), parts) in enumerate(presets.items()):
        phdr += struct.pack("<20sHHHIII", _name(f"{bank}:{program}"), program, bank, index, 0, 0, 0)
        pbag += struct.pack("<HH", index, 0)
        pgen += struct.pack("<Hh", Gen.INSTRUMENT, index)
        inst += struct.pack("<20sH", _name(f"i{index}"), zones)
        for zone in parts:
            ibag += struct.pack("<HH", gens, 0)
            for what, amount in [*sorted(zone.amounts.items()), (Gen.SAMPLE, zone.sample)]:
                igen += struct.pack("<Hh", what, amount if amount < 32768 else amount - 65536)
                gens += 1
            zones += 1
    count = len(presets)
    phdr += struct.pack("<20sHHHIII", _name("EOP"), 0, 0, count, 0, 0, 0)
    pbag += struct.pack("<HH", count, 0)
    pgen += struct.pack("<Hh", 0, 0)
    inst += struct.pack("<20sH", _name("EOI"), zones)
    ibag += struct.pack("<HH", gens, 0)
    igen += struct.pack("<Hh", 0, 0)
    info = [_chunk(b"ifil", struct.pack("<HH", 2, 1)), _chunk(b"INAM", b"Test tones\0")]
    if licence:
        info.append(_chunk(b"ICOP", licence.encode() + b"\0"))
    body = b"sfbk" + _list(b"INFO", *info) + _list(b"sdta", _chunk(b"smpl", smpl))
    tables = {b"phdr": phdr, b"pbag": pbag, b"pmod": bytes(10), b"pgen": pgen, b"inst": inst, b"ibag": ibag}
    tables |= {b"imod": bytes(10), b"igen": igen, b"shdr": shdr}
    body += _list(b"pdta", *(_chunk(tag, content) for tag, content in tables.items()))
    return _chunk(b"RIFF", body)
