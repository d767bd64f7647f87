"""A figure, the machine and version it holds for, and how a thing is timed. Knows nothing of what is measured.

>>> spread([3.0, 1.0, 2.0], "ms", "a step").values()
{'value': 2.0, 'unit': 'ms', 'p95': 3.0}
"""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["Figure", "Figures", "NotMeasured", "Setting", "machine", "software", "spread"]

ROOT = Path(__file__).resolve().parents[2]
GIT_S = 5


class NotMeasured(Exception):
    """This can't be measured here; its sentence says what is missing."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a benchmark is told."""

    weights: Path = ROOT / "models" / "weights"
    seconds: float = 2.0  # that one measurement may last


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `goal` is what it is meant to hold, in words."""

    name: str
    value: float
    unit: str
    goal: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    def values(self) -> dict[str, Any]:
        """As JSON's values, without its name."""
        return {
            "value": round(self.value, 4),
            "unit": self.unit,
            **({"goal": self.goal} if self.goal else {}),
            **self.more,
        }


Figures = Sequence[Figure]


def spread(samples: Sequence[float], unit: str, name: str, goal: str = "") -> Figure:
    """The median of samples, with the value that 95% of them stay at or below."""
    ordered = sorted(samples)
    at = [ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.95)]
    return Figure(name, at[0], unit, goal, {"p95": round(at[1], 4)})


def machine() -> dict[str, Any]:
    """Processor, cores that this process may use, and how busy they are: figures mean nothing without them."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = os.getloadavg() if hasattr(os, "getloadavg") else ()
    return {
        "processor": _processor(),
        "cores": cores,
        "load": [round(one, 2) for one in load],
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def software() -> dict[str, Any]:
    """The version, and the commit where this runs from a checkout ('+' where something was changed since)."""
    try:
        ours = version("starbridge")
    except PackageNotFoundError:
        ours = ""
    return {"starbridge": ours, "commit": _commit()}


def _commit() -> str | None:
    def git(*words: str) -> str:
        command = ["git", "-C", str(ROOT), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=GIT_S).stdout.strip()

    if not (ROOT / ".git").exists():
        return None
    try:
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None
