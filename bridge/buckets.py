"""Buckets, which hold rates: so much at once, and so much a second. Pure: times are handed in, in seconds.

shares = Buckets(rate=10, burst=30)
shares["192.0.2.7"].take(1, now_s)      # False: that is too much for now
"""

from __future__ import annotations

from collections import OrderedDict

__all__ = ["MAX_BUCKETS", "Bucket", "Buckets"]

MAX_BUCKETS = 1024
"""Of those who each have a bucket, who are remembered; whoever was forgotten has a full one."""


class Bucket:
    """So much at once, so much a second. Times are handed in, in seconds."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._level = burst
        self._at_s = float("-inf")

    def take(self, amount: float, now_s: float) -> bool:
        """Whether there is room now; more than a burst goes when the bucket is full, and leaves a debt."""
        self._level = min(self._burst, self._level + (now_s - self._at_s) * self._rate)
        self._at_s = now_s
        if self._level < min(amount, self._burst):
            return False
        self._level -= amount
        return True

    def has(self, amount: float, now_s: float) -> bool:
        """Whether it could be taken now; nothing is."""
        return min(self._burst, self._level + (now_s - self._at_s) * self._rate) >= min(amount, self._burst)

    def wait_s(self, amount: float) -> float:
        """Seconds until `amount` can be taken, counted from the last `take`."""
        return max(0.0, min(amount, self._burst) - self._level) / self._rate


class Buckets:
    """A bucket for each of many, such as addresses; the longest unasked is forgotten."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._of: OrderedDict[str, Bucket] = OrderedDict()

    def __getitem__(self, name: str) -> Bucket:
        """The bucket of one, a full one if there was none."""
        bucket = self._of.get(name)
        if bucket is None:
            bucket = self._of[name] = Bucket(self._rate, self._burst)
            if len(self._of) > MAX_BUCKETS:
                self._of.popitem(last=False)
        else:
            self._of.move_to_end(name)
        return bucket

    def __len__(self) -> int:
        return len(self._of)
