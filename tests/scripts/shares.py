"""What share groups have in flight (KIP-932): the broker's own room for it, over logs that are nothing but numbers."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from odradek.broker.coordination.groups.share.service import ShareGroupService
from odradek.broker.coordination.result import ResponseFuture
from odradek.broker.coordination.share_state.requests import (
    ReadState,
    SharePartitionKey,
    StateError,
    StateSummary,
    WriteState,
)
from odradek.broker.purgatory import Purgatory
from odradek.broker.runtime import Runtime
from odradek.broker.share.acquisition import AcquiredRecords, Extent
from odradek.broker.share.settings import ShareGroupSettings
from odradek.broker.share.share_partition import Wish
from odradek.broker.share.share_partitions import SharePartitions, Then
from odradek.broker.share.share_sessions import SessionKey, SessionPartition, ShareSessions, TopicPartition
from odradek.broker.slices import Slices, run_to_end
from odradek.broker.topics.partition import Partition

from ..broker.coordination.groups.group_driver import GroupDriver
from ..broker.share.share_harness import StoredState, ack

if TYPE_CHECKING:
    from .world import World

Place = tuple[str, int]


class States:
    """What is stored of share partitions, in memory: it outlives the broker."""

    def __init__(self) -> None:
        self.stored: dict[SharePartitionKey, StoredState] = {}

    def initialize(
        self, key: SharePartitionKey, state_epoch: int, start_offset: int, future: ResponseFuture[StateError]
    ) -> None:
        self.stored[key] = StoredState(max(start_offset, 0))
        future.complete(StateError())

    def delete(self, key: SharePartitionKey, future: ResponseFuture[StateError]) -> None:
        self.stored.pop(key, None)
        future.complete(StateError())

    def summary(self, key: SharePartitionKey, leader_epoch: int, future: ResponseFuture[StateSummary]) -> None:
        future.complete(StateSummary(start_offset=self.stored[key].start_offset))

    def when_ready(self, then: Then) -> None:
        then(None)

    def read(self, key: SharePartitionKey, leader_epoch: int, future: ResponseFuture[ReadState]) -> None:
        future.complete(self.stored[key].read())

    def write(self, key: SharePartitionKey, write: WriteState, future: ResponseFuture[StateError]) -> None:
        self.stored[key].write(write)
        future.complete(StateError())


class Shares:
    """Share groups and what they have in flight, beside a coordinator."""

    def __init__(self, world: "World", broker: GroupDriver, runtime: Runtime) -> None:
        self._world = world
        slices = Slices(runtime)
        sessions = ShareSessions(lambda: 2000)
        self.groups = ShareGroupService(broker.service, world.states, slices)
        self._partitions = SharePartitions(
            world.states, lambda _: self._settings(), sessions, Purgatory(runtime), slices, runtime
        )

    def acquire(self, group_id: str, member_id: str, place: Place, most: int) -> list[AcquiredRecords]:
        """What a fetch of a member acquires."""
        key = self._key(group_id, place)
        if key is None or key not in self._world.states.stored:
            return []
        partition = cast(Partition, SimpleNamespace(leader_epoch=0, name=f"{place[0]}-{place[1]}"))
        opened = self._partitions.open(key, partition, self._on_failed)
        fetch_offset = opened.in_flight.next_fetch_offset()
        log = [Extent(offset, offset) for offset in range(fetch_offset, self._world.ends[place])]
        wish = Wish(member_id, most, most, True)
        return self._partitions.acquire(opened, wish, fetch_offset, log, self._settings())

    def acknowledge(self, group_id: str, member_id: str, place: Place, first: int, last: int, kind: int) -> str:
        """An acknowledgement, and the error with which it ends."""
        key = self._key(group_id, place)
        heard: list[str] = []
        if key is not None:
            run_to_end(
                self._partitions.acknowledge(
                    key,
                    member_id,
                    [ack(first, last, kind)],
                    lambda error: heard.append("" if error is None else error.code.name),
                )
            )
        return "".join(heard)

    def connect(self, group_id: str, member_id: str, places: Sequence[Place]) -> None:
        """A share session over a member's connection, which is named like it."""
        wanted: dict[TopicPartition, SessionPartition] = {}
        for topic, index in places:
            found = self._world.topics.find(topic)
            if found is not None:
                wanted[TopicPartition(found.topic_id, index)] = SessionPartition(topic, False)
        self._partitions.sessions.begin(SessionKey(group_id, member_id), member_id, wanted)

    def disconnect(self, member_id: str) -> None:
        """Its connection has gone."""
        self._partitions.close_connection(member_id)

    def show(self, group_id: str, topic: str) -> str:
        """How far a group is with each partition of a topic."""
        texts: list[str] = []
        for index in range(self._world.topics.partitions_of(topic)):
            key = self._key(group_id, (topic, index))
            opened = None if key is None else self._partitions.find(key)
            stored = None if key is None else self._world.states.stored.get(key)
            if opened is not None and opened.is_active:
                texts.append(f"[{index}] from {opened.in_flight.start_offset}, {len(opened.in_flight)} in flight")
            else:
                texts.append(f"[{index}] not in use, from {'-' if stored is None else stored.start_offset}")
        return f"{topic}{'; '.join(texts)}"

    def _key(self, group_id: str, place: Place) -> SharePartitionKey | None:
        found = self._world.topics.find(place[0])
        return None if found is None else SharePartitionKey(group_id, found.topic_id, place[1])

    def _settings(self) -> ShareGroupSettings:
        given = self._world.settings
        return ShareGroupSettings(
            record_lock_duration_ms=int(given.get("group.share.record.lock.duration.ms", 30_000)),
            delivery_count_limit=int(given.get("group.share.delivery.count.limit", 5)),
        )

    def _on_failed(self, error: Exception) -> None:
        raise AssertionError(error)
