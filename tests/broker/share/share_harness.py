"""A share partition over a log of plain extents, with the coordinator's state beside it."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from odradek.broker.coordination.share_state.requests import ReadState, SharePartitionKey, StateBatch, WriteState
from odradek.broker.share.acknowledgement import ACCEPT
from odradek.broker.share.acquisition import AcquiredRecords, Extent
from odradek.broker.share.in_flight import Transition
from odradek.broker.share.settings import ShareGroupSettings
from odradek.broker.share.share_partition import SharePartition, Wish
from odradek.broker.slices import run_to_end
from odradek.protocol.errors import KafkaError

KEY = SharePartitionKey("g", bytes(16), 0)
SETTINGS = ShareGroupSettings()
LOCK_S = 30.0


class AcknowledgementBatch(NamedTuple):
    """As a request has it."""

    first_offset: int
    last_offset: int
    acknowledge_types: Sequence[int]


def begin_acknowledging(
    partition: SharePartition,
    *batches: AcknowledgementBatch,
    member: str = "m",
    settings: ShareGroupSettings = SETTINGS,
    now: float = 0.0,
) -> Transition:
    """Acknowledge all of these, or none; it is yet to be stored."""
    transition, acknowledging = partition.begin_acknowledging(member, settings, now)
    try:
        for batch in batches:
            run_to_end(acknowledging.take(batch))
    except KafkaError:
        partition.take_back(transition, now)
        raise
    return transition


def extents(*ends: tuple[int, int]) -> list[Extent]:
    return [Extent(*pair) for pair in ends]


def batches_of(size: int, count: int, first: int = 0) -> list[Extent]:
    return [Extent(first + at * size, first + at * size + size - 1) for at in range(count)]


def partition_at(start: int = 0, *stored: StateBatch) -> SharePartition:
    partition = SharePartition(KEY, leader_epoch=3)
    partition.load(ReadState(state_epoch=7, start_offset=start, batches=stored), start)
    return partition


def acquire(
    partition: SharePartition,
    log: Sequence[Extent],
    member: str = "m",
    *,
    most: int = 500,
    batch_size: int = 500,
    is_record_limit: bool = False,
    settings: ShareGroupSettings = SETTINGS,
    now: float = 0.0,
) -> list[tuple[int, int, int]]:
    """As a fetch does: from the next fetch offset on, whole record batches."""
    fetch_offset = partition.in_flight.next_fetch_offset()
    read = [extent for extent in log if extent.last_offset >= fetch_offset]
    wish = Wish(member, most, batch_size, is_record_limit)
    acquired = partition.acquire(wish, fetch_offset, read, settings, now)
    return [(first, last, count) for first, last, count in acquired]


def ack(first: int, last: int, *types: int) -> AcknowledgementBatch:
    return AcknowledgementBatch(first, last, types or (ACCEPT,))


def acknowledge(
    partition: SharePartition,
    *batches: AcknowledgementBatch,
    member: str = "m",
    settings: ShareGroupSettings = SETTINGS,
    now: float = 0.0,
) -> list[tuple[int, int, int, int]]:
    """Acknowledge, and have it stored; what was stored."""
    transition = begin_acknowledging(partition, *batches, member=member, settings=settings, now=now)
    partition.complete(transition)
    return [(first, last, state, count) for first, last, state, count in transition.changes]


class StoredState:
    """What the share coordinator would have, offset by offset."""

    def __init__(self, start_offset: int = 0) -> None:
        self.start_offset = start_offset
        self.offsets: dict[int, tuple[int, int]] = {}

    def write(self, write: WriteState) -> None:
        for first, last, state, count in write.batches:
            self.offsets.update(dict.fromkeys(range(first, last + 1), (state, count)))
        self.start_offset = max(self.start_offset, write.start_offset)
        self.offsets = {offset: what for offset, what in self.offsets.items() if offset >= self.start_offset}

    def read(self) -> ReadState:
        batches: list[StateBatch] = []
        for offset in sorted(self.offsets):
            what = self.offsets[offset]
            if batches and batches[-1].last_offset == offset - 1 and batches[-1][2:] == what:
                batches[-1] = batches[-1]._replace(last_offset=offset)
            else:
                batches.append(StateBatch(offset, offset, *what))
        return ReadState(start_offset=self.start_offset, batches=batches)


def offsets_of(acquired: Iterable[AcquiredRecords | tuple[int, int, int]]) -> list[int]:
    return [offset for first, last, _ in acquired for offset in range(first, last + 1)]
