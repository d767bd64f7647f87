"""Drum and bass: breakbeats at twice the pulse of the bass, ghost notes, pads that hardly move."""

from __future__ import annotations

from models.compose.arranger.idiom import Bass, Comp, Feel, How, Idiom, Tune, groove
from models.compose.arranger.patterns import read_pattern as p

IDIOM = Idiom(
    name="dnb",
    tempo=(150, 190),
    harmony="dark",
    colours={"seventh": 0.4, "triad": 0.4, "ninth": 0.2},
    chord_units=2,
    voices=4,
    fills="breaks",
    grooves=(
        groove("""
            kick            X...|....|..X.|....|X...|....|..X.|..o.
            snare           ....|X...|....|X...|....|X...|....|X...
            snare2          ...g|..g.|.g..|..g.|...g|...g|.g..|..gg
            hat             x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.xo
            ride     @0.6   x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.
            open     @0.4   ....|....|....|....|....|....|....|..x.
        """),
        groove("""
            kick            X.X.|....|..XX|....|X.X.|....|..X.|..o.
            snare           ....|X..o|....|X...|....|X..o|.o..|X..o
            snare2          ....|...g|.g..|...g|....|..g.|.g.g|....
            ride     @0.35  x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.
            hat             x.xo|x.xo|x.xo|x.xo|x.xo|x.xo|x.xo|x.xo
            crash    @0.75  ....|....|..o.|....|....|....|....|....
        """),
        groove("""
            kick            X...|....|..X.|....|X..o|....|..X.|....
            snare           ....|X...|....|X..g|....|X...|....|X.g.
            shaker          xgxg|xgxg|xgxg|xgxg|xgxg|xgxg|xgxg|xgxg
            hat             x.o.|x.o.|x.o.|x.o.|x.o.|x.o.|x.o.|x.o.
            conga    @0.5   ..o.|...o|o...|.o..|..o.|...o|o.o.|.o..
        """),
    ),
    basses=(
        Bass(p("R---|--r-|--R-|----|R---|--r-|--s-|a---"), gate=0.95, lock=0.3),
        Bass(p("R-.r|..R.|..R-|.r..|R-.r|..R.|.rF-|..a."), gate=0.8, lock=0.3),
        Bass(p("R---|----|----|----|R---|----|o---|--a-"), gate=0.98),
        Bass(p("R.r.|..R-|-.R.|.r..|R.r.|..O-|-.R.|rs.."), gate=0.75, lock=0.2),
    ),
    comps=(
        Comp(How.PAD, p("X---|----|----|----"), layer=0.0),
        Comp(How.PAD, p("X---|----|--o-|----"), layer=0.3),
        Comp(How.BLOCK, p("X--.|..x-|....|..o.|X--.|....|x--.|..+."), gate=0.7, layer=0.45),
    ),
    tunes=(
        Tune((p("X---|--x-|----|X---"), p("X---|x---|--X-|---+"), p("..X-|----|x--X|----")), leap=0.3, breath=0.6),
        Tune((p("X--x|--X-|-o.x|--+."), p("X.x.|X--.|x.o.|X---")), leap=0.3, breath=0.5),
    ),
    bass_range=(26, 48),
    feel=Feel(loose_ms=2.0, touch=8),
)
