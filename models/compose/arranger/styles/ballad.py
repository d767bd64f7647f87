"""Ballad: slow, broken chords, long notes, drums that stay behind the voice."""

from __future__ import annotations

from models.compose.arranger.idiom import Bass, Comp, Feel, How, Idiom, Tune, groove
from models.compose.arranger.patterns import read_pattern as p

IDIOM = Idiom(
    name="ballad",
    tempo=(46, 96),
    harmony="ballad",
    colours={"triad": 0.65, "added": 0.25, "seventh": 0.1},
    chord_units=1,
    voices=4,
    fills="soft",
    grooves=(
        groove("""
            kick            X...|....|..x.|....|X...|....|X.x.|....
            rim             ....|X...|....|X...|....|X...|....|X...
            hat             x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.
            shaker   @0.45  gogo|gogo|gogo|gogo|gogo|gogo|gogo|gogo
        """),
        groove("""
            kick            X...|....|X.o.|....|X...|..o.|X...|....
            snare           ....|X...|....|X...|....|X...|....|X..g
            ride            x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.
            crash    @0.8   x...|....|....|....|....|....|....|....
        """),
        groove("""
            kick            X...|....|....|..x.|X...|....|..o.|....
            snare           ....|....|X...|....|....|....|X...|...g
            hat             x.o.|x.o.|x.o.|x.o.|x.o.|x.o.|x.o.|x.oo
            tambourine @0.5 ....|....|x...|....|....|....|x...|....
        """),
    ),
    basses=(
        Bass(p("R---|----|--r-|----|R---|----|F---|--a-"), gate=0.97, lock=0.5),
        Bass(p("R---|--r-|R---|----|R---|--r-|F---|a---"), gate=0.95, lock=0.5),
        Bass(p("R---|----|f---|----|R---|----|o---|a---"), gate=0.97),
    ),
    comps=(
        Comp(How.PAD, p("X---|----|----|----"), layer=0.0),
        Comp(How.BROKEN, p("X-x-|x-x-|X-x-|x-x-"), gate=0.98, layer=0.0),
        Comp(How.ARP, p("X-x-|x-x-|x-x-|x-x-"), gate=0.98, layer=0.15, order=(0, 1, 2, 3, 2, 1)),
        Comp(How.BLOCK, p("X---|x---|x---|x---"), gate=0.95, layer=0.35),
        Comp(How.BROKEN, p("Xoxo|xoxo|Xoxo|xo+o"), gate=0.95, layer=0.5),
    ),
    tunes=(
        Tune(
            (p("X---|x-x-|X---|----"), p("..x-|x-x-|X---|--.."), p("X--x|x---|x-X-|----"), p("X-x-|X---|--x-|x---")),
            leap=0.3,
            breath=0.6,
        ),
        Tune((p("X---|--x-|x---|X---"), p("....|x-x-|X-x-|----"), p("X-x-|x-x-|X---|----")), leap=0.3, breath=0.6),
    ),
    melody_range=(62, 84),
    feel=Feel(loose_ms=7.0, late_ms=3.0, touch=9),
)
