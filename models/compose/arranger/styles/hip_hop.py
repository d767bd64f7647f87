"""Hip-hop: a heavy backbeat that lies late, kicks that stumble around it, a short loop of soft chords."""

from __future__ import annotations

from models.compose.arranger.idiom import Bass, Comp, Feel, How, Idiom, Tune, groove
from models.compose.arranger.patterns import read_pattern as p

IDIOM = Idiom(
    name="hip-hop",
    tempo=(72, 112),
    harmony="soul",
    colours={"seventh": 0.6, "ninth": 0.25, "triad": 0.15},
    chord_units=1,
    voices=4,
    fills="hip-hop",
    grooves=(
        groove("""
            kick            X...|...x|..X.|....|X...|...x|.oX.|....
            snare           ....|X...|....|X...|....|X...|....|X..g
            hat             x.x.|x.x.|x.x.|x.xo|x.x.|x.x.|x.xo|x.x.
            open     @0.4   ....|....|....|....|....|....|....|..o.
        """),
        groove("""
            kick            X.o.|....|.xX.|....|X...|..o.|.xX.|...o
            snare           ....|X..g|....|X...|....|X...|.g..|X...
            hat             x.xg|x.xg|x.xg|x.xg|x.xg|x.xg|x.xg|x.xg
            shaker   @0.5   ..x.|..x.|..x.|..x.|..x.|..x.|..x.|..x.
        """),
        groove("""
            kick            X..x|....|X.x.|....|X..x|....|..x.|.o..
            snare           ....|X...|....|X...|....|X...|....|X...
            clap     @0.5   ....|x...|....|x...|....|x...|....|x...
            hat             x.x.|x.xo|x.x.|x.x.|x.x.|x.xo|x.x.|xzx.
            rim      @0.3   .g..|...g|....|....|.g..|...g|....|.g..
        """),
    ),
    basses=(
        Bass(p("R--.|...r|..R-|..a.|R--.|...r|.fR-|s.a."), gate=0.9, lock=0.6),
        Bass(p("R-..|....|.RR-|....|R-.o|....|.RR-|..f."), gate=0.85, lock=0.5),
        Bass(p("R--r|..s.|R-r.|..a.|R--r|..o.|R-..|f.a."), gate=0.85, lock=0.5),
    ),
    comps=(
        Comp(How.PAD, p("X---|----|----|----"), layer=0.0),
        Comp(How.BLOCK, p("X---|---x|----|..o.|X---|---x|--..|.+.."), gate=0.9, layer=0.15),
        Comp(How.BLOCK, p("X--.|..x.|..x.|....|X--.|..x.|....|.o.."), gate=0.7, layer=0.4),
        Comp(How.BROKEN, p("X.x.|x.o.|X.x.|x.+."), gate=0.9, layer=0.3),
    ),
    tunes=(
        Tune((p("X.x.|x--.|..x.|x---"), p("..X.|x.xo|X---|..+."), p("X..x|..x-|X-..|....")), leap=0.25, breath=0.6),
        Tune((p("X--x|..x.|X...|...o"), p("X.xx|..o.|X-x-|....")), leap=0.2, breath=0.6, schemes=("aaab", "abac")),
    ),
    feel=Feel(loose_ms=5.0, late_ms=14.0, touch=10),
)
