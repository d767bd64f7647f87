"""Swing: a big band's four to the bar, the hat on two and four, riffs that answer each other."""

from __future__ import annotations

from models.compose.arranger.idiom import Bass, Comp, Feel, How, Idiom, Tune, groove
from models.compose.arranger.patterns import read_pattern as p

IDIOM = Idiom(
    name="swing",
    tempo=(96, 240),
    harmony="swing",
    colours={"seventh": 0.6, "sixth": 0.4},
    chord_units=1,
    voices=4,
    three=(0, 1, 2),
    fills="jazz",
    grooves=(
        groove("""
            ride            X...|X.x.|X...|X.x.
            pedal           ....|X...|....|X...
            kick            x...|x...|x...|x...
            snare    @0.35  ....|x...|....|x...
            snare2          ..g.|..g.|....|..g.|....|..g.|..g.|....
        """),
        groove("""
            hat             X...|X.x.|X...|X.x.
            open     @0.3   x...|....|x...|....
            kick            x...|x...|x...|x...
            snare           ....|X...|....|X...|....|X...|....|X.g.
        """),
        groove("""
            ride            X.x.|X.x.|X.x.|X.x.
            pedal           ....|X...|....|X...
            kick            x...|x...|x...|x...
            snare           ....|X.g.|..g.|X...|..g.|X...|....|X.o.
            crash    @0.75  x...|....|....|....|....|....|....|....
        """),
    ),
    basses=(
        Bass(p("R---|W---|W---|A---"), gate=0.93, walks=True),
        Bass(p("R---|T---|F---|S---|O---|S---|F---|A---"), gate=0.92),
        Bass(p("R---|W---|F---|A-w-"), gate=0.92, walks=True),
    ),
    comps=(
        Comp(How.STRUM, p("X---|x---|X---|x---"), gate=0.55, layer=0.0),
        Comp(How.STRUM, p("X-..|X-.o|X-..|X-.o"), gate=0.5, layer=0.25),
        Comp(How.BLOCK, p("X.x.|....|..X.|....|..x.|X...|....|..o."), gate=0.6, layer=0.4),
        Comp(How.BLOCK, p("..X.|..X-|....|....|X.X.|..x.|....|..+."), gate=0.6, layer=0.5),
    ),
    tunes=(
        Tune(
            (p("X.x.|x-..|X.x.|x-.."), p("..x.|X.x.|x.X-|----"), p("X.x.|..X.|..x.|X-..")),
            leap=0.3,
            breath=0.6,
            schemes=("aaab", "abac", "aabc"),
        ),
        Tune((p("..X.|..x.|x.X-|--.."), p("X-x.|x-x.|X---|...."), p("x.X.|x.x.|..o.|X---")), leap=0.25, breath=0.6),
    ),
    feel=Feel(loose_ms=6.0, touch=10),
)
