"""Orphan: what a child of ours does so that it never outlives who started it. Knows nothing of what the child is for.

end_with_parent(signal.SIGKILL)     # first thing in the child
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

__all__ = ["end_with_parent"]

PR_SET_PDEATHSIG = 1


def end_with_parent(by: signal.Signals) -> None:
    """On Linux the kernel signals us when our parent ends, even where somebody else holds the other end of our input."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, by)
    if os.getppid() != parent:  # it died in between
        os._exit(0)
