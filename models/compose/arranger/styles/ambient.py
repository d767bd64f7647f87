"""Ambient: long chords, few events, hardly a beat."""

from __future__ import annotations

from models.compose.arranger.idiom import Bass, Comp, Feel, How, Idiom, Tune, groove
from models.compose.arranger.patterns import read_pattern as p

IDIOM = Idiom(
    name="ambient",
    tempo=(40, 130),
    harmony="ambient",
    colours={"ninth": 0.3, "added": 0.35, "seventh": 0.2, "open": 0.15},
    chord_units=2,
    voices=4,
    fills="none",
    grooves=(
        groove("""
            kick            X...|....|....|....|....|....|....|....
            shaker          ..o.|..o.|..o.|..o.|..o.|..o.|..o.|..oo
            rim      @0.3   ....|....|....|...o|....|....|..o.|....
            ride     @0.45  x...|....|o...|....|x...|....|o...|....
            triangle @0.2   ....|....|....|....|....|..o.|....|....
        """),
        groove("""
            ride            x...|....|+...|....|o...|....|+...|....
            kick            X...|....|....|....|X...|....|....|....
            low      @0.3   ....|....|....|....|....|....|..o.|.o..
            cabasa   @0.4   o.o.|o.o.|o.o.|o.o.|o.o.|o.o.|o.o.|o.o.
            rim      @0.55  ....|....|x...|....|....|....|x...|....
        """),
    ),
    basses=(
        Bass(p("R---|----|----|----"), gate=0.99),
        Bass(p("R---|----|----|----|r---|----|f---|----"), gate=0.99),
    ),
    comps=(
        Comp(How.PAD, p("X---|----|----|----"), layer=0.0),
        Comp(How.ARP, p("X---|o---|x---|o---"), gate=0.99, layer=0.25, order=(0, 2, 1, 3)),
        Comp(How.ARP, p("X-o-|x-o-|x-o-|x-o-"), gate=0.98, layer=0.45, order=(0, 1, 2, 3, 1, 2)),
    ),
    tunes=(
        Tune(
            (p("X---|----|--x-|----"), p("....|X---|----|x---"), p("X---|----|----|o---")),
            leap=0.4,
            breath=0.7,
            gate=0.98,
            schemes=("abac", "abcb", "abab"),
        ),
        Tune((p("X---|x---|----|----"), p("..X-|----|x---|--+-")), leap=0.4, breath=0.7, gate=0.98),
    ),
    melody_range=(64, 88),
    feel=Feel(loose_ms=9.0, touch=9),
)
