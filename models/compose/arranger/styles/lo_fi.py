"""Lo-fi: hip-hop half asleep, swung and soft, ninth chords on an old electric piano."""

from __future__ import annotations

from models.compose.arranger.idiom import Bass, Comp, Feel, How, Idiom, Tune, groove
from models.compose.arranger.patterns import read_pattern as p

IDIOM = Idiom(
    name="lo-fi",
    tempo=(60, 98),
    harmony="jazz-loop",
    colours={"ninth": 0.5, "seventh": 0.5},
    chord_units=1,
    voices=4,
    fills="soft",
    grooves=(
        groove("""
            kick            X...|..o.|..x.|....|X...|....|.ox.|....
            rim             ....|X...|....|X...|....|X...|....|X...
            hat             x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.xo|x.x.
            shaker   @0.4   ..g.|..g.|..g.|..g.|..g.|..g.|..g.|..g.
        """),
        groove("""
            kick            X..o|....|..x.|.o..|X...|....|..xo|....
            snare           ....|x...|....|x..g|....|x...|....|x...
            hat             x.xg|x.xg|x.xg|x.xg|x.xg|x.x.|x.xg|x.x.
            open     @0.5   ....|....|....|..o.|....|....|....|....
        """),
        groove("""
            kick            X...|....|X.o.|....|X...|...o|X...|....
            snare           ....|x...|....|x...|....|x...|....|x.g.
            ride     @0.35  x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.
            hat             ..x.|..x.|..x.|..x.|..x.|..x.|..x.|..x.
        """),
    ),
    basses=(
        Bass(p("R---|--.r|R-..|..a.|R---|--..|f-..|..a."), gate=0.9, lock=0.5),
        Bass(p("R--.|....|.rR-|--..|R--.|....|s-f-|--a."), gate=0.9, lock=0.4),
    ),
    comps=(
        Comp(How.PAD, p("X---|----|----|----"), layer=0.0),
        Comp(How.STRUM, p("X---|---x|----|--o.|X---|----|..x-|--.."), gate=0.95, layer=0.1),
        Comp(How.BROKEN, p("X-x-|x-o-|x-x-|o-+-"), gate=0.95, layer=0.2),
        Comp(How.BLOCK, p("X--.|..x-|-.o.|x---|X--.|...x|--.o|...."), gate=0.85, layer=0.4),
    ),
    tunes=(
        Tune((p("..X.|x.x-|--..|...."), p("X-x.|x---|..o.|x-.."), p("...x|X---|x-x-|--..")), leap=0.3, breath=0.8),
        Tune((p("X---|..x.|x---|...."), p("..X-|--x-|o-X-|----")), leap=0.3, breath=0.8),
    ),
    feel=Feel(loose_ms=7.0, late_ms=16.0, touch=11),
)
