"""What a group sets for itself, and what the broker allows."""

import pytest

from odradek.broker.config.bounds import within


@pytest.mark.parametrize(("value", "found"), [(1, 5), (5, 5), (7, 7), (10, 10), (11, 10)])
def test_what_is_out_of_bounds_counts_as_the_nearest_bound(value: int, found: int) -> None:
    assert within(value, 5, 10) == found
