"""State batches of a share partition, old and new, made into one list without overlaps.

The one rule: where two overlap, the higher delivery count wins, then the higher state, as in Kafka (KIP-932). Of
neighbours that are alike some stay apart, where Kafka leaves them apart: the list is stored, and clients see it.
"""

from collections.abc import Iterable, Sequence
from heapq import heappop, heappush

from ....protocol.errors import ErrorCode, KafkaError
from .requests import NO_START_OFFSET, StateBatch

STEPS_PER_BATCH = 2  # two lists, each without overlaps, need no more

Batches = tuple[StateBatch, ...]

_Sorted = tuple[int, int, int, int]  # first and last offset, delivery count, delivery state: what Kafka sorts by


def combine(before: Iterable[StateBatch], new: Iterable[StateBatch], start_offset: int) -> Batches:
    """Both, from `start_offset` on, if there is one; INVALID_REQUEST for what overlaps beyond all reason.

    A batch that ends before it begins is left out: Kafka would look at it for ever.
    """
    batches = [batch for part in (before, new) for batch in part if batch.first_offset <= batch.last_offset]
    if start_offset != NO_START_OFFSET:
        batches = [
            batch if batch.first_offset >= start_offset else batch._replace(first_offset=start_offset)
            for batch in batches
            if batch.last_offset >= start_offset
        ]
    if len(batches) < 2:
        return tuple(batches)
    return tuple(StateBatch(first, last, state, count) for first, last, count, state in _merged(batches))


def _merged(batches: Sequence[StateBatch]) -> list[_Sorted]:
    """Look at the two earliest batches again and again: either the first is settled, or both are made anew.

    What is made anew waits in a heap beside the sorted rest, so that batches which do not overlap cost next to nothing.
    """
    waiting = sorted((b.first_offset, b.last_offset, b.delivery_count, b.delivery_state) for b in batches)
    waiting.reverse()
    made: list[_Sorted] = []
    settled: list[_Sorted] = []
    steps_left = STEPS_PER_BATCH * len(waiting) + 64

    def take() -> _Sorted:
        return heappop(made) if made and (not waiting or made[0] < waiting[-1]) else waiting.pop()

    previous = take()
    while waiting or made:
        candidate = take()
        is_alike = previous[2:] == candidate[2:]
        if candidate[0] <= previous[1] or (is_alike and candidate[0] == previous[1] + 1):
            steps_left -= 1
            if not steps_left:
                raise KafkaError(ErrorCode.INVALID_REQUEST, "The state batches overlap each other too often.")
            for batch in _parts(previous, candidate):
                heappush(made, batch)
            previous = take()
        else:
            settled.append(previous)
            previous = candidate
    settled.append(previous)
    return settled


def _parts(previous: _Sorted, candidate: _Sorted) -> list[_Sorted]:
    """What two batches become that overlap or, being alike, touch; `previous` begins no later."""
    first, last, *_ = previous
    at, end, *_ = candidate
    if previous[2:] == candidate[2:]:
        return [(first, max(last, end), *previous[2:])]
    if candidate[2:] < previous[2:]:
        return [previous, (last + 1, end, *candidate[2:])] if end > last else [previous]
    before = [(first, at - 1, *previous[2:])] if at > first else []
    after = [(end + 1, last, *previous[2:])] if end < last else []
    return [*before, candidate, *after]
