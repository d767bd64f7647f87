"""Wires that come back with the other's port, and those that somebody took off."""

from __future__ import annotations

from bridge.midi.wires import IN, MOST_AWAY, OUT, Seen, Wire, Wires

SYNTH: Wire = (OUT, "synth:in")
KEYS: Wire = (IN, "keys:out")
NOTHING = Seen((), plugged=False, unplugged=False)


def test_who_ends_and_comes_back_is_connected_again() -> None:
    wires = Wires([])
    assert wires.look({SYNTH, KEYS}, {"synth:in", "keys:out"}) == Seen((), plugged=True, unplugged=False)
    assert wires.look({SYNTH, KEYS}, {"synth:in", "keys:out"}) == NOTHING
    assert wires.look({KEYS}, {"keys:out"}) == NOTHING, "it was one that hears"
    assert wires.known == [KEYS, SYNTH]
    assert wires.look({KEYS}, {"keys:out", "synth:in"}).back == (SYNTH,)
    assert wires.look({SYNTH, KEYS}, {"synth:in", "keys:out"}).plugged


def test_a_keyboard_that_is_gone_is_told_of() -> None:
    wires = Wires([])
    wires.look({KEYS}, {"keys:out"})
    assert wires.look(set(), set()).unplugged
    assert wires.look(set(), {"keys:out"}).back == (KEYS,)


def test_what_somebody_takes_off_stays_off() -> None:
    wires = Wires([])
    wires.look({SYNTH}, {"synth:in"})
    assert wires.look(set(), {"synth:in"}).back == ()
    assert wires.look(set(), set()).back == ()
    assert wires.look(set(), {"synth:in"}).back == ()
    assert wires.known == []


def test_a_loose_plug_is_out_and_in_again_between_two_looks() -> None:
    wires = Wires([])
    wires.look({SYNTH}, {"synth:in"})
    assert wires.look(set(), {"synth:in"}, ["synth:in"]).back == (SYNTH,)
    wires.look({SYNTH, KEYS}, {"synth:in", "keys:out"})
    seen = wires.look({SYNTH, KEYS}, {"synth:in", "keys:out"}, ["synth:in", "keys:out"])
    assert seen == Seen((), plugged=True, unplugged=True), "connected again by somebody else"
    assert wires.look({SYNTH, KEYS}, {"synth:in", "keys:out"}) == NOTHING


def test_another_life_waits_for_all_that_was_wired_before() -> None:
    """After JACK itself was gone others come back one by one, and later than we."""
    wires = Wires([SYNTH, KEYS])
    assert wires.look(set(), set()).back == ()
    assert wires.look(set(), {"keys:out"}).back == (KEYS,)
    assert wires.look({KEYS}, {"keys:out"}).back == ()
    assert wires.look({KEYS}, {"keys:out", "synth:in"}).back == (SYNTH,)


def test_a_connection_that_fails_is_tried_when_its_port_comes_again() -> None:
    wires = Wires([SYNTH])
    assert wires.look(set(), {"synth:in"}).back == (SYNTH,)
    assert wires.look(set(), {"synth:in"}).back == ()
    assert wires.look(set(), set()).back == ()
    assert wires.look(set(), {"synth:in"}).back == (SYNTH,)


def test_names_that_are_never_seen_again_are_not_kept_for_ever() -> None:
    wires = Wires([SYNTH])
    for number in range(5 * MOST_AWAY):
        name = f"daw-{number}:in"
        wires.look({(OUT, name)}, {name})
        wires.look(set(), set())
    assert len(wires.known) == MOST_AWAY
    for count in range(MOST_AWAY):
        few = Wires([(OUT, str(number)) for number in range(count)])
        few.look(set(), set())
        assert len(few.known) == count
