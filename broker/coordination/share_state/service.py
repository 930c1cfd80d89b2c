"""What handlers, share groups and share partitions call of the stored state: each request becomes an operation.

The rule: every future that is given gets exactly one answer, now or later, an error being an answer with a message.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from ....protocol.batch import RecordBatch
from ....protocol.errors import ErrorCode, KafkaError
from ...metadata.delta import MetadataDelta
from ...metadata.image import MetadataImage
from ...runtime import Runtime
from ..result import CoordinatorResult, Instant, Operation, ResponseFuture
from ..runtime import CoordinatorRuntime
from ..state_machine import CoordinatorLog, Then
from ..timers import Deadlines
from .coordinator import ShareStateCoordinator
from .requests import ReadState, SharePartitionKey, StateError, StateSummary, WriteState
from .share_state_config import ShareStateConfig

PRUNE, SNAPSHOT = "prune", "cold snapshot"

R = TypeVar("R")


class StateLog(CoordinatorLog, Protocol):
    """The partitions of `__share_group_state`."""

    def partition_count(self) -> int | None:
        """How many there are; None before the topic is."""
        ...

    def delete_before(self, partition: int, offset: int, then: Then) -> None:
        """Let a partition begin later; `then` gets what left it as it was, or None. KafkaError."""
        ...


class ShareStateService:
    """The state of share partitions, in `__share_group_state`; `is_enabled` tells whether there are share groups."""

    def __init__(
        self,
        coordinator: ShareStateCoordinator,
        config: ShareStateConfig,
        log: StateLog,
        is_enabled: Callable[[], bool],
        runtime: Runtime,
    ) -> None:
        self._coordinator = coordinator
        self._log = log
        self._is_enabled = is_enabled
        self._clock = runtime.clock
        self._intervals_s = {
            PRUNE: config.prune_interval_ms / 1000,
            SNAPSHOT: config.cold_snapshot_interval_ms / 1000,
        }
        self._deadlines: Deadlines[str] = Deadlines()
        self._due: list[tuple[str, int]] = []  # one partition after the other, the next one last
        self._due_since = 0.0
        self._pruned: dict[int, int] = {}
        self._runtime = CoordinatorRuntime("share states", coordinator, self, log, runtime)
        self._runtime.on_loaded = lambda partition: self._delete_topics(coordinator.topics_gone())

    # Starting

    def load(self, stored: Iterable[tuple[int, Iterable[RecordBatch]]]) -> None:
        """Replay what the partitions of `__share_group_state` hold."""
        for partition, batches in stored:
            self._runtime.partitions.load(partition, batches)

    def serve_what_is_led(self) -> None:
        """Serve what `lead` says, and nothing else."""
        self._runtime.partitions.serve_what_is_led()

    def start(self) -> None:
        """Everything is loaded: remove what is left of topics that are gone, and watch the time."""
        self._delete_topics(self._coordinator.topics_gone())
        now = self._clock.now()
        for name, interval_s in self._intervals_s.items():
            self._deadlines.set(name, now + interval_s)
        self._runtime.start()

    def when_ready(self, then: Then) -> None:
        """Call `then` once `__share_group_state` is there."""
        self._log.when_ready(then)

    def lead(self, partition: int) -> None:
        """This broker leads a partition of the topic now."""
        self._runtime.partitions.lead(partition)

    def resign(self, partition: int) -> None:
        """It leads it no more."""
        self._runtime.partitions.resign(partition)

    def check_served(self, key: SharePartitionKey) -> None:
        """NOT_COORDINATOR where the topic is not there yet, or the log of this share partition cannot be had."""
        if self._log.partition_count() is None:
            raise KafkaError(ErrorCode.NOT_COORDINATOR)
        self._runtime.partitions.check_served(self.partition_of(key))

    def partition_of(self, key: SharePartitionKey) -> int:
        """The partition of `__share_group_state` that keeps this share partition."""
        return self._coordinator.partition_of(key)

    # Requests

    def initialize(
        self, key: SharePartitionKey, state_epoch: int, start_offset: int, future: ResponseFuture[StateError]
    ) -> None:
        """InitializeShareGroupState of one share partition."""
        decide = partial(self._coordinator.initialize, key, state_epoch, start_offset)
        self._write("InitializeShareGroupState", key, decide, StateError, future)

    def read(self, key: SharePartitionKey, leader_epoch: int, future: ResponseFuture[ReadState]) -> None:
        """ReadShareGroupState of one share partition, by a leader of this epoch."""
        self._write("ReadShareGroupState", key, partial(self._coordinator.read, key, leader_epoch), ReadState, future)

    def write(self, key: SharePartitionKey, write: WriteState, future: ResponseFuture[StateError]) -> None:
        """WriteShareGroupState of one share partition."""
        self._write("WriteShareGroupState", key, partial(self._coordinator.write, key, write), StateError, future)

    def delete(self, key: SharePartitionKey, future: ResponseFuture[StateError]) -> None:
        """DeleteShareGroupState of one share partition."""
        self._write("DeleteShareGroupState", key, partial(self._coordinator.delete, key), StateError, future)

    def summary(self, key: SharePartitionKey, leader_epoch: int, future: ResponseFuture[StateSummary]) -> None:
        """ReadShareGroupStateSummary of one share partition; the leader epoch has no meaning yet, as in Kafka."""
        self._write("ReadShareGroupStateSummary", key, partial(self._coordinator.summary, key), StateSummary, future)

    def _write(
        self,
        name: str,
        key: SharePartitionKey,
        decide: Callable[[Instant], CoordinatorResult[R]],
        refused: Callable[[ErrorCode, str | None], R],
        future: ResponseFuture[R],
    ) -> None:
        def decided(at: Instant) -> CoordinatorResult[R]:
            try:
                return decide(at)
            except KafkaError as error:
                return CoordinatorResult(response=refused(error.code, error.message))

        partition = self.partition_of(key)
        self._runtime.write(Operation(name, key.coordinator_key(), partition, decided, future))

    # What nobody asks for

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> None:
        """The metadata has changed: what was stored of topics that are gone is removed."""
        self._delete_topics([topic.topic_id for topic in delta.deleted_topics])

    def _delete_topics(self, topic_ids: Sequence[bytes]) -> None:
        for operation in self._coordinator.delete_topics(topic_ids):
            self._runtime.write(operation)

    def next_deadline(self) -> float | None:
        """When `take_due` is to be called next, in monotonic seconds."""
        return self._due_since if self._due else self._deadlines.next()

    def take_due(self, at: Instant) -> Operation[Any] | None:
        """The next partition that is to be pruned, or of which cold state is to be written anew."""
        while (name := self._deadlines.pop_due(at.now)) is not None:
            self._deadlines.set(name, at.now + self._intervals_s[name])
            if self._is_enabled():
                self._due += [(name, partition) for partition in sorted(self._coordinator.partitions(), reverse=True)]
                self._due_since = at.now
        if not self._due:
            return None
        name, partition = self._due.pop()
        decide = self._prune if name == PRUNE else self._coordinator.snapshot_cold
        return Operation(name, "", partition, partial(decide, partition))

    def _prune(self, partition: int, at: Instant) -> CoordinatorResult[None]:
        """Begin a partition's log later, where its earliest records are not needed any more."""
        offset = self._coordinator.redundant_before(partition)
        if offset is not None and offset != self._pruned.get(partition):
            self._log.delete_before(partition, offset, partial(self._note_pruned, partition, offset))
        return CoordinatorResult()

    def _note_pruned(self, partition: int, offset: int, error: KafkaError | None) -> None:
        if error is None:
            self._pruned[partition] = offset
