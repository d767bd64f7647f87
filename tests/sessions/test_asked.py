"""What is found by id, and what is open: always the same as a look through the whole table."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sessions.asked import AskedFor
from sessions.snapshot import everything, from_lines, lines_of
from sessions.state import Status
from tests.support.band import Band

OVER = st.sampled_from([status for status in Status if status.over])


class One:
    """As much of a section as is looked at."""

    def __init__(self, asker: str, id_: str) -> None:
        self.id, self.name, self.status = id_, f"{asker}/{id_}", Status.QUEUED


def agrees(asked_for: AskedFor[Any], table: dict[str, Any]) -> None:
    assert asked_for.open() == [one for one in table.values() if not one.status.over]
    for id_ in {one.id for one in table.values()} | {"nothing"}:
        assert list(asked_for.under(id_)) == [one for one in table.values() if one.id == id_]


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.none() | OVER), max_size=20))
def test_it_says_what_the_table_says(steps: list[tuple[int, bool, Status | None]]) -> None:
    """Sections that come, several at a time, and are over in any order."""
    table: dict[str, Any] = {}
    asked_for = AskedFor[Any](table)
    for number, (more, looks, how) in enumerate(steps):
        for at in range(more):
            one = One(f"member-{at}", f"section-{number // 2}")
            table.setdefault(one.name, one)
        still = [one for one in table.values() if not one.status.over]
        if still and how is not None:
            still[number % len(still)].status = how
        if looks:
            agrees(asked_for, table)
    agrees(asked_for, table)


def test_a_state_that_is_read_back_finds_its_own() -> None:
    band = Band()
    band.join("leader", "ana")
    band.engine("e1")
    band.send("ana", {"type": "section.request", "id": "a", "bars": 1})
    read = from_lines(lines_of(everything(band.state)))
    assert read == band.state
    assert read is not None
    found = next(read.asked_for.under("a"))
    assert found is read.sections["ana/a"]
    assert AskedFor(read.sections).open() == [found]
