"""A partition of three replicas that broker 1 leads, on a log in memory; followers are whatever a test says of them."""

from collections.abc import Sequence
from dataclasses import replace

from odradek.broker.replication.leading import LeadingPartition
from odradek.broker.replication.replica_fetch import Follower
from odradek.broker.testing.topics import create_topic
from odradek.protocol.batch import RecordBatch
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.metadata_records import PartitionRecord

from ..conftest import Parts
from ..handlers.broker_harness import batch

LAG_S = 30.0
FIRST_EPOCH = 100  # of broker 0


class Led:
    """`answers` are those of appends that wait, in the order of `wait_for`: None until there is one."""

    def __init__(self, isr: Sequence[int] = (1, 2, 3), *, min_isr: int = 1, records: int = 0) -> None:
        self.parts = Parts()
        self.partition = create_topic(self.parts.topics, "t", 1, {}).partitions[0]
        self.log = self.partition.open_log()
        self.log.begin_replication(0)
        self.append(records)
        self.min_isr = min_isr
        self.now = 1000.0
        self.eligible = {2, 3}
        self.broker_epochs = {2: FIRST_EPOCH + 2, 3: FIRST_EPOCH + 3}
        self.answers: list[ErrorCode | None] = []
        self.leading = LeadingPartition(
            self.partition,
            self.log,
            PartitionRecord(
                partition_id=0,
                topic_id=b"t" * 16,
                replicas=[1, 2, 3],
                isr=isr,
                leader=1,
                leader_epoch=0,
                partition_epoch=0,
            ),
            1,
            lambda: LAG_S,
            lambda: self.min_isr,
            lambda who: who.node_id in self.eligible and self.broker_epochs[who.node_id] == who.broker_epoch,
            self.now,
        )

    def append(self, records: int) -> None:
        for _ in range(records):
            self.partition.append([RecordBatch(batch(b"v"))], self.parts.clock.now_ms())

    def grow(self, records: int) -> None:
        """As the broker has it: the leader hears of what was appended."""
        self.append(records)
        self.leading.note_growth(self.now)
        self.leading.advance(self.now)

    def fetch(self, node_id: int, offset: int) -> None:
        """A follower has all below the offset."""
        who = Follower(node_id, self.broker_epochs[node_id])
        self.leading.note_fetch(who, offset, 0, self.now)

    def record(self, **changes: object) -> None:
        """The controller has recorded something else."""
        self.leading.update(replace(self.leading.record, **changes), self.now)  # type: ignore[arg-type]

    def wait_for(self, end_offset: int) -> None:
        number = len(self.answers)
        self.answers.append(None)

        def then(error: KafkaError | None) -> None:
            self.answers[number] = ErrorCode.NONE if error is None else error.code

        self.leading.when_replicated(end_offset, then)
