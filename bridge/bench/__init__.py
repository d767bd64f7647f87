"""Benchmarks: what the running parts do in a second on this machine, measured in the same run as what they are compared to.

A part is a module here with `measure(setting) -> Figures`, entered in `PARTS`; one that has nothing to measure
yet is entered as None and told as such. No test asserts how fast something is: this is where it is measured.

    report = run(["compose", "log"], Setting())
    report["measured"]["log"]["entries, each flushed alone"]["value"]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from bridge.bench.figures import Figures, NotMeasured, Setting, machine, software

__all__ = ["PARTS", "run"]

PARTS: dict[str, str | None] = {
    "bridge": "bridge.bench.bridge",
    "log": "bridge.bench.log",
    "compose": "bridge.bench.compose",
    "stems": "bridge.bench.stems",
    "jam": None,
    "catalog": None,
    "sync": "bridge.bench.sync",
}
"""What can be asked for, and the module that measures it."""


def run(parts: Sequence[str], setting: Setting, said: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """The figures of some parts (all of them where none is named), as JSON's values; `said` hears which comes next."""
    report: dict[str, Any] = {**software(), "machine": machine(), "measured": {}, "not_measured": {}}
    for part in parts or PARTS:
        home = PARTS[part]
        if home is None:
            report["not_measured"][part] = "not measured yet"
            continue
        said(part)
        try:
            figures: Figures = import_module(home).measure(setting)
        except NotMeasured as why:
            report["not_measured"][part] = str(why)
        else:
            report["measured"][part] = {figure.name: figure.values() for figure in figures}
    report["machine_after"] = machine()
    return report
