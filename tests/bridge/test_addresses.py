"""The page of addresses is the one that the tables make, and says what the permission table says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge import addresses
from osc_schemas import Ask, book
from sessions.roles import ROLES, Permit


def cells(address: str) -> list[str]:
    (line,) = (line for line in addresses.page().splitlines() if line.startswith(f"| `{address}` |") and " • " in line)
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def test_the_page_is_up_to_date() -> None:
    assert addresses.PAGE.read_text(encoding="utf-8") == addresses.page(), "run `python -m bridge.addresses`"
    assert addresses.main(["--check"]) == 0


def test_every_address_key_and_role_is_on_it() -> None:
    page = addresses.page()
    for address in (*book().asks, *(answer.address for answer in book().answers.values())):
        assert f"| `{address}` |" in page
    for name in (*book().keys, *ROLES):
        assert name in page


@pytest.mark.parametrize("ask", book().asks.values(), ids=lambda ask: ask.address)
def test_it_says_who_may(ask: Ask) -> None:
    for role, cell in zip(ROLES.values(), cells(ask.address)[2:8], strict=True):
        permit = role.permits(ask.type)
        assert (cell == "") is (permit is Permit.NO)
        assert (cell == "waits") is (permit is Permit.ASK)


def test_the_parts_of_a_role_are_named() -> None:
    assert cells("/live/note")[2:8] == ["•", "drums, bass", "harmony, melody, texture", "•", "", ""]


def test_an_outdated_page_is_told_from_a_current_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "PAGE", tmp_path / "ADDRESSES.md")
    assert addresses.main(["--check"]) == 1
    assert addresses.main([]) == 0
    assert addresses.main(["--check"]) == 0
    addresses.PAGE.write_text("old")
    assert addresses.main(["--check"]) == 1
