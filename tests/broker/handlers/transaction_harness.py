"""A broker whose transactions are asked about: right requests, unless a test says what to get wrong."""

from collections.abc import Sequence

from odradek.broker.metadata.features import TRANSACTION_VERSION
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.disks import BROKEN
from odradek.protocol.messages.add_offsets_to_txn import AddOffsetsToTxnRequest, AddOffsetsToTxnResponse
from odradek.protocol.messages.add_partitions_to_txn import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    AddPartitionsToTxnTopic,
)
from odradek.protocol.messages.describe_transactions import (
    DescribeTransactionsRequest,
    DescribeTransactionsResponse,
    TransactionState,
)
from odradek.protocol.messages.end_txn import EndTxnRequest, EndTxnResponse
from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from odradek.protocol.messages.produce import PartitionProduceResponse
from odradek.protocol.messages.txn_offset_commit import (
    TxnOffsetCommitRequest,
    TxnOffsetCommitRequestPartition,
    TxnOffsetCommitRequestTopic,
    TxnOffsetCommitResponse,
)
from odradek.storage.files.files import Buffer
from odradek.storage.files.memory_files import MemoryFiles

from ..clusters import Changes
from .broker_harness import AskedBroker, batch

ID = "id"
Producer = tuple[int, int]
NO_PRODUCER: Producer = (-1, -1)


class TransactingBroker(AskedBroker):
    """Two partitions of topic `t`, and what a transactional producer asks; producers are (id, epoch)."""

    def __init__(self, settings: dict[str, str] | None = None, disk: MemoryFiles | None = None) -> None:
        super().__init__(
            {"transaction.state.log.num.partitions": "2", "offsets.topic.num.partitions": "2"} | (settings or {}), disk
        )
        if self.topics.find("t") is None:
            self.create("t", 2)

    def restart(self, *, is_clean: bool = True) -> None:
        """Stop and start again; the timers of the broker before end with it."""
        self.clock = self.parts.clock = ManualClock(self.clock.now(), self.clock.now_ms())
        super().restart(is_clean=is_clean)

    def refuse_markers(self) -> None:
        """The disk takes one more write, the decision, and then none until `write_error` is None again."""
        take = self.files.write

        def take_once(path: str, buffers: Sequence[Buffer], position: int) -> None:
            self.files.write = take  # type: ignore[method-assign]
            take(path, buffers, position)
            self.files.write_error = BROKEN

        self.files.write = take_once  # type: ignore[method-assign]

    def set_level(self, level: int) -> None:
        """transaction.version."""
        Changes(self.context.metadata).set_features({TRANSACTION_VERSION: level})

    def init(
        self,
        name: str = ID,
        version: int = 4,
        *,
        expected: Producer = NO_PRODUCER,
        timeout_ms: int = 60_000,
    ) -> tuple[int, Producer]:
        """InitProducerId: the error and who the producer is."""
        request = InitProducerIdRequest(
            transactional_id=name,
            transaction_timeout_ms=timeout_ms,
            producer_id=expected[0],
            producer_epoch=expected[1],
        )
        answer = self.ask(request, version, InitProducerIdResponse).answer
        return answer.error_code, (answer.producer_id, answer.producer_epoch)

    def begin(self, name: str = ID, *, timeout_ms: int = 60_000) -> Producer:
        """A new session, which must succeed."""
        code, producer = self.init(name, timeout_ms=timeout_ms)
        assert code == 0
        return producer

    def add(self, who: Producer, *indexes: int, topic: str = "t", name: str = ID, version: int = 3) -> list[int]:
        """AddPartitionsToTxn 0-3: the error of each partition."""
        request = AddPartitionsToTxnRequest(
            v3_and_below_transactional_id=name,
            v3_and_below_producer_id=who[0],
            v3_and_below_producer_epoch=who[1],
            v3_and_below_topics=[AddPartitionsToTxnTopic(name=topic, partitions=indexes or (0,))],
        )
        (found,) = self.ask(request, version, AddPartitionsToTxnResponse).answer.results_by_topic_v3_and_below
        assert [one.partition_index for one in found.results_by_partition] == list(indexes or (0,))
        return [one.partition_error_code for one in found.results_by_partition]

    def add_offsets(self, who: Producer, group: str = "g", *, name: str = ID, version: int = 3) -> int:
        """AddOffsetsToTxn: its error."""
        request = AddOffsetsToTxnRequest(
            transactional_id=name, producer_id=who[0], producer_epoch=who[1], group_id=group
        )
        return self.ask(request, version, AddOffsetsToTxnResponse).answer.error_code

    def commit_offset(
        self,
        who: Producer,
        offset: int = 5,
        *,
        group: str = "g",
        name: str = ID,
        topic: str = "t",
        index: int = 0,
        version: int = 3,
        generation: int = -1,
        member_id: str = "",
        metadata: str | None = "",
    ) -> int:
        """TxnOffsetCommit of one partition: its error."""
        kept = TxnOffsetCommitRequestPartition(
            partition_index=index, committed_offset=offset, committed_metadata=metadata
        )
        request = TxnOffsetCommitRequest(
            transactional_id=name,
            group_id=group,
            producer_id=who[0],
            producer_epoch=who[1],
            generation_id=generation,
            member_id=member_id,
            topics=[TxnOffsetCommitRequestTopic(name=topic, partitions=[kept])],
        )
        (found,) = self.ask(request, version, TxnOffsetCommitResponse).answer.topics
        (partition,) = found.partitions
        return partition.error_code

    def end(self, who: Producer, *, commit: bool, name: str = ID, version: int = 4) -> tuple[int, Producer]:
        """EndTxn: the error, and from version 5 on who the producer is now."""
        request = EndTxnRequest(transactional_id=name, producer_id=who[0], producer_epoch=who[1], committed=commit)
        answer = self.ask(request, version, EndTxnResponse).answer
        return answer.error_code, (answer.producer_id, answer.producer_epoch)

    def write(
        self, who: Producer, sequence: int = 0, *, index: int = 0, version: int = 11, name: str | None = ID
    ) -> PartitionProduceResponse:
        """One transactional batch."""
        records = batch(pid=who[0], epoch=who[1], sequence=sequence, is_transactional=True)
        return self.produce("t", records, index=index, version=version, transactional_id=name)

    def describe(self, name: str = ID) -> TransactionState:
        """DescribeTransactions of one id."""
        asked = DescribeTransactionsRequest(transactional_ids=[name])
        (found,) = self.ask(asked, 0, DescribeTransactionsResponse).answer.transaction_states
        return found

    def offset(self, group: str = "g", topic: str = "t") -> int | None:
        """What the group has committed for partition 0."""
        found = self.context.groups.find_offset(group, topic, 0)
        return None if found is None else found.offset

    def stable_and_end(self, index: int = 0) -> tuple[int, int]:
        """The last stable offset and the end of a partition of `t`."""
        log = self.topics.partition("t", index).log
        return log.last_stable_offset, log.log_end_offset
