"""Who goes where all places are taken: strangers, the idle, requests that take their time; never members."""

from __future__ import annotations

import asyncio

import pytest

from bridge.crowd import Crowd
from bridge.ports.http import lobby as rooms
from bridge.ports.http.lobby import ASKING_S, Lobby
from tests.support.virtual_time import run_virtual


class Guest:
    def __init__(self) -> None:
        self.gone = False

    def leave(self) -> None:
        self.gone = True


def test_who_drips_a_request_goes_for_who_comes_and_members_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "MAX_CONNECTIONS", 3)

    async def main() -> None:
        lobby = Lobby(Crowd())
        member, slow, slower = guests = [Guest() for _ in range(3)]
        assert all(lobby.enter(guest) for guest in guests)
        lobby.knows(member)
        lobby.answers(slower)
        lobby.answers(slow)
        assert not lobby.enter(Guest()), "a request has a while"
        await asyncio.sleep(ASKING_S)
        lobby.answers(slow)  # another word of it changes nothing
        assert [lobby.enter(Guest()) for _ in range(2)] == [True, True]
        assert (slower.gone, slow.gone, member.gone) == (True, False, False), "the second took the first one's place"
        lobby.rests(slow)
        for _ in range(2):
            newest = Guest()
            assert lobby.enter(newest)
            lobby.knows(newest)
        assert slow.gone
        assert not member.gone
        assert not lobby.enter(Guest()), "members keep their places"
        assert lobby.statistics()["turned_away"] == 2

    run_virtual(main())
