"""The session: vocabulary, rules and record. It thinks and touches nothing.

What lives here: musical time and requests (`sessions.music`), commands and events, who may do what (`sessions.roles`), the pure
decision and fold (`sessions.decide`, `sessions.apply`), what is said to whom (`sessions.answers`), and the signed log
(`sessions.canonical`, `merkle`, `keys`, `checkpoint`, `log`, `audit`, `certificate`, `invites`).

What must never be here: asyncio, sockets, files, clocks, random numbers, torch, `models` or `bridge`. Time and chance are
arguments.
"""
