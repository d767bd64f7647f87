"""Role x command x part at every door: what each answers is what the table says, before and after whatever changes it.

One member is in by every door at once, and goes from role to role; then their invite is revoked, or they are removed, and every
door is shut at once.
"""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from bridge.ports.disk import read_key
from bridge.ports.osc_udp import ONE_STRANGER_PER_S
from sessions.invites import make_invite
from sessions.roles import LEADER
from tests.doors.clients import CLIENTS, Client, SlipTcp, Udp
from tests.doors.engine import HandEngine
from tests.doors.lines import ENGINE_SAYS, SCOPES, Props, hear_all, lines, mistakes, more_lines, says_what_to_do
from tests.doors.routes import Routes
from tests.support.server import Server, running_server
from tests.support.table import DJ

ROLES = ("listener", "guest", "rhythm", "harmony", "leader", "dj")
CHANGES = [*zip((ROLES[-1], *ROLES), ROLES, strict=False)]
"""Round through all roles: each is once what somebody becomes, and once what they were."""


class Stage:
    """A server with a leader, a guest, an engine and finished takes."""

    def __init__(self, server: Server, stack: ExitStack) -> None:
        self.server = server
        self._numbers = itertools.count(1)
        self.engine = stack.enter_context(HandEngine(server))
        self.leader = stack.enter_context(SlipTcp(server))
        self.guest = stack.enter_context(SlipTcp(server))
        self._lead = self.leader.join(server.invites["leader"])["member"]
        self._guest = self.guest.join(server.invites["guest"])["member"]
        self.leader.say("session.define", role="dj", grants=DJ)
        self.takes: dict[str, str] = {}
        self._sound = ""
        for scope, parts in SCOPES.items():
            stems = int(scope in ("texture", "all"))
            self.leader.say("section.request", id=scope, bars=1, parts=",".join(parts), stems=stems)
            self._sound = self.engine.write(self.engine.work()) or self._sound
            self.takes[scope] = self.leader.hear("section.done", id=scope)["take"]

    def invite(self, role: str, name: str = "") -> str:
        """A token that nobody has come by yet."""
        key = read_key(self.server.folder)
        return make_invite(key, self.server.session, role, name, 4_000_000_000, secrets.token_hex(8))

    def give(self, member: str, role: str) -> None:
        """Another role, on disk."""
        self.leader.say("session.role", member=member, role=role)
        self.leader.hear("session.role", member=member, role=role)

    def props(self, role: str) -> Props:
        """All that a script needs in the mouth of this role: what only leaders may do is refused before anybody looks on what."""
        number = next(self._numbers)
        first, second, asked = "nobody", "no one", ["none", "nothing"]
        if role == LEADER:
            first, second = (self._victim(f"victim-{number}-{one}") for one in "ab")
            asked = [f"yes-{number}", f"no-{number}"]
            for id_ in asked:
                self.guest.say("section.request", id=id_, bars=1, parts="drums")
        self.leader.say("transport.stop")
        self.leader.say("transport.locate", beat=0.0)
        self.leader.say("transport.meter", meter="4/4")
        for take in self.takes.values():
            self.leader.say("take.loop", take=take, at="now")
        for client in (self.guest, self.leader, self.engine):
            hear_all(client)
        yes, no = (f"{self._guest}/{id_}" for id_ in asked)
        written, sounding = f"{self._lead}/drums", f"{self._lead}/all"
        return Props(number, self.takes, (first, second), (yes, no), written, sounding, self._sound)

    def _victim(self, name: str) -> str:
        """Somebody who was here."""
        with Udp(self.server) as victim:
            victim.join(self.invite("listener", name))
            victim.say("session.leave")
            victim.hear("session.left")
        return name

    def clear(self, member: str, props: Props) -> None:
        """Whatever a script left open."""
        for name in (*props.waiting, *(f"{member}/{scope}-{props.number}" for scope in SCOPES)):
            self.leader.say("section.cancel", id=name)
        hear_all(self.leader)


class Walker:
    """One member at every door."""

    def __init__(self, stage: Stage, name: str, stack: ExitStack, role: str = "listener") -> None:
        self.token, self.name = stage.invite(role, name), name
        self.doors: dict[str, Client] = {kind: stack.enter_context(CLIENTS[kind](stage.server)) for kind in CLIENTS}
        for door in self.doors.values():
            assert door.join(self.token)["member"] == name
        self.routes = Routes(
            stack.enter_context(httpx.Client(base_url=stage.server.http, verify=False)), stage.server, self.token
        )


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with running_server(tmp_path_factory.mktemp("server"), engine=False) as server, ExitStack() as stack:
        yield Stage(server, stack)


@pytest.fixture(scope="module")
def walker(stage: Stage) -> Iterator[Walker]:
    with ExitStack() as stack:
        yield Walker(stage, "walker", stack)


@pytest.mark.parametrize(("before", "role"), CHANGES)
def test_a_role_is_what_it_is_now_at_every_door_at_once(before: str, role: str, stage: Stage, walker: Walker) -> None:
    found: list[str] = []
    stage.give(walker.name, before)
    stage.give(walker.name, role)
    for door, client in walker.doors.items():
        props = stage.props(role)
        for script in (lines, more_lines):
            found += [f"{door}: {wrong}" for wrong in mistakes(client, [*script(props)], role)]
        stage.clear(walker.name, props)
    found += [f"http: {wrong}" for wrong in walker.routes.mistakes(stage.props(role), role)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("door", CLIENTS)
def test_an_engine_only_answers_requests(door: str, stage: Stage) -> None:
    with CLIENTS[door](stage.server) as client, ExitStack() as stack:
        token = stage.invite("engine", f"engine-{door}")
        client.join(token)
        props = stage.props("engine")
        found = mistakes(client, [*lines(props), *more_lines(props)], "engine")
        http = stack.enter_context(httpx.Client(base_url=stage.server.http, verify=False))
        found += Routes(http, stage.server, token).mistakes(props, "engine")
        assert not found, "\n".join(found)
        stage.clear("nobody", props)


@pytest.mark.parametrize("how", ["revoke", "remove"])
def test_who_is_sent_away_is_out_at_every_door_at_once(how: str, stage: Stage) -> None:
    with ExitStack() as stack:
        gone = Walker(stage, f"gone-by-{how}", stack, LEADER)
        stage.leader.say(f"session.{how}", **({"invite": gone.token} if how == "revoke" else {"member": gone.name}))
        stage.leader.hear("session.remove", member=gone.name)
        props = stage.props("nobody")
        for door, client in gone.doors.items():
            if isinstance(client, Udp):
                _is_a_stranger(client, gone.token, props)
            else:
                assert client.ended(), door
            with CLIENTS[door](stage.server) as again:
                again.say("session.join", token=gone.token)
                assert says_what_to_do(again.refused("bad-token")), door
        for request in gone.routes.requests(props):
            answer = gone.routes.send(request)
            assert (answer.status_code, answer.json()["code"]) == (401, "bad-token"), str(request)
            assert says_what_to_do(answer.json())
        stage.clear(gone.name, props)


def _is_a_stranger(client: Udp, token: str, props: Props) -> None:
    """Every command is refused, each once, and the token opens nothing."""
    client.hear("session.remove")
    client.heard.clear()
    said = [line for line in lines(props) if line.command not in ENGINE_SAYS]
    for line in said:
        client.say(line.command, **line.fields)
        assert says_what_to_do(client.refused("not-joined"))
        time.sleep(1 / ONE_STRANGER_PER_S)  # more is not answered
    client.say("session.join", token=token)
    client.refused("bad-token")
    assert client.heard == []
