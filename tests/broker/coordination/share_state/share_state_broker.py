"""A broker that is asked about the state of share partitions."""

from collections.abc import Mapping

from odradek.broker.coordination.result import ResponseFuture
from odradek.broker.coordination.share_state.requests import (
    ReadState,
    SharePartitionKey,
    StateBatch,
    StateError,
    StateSummary,
    WriteState,
    read_refused,
    state_refused,
    summary_refused,
)
from odradek.broker.testing.topics import internal_topic
from odradek.protocol.records import read_records
from odradek.protocol.state_records import decode_share_state_record

from ...handlers.broker_harness import AskedBroker

STATE_TOPIC = "__share_group_state"


class ShareStateBroker(AskedBroker):
    """With a topic `t` of two partitions; there is one partition of state."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        super().__init__({"share.coordinator.state.topic.num.partitions": "1", **(settings or {})})
        self.topic_id = self.create("t", 2).topic_id

    def key(self, partition: int = 0, group_id: str = "g") -> SharePartitionKey:
        return SharePartitionKey(group_id, self.topic_id, partition)

    def initialize(self, partition: int = 0, *, state_epoch: int = 0, start: int = 0) -> list[StateError]:
        """The answers so far."""
        answers: list[StateError] = []
        future = ResponseFuture(answers.append, state_refused)
        self.context.share_state.initialize(self.key(partition), state_epoch, start, future)
        return answers

    def write(self, *batches: StateBatch, partition: int = 0, leader_epoch: int = 0) -> list[StateError]:
        answers: list[StateError] = []
        future = ResponseFuture(answers.append, state_refused)
        write = WriteState(-1, leader_epoch, batches=batches, delivery_complete_count=len(batches))
        self.context.share_state.write(self.key(partition), write, future)
        return answers

    def read(self, partition: int = 0, *, leader_epoch: int = 0) -> list[ReadState]:
        answers: list[ReadState] = []
        future = ResponseFuture(answers.append, read_refused)
        self.context.share_state.read(self.key(partition), leader_epoch, future)
        return answers

    def summary(self, partition: int = 0) -> list[StateSummary]:
        answers: list[StateSummary] = []
        self.context.share_state.summary(self.key(partition), 0, ResponseFuture(answers.append, summary_refused))
        return answers

    def delete(self, partition: int = 0) -> list[StateError]:
        answers: list[StateError] = []
        self.context.share_state.delete(self.key(partition), ResponseFuture(answers.append, state_refused))
        return answers

    def stored(self) -> list[tuple[int, type, bool]]:
        """Of every record its offset, the type of its key, and whether it has a value."""
        (partition,) = internal_topic(self.topics, STATE_TOPIC).partitions
        found: list[tuple[int, type, bool]] = []
        for batch in partition.open_log().batches():
            for record in read_records(batch):
                key, value = decode_share_state_record(record.key or b"", record.value) or (None, None)
                found.append((record.offset, type(key), value is not None))
        return found
