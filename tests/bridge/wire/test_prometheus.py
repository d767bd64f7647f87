"""Figures as text: what Prometheus' own parser reads out of it."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families as read

from bridge.wire.prometheus import FAMILIES, exposition

FOUND = {
    "crowd": {"waiting": 2, "turns": 7, "rests": 0, "nobody_knows": 1},
    "osc_udp": {"received": 10},
    "sessions": {
        'a "b"\\c': {"session": {"members": 3, "entries": 40}, "record": {"bytes": 2**40}},
        "jam": {"session": {"members": 1, "entries": 2}, "record": {"bytes": 0}},
    },
}


def test_prometheus_reads_every_figure() -> None:
    families = {family.name: family for family in read(exposition(FOUND))}
    assert {name: family.type for name, family in families.items()} == {
        "starbridge_crowd_waiting": "gauge",
        "starbridge_crowd_turns": "counter",
        "starbridge_crowd_rests": "counter",
        "starbridge_osc_udp_received": "counter",
        "starbridge_session_members": "gauge",
        "starbridge_session_entries": "gauge",
        "starbridge_record_bytes": "gauge",
    }
    assert [sample.value for sample in families["starbridge_crowd_turns"].samples] == [7]
    members = families["starbridge_session_members"].samples
    assert [(sample.labels, sample.value) for sample in members] == [
        ({"session": 'a "b"\\c'}, 3),
        ({"session": "jam"}, 1),
    ]
    assert families["starbridge_record_bytes"].samples[0].value == 2**40


def test_a_family_is_told_once_and_its_samples_stand_together() -> None:
    lines = exposition(FOUND).splitlines()
    helps = [line.split()[2] for line in lines if line.startswith("# HELP")]
    assert len(helps) == len(set(helps))
    names = [line.partition("{")[0].partition(" ")[0] for line in lines if not line.startswith("#")]
    assert names == sorted(names, key=names.index)


def test_nothing_is_nothing() -> None:
    assert exposition({}) == exposition({"sessions": {}}) == ""


def test_every_figure_says_what_it_is() -> None:
    for name, (kind, help_text) in FAMILIES.items():
        assert name.replace("_", "").isalnum()
        assert kind in ("gauge", "counter")
        assert help_text.endswith(".")
