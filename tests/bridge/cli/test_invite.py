"""`starbridge invite`: tokens that the session's own key signed, and refusals that say what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.ports.clock import SystemClock
from bridge.ports.disk import read_key, session_folder
from sessions.invites import read_token
from tests.bridge.cli.conftest import Command


def test_the_token_holds_what_was_asked(starbridge: Command, data: Path) -> None:
    before_us = SystemClock().now_us()
    done = starbridge("invite", "jam", "--role", "guest", "--name", "sam", "--expires", "3h", "--data", data)
    assert (done.exit_code, done.stderr) == (0, "")
    invite = read_token(done.stdout.strip(), read_key(session_folder(data, "jam")).verifier, before_us)
    assert (invite.session, invite.role, invite.name) == ("jam", "guest", "sam")
    assert 3 * 3600 - 1 <= invite.expires_s - before_us // 1_000_000 <= 3 * 3600 + 60


def test_tokens_are_never_the_same_twice(starbridge: Command, data: Path) -> None:
    tokens = {starbridge("invite", "jam", "--role", "listener", "--data", data).stdout for _ in range(5)}
    assert len(tokens) == 5


def test_a_role_that_the_leader_defined_can_be_invited_to(starbridge: Command, data: Path) -> None:
    done = starbridge("invite", "jam", "--role", "soloist", "--data", data)
    assert done.exit_code == 0
    assert read_token(done.stdout.strip(), read_key(session_folder(data, "jam")).verifier, 0).role == "soloist"


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["nowhere", "--role", "guest"], "no session"),
        (["jam", "--role", "queen"], "there are leader"),
        (["jam", "--role", "guest", "--name", "a b"], "name"),
        (["../jam", "--role", "guest"], "session"),
        (["jam", "--role", "guest", "--expires", "soon"], "expires"),
    ],
)
def test_refusals_are_one_line_with_advice(starbridge: Command, data: Path, words: list[str], advice: str) -> None:
    done = starbridge("invite", *words, "--data", data)
    assert (done.exit_code, done.stdout) == (1, "")
    assert advice in done.stderr
    assert done.stderr.count("\n") == 1
