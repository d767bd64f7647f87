"""Metal: double kicks, gallops, low fifths and semitones, the bass glued to the guitar."""

from __future__ import annotations

from models.compose.arranger.idiom import Bass, Comp, Feel, How, Idiom, Tune, groove
from models.compose.arranger.patterns import read_pattern as p

IDIOM = Idiom(
    name="metal",
    tempo=(120, 205),
    harmony="metal",
    colours={"power": 0.9, "triad": 0.1},
    chord_units=1,
    voices=3,
    fills="metal",
    grooves=(
        groove("""
            kick            X.xx|x.xx|X.xx|x.xx|X.xx|x.xx|X.xx|xxxx
            snare           ....|X...|....|X...|....|X...|....|X...
            hat             X.x.|X.x.|X.x.|X.x.|X.x.|X.x.|X.x.|X.x.
            crash    @0.6   x...|....|....|....|....|....|....|....
            china    @0.8   ....|x...|....|x...|....|x...|....|x...
        """),
        groove("""
            kick            Xoxo|xoxo|Xoxo|xoxo|Xoxo|xoxo|Xoxo|xoxo
            snare           ....|X...|....|X...|....|X...|....|X..o
            ride            x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.|x.x.
            bell     @0.5   x...|x...|x...|x...|x...|x...|x...|x...
        """),
        groove("""
            kick            X..x|..x.|X..x|..x.|X..x|..x.|X.xx|o.xo
            snare           ....|....|X...|....|....|....|X...|....
            china           X...|x...|x...|x...|X...|x...|x...|x...
            crash    @0.7   x...|....|x...|....|x...|....|x...|....
        """),
    ),
    basses=(
        Bass(p("R.RR|R.RR|R.RR|R.RR"), gate=0.85, lock=0.5),
        Bass(p("RrRr|RrRr|RrRr|Rraa"), gate=0.8, lock=0.4),
        Bass(p("R--R|--R-|R--R|--r-"), gate=0.9, lock=0.6),
    ),
    comps=(
        Comp(How.BLOCK, p("X---|----|x---|----"), gate=0.97, layer=0.0),
        Comp(How.BLOCK, p("X.xx|x.xx|X.xx|x.xx"), gate=0.7, layer=0.25),
        Comp(How.BLOCK, p("X--x|--x-|X--x|--x."), gate=0.85, layer=0.3),
        Comp(How.BLOCK, p("XoXo|XoXo|XoXo|XoX+"), gate=0.65, layer=0.5),
    ),
    tunes=(
        Tune((p("X---|--x-|x---|X---"), p("X-x-|x-x-|X---|----")), leap=0.3, breath=0.4),
        Tune(
            (p("XoxX|oxXo|xoXo|xoX+"), p("X.xo|X.xo|XoxX|oxx+")),
            leap=0.3,
            breath=0.2,
            gate=0.8,
            schemes=("abac", "aabc"),
        ),
    ),
    bass_range=(26, 45),
    harmony_range=(38, 60),
    melody_range=(60, 88),
    feel=Feel(loose_ms=3.0, touch=6),
)
