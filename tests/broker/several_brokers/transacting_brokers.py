"""Three brokers in memory, one transactional producer, and who is to coordinate and to lead what it does."""

from collections.abc import Sequence

from odradek.broker.controller.cluster_state import TopicPartition
from odradek.broker.controller.elections import ElectionType
from odradek.broker.controller.reassignments import Reassignment
from odradek.broker.coordination.coordinator_partition import partition_for
from odradek.broker.topic_names import OFFSETS_TOPIC, TRANSACTION_TOPIC
from odradek.protocol.messages.add_partitions_to_txn import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    AddPartitionsToTxnTopic,
)
from odradek.protocol.messages.describe_transactions import DescribeTransactionsRequest, DescribeTransactionsResponse
from odradek.protocol.messages.end_txn import EndTxnRequest, EndTxnResponse
from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from odradek.protocol.messages.produce import PartitionProduceResponse, ProduceResponse
from odradek.protocol.messages.txn_offset_commit import (
    TxnOffsetCommitRequest,
    TxnOffsetCommitRequestPartition,
    TxnOffsetCommitRequestTopic,
    TxnOffsetCommitResponse,
)

from ..handlers.broker_harness import batch, produce_request
from ..handlers.group_context import Asked
from ..nodes.three_brokers import AskedNode, ThreeBrokers

ID = "id"
SETTINGS = {"transaction.state.log.num.partitions": "1", "offsets.topic.num.partitions": "1"}
Producer = tuple[int, int]


class TransactingBrokers(ThreeBrokers):
    """Topic `t` is led by broker 1, and so are `others`; transactions are coordinated by broker 2, groups by 3."""

    def __init__(
        self,
        *others: Sequence[int],
        state: Sequence[int] = (2, 3, 1),
        settings: dict[str, str] | None = None,
        min_isr: int = 1,
    ) -> None:
        """`state` are the replicas of what the coordinator of transactions keeps."""
        super().__init__(settings={**SETTINGS, **(settings or {})})
        self.create("t", [1, 2, 3], *others, min_insync_replicas=str(min_isr))
        self.create(TRANSACTION_TOPIC, state, min_insync_replicas="1", cleanup_policy="compact")
        self.create(OFFSETS_TOPIC, [3, 1, 2], min_insync_replicas="1", cleanup_policy="compact")

    def leader_of(self, topic: str, index: int = 0) -> AskedNode:
        """The broker that leads a partition."""
        return self[self.record(topic, index).leader]

    @property
    def coordinator(self) -> AskedNode:
        """The one that coordinates the transactional id."""
        return self.leader_of(TRANSACTION_TOPIC, partition_for(ID, 1))

    def move(self, topic: str, *replicas: int, index: int = 0) -> None:
        """Have a partition led by the first of these, for good."""
        asked = Reassignment(TopicPartition(topic, index), replicas)
        self.controller.alter_reassignments([asked], lambda results, error: None)
        self.settle()
        self.controller.elect_leaders(
            ElectionType.PREFERRED, [TopicPartition(topic, index)], lambda results, error: None
        )
        self.settle()
        assert self.record(topic, index).leader == replicas[0]

    # What the producer asks: each is put, and answered once everything has settled, if it can be

    def begin(self, *, timeout_ms: int = 60_000) -> Producer:
        """A new session."""
        request = InitProducerIdRequest(transactional_id=ID, transaction_timeout_ms=timeout_ms)
        asked = self.coordinator.ask(request, 4, InitProducerIdResponse)
        self.settle()
        assert asked.answer.error_code == 0
        return asked.answer.producer_id, asked.answer.producer_epoch

    def add(self, who: Producer, *indexes: int, at: AskedNode | None = None) -> Asked[AddPartitionsToTxnResponse]:
        """AddPartitionsToTxn of partitions of `t`."""
        request = AddPartitionsToTxnRequest(
            v3_and_below_transactional_id=ID,
            v3_and_below_producer_id=who[0],
            v3_and_below_producer_epoch=who[1],
            v3_and_below_topics=[AddPartitionsToTxnTopic(name="t", partitions=indexes)],
        )
        asked = (at or self.coordinator).ask(request, 3, AddPartitionsToTxnResponse)
        self.settle()
        return asked

    def send_write(
        self, who: Producer, sequence: int = 0, *, index: int = 0, version: int = 12, acks: int = -1
    ) -> Asked[ProduceResponse]:
        """A batch of the transaction to a partition of `t`; nothing has settled yet."""
        records = batch(b"v", pid=who[0], epoch=who[1], sequence=sequence, is_transactional=True)
        request = produce_request({"t": {index: records}}, acks=acks)
        request.transactional_id, request.timeout_ms = ID, 1000
        return self.leader_of("t", index).ask(request, version, ProduceResponse)

    def write(self, who: Producer, sequence: int = 0, *, index: int = 0, version: int = 12) -> PartitionProduceResponse:
        """The same, and its answer."""
        asked = self.send_write(who, sequence, index=index, version=version)
        self.settle()
        return outcome(asked)

    def send_end(self, who: Producer, *, commit: bool = True, version: int = 5) -> Asked[EndTxnResponse]:
        """EndTxn; nothing has settled yet."""
        request = EndTxnRequest(transactional_id=ID, producer_id=who[0], producer_epoch=who[1], committed=commit)
        return self.coordinator.ask(request, version, EndTxnResponse)

    def end(self, who: Producer, *, commit: bool = True, version: int = 5) -> EndTxnResponse:
        """The same, and its answer."""
        asked = self.send_end(who, commit=commit, version=version)
        self.settle()
        return asked.answer

    def commit_offset(self, who: Producer, offset: int = 5, *, version: int = 5) -> int:
        """TxnOffsetCommit for group `g`: its error."""
        kept = TxnOffsetCommitRequestPartition(partition_index=0, committed_offset=offset, committed_metadata="")
        request = TxnOffsetCommitRequest(
            transactional_id=ID,
            group_id="g",
            producer_id=who[0],
            producer_epoch=who[1],
            topics=[TxnOffsetCommitRequestTopic(name="t", partitions=[kept])],
        )
        asked = self.leader_of(OFFSETS_TOPIC).ask(request, version, TxnOffsetCommitResponse)
        self.settle()
        ((found,),) = ([one.error_code for one in topic.partitions] for topic in asked.answer.topics)
        return found

    # What is to be seen

    def offset(self) -> int | None:
        """What group `g` has committed."""
        found = self.leader_of(OFFSETS_TOPIC).context.groups.find_offset("g", "t", 0)
        return None if found is None else found.offset

    def state(self) -> str:
        """Of the transactional id, as its coordinator has it."""
        request = DescribeTransactionsRequest(transactional_ids=[ID])
        (found,) = self.coordinator.ask(request, 0, DescribeTransactionsResponse).answer.transaction_states
        return found.transaction_state

    def stable_and_end(self, index: int = 0) -> tuple[int, int]:
        """The last stable offset and the end of a partition of `t`, at its leader."""
        log = self.leader_of("t", index).partition("t", index).log
        return log.last_stable_offset, log.log_end_offset


def outcome(asked: Asked[ProduceResponse]) -> PartitionProduceResponse:
    """Of the only partition."""
    (topic,) = asked.answer.responses
    (found,) = topic.partition_responses
    return found
