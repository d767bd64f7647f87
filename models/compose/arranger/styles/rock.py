"""Rock: backbeat, driving eighths, fifths on loud guitars."""

from __future__ import annotations

from models.compose.arranger.idiom import Bass, Comp, Feel, How, Idiom, Tune, groove
from models.compose.arranger.patterns import read_pattern as p

IDIOM = Idiom(
    name="rock",
    tempo=(96, 168),
    harmony="rock",
    colours={"triad": 0.55, "power": 0.45},
    chord_units=1,
    voices=3,
    fills="rock",
    grooves=(
        groove("""
            kick            X...|..x.|X.x.|....|X...|..x.|X.x.|..o.
            snare           ....|X...|....|X...|....|X...|....|X...
            snare2          ....|....|.g..|....|....|...g|.g..|....
            hat             X.x.|X.x.|X.x.|X.x.|X.x.|X.x.|X.x.|X.x.
            crash    @0.85  x...|....|....|....|x...|....|....|....
        """),
        groove("""
            kick            X...|....|X.x.|....|X...|...o|X.x.|....
            snare           ....|X...|....|X...|....|X...|....|X...
            ride            x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.
            bell     @0.6   x...|x...|x...|x...|x...|x...|x...|x...
            snare2   @0.3   ...g|....|.g..|....|...g|....|.g.g|....
        """),
        groove("""
            kick            X.x.|....|..X.|....|X.x.|....|.xX.|..o.
            snare           ....|X...|....|X...|....|X...|....|X..o
            open            x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.
            crash    @0.8   x...|....|....|....|....|....|....|....
        """),
    ),
    basses=(
        Bass(p("R-R-|r-R-|R-R-|r-r-|R-R-|r-R-|R-R-|r-a-"), gate=0.85, lock=0.3),
        Bass(p("R---|--R-|R-R-|--r-|R---|--R-|R-f-|o-a-"), gate=0.9, lock=0.5),
        Bass(p("R-rR|--r-|R-rR|--a-"), gate=0.85, lock=0.3),
    ),
    comps=(
        Comp(How.STRUM, p("X---|----|----|----"), gate=0.97, layer=0.0),
        Comp(How.STRUM, p("X---|--x-|x---|..o."), gate=0.9, layer=0.25),
        Comp(How.BLOCK, p("X-x-|x-x-|X-x-|x-x-"), gate=0.7, layer=0.4),
        Comp(How.BLOCK, p("X-.x|--x.|X-x-|..x."), gate=0.8, layer=0.45),
    ),
    tunes=(
        Tune((p("X.x.|x.x.|X---|----"), p("X---|--x-|x.x.|X---"), p("..x.|X.x.|x-X-|----")), leap=0.3, breath=0.5),
        Tune((p("X-x-|X-x-|o-X-|--.."), p("X..x|..X.|x.X-|----")), leap=0.35, breath=0.5),
    ),
    harmony_range=(45, 72),
    feel=Feel(loose_ms=5.0, touch=8),
)
