"""MIDI's own thinking, without MIDI: what is to sound when, what sounds, what a hand on a keyboard means.

Pure: state, messages and times in, events out. The port (`bridge.ports.midi`) brings them to a cable and back. `timeline` knows
which tick sounds when, through changes that lie ahead; `score` turns a session's state into a plan of the next second;
`voices`, in the sender, plays plans so that no note is lost, doubled or left hanging; `beat` is MIDI clock; `hand` turns what is
played into the session's messages; `frames` ties a sound card's frames to our clock; `lateness` measures.
"""
