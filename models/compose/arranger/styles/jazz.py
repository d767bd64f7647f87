"""Jazz: the ride and the walk carry it, everything else comments."""

from __future__ import annotations

from models.compose.arranger.idiom import Bass, Comp, Feel, How, Idiom, Tune, groove
from models.compose.arranger.patterns import read_pattern as p

IDIOM = Idiom(
    name="jazz",
    tempo=(76, 240),
    harmony="jazz",
    colours={"seventh": 0.55, "ninth": 0.45},
    chord_units=1,
    voices=4,
    three=(0, 1, 2),
    fills="jazz",
    grooves=(
        groove("""
            ride            X...|x.x.|X...|x.x.
            pedal           ....|X...|....|X...
            kick     @0.2   g...|g...|g...|g...
            snare           ....|..g.|....|....|..g.|....|..g.|...o
            kick2    @0.4   ....|....|..o.|....|....|..+.|....|....
        """),
        groove("""
            ride            X...|X.x.|x.x.|X.x.|X.x.|X...|X.x.|x.x.
            pedal           ....|X...|....|X...|....|X...|....|X...
            snare           ..g.|....|..o.|....|....|..g.|....|o.g.
            kick     @0.2   g...|g...|g...|g...|g...|g...|g...|g...
            kick2    @0.35  ....|..o.|....|....|....|....|..o.|....
        """),
        groove("""
            hat             x...|x.x.|x...|x.x.
            pedal           ....|x...|....|x...
            rim             ....|....|....|x...
            ride     @0.4   x...|x.x.|x...|x.x.
            kick     @0.3   g...|g...|g...|g...
            snare           ....|....|..g.|....|....|..g.|....|....
        """),
    ),
    basses=(
        Bass(p("R---|W---|W---|A---"), gate=0.95, walks=True),
        Bass(p("R---|W-w-|W---|A-w-|R---|W---|W-w-|A---"), gate=0.93, walks=True),
    ),
    comps=(
        Comp(How.BLOCK, p("X---|----|..o.|....|X---|----|....|..+."), gate=0.9, layer=0.0),
        Comp(How.BLOCK, p("X-..|..x-|....|....|..x-|....|X-..|..o."), gate=0.7, layer=0.15),
        Comp(How.BLOCK, p("..x.|..X.|....|o.x.|....|..X.|x-..|..o."), gate=0.6, layer=0.3),
        Comp(How.BLOCK, p("X...|..x.|..o.|..x.|X.o.|..x.|....|x.X."), gate=0.55, layer=0.5),
    ),
    tunes=(
        Tune(
            (p("X.x.|x.x.|X.x.|x-.."), p("..x.|x.x.|X---|...."), p("x.x.|X--o|..x.|x.X-"), p("..o.|X.x.|x.x.|X...")),
            leap=0.3,
            breath=0.7,
            schemes=("abac", "abcd", "aabc"),
        ),
        Tune((p("X---|..x.|X-x.|x---"), p("..X.|x-x.|..x.|X---"), p("X-x-|x.x.|o.X-|----")), leap=0.35, breath=0.6),
    ),
    harmony_range=(50, 74),
    melody_range=(58, 82),
    feel=Feel(loose_ms=7.0, touch=11),
)
