"""Techno: a kick that never stops, a rumbling pulse below, few chords, small changes over long stretches."""

from __future__ import annotations

from models.compose.arranger.idiom import Bass, Comp, Feel, How, Idiom, Tune, groove
from models.compose.arranger.patterns import read_pattern as p

IDIOM = Idiom(
    name="techno",
    tempo=(118, 155),
    harmony="drone",
    colours={"triad": 0.6, "open": 0.4},
    chord_units=2,
    voices=3,
    four_on_floor=True,
    fills="electronic",
    grooves=(
        groove("""
            kick            X...|X...|X...|X...
            open            ..X.|..X.|..X.|..X.
            hat             +xo+|+xo+|+xo+|+xo+
            clap     @0.35  ....|X...|....|X...
            rim      @0.25  ...o|..o.|.o..|o...
            ride     @0.65  x.x.|x.x.|x.x.|x.x.
        """),
        groove("""
            kick            X...|X...|X...|X...|X...|X...|X...|X..+
            hat             xgxg|xgxg|xgxg|xgxg|xgxg|xgxg|xgxg|xgxg
            open            ..x.|..X.|..x.|..X.|..x.|..X.|..x.|..X.
            clap     @0.3   ....|X...|....|X...|....|X...|....|X..o
            low      @0.4   ....|...o|....|.o..|....|..o.|...o|..o.
            block    @0.3   .o..|o..o|..o.|.+..|.o..|o..o|..+.|.o..
        """),
        groove("""
            kick            X...|X...|X...|X...
            open            ..X.|..X.|..X.|..X.
            shaker          oxox|oxox|oxox|oxox
            snare    @0.45  ....|x...|....|x..g
            cowbell  @0.4   ..o.|.o..|o..o|....
        """),
    ),
    basses=(
        Bass(p(".RrR|.RrR|.RrR|.RrR"), gate=0.7),
        Bass(p("..R.|..R.|..R.|..R.|..R.|..R.|..R.|.rR."), gate=0.7),
        Bass(p("R.rR|.r.R|.Rr.|R.rO"), gate=0.55, lock=0.3),
        Bass(p("..Rr|..R.|.rR.|..Rs"), gate=0.6),
    ),
    comps=(
        Comp(How.PAD, p("X---|----|----|----"), layer=0.0),
        Comp(How.BLOCK, p("....|..X.|....|...o|....|..X.|.+..|...."), gate=0.5, layer=0.15),
        Comp(How.BLOCK, p("...X|..o.|...x|....|...X|..o.|.x..|..+."), gate=0.4, layer=0.3),
        Comp(How.ARP, p("XoXo|XoXo|XoXo|XoXo"), gate=0.6, layer=0.5, order=(0, 2, 1, 2, 0, 1)),
    ),
    tunes=(
        Tune(
            (p("X..x|..o.|x..o|..+."), p("..X.|x..o|..X.|.+.."), p("X.o.|..x.|.o..|X...")),
            leap=0.3,
            breath=0.3,
            gate=0.6,
            schemes=("aaab", "aaaa", "abab"),
        ),
        Tune(
            (p("XoxX|o+xo|Xo+x|xoX+"), p("X.xo|x.Xo|.xoX|o.x+")),
            leap=0.4,
            breath=0.2,
            gate=0.5,
            schemes=("aaab", "abab"),
        ),
    ),
    melody_range=(55, 79),
    feel=Feel(loose_ms=1.0, touch=5),
)
