"""Pop: four chords, a steady backbeat, a tune that one can sing."""

from __future__ import annotations

from models.compose.arranger.idiom import Bass, Comp, Feel, How, Idiom, Tune, groove
from models.compose.arranger.patterns import read_pattern as p

IDIOM = Idiom(
    name="pop",
    tempo=(84, 138),
    harmony="song",
    colours={"triad": 0.75, "added": 0.25},
    chord_units=1,
    voices=3,
    fills="rock",
    grooves=(
        groove("""
            kick            X...|..o.|X.x.|....|X...|..o.|X.x.|..o.
            snare           ....|X...|....|X...|....|X...|....|X..g
            clap     @0.55  ....|x...|....|x...|....|x...|....|x...
            hat             x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.
            tambourine @0.5 ..+.|x.+.|..+.|x.+.|..+.|x.+.|..+.|x.+.
        """),
        groove("""
            kick            X...|X...|X...|X...|X...|X...|X...|X..o
            snare           ....|X...|....|X...|....|X...|....|X...
            hat             o.x.|o.x.|o.x.|o.x.|o.x.|o.x.|o.x.|o.x.
            open     @0.5   ..x.|..x.|..x.|..x.|..x.|..x.|..x.|..x.
            shaker   @0.3   xoxo|xoxo|xoxo|xoxo|xoxo|xoxo|xoxo|xoxo
        """),
        groove("""
            kick            X...|...x|..x.|....|X...|...x|..x.|.o..
            snare           ....|X...|....|X...|....|X...|....|X...
            hat             x+x+|x+x+|x+x+|x+x+|x+x+|x+x+|x+x+|x+xo
            ride     @0.65  x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.
        """),
    ),
    basses=(
        Bass(p("R-r-|r-r-|R-r-|r-a-"), gate=0.85, lock=0.4),
        Bass(p("R---|--r-|R-r-|----|R---|--r-|R-r-|f-a-"), gate=0.92, lock=0.6),
        Bass(p("R--r|--r-|R---|..a.|R--r|--r-|F---|o-a."), gate=0.9, lock=0.4),
    ),
    comps=(
        Comp(How.PAD, p("X---|----|----|----"), layer=0.0),
        Comp(How.BROKEN, p("X-x-|x-x-|X-x-|x-o-"), gate=0.95, layer=0.15),
        Comp(How.BLOCK, p("X---|x---|x---|x---"), gate=0.9, layer=0.3),
        Comp(How.STRUM, p("X-..|x.xo|..xo|x.xo"), gate=0.85, layer=0.35),
        Comp(How.STRUM, p("X-xo|x-xo|X-xo|x-x+"), gate=0.8, layer=0.5),
    ),
    tunes=(
        Tune(
            (p("X.x.|x.x.|X---|--.."), p("..x.|x.x.|X-x-|--.."), p("X--x|--x-|X---|...."), p("X.x.|x--x|--X-|--..")),
            leap=0.25,
            breath=0.6,
        ),
        Tune((p("x.x.|X.x.|x.x-|--.."), p("X---|x.x.|X-o-|--.."), p("..xx|x.x.|X---|....")), leap=0.2, breath=0.6),
    ),
    feel=Feel(loose_ms=4.0, touch=8),
)
