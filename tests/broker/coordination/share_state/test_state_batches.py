"""Two lists of batches become one in which every offset has the state that wins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.coordination.share_state.requests import StateBatch
from odradek.broker.coordination.share_state.state_batches import Batches, combine
from odradek.protocol.errors import ErrorCode, KafkaError

B = StateBatch


def batch(first: int, length: int, state: int, count: int) -> StateBatch:
    return B(first, first + length, state, count)


BATCHES = st.lists(
    st.builds(
        batch,
        st.integers(0, 30),
        st.integers(0, 12),
        st.sampled_from([0, 2, 4]),
        st.integers(1, 3),
    ),
    max_size=8,
)


def by_offset(batches: Batches) -> dict[int, tuple[int, int]]:
    """Delivery count and state of every offset; no offset has two."""
    found: dict[int, tuple[int, int]] = {}
    for batch in batches:
        for offset in range(batch.first_offset, batch.last_offset + 1):
            assert offset not in found
            found[offset] = (batch.delivery_count, batch.delivery_state)
    return found


@given(BATCHES, BATCHES, st.integers(-1, 35))
def test_every_offset_has_its_highest_count_and_then_its_highest_state(
    before: list[StateBatch], new: list[StateBatch], start: int
) -> None:
    expected: dict[int, tuple[int, int]] = {}
    for batch in [*before, *new]:
        for offset in range(max(batch.first_offset, start), batch.last_offset + 1):
            seen = (batch.delivery_count, batch.delivery_state)
            expected[offset] = max(expected.get(offset, seen), seen)
    combined = combine(before, new, start)
    if len(combined) > 1 or len(before) + len(new) == 1:
        assert list(combined) == sorted(combined)
    assert by_offset(combined) == expected


@pytest.mark.parametrize(
    ("before", "new", "combined"),
    [
        ([B(0, 4, 2, 1)], [B(5, 9, 2, 1)], [B(0, 9, 2, 1)]),
        ([B(0, 4, 2, 1)], [B(6, 9, 2, 1)], [B(0, 4, 2, 1), B(6, 9, 2, 1)]),
        ([B(0, 9, 0, 1)], [B(3, 5, 2, 1)], [B(0, 2, 0, 1), B(3, 5, 2, 1), B(6, 9, 0, 1)]),
        # As Kafka leaves them: the first was settled before the second came to be like it.
        ([B(0, 4, 2, 1), B(5, 9, 0, 1)], [B(5, 9, 2, 1)], [B(0, 4, 2, 1), B(5, 9, 2, 1)]),
        ([], [], []),
    ],
)
def test_neighbours_that_are_alike_become_one_where_kafka_sees_it(
    before: list[StateBatch], new: list[StateBatch], combined: list[StateBatch]
) -> None:
    assert list(combine(before, new, -1)) == combined


def test_a_batch_that_ends_before_it_begins_is_left_out() -> None:
    assert combine([B(0, 10, 0, 1)], [B(5, 3, 2, 1)], -1) == (B(0, 10, 0, 1),)


def test_batches_that_would_be_cut_again_and_again_are_refused() -> None:
    low = [B(0, 100_000 + number, 0, 1) for number in range(0, 400, 2)]
    high = [B(offset, offset + 1, 2 + offset % 4, 2) for offset in range(0, 800, 2)]
    with pytest.raises(KafkaError) as refusal:
        combine(low, high, -1)
    assert refusal.value.code is ErrorCode.INVALID_REQUEST
