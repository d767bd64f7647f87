"""SuperCollider at a real server: joins from its own port, sends bundles a second ahead, hears bars and dated answers."""

from __future__ import annotations

from pathlib import Path

from tests.support.patches import sclang_env
from tests.support.programs import program
from tests.support.server import running_server
from tests.support.talk import Talk

SCRIPT = """
fork {
    var server = NetAddr("127.0.0.1", %(port)d), heard = List[], waits = { |address|
        var limit = 30;
        while { heard.includes(address).not and: { limit > 0 } } { 0.02.wait; limit = limit - 0.02 };
        heard.removeAll([address]);
    };
    ["/session/joined", "/session/left", "/section/accepted", "/section/note", "/section/bar", "/section/done", "/refused",
     "/transport/state", "/live/note", "/chat/said"].do { |address|
        OSCFunc({ |message, time|
            ("HEARD " ++ message.join(" ") ++ " AHEAD " ++ (time - Main.elapsedTime).round(0.001)).postln;
            heard.add(address.asSymbol);
        }, address);
    };
    server.sendMsg("/session/join", "%(token)s");
    waits.('/session/joined');
    server.sendMsg("/section/request", "sc1", "bars", 2, "parts", "drums", "bpm", 128.5, "stems", 0, 'kind', 'loop');
    waits.('/section/done');
    server.sendBundle(1.0, ["/chat/say", "a second later"]);
    server.sendMsg("/chat/say", "at once");
    waits.('/chat/said');
    waits.('/chat/said');
    server.sendMsg("/transport/play");
    waits.('/transport/state');
    server.sendMsg("/live/note", "bass", 36, 100);
    waits.('/live/note');
    server.sendMsg("/live/note", "bass", 36.5, 100);
    waits.('/refused');
    server.sendMsg("/session/leave");
    waits.('/session/left');
    "THAT IS ALL".postln;
    0.exit;
}
"""


def test_a_whole_conversation(tmp_path: Path) -> None:
    sclang = program("sclang")
    with running_server(tmp_path / "server") as server:
        script = tmp_path / "jam.scd"
        script.write_text(SCRIPT % {"port": server.osc_address[1], "token": server.invites["leader"]}, "utf-8")
        with Talk([sclang, "-D", str(script)], tmp_path, sclang_env(tmp_path)) as sc:
            sc.until("THAT IS ALL")
            heard = [line for line in sc.output.splitlines() if line.startswith("HEARD")]
    said = [line.removeprefix("HEARD ").partition(" AHEAD ")[0] for line in heard]
    assert said[0] == "/session/joined jam leader leader"
    assert "/section/accepted sc1" in said
    bars = [line for line in said if line.startswith("/section/bar sc1 drums")]
    assert [line.split()[3] for line in bars] == ["1", "2"]
    notes = [line for line in said if line.startswith("/section/note sc1 drums")]
    assert len(notes) == sum(int(line.split()[4]) for line in bars)
    lines = [line for line in said if line.startswith("/chat/said")]
    assert lines == ["/chat/said leader at once", "/chat/said leader a second later"]
    (state,) = (line for line in heard if line.startswith("HEARD /transport/state 1"))
    assert 0 < float(state.rpartition(" ")[2]) < 2, "dated ahead, when the beat sounds"
    assert "/live/note bass 36 100" in said
    (refused,) = (line for line in said if line.startswith("/refused"))
    assert refused.startswith("/refused /live/note bad-value pitch: 36.5")
    assert said[-1] == "/session/left"
