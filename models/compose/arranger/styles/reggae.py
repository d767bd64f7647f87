"""Reggae: the one-drop on three, chords off the beat, and the bass has the tune."""

from __future__ import annotations

from models.compose.arranger.idiom import Bass, Comp, Feel, How, Idiom, Tune, groove
from models.compose.arranger.patterns import read_pattern as p

IDIOM = Idiom(
    name="reggae",
    tempo=(60, 98),
    harmony="reggae",
    colours={"triad": 0.8, "seventh": 0.2},
    chord_units=1,
    voices=3,
    three=(0, 1, 2),
    fills="reggae",
    grooves=(
        groove("""
            kick            ....|....|X...|....|....|....|X...|....
            rim             ....|....|X...|....|....|....|X...|..g.
            hat             x.x.|x.x.|x.x.|x.x.|x.xo|x.x.|x.x.|x.xo
            open     @0.4   ....|....|....|..o.|....|....|....|....
            shaker   @0.5   gxgx|gxgx|gxgx|gxgx|gxgx|gxgx|gxgx|gxgx
        """),
        groove("""
            kick            X...|....|X...|....|X...|....|X...|..o.
            rim             ....|....|X...|....|....|..g.|X...|...g
            hat             x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.
            cowbell  @0.45  ....|..o.|....|....|....|..o.|....|.o..
        """),
        groove("""
            kick            X...|X...|X...|X...|X...|X...|X...|X...
            snare           ....|....|X...|....|....|...g|X...|..g.
            hat             ..x.|..x.|..x.|..x.|..x.|..x.|..x.|..xo
            tambourine @0.5 ..x.|..x.|..x.|..x.|..x.|..x.|..x.|..x.
        """),
    ),
    basses=(
        Bass(p("..R-|..r.|F-.t|..R.|..R-|..r.|S-.f|..a."), gate=0.8),
        Bass(p("R-..|r.T-|..F-|....|R-..|r.T-|.fR-|..a."), gate=0.85, lock=0.2),
        Bass(p("..RR|..F.|..R-|t.f.|..RR|..F.|..S-|f.a."), gate=0.8),
    ),
    comps=(
        Comp(How.BLOCK, p("..X.|..X.|..X.|..X."), gate=0.45, layer=0.0),
        Comp(How.BLOCK, p("..X.|..Xo|..X.|..Xo"), gate=0.4, layer=0.25),
        Comp(How.BLOCK, p(".gXg|.gX.|.gXg|.gX+"), gate=0.4, layer=0.4),
    ),
    tunes=(
        Tune((p("X.x.|x---|..x.|x---"), p("..x.|x.x.|X---|--.."), p("X--x|--x.|X---|....")), leap=0.25, breath=0.7),
        Tune((p("..X-|x.x.|x-..|...."), p("X-x-|x---|..o.|x-..")), leap=0.3, breath=0.7),
    ),
    feel=Feel(loose_ms=6.0, late_ms=6.0, touch=9),
)
