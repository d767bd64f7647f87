"""Trap: half-time claps, hats that rattle and roll, a long 808 that is bass and kick in one, a bell tune in minor."""

from __future__ import annotations

from models.compose.arranger.idiom import Bass, Comp, Feel, How, Idiom, Tune, groove
from models.compose.arranger.patterns import read_pattern as p

IDIOM = Idiom(
    name="trap",
    tempo=(120, 160),
    harmony="dark",
    colours={"triad": 0.85, "seventh": 0.15},
    chord_units=2,
    voices=3,
    fills="trap",
    grooves=(
        groove("""
            kick            X...|..x.|....|....|X...|....|..x.|..o.
            clap            ....|....|X...|....|....|....|X...|....
            snare    @0.4   ....|....|x...|...g|....|....|x...|....
            hat             x.x.|x.x.|x.x.|x.zx|x.x.|xzx.|x.x.|xxzz
            open     @0.35  ....|....|..o.|....|....|....|....|..o.
        """),
        groove("""
            kick            X..x|....|..x.|.o..|X...|...x|....|x.o.
            clap            ....|....|X...|....|....|....|X...|...o
            rim      @0.3   ...g|....|....|.g..|...g|....|....|..g.
            hat             xoxo|xoxo|xoxo|xzxo|xoxo|xoxo|xozz|xoxz
            open     @0.4   ..o.|....|....|....|..o.|....|....|....
        """),
        groove("""
            kick            X...|....|..X.|....|X..o|..x.|....|..x.
            clap            ....|....|X...|....|....|....|X...|....
            hat             x..x|..x.|x..x|..xz|x..x|..x.|x.z.|x.x.
            shaker   @0.45  oooo|oooo|oooo|oooo|oooo|oooo|oooo|oooo
        """),
    ),
    basses=(
        Bass(p("R---|--r-|----|----|R---|----|--r-|--a-"), gate=0.97, lock=0.7),
        Bass(p("R---|----|--r-|-r--|R---|---r|----|o-r-"), gate=0.95, lock=0.7),
        Bass(p("R---|--R-|..R-|----|R---|--s-|r---|a---"), gate=0.95, lock=0.6),
    ),
    comps=(
        Comp(How.PAD, p("X---|----|----|----"), layer=0.0),
        Comp(How.ARP, p("X.x.|x.o.|x.x.|o.x."), gate=0.9, layer=0.25, order=(0, 1, 2, 1)),
        Comp(How.BLOCK, p("X---|----|..o.|....|X---|----|....|...."), gate=0.9, layer=0.4),
    ),
    tunes=(
        Tune(
            (p("X..x|..x.|X..x|..o."), p("X.x.|x..x|..X.|..+."), p("..X.|x..x|X---|....")),
            leap=0.25,
            breath=0.5,
            schemes=("aaab", "abac"),
        ),
        Tune((p("X--.|x--.|X-x-|--.."), p("X---|--x-|x-X-|----")), leap=0.3, breath=0.6),
    ),
    bass_range=(24, 45),
    melody_range=(62, 86),
    feel=Feel(loose_ms=1.5, late_ms=4.0, touch=8),
)
