"""Disco: a kick on every beat, open hats off it, octave bass, strings and scratching guitars."""

from __future__ import annotations

from models.compose.arranger.idiom import Bass, Comp, Feel, How, Idiom, Tune, groove
from models.compose.arranger.patterns import read_pattern as p

IDIOM = Idiom(
    name="disco",
    tempo=(104, 134),
    harmony="dance",
    colours={"seventh": 0.55, "triad": 0.35, "ninth": 0.1},
    chord_units=1,
    voices=4,
    four_on_floor=True,
    fills="funk",
    grooves=(
        groove("""
            kick            X...|X...|X...|X...
            snare           ....|X...|....|X...
            open            ..X.|..X.|..X.|..X.
            hat             xo.o|xo.o|xo.o|xo.o
            tambourine @0.45 x.x.|x.x.|x.x.|x.x.
        """),
        groove("""
            kick            X...|X...|X...|X...|X...|X...|X...|X..o
            snare           ....|X..g|....|X...|....|X..g|....|X.o.
            clap     @0.4   ....|x...|....|x...|....|x...|....|x...
            open            ..X.|..X.|..X.|..X.|..X.|..X.|..X.|..X.
            hat             xo.o|xo.o|xo.o|xo.o|xo.o|xo.o|xo.o|xo.o
            conga    @0.5   ...o|..oo|...o|.o..|...o|..oo|...o|.ooo
        """),
        groove("""
            kick            X...|X...|X...|X...
            snare           ....|X...|....|X...
            ride     @0.55  x.x.|x.x.|x.x.|x.x.
            open            ..X.|..X.|..X.|..X.
            hat             xoxo|xoxo|xoxo|xoxo
            cowbell  @0.4   x...|x.o.|x...|x.o.
        """),
    ),
    basses=(
        Bass(p("R.O.|R.O.|R.O.|R.O.|R.O.|R.O.|R.O.|RaO."), gate=0.7, lock=0.2),
        Bass(p("R.OR|.rO.|R.O.|r.O.|R.OR|.rO.|F.O.|r.a."), gate=0.65, lock=0.2),
        Bass(p("R--R|--O.|R-.r|o.s.|R--R|--O.|F-.f|r.a."), gate=0.75, lock=0.2),
    ),
    comps=(
        Comp(How.PAD, p("X---|----|----|----"), layer=0.0),
        Comp(How.BLOCK, p("..X.|..X.|..X.|..X."), gate=0.6, layer=0.15),
        Comp(How.STRUM, p("x.Xo|xoX.|x.Xo|xoX+"), gate=0.45, layer=0.35),
        Comp(How.BLOCK, p("X--x|--x.|..X.|x.o."), gate=0.65, layer=0.4),
    ),
    tunes=(
        Tune((p("X.x.|x.x.|X-..|..o."), p("..x.|x.X.|x.x-|--.."), p("X---|--x.|x.x.|X---")), leap=0.3, breath=0.5),
        Tune((p("X..x|..X.|..x.|x-.."), p("xoX.|x.x.|X---|----")), leap=0.35, breath=0.5),
    ),
    melody_range=(64, 88),
    feel=Feel(loose_ms=4.0, touch=8),
)
