"""What handlers call of the group coordinator: each request becomes an operation of its group's partition."""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import TypeVar

from ....protocol.batch import RecordBatch
from ....protocol.errors import ErrorCode, KafkaError
from ...metadata.delta import MetadataDelta
from ...metadata.image import MetadataImage
from ...runtime import Runtime
from ...slices import Steps
from ...topic_names import OFFSETS_TOPIC
from ...topics.partition import Partition
from ..result import CoordinatorResult, Instant, Operation, ResponseFuture
from ..runtime import CoordinatorRuntime, OperationWatcher
from ..state_machine import CoordinatorLog, Then
from .classic.member import JoinRequest, JoinResult, SyncRequest, SyncResult
from .consumer.group import ConsumerGroup
from .consumer.heartbeat_request import HeartbeatRequest, HeartbeatResult
from .coordinator import Errors, GroupCoordinator
from .group import Group
from .offset_commit import OffsetCommit
from .offset_records import CommittedOffset
from .offsets import EncodedOffsets
from .streams.group import StreamsGroup
from .streams.heartbeat_request import StreamsHeartbeatRequest, StreamsHeartbeatResult

R = TypeVar("R")


class GroupCoordinatorService:
    """The groups of this broker; each future that is given gets exactly one response, now or later."""

    def __init__(self, coordinator: GroupCoordinator, log: CoordinatorLog, runtime: Runtime) -> None:
        self._coordinator = coordinator
        self._classic_host = coordinator.kinds.classic_host
        self._consumer = coordinator.kinds.consumer
        self._streams = coordinator.kinds.streams
        self.share = coordinator.kinds.share
        self._log = log
        self._clock = runtime.clock
        self._runtime = CoordinatorRuntime("groups", coordinator, coordinator, log, runtime)
        self._runtime.on_loaded = self._note_loaded

    # Starting

    def load(self, stored: Iterable[tuple[int, Iterable[RecordBatch]]]) -> None:
        """Replay what the partitions of `__consumer_offsets` hold."""
        for partition, batches in stored:
            self._runtime.partitions.load(partition, batches)

    def serve_what_is_led(self) -> None:
        """Serve what `lead` says, and nothing else."""
        self._runtime.partitions.serve_what_is_led()

    def start(self) -> None:
        """Everything is loaded: the members of loaded groups have a whole session to show themselves."""
        self._forget_states(self.share.topics_gone())
        self._coordinator.start(self._instant())
        self._runtime.start()

    def _note_loaded(self, partition: int) -> None:
        """The groups of a partition have come here, or are back: their members have a whole session, too."""
        self._coordinator.start_sessions(self._instant(), partition)
        self._forget_states(self.share.topics_gone())

    def watch(self, watcher: OperationWatcher) -> None:
        """Have someone look at every operation."""
        self._runtime.watcher = watcher

    def when_ready(self, then: Then) -> None:
        """Call `then` once `__consumer_offsets` is there."""
        self._log.when_ready(then)

    def lead(self, partition: int) -> None:
        """This broker leads a partition of the topic now."""
        self._runtime.partitions.lead(partition)

    def resign(self, partition: int) -> None:
        """It leads it no more."""
        self._runtime.partitions.resign(partition)

    def check_served(self, group_id: str) -> None:
        """NOT_COORDINATOR where the log of this group could not be read, or is offline."""
        self._runtime.partitions.check_served(self.partition_of(group_id))

    def move(self, group_id: str) -> Callable[[float], None] | None:
        """Have the coordinator of a group move away, and all groups of its partition with it.

        What is returned has it come back, so many seconds before it has read its log; None if it is not here.
        """
        partition = self.partition_of(group_id)
        partitions = self._runtime.partitions
        return partial(partitions.come_back, partition) if partitions.move(partition) else None

    # Members

    def join(self, request: JoinRequest, future: ResponseFuture[JoinResult]) -> None:
        """JoinGroup."""
        self.write(
            "JoinGroup",
            request.group_id,
            lambda at: self._classic_host(request.group_id).join(request, future, at),
            future,
        )

    def sync(self, request: SyncRequest, future: ResponseFuture[SyncResult]) -> None:
        """SyncGroup."""
        self.write(
            "SyncGroup",
            request.group_id,
            lambda at: self._classic_host(request.group_id).sync(request, future, at),
            future,
        )

    def heartbeat(self, group_id: str, member_id: str, group_instance_id: str | None, generation: int) -> ErrorCode:
        """Heartbeat."""
        try:
            self.check_served(group_id)
        except KafkaError as error:
            # While it loads, nobody's session can run out: Kafka keeps its members in peace.
            return ErrorCode.NONE if error.code is ErrorCode.COORDINATOR_LOAD_IN_PROGRESS else error.code
        host = self._classic_host(group_id)
        error_code = host.heartbeat(group_id, member_id, group_instance_id, generation, self._instant())
        self._runtime.watch_time()  # it may have to rejoin in time
        return error_code

    def leave(self, group_id: str, leaving: Sequence[tuple[str, str | None]], future: ResponseFuture[Errors]) -> None:
        """LeaveGroup of members (member id, instance id): one error for each.

        KafkaError for all of them: NOT_COORDINATOR, INVALID_GROUP_ID.
        """
        self.check_served(group_id)
        if not group_id:
            raise KafkaError(ErrorCode.INVALID_GROUP_ID)
        self.write("LeaveGroup", group_id, lambda at: self._classic_host(group_id).leave(group_id, leaving, at), future)

    def consumer_heartbeat(self, request: HeartbeatRequest, future: ResponseFuture[HeartbeatResult]) -> None:
        """ConsumerGroupHeartbeat."""
        self.write("ConsumerGroupHeartbeat", request.group_id, lambda at: self._consumer.heartbeat(request, at), future)

    def find_consumer_group(self, group_id: str) -> tuple[ConsumerGroup, str]:
        """The consumer group of that name, to be looked at only, and its assignor; GROUP_ID_NOT_FOUND."""
        group = self._consumer.groups.find(group_id)
        return group, self._consumer.assignor_of(group)

    def streams_heartbeat(
        self, request: StreamsHeartbeatRequest, future: ResponseFuture[StreamsHeartbeatResult]
    ) -> None:
        """StreamsGroupHeartbeat."""
        self.write("StreamsGroupHeartbeat", request.group_id, lambda at: self._streams.heartbeat(request, at), future)

    def find_streams_group(self, group_id: str) -> StreamsGroup:
        """The streams group of that name, to be looked at only; GROUP_ID_NOT_FOUND."""
        return self._streams.groups.find(group_id)

    # Offsets

    def when_settled(self, group_id: str, then: Then) -> None:
        """Call `then` once all that is known of a group is durable and replicated; at once where it is not served."""
        try:
            self.check_served(group_id)
        except KafkaError:
            then(None)  # as whoever looks at it will see
        else:
            self._log.when_durable(self.partition_of(group_id), then)

    def life(self, group_id: str) -> int:
        """Another number as soon as what was known of a group has been dropped: who reads in steps compares it."""
        return self._runtime.partitions.life(self.partition_of(group_id))

    def check_fetch(self, group_id: str, member_id: str | None, member_epoch: int) -> None:
        """Whether offsets may be fetched in this name: UNKNOWN_MEMBER_ID, STALE_MEMBER_EPOCH."""
        group = self._coordinator.find_group(group_id)
        if group is not None:
            group.check_fetch(member_id, member_epoch)

    def encode(self, request: OffsetCommit) -> Steps[EncodedOffsets]:
        """What `commit` is to be given: the records, made in slices."""
        return self._coordinator.encode(request, self._clock.now_ms())

    def commit(self, request: OffsetCommit, encoded: EncodedOffsets, future: ResponseFuture[Errors]) -> None:
        """OffsetCommit or TxnOffsetCommit: one error for each offset."""
        decide = partial(self._coordinator.commit, request, encoded)
        self.write("OffsetCommit", request.group_id, decide, future)

    def find_offset(self, group_id: str, topic: str, partition: int) -> CommittedOffset | None:
        """The committed offset, if there is one."""
        return self._coordinator.offsets.find(group_id, topic, partition)

    def is_offset_pending(self, group_id: str, topic: str, partition: int) -> bool:
        """Whether an open transaction may yet change this offset."""
        return self._coordinator.offsets.is_pending(group_id, topic, partition)

    def committed_partitions(self, group_id: str) -> list[tuple[str, list[int]]]:
        """Topics and partitions for which the group has an offset."""
        return self._coordinator.offsets.topics_of(group_id)

    def delete_offsets(
        self, group_id: str, partitions: Sequence[tuple[str, int]], future: ResponseFuture[Errors]
    ) -> None:
        """OffsetDelete: one error for each partition.

        KafkaError for all of them: NOT_COORDINATOR, INVALID_GROUP_ID, GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP.
        """
        self.check_served(group_id)
        self._coordinator.check_offset_delete(group_id)
        self.write("OffsetDelete", group_id, lambda at: self._coordinator.delete_offsets(group_id, partitions), future)

    def note_marker(self, partition: Partition, producer_id: int, is_commit: bool) -> None:
        """A transaction's marker has been written to a partition, perhaps of `__consumer_offsets`."""
        if partition.topic == OFFSETS_TOPIC:
            self._runtime.partitions.replay_marker(partition.index, producer_id, is_commit)

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> None:
        """The metadata has changed: what was committed for topics that are gone is removed, and groups look again."""
        changed = (*delta.created_topics, *delta.grown_topics.values(), *delta.deleted_topics)
        if changed:
            names = [topic.name for topic in changed]
            self._consumer.groups.on_topics_changed(names)
            self._streams.groups.on_topics_changed(names)
            self.share.groups.on_topics_changed(names)
        for operation in self._coordinator.delete_topics([topic.name for topic in delta.deleted_topics]):
            self._runtime.write(operation)
        self._forget_states([topic.topic_id for topic in delta.deleted_topics])

    def _forget_states(self, topic_ids: Collection[bytes]) -> None:
        """Share groups have no states of topics that are gone."""
        for group_id, decide in self.share.delete_topics(topic_ids):
            self._runtime.write(Operation("DeleteTopics", group_id, self.partition_of(group_id), decide))

    # Groups

    def check_none_loads(self) -> None:
        """COORDINATOR_LOAD_IN_PROGRESS while some groups are yet to be read."""
        self._runtime.partitions.check_none_loads()

    def groups(self) -> Collection[Group]:
        """All groups, to be looked at only."""
        return self._coordinator.groups()

    def find_group(self, group_id: str) -> Group | None:
        """The group of that name, to be looked at only."""
        return self._coordinator.find_group(group_id)

    def partition_of(self, group_id: str) -> int:
        """The partition of `__consumer_offsets` that keeps this group."""
        return self._coordinator.partition_of(group_id)

    def delete_group(self, group_id: str, future: ResponseFuture[ErrorCode]) -> None:
        """One group of a DeleteGroups."""
        self.write("DeleteGroups", group_id, lambda at: self._coordinator.delete_group(group_id), future)

    def write(
        self,
        name: str,
        group_id: str,
        decide: Callable[[Instant], CoordinatorResult[R]],
        future: ResponseFuture[R],
    ) -> None:
        """One operation of a group."""
        self._runtime.write(Operation(name, group_id, self.partition_of(group_id), decide, future))

    def _instant(self) -> Instant:
        return Instant(self._clock.now(), self._clock.now_ms())
