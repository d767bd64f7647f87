"""Funk: the one, sixteenths around it, ghost notes, chopped ninth chords, a bass that talks."""

from __future__ import annotations

from models.compose.arranger.idiom import Bass, Comp, Feel, How, Idiom, Tune, groove
from models.compose.arranger.patterns import read_pattern as p

IDIOM = Idiom(
    name="funk",
    tempo=(84, 124),
    harmony="vamp",
    colours={"seventh": 0.55, "ninth": 0.45},
    chord_units=1,
    voices=4,
    fills="funk",
    grooves=(
        groove("""
            kick            X.x.|....|..X.|.x..|X.x.|....|..X.|.o..
            snare           ....|X...|....|X...|....|X...|....|X...
            snare2          ...g|...g|.g..|...g|...g|..gg|.g..|..g.
            hat             xoxo|xoxo|xoxo|xoxo|xoxo|xoxo|xoxo|xox.
            open     @0.35  ....|....|....|....|....|....|....|...x
        """),
        groove("""
            kick            X..x|....|.xX.|....|X..x|....|..x.|..o.
            snare           ....|X..o|....|X...|....|X...|.o..|X...
            snare2          .g..|..g.|.g..|...g|.g..|..g.|...g|.g..
            hat             x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.
            cowbell  @0.5   x...|x...|x...|x...|x...|x...|x...|x...
        """),
        groove("""
            kick            X...|..x.|..x.|x...|X...|..x.|.x..|x.o.
            snare           ....|X...|....|X...|....|X...|....|X...
            snare2          ..g.|.g.g|.g..|..g.|..g.|.g.g|....|.g.g
            ride     @0.4   x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.
            hat             x.xo|x.xo|x.xo|x.xo|x.xo|x.xo|x.xo|x.xo
            tambourine @0.6 ..x.|..x.|..x.|..x.|..x.|..x.|..x.|..x.
        """),
    ),
    basses=(
        Bass(p("R.r.|..g.|.gR.|.o.s|R.r.|..g.|.rR.|.saa"), gate=0.75, lock=0.5),
        Bass(p("R--r|..O.|.gr.|s.R.|R--r|..O.|.g.s|f.a."), gate=0.7, lock=0.4),
        Bass(p("R.gr|.g.o|..Rg|.r.a|R.gr|.g.o|.sF.|.r.a"), gate=0.7, lock=0.4),
    ),
    comps=(
        Comp(How.PAD, p("X---|----|----|----"), layer=0.0),
        Comp(How.BLOCK, p("X-..|...x|..x.|....|X-..|...x|.x..|..o."), gate=0.6, layer=0.15),
        Comp(How.BLOCK, p(".gXg|.gx.|.gXg|.xgo"), gate=0.5, layer=0.3),
        Comp(How.BLOCK, p("..x.|.x.X|..x.|.gX.|..x.|.x.X|.o.x|..X."), gate=0.45, layer=0.4),
    ),
    tunes=(
        Tune(
            (p("X.xx|..x.|.x..|X..."), p("..X.|.xx.|X...|...."), p("X..x|.x.x|..X.|..o.")),
            leap=0.3,
            breath=0.7,
            gate=0.7,
        ),
        Tune(
            (p("x.X.|x.x.|..X-|--.."), p("X.x.|.x.X|.o..|....")),
            leap=0.3,
            breath=0.7,
            gate=0.75,
            schemes=("aaab", "abac"),
        ),
    ),
    feel=Feel(loose_ms=5.0, late_ms=2.0, touch=10),
)
