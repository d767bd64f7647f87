"""What tests share: virtual time, a scripted network, guards against leaks and blocking calls, a server to talk to.

Nothing here knows a rule of the house; it only makes the world around it repeatable.
"""
