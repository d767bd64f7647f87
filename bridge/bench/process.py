"""What processes take: processor time and memory, asked of the system.

before = Usage.of(pid)
used_s = Usage.of(pid).cpu_s - before.cpu_s

moment = Moment(pid)
...
moment.others()         # cores that other programs used meanwhile: a figure taken beside them is a poor one
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bridge.bench.figures import NotMeasured

__all__ = ["Moment", "Usage", "peak_mb"]

PS_S = 5.0


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one process, its children left out."""

    cpu_s: float
    memory_mb: float

    @classmethod
    def of(cls, pid: int) -> Usage:
        """Raises NotMeasured where the system doesn't say."""
        try:
            return cls._of_proc(pid)
        except OSError:
            return cls._of_ps(pid)

    @classmethod
    def _of_proc(cls, pid: int) -> Usage:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks = int(stat[11]) + int(stat[12])
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1])
        return cls(ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE") / 1e6)

    @classmethod
    def _of_ps(cls, pid: int) -> Usage:
        """macOS says `1:02.34` and KiB."""
        asked = ["ps", "-o", "time=,rss=", "-p", str(pid)]
        try:
            said = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=PS_S).stdout.split()
            clock = [float(part) for part in said[0].replace("-", ":").split(":")]
            cpu_s = sum(part * unit for part, unit in zip(reversed(clock), (1, 60, 3600, 86_400), strict=False))
            return cls(cpu_s, int(said[1]) * 1024 / 1e6)
        except (OSError, subprocess.SubprocessError, ValueError, IndexError):
            raise NotMeasured("this system does not say what a process takes") from None


class Moment:
    """When something began, to know later what other programs did meanwhile; `pids` are processes that belong to it."""

    def __init__(self, *pids: int) -> None:
        self._pids = pids
        self._wall, self._own, self._idle = time.perf_counter(), self._own_s(), _idle_s()

    def others(self) -> float:
        """Cores that they used since; 0 where the system doesn't say."""
        wall, own, idle = time.perf_counter() - self._wall, self._own_s() - self._own, _idle_s()
        if self._idle is None or idle is None or not wall:
            return 0.0
        return max(0.0, (os.cpu_count() or 1) - (idle - self._idle + own) / wall)

    def _own_s(self) -> float:
        return time.process_time() + sum(Usage.of(pid).cpu_s for pid in self._pids)


def _idle_s() -> float | None:
    """Seconds that all cores were idle since the machine started; None where the system doesn't say."""
    try:
        numbers = Path("/proc/stat").read_text(encoding="utf-8").split("\n", 1)[0].split()
    except OSError:
        return None
    return (int(numbers[4]) + int(numbers[5])) / float(os.sysconf("SC_CLK_TCK"))


def peak_mb() -> float:
    """The most memory that this process ever held; 0 where the system doesn't say."""
    try:  # not getrusage first: on Linux it begins with what the parent held
        held = Path("/proc/self/status").read_text().partition("VmHWM:")[2]
        return int(held.split()[0]) * 1024 / 1e6
    except (OSError, IndexError):
        pass
    try:
        import resource
    except ImportError:
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # bytes, on macOS


def main(words: list[str]) -> None:
    """A command of ours, and then the most memory that it held, and its processor time, as the last line of what it says."""
    from bridge.__main__ import main as starbridge

    sys.argv[1:] = words
    try:
        starbridge()
    finally:
        sys.stderr.write(f"\n{peak_mb():.1f} {time.process_time():.2f}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
