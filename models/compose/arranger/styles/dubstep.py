"""Dubstep: half-time, the snare on three, a bass that growls in bursts, and space around it."""

from __future__ import annotations

from models.compose.arranger.idiom import Bass, Comp, Feel, How, Idiom, Tune, groove
from models.compose.arranger.patterns import read_pattern as p

IDIOM = Idiom(
    name="dubstep",
    tempo=(125, 155),
    harmony="dark",
    colours={"triad": 0.8, "open": 0.2},
    chord_units=2,
    voices=3,
    fills="electronic",
    grooves=(
        groove("""
            kick            X...|....|....|..o.|X...|..o.|....|....
            snare           ....|....|X...|....|....|....|X...|....
            clap     @0.5   ....|....|X...|....|....|....|X...|....
            hat             x.o.|x.o.|x.o.|x.oo|x.o.|x.o.|x.o.|xzo.
            rim      @0.3   ...g|..g.|....|...g|...g|....|....|.g..
        """),
        groove("""
            kick            X..o|....|....|.x..|X...|...x|....|..o.
            snare           ....|....|X...|....|....|....|X...|...g
            clap     @0.5   ....|....|X...|....|....|....|X...|....
            hat             x.x.|o.x.|x.o.|x.x.|x.x.|o.x.|x.oz|x.x.
            open     @0.4   ....|..o.|....|....|....|..o.|....|..o.
        """),
        groove("""
            kick            X...|..x.|....|x...|X...|..x.|....|x.o.
            snare           ....|....|X...|....|....|....|X...|....
            snare2   @0.55  ....|....|X...|....|....|....|X...|....
            hat             x...|x...|x...|x..z|x...|x...|x...|x.zo
            china    @0.7   x...|....|....|....|....|....|....|....
        """),
    ),
    basses=(
        Bass(p("R---|--r-|R-r-|r---|R---|-r--|R-rr|s-a-"), gate=0.95, lock=0.3),
        Bass(p("R---|----|..RR|R-r.|R---|----|r-r-|f-o-"), gate=0.9, lock=0.2),
        Bass(p("R--R|--R-|-.rr|R-..|R--R|--O-|-.S-|R-a."), gate=0.85, lock=0.2),
    ),
    comps=(
        Comp(How.PAD, p("X---|----|----|----"), layer=0.0),
        Comp(How.BLOCK, p("X---|--..|....|..o.|X---|--..|....|...."), gate=0.9, layer=0.35),
        Comp(How.BLOCK, p("....|..X.|....|..x.|...o|..X.|....|.+x."), gate=0.5, layer=0.5),
    ),
    tunes=(
        Tune((p("X---|--x-|X---|...o"), p("X--x|--x-|----|..o+"), p("..X-|-x--|X---|----")), leap=0.3, breath=0.7),
        Tune(
            (p("X.xX|.x.o|X..x|..o."), p("X...|x.xo|X...|....")),
            leap=0.35,
            breath=0.5,
            gate=0.7,
            schemes=("aaab", "abac"),
        ),
    ),
    bass_range=(26, 46),
    feel=Feel(loose_ms=1.5, touch=6),
)
