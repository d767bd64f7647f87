"""Latin: clave in the hands, tumbao in the bass, montuno on the piano; two short bars of it stand in one of ours."""

from __future__ import annotations

from models.compose.arranger.idiom import Bass, Comp, Feel, How, Idiom, Tune, groove
from models.compose.arranger.patterns import read_pattern as p

IDIOM = Idiom(
    name="latin",
    tempo=(78, 114),
    harmony="latin",
    colours={"seventh": 0.5, "triad": 0.4, "ninth": 0.1},
    chord_units=1,
    voices=4,
    three=(0, 1, 3),
    fills="latin",
    grooves=(
        groove("""
            claves          X..X|..X.|..X.|X...
            conga-mute      x...|....|x...|....
            conga           ..x.|....|..x.|....
            conga-low       ....|..xx|....|..xx
            kick            X..x|..o.|X..x|..o.
            cowbell  @0.3   x.xo|x.xo|x.xo|x.xo
            cabasa   @0.2   xgxg|xgxg|xgxg|xgxg
            timbale  @0.6   ....|..o.|....|.o.o
        """),
        groove("""
            kick            X..x|X..x|X..x|X..x
            rim             X..X|..X.|...X|..x.|..X.|..X.|..X.|.x..
            hat             xgxg|xgxg|xgxg|xgxg|xgxg|xgxg|xgxg|xgxg
            shaker   @0.35  xoxo|xoxo|xoxo|xoxo|xoxo|xoxo|xoxo|xoxo
        """),
        groove("""
            kick            X...|X...|X...|X...
            snare           ...X|..X.|...X|..X.
            hat             x.x.|x.x.|x.x.|x.x.
            timbale  @0.45  ....|...o|....|o.o.
            guiro    @0.3   x.oo|x.oo|x.oo|x.oo
            bongo    @0.5   xo+o|xo+o|xo+o|xooo
        """),
    ),
    basses=(
        Bass(p("r..R|--F-|...R|--F-|...R|--F-|...R|--A-"), gate=0.9),
        Bass(p("R--F|r--f|R--F|r--a"), gate=0.85, lock=0.3),
        Bass(p("R--F|--O-|r--F|--a-"), gate=0.85, lock=0.2),
    ),
    comps=(
        Comp(How.STRUM, p("X---|----|x---|----"), gate=0.95, layer=0.0),
        Comp(How.BLOCK, p("X--x|--.x|..x.|x---|..x-|-.x.|..x.|x--o"), gate=0.8, layer=0.2),
        Comp(How.ARP, p("XoXo|oXoX|oXoX|oXoX"), gate=0.8, layer=0.35, order=(0, 2, 1, 2, 0, 3, 1, 2)),
        Comp(How.BLOCK, p("X.Xx|.X.x|.x.X|.X.x|.x.X|.x.X|.x.X|.X.x"), gate=0.6, layer=0.45),
    ),
    tunes=(
        Tune((p("X..x|..x.|..X-|--.."), p("..x.|x..x|..X-|--o."), p("X-.x|--x.|x-X-|--..")), leap=0.35, breath=0.5),
        Tune((p("x..x|..X.|x.x.|X---"), p("..X.|.x.x|..x.|X---")), leap=0.3, breath=0.5),
    ),
    feel=Feel(loose_ms=5.0, touch=9),
)
