"""Questions: what is answered from what is there, without a decision and without a line in the log.

>>> from sessions.commands import Ping
>>> answer(Ping(time=1.5), State(), "ana", lambda size: b"", now_us=7).messages
({'type': 'session.pong', 'time_us': 7, 'time': 1.5},)
"""

from __future__ import annotations

from collections.abc import Callable

from sessions import commands as c
from sessions.answers import Message, Tell, To, transport_answer
from sessions.capabilities import capabilities
from sessions.decide import engines
from sessions.state import State

__all__ = ["answer"]


def answer(command: c.Command, state: State, member: str, root: Callable[[int], bytes], now_us: int) -> Tell | None:
    """What is said to a question, and to whom; None where nothing is."""
    match command:
        case c.Ping(time=time):
            pong: Message = {"type": "session.pong", "time_us": now_us}
            return _to(member, pong if time is None else {**pong, "time": time})
        case c.AskHead():
            return _to(member, {"type": "log.head", "size": state.size, "root": root(state.size).hex()})
        case c.AskCapabilities():
            return _to(member, {"type": "capabilities", "capabilities": capabilities(state, member)})
        case c.AskTransport():
            told = transport_answer(state.transport, now_us)
            return Tell(told.messages, To.ONE, member, told.at_us)
        case c.EngineProgress():
            return engines.progress(state, member, command, now_us)
    return None


def _to(member: str, message: Message) -> Tell:
    return Tell((message,), To.ONE, member)
