"""The token bucket, against Kafka's own example (TokenBucket, KIP-599)."""

from odradek.broker.quotas.rate import QuotaWindow
from odradek.broker.quotas.token_bucket import TokenBucket

START_MS = 70_000


def test_it_begins_full_with_all_that_the_window_allows() -> None:
    assert TokenBucket(QuotaWindow(100, 1000)).tokens(5, START_MS) == 500


def test_a_burst_is_waited_for_no_longer_than_it_takes_to_refill() -> None:
    bucket = TokenBucket(QuotaWindow(100, 1000))
    bucket.record(560, 5, START_MS)
    assert bucket.tokens(5, START_MS) == -60
    assert bucket.throttle_ms(5, START_MS) == 12_000
    assert bucket.throttle_ms(5, START_MS + 11_000) == 1000
    assert bucket.throttle_ms(5, START_MS + 12_000) == 0


def test_it_is_never_more_than_full() -> None:
    bucket = TokenBucket(QuotaWindow(11, 1000))
    bucket.record(1, 2, START_MS)
    assert bucket.tokens(2, START_MS + 60_000) == 22
    bucket.record(-10, 2, START_MS + 60_000)
    assert bucket.tokens(2, START_MS + 60_000) == 22


def test_another_quota_holds_for_what_is_left() -> None:
    bucket = TokenBucket(QuotaWindow(10, 1000))
    bucket.record(15, 1, START_MS)
    assert bucket.throttle_ms(1, START_MS) == 5000
    assert bucket.throttle_ms(10, START_MS) == 500
