"""House: four on the floor, claps on two and four, open hats between the beats, organ and piano stabs, a bass off the beat."""

from __future__ import annotations

from models.compose.arranger.idiom import Bass, Comp, Feel, How, Idiom, Tune, groove
from models.compose.arranger.patterns import read_pattern as p

IDIOM = Idiom(
    name="house",
    tempo=(108, 140),
    harmony="dance",
    colours={"seventh": 0.6, "triad": 0.25, "ninth": 0.15},
    chord_units=1,
    voices=4,
    four_on_floor=True,
    fills="electronic",
    grooves=(
        groove("""
            kick            X...|X...|X...|X...
            clap            ....|X...|....|X...
            open            ..X.|..X.|..X.|..X.
            hat             +.o+|+.o+|+.o+|+.oo
            shaker   @0.45  oxox|oxox|oxox|oxox
            rim      @0.3   ...o|....|..o.|....
        """),
        groove("""
            kick            X...|X...|X...|X...|X...|X...|X...|X..+
            clap            ....|X...|....|X...|....|X...|....|X.g.
            snare    @0.5   ....|x...|....|x...|....|x...|....|x..o
            open            ..X.|..X.|..X.|..X.|..X.|..X.|..X.|..X.
            hat             ogxg|ogxg|ogxg|ogxg|ogxg|ogxg|ogxg|ogxg
            conga    @0.35  ...o|..o.|....|.o..|...o|..o.|..o.|.o.o
            conga-low @0.35 ....|....|..o.|..+.|....|....|....|..+.
        """),
        groove("""
            kick            X...|X...|X...|X...
            clap            ....|X...|....|X...
            open            ..X.|..X.|..X.|..X.
            ride     @0.6   x...|x...|x...|x...
            hat             xgog|xgog|xgog|xgog
            cowbell  @0.4   ....|..o.|.o..|o...
        """),
    ),
    basses=(
        Bass(p("..R.|..R.|..R.|..R.|..R.|..R.|..Rr|..Ro"), gate=0.75),
        Bass(p("..R.|.rR.|..R.|.rO.|..R.|.rR.|..RF|.sR."), gate=0.7),
        Bass(p("R..R|..R.|.r..|R.r.|R..R|..R.|.r.S|..O."), gate=0.7, lock=0.2),
        Bass(p("R.-.|..O.|..R.|..O.|R.-.|..O.|.rR.|f.O."), gate=0.8, lock=0.3),
    ),
    comps=(
        Comp(How.PAD, p("X---|----|o---|----"), layer=0.0),
        Comp(How.BLOCK, p("..X.|..X.|..X.|..Xo"), gate=0.55, layer=0.2),
        Comp(How.BLOCK, p("X..X|..X.|.o.X|..x."), gate=0.6, layer=0.3),
        Comp(How.BLOCK, p("X..x|..X.|.x..|x.+.|X..x|..X.|.x.o|..x."), gate=0.5, layer=0.5),
    ),
    tunes=(
        Tune(
            (p("X..x|..x.|..X-|--.o"), p("..X.|.x.x|..X-|-.+."), p("X-.x|--.x|-.X-|----"), p("x.oX|..x.|o.X-|----")),
            leap=0.25,
        ),
        Tune(
            (p("X...|x..x|..o.|X..+"), p("X..x|..X.|....|..o."), p("..x.|x..X|--..|...+")),
            leap=0.15,
            schemes=("aaab", "abab", "aabc"),
        ),
    ),
    feel=Feel(loose_ms=1.5, touch=6),
)
