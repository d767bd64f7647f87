"""Bytes to messages and back: pure codecs, one protocol a file. No socket, no clock, no session."""
