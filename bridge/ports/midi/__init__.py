"""The door for MIDI: a port that a DAW or a synth sees, out of which the session plays, and into which its owner does.

`door` is a member's seat like any other's; `link` keeps a sender, a process of its own (`python -m bridge.ports.midi`), so that
nothing the server computes makes a note late, and so that every note ends even where the server is killed. In the sender `jack`
writes into JACK's own cycles, to the frame; `rtmidi` sends by a thread on time, through CoreMIDI, ALSA or Windows.
"""
