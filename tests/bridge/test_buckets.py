"""Buckets: never more than the burst and the rate, and a word on how long to wait."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.buckets import Bucket


@given(st.lists(st.tuples(st.floats(0, 2), st.integers(1, 150)), min_size=1, max_size=50))
def test_a_bucket_gives_no_more_than_its_burst_and_its_rate(takes: list[tuple[float, int]]) -> None:
    bucket = Bucket(rate=10, burst=100)
    now_s, given_at = 0.0, []
    for wait_s, amount in takes:
        now_s += wait_s
        if bucket.take(amount, now_s):
            given_at.append((now_s, amount))
    for first in range(len(given_at)):
        for last in range(first, len(given_at)):
            span_s = given_at[last][0] - given_at[first][0]
            before = sum(amount for _, amount in given_at[first:last])
            assert before <= 150 + span_s * 10 + 1e-6


def test_a_bucket_says_how_long_to_wait() -> None:
    bucket = Bucket(rate=10, burst=100)
    assert bucket.take(100, 0.0)
    assert not bucket.take(50, 1.0)
    assert bucket.wait_s(50) == 4.0
    assert not bucket.take(50, 4.9)
    assert bucket.take(50, 5.0)
    assert bucket.take(1000, 15.0), "more than a burst goes when the bucket is full"
    assert not bucket.take(1, 100.0), "and leaves a debt"
