"""MusicGen: text, and a melody where the checkpoint takes one, become sound, in a runtime of our own.

`protocol` says what a decoder is. Nothing here knows roles, the network, the log or the wall clock.
"""
