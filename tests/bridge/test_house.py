"""The house: a token is looked at closely once, and what may change about it every time."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge import house as houses
from bridge.house import House
from sessions.errors import Code, Refused
from sessions.invites import make_invite
from sessions.keys import VerifierKey, log_key
from tests.support.virtual_time import run_virtual

EXPIRES_S = 2_000_000_000


class Clock:
    now_s = EXPIRES_S - 1000

    def now_us(self) -> int:
        return self.now_s * 1_000_000


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Each signature that is checked."""
    seen: list[bytes] = []
    real = VerifierKey.verify

    def verify(self: VerifierKey, data: bytes, signature: bytes) -> bool:
        seen.append(signature)
        return real(self, data, signature)

    monkeypatch.setattr(VerifierKey, "verify", verify)
    return seen


def code_of(house: House, token: str) -> Code | None:
    try:
        house.open(token)
    except Refused as refused:
        return refused.code
    return None


def test_a_known_token_costs_no_signature_and_still_expires_and_is_revoked(tmp_path: Path, checks: list[bytes]) -> None:
    async def scene() -> None:
        clock = Clock()
        house = House(tmp_path, clock)
        host = await house.start("jam")
        token = make_invite(host.key, "jam", "guest", "", EXPIRES_S, "00" * 8)
        other = make_invite(host.key, "jam", "guest", "", EXPIRES_S, "11" * 8)
        for _ in range(1000):
            assert code_of(house, token) is None
            assert code_of(house, other) is None
        assert len(checks) == 2
        host.state.revoked["00" * 8] = True
        assert code_of(house, token) is Code.BAD_TOKEN
        clock.now_s = EXPIRES_S
        assert code_of(house, other) is Code.EXPIRED
        assert len(checks) == 2
        host.state.revoked.clear()
        await house.close()

    run_virtual(scene())


def test_what_is_no_token_is_remembered_nowhere(
    tmp_path: Path, checks: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        monkeypatch.setattr(houses, "MAX_TOKENS", 4)
        house = House(tmp_path, Clock())
        host = await house.start("jam")
        good = make_invite(host.key, "jam", "guest", "", EXPIRES_S, "00" * 8)
        assert code_of(house, good) is None
        for number in range(100):
            forged = make_invite(log_key("jam"), "jam", "guest", "", EXPIRES_S, f"{number:016x}")
            assert code_of(house, forged) is Code.BAD_TOKEN
        before = len(checks)
        assert code_of(house, good) is None
        assert len(checks) == before
        for number in range(1, 5):
            assert code_of(house, make_invite(host.key, "jam", "guest", "", EXPIRES_S, f"{number:016x}")) is None
        before = len(checks)
        assert code_of(house, good) is None
        assert len(checks) == before + 1, "the longest unused is forgotten"
        await house.close()

    run_virtual(scene())
