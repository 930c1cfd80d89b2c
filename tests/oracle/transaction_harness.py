"""A transactional producer that speaks raw requests: right ones unless it is told what to get wrong.

Apache Kafka answers EndTxn before it writes the markers, and CONCURRENT_TRANSACTIONS until they are there; Odradek
writes them first. So every end here waits until it is over, and nothing is asked in between.
"""

import dataclasses
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.add_offsets_to_txn import AddOffsetsToTxnRequest, AddOffsetsToTxnResponse
from odradek.protocol.messages.add_partitions_to_txn import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    AddPartitionsToTxnTopic,
    AddPartitionsToTxnTopicResult,
)
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from odradek.protocol.messages.describe_transactions import (
    DescribeTransactionsRequest,
    DescribeTransactionsResponse,
    TransactionState,
)
from odradek.protocol.messages.end_txn import EndTxnRequest, EndTxnResponse
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from odradek.protocol.messages.produce import (
    PartitionProduceData,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)
from odradek.protocol.messages.txn_offset_commit import (
    TxnOffsetCommitRequest,
    TxnOffsetCommitRequestPartition,
    TxnOffsetCommitRequestTopic,
    TxnOffsetCommitResponse,
)
from odradek.protocol.messages.update_features import (
    FeatureUpdateKey,
    UpdateFeaturesRequest,
    UpdateFeaturesResponse,
)

from .batches import TRANSACTIONAL, batch
from .wire_session import Dialogue

Response = TypeVar("Response")
FEATURE = "transaction.version"
COORDINATOR_LOADS = frozenset(
    {
        ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
        ErrorCode.COORDINATOR_NOT_AVAILABLE,
        ErrorCode.NOT_COORDINATOR,
    }
)
OVER = ("CompleteCommit", "CompleteAbort")
V1_PRODUCE, V2_PRODUCE = 11, 12
V1_END, V2_END = 4, 5
UPGRADE, SAFE_DOWNGRADE = 1, 2
PATIENCE_S = 20.0


@contextmanager
def transaction_version(d: Dialogue, level: int) -> Generator[None]:
    """The broker's transaction.version for a while; afterwards it is 2, where it begins."""
    set_transaction_version(d, level)
    try:
        yield
    finally:
        set_transaction_version(d, 2)


def set_transaction_version(d: Dialogue, level: int) -> None:
    """Sets the feature and waits until the broker goes by it."""
    kind = UPGRADE if level >= finalized_level(d) else SAFE_DOWNGRADE
    update = FeatureUpdateKey(feature=FEATURE, max_version_level=level, upgrade_type=kind)
    answer = d.wire.ask(UpdateFeaturesRequest(feature_updates=[update]), 1, UpdateFeaturesResponse)
    assert answer.error_code == 0, answer.error_message
    d.wait_for(lambda: finalized_level(d) == level, f"{FEATURE} is {level}")


def finalized_level(d: Dialogue) -> int:
    """transaction.version as ApiVersions tells it."""
    asked = ApiVersionsRequest(client_software_name="wire", client_software_version="1.0")
    found = d.wire.ask(asked, 4, ApiVersionsResponse).finalized_features
    return next((one.max_version_level for one in found if one.name == FEATURE), 0)


def patiently(ask: Callable[[], Response], is_busy: Callable[[Response], bool]) -> Response:
    """Asks until the answer is more than "not yet"."""
    deadline = time.monotonic() + PATIENCE_S
    while is_busy(answer := ask()):
        assert time.monotonic() < deadline, answer
        time.sleep(0.02)
    return answer


class Transactor:
    """One session of a transactional id; what it believes to be changes with the answers to `init` and V2 ends."""

    def __init__(self, d: Dialogue, base: str = "id", *, end_version: int = V1_END) -> None:
        self.d = d
        self.id = d.name(base)
        self.end_version = end_version
        self.producer_id = -1
        self.epoch = -1
        self._is_found = False

    def twin(self) -> "Transactor":
        """Another process with the same id, which believes what this one believes."""
        twin = Transactor(self.d, end_version=self.end_version)
        twin.id, twin.producer_id, twin.epoch = self.id, self.producer_id, self.epoch
        twin._is_found = True
        return twin

    # Requests

    def init(
        self, label: str, *, version: int = 4, timeout_ms: int = 60_000, expected: tuple[int, int] = (-1, -1)
    ) -> InitProducerIdResponse:
        """InitProducerId, as often as the coordinator is still loading."""
        self._find_coordinator()
        request = InitProducerIdRequest(
            transactional_id=self.id,
            transaction_timeout_ms=timeout_ms,
            producer_id=expected[0],
            producer_epoch=expected[1],
        )
        answer = patiently(
            lambda: self.d.wire.ask(request, version, InitProducerIdResponse),
            lambda found: found.error_code in COORDINATOR_LOADS,
        )
        self.d.note(label, answer)
        if answer.error_code == 0:
            self.producer_id, self.epoch = answer.producer_id, answer.producer_epoch
        return answer

    def init_after_abort(self, label: str, *, expected: tuple[int, int] = (-1, -1)) -> None:
        """InitProducerId while a transaction is open: refused once, then a new session."""
        self.init(f"{label}: at once", expected=expected)
        self.await_end()
        self.init(f"{label}: again", expected=expected)

    def add(
        self, label: str, topic: str, *indexes: int, version: int = 3, pid: int | None = None, epoch: int | None = None
    ) -> None:
        """AddPartitionsToTxn as clients send it."""
        request = AddPartitionsToTxnRequest(
            v3_and_below_transactional_id=self.id,
            v3_and_below_producer_id=self.producer_id if pid is None else pid,
            v3_and_below_producer_epoch=self.epoch if epoch is None else epoch,
            v3_and_below_topics=[AddPartitionsToTxnTopic(name=topic, partitions=indexes or (0,))],
        )
        answer = self.d.wire.ask(request, version, AddPartitionsToTxnResponse)
        sort_partitions(answer.results_by_topic_v3_and_below)
        self.d.note(label, answer)

    def add_offsets(
        self, label: str, group: str, *, version: int = 3, pid: int | None = None, epoch: int | None = None
    ) -> None:
        """AddOffsetsToTxn."""
        request = AddOffsetsToTxnRequest(
            transactional_id=self.id,
            producer_id=self.producer_id if pid is None else pid,
            producer_epoch=self.epoch if epoch is None else epoch,
            group_id=group,
        )
        self.d.ask(label, request, version, AddOffsetsToTxnResponse)

    def commit_offsets(
        self,
        label: str,
        group: str,
        topic: str,
        offset: int,
        *,
        version: int = 3,
        pid: int | None = None,
        epoch: int | None = None,
        index: int = 0,
        generation: int = -1,
        member_id: str = "",
        instance_id: str | None = None,
        metadata: str | None = "",
    ) -> None:
        """TxnOffsetCommit of one partition."""
        kept = TxnOffsetCommitRequestPartition(
            partition_index=index, committed_offset=offset, committed_metadata=metadata
        )
        request = TxnOffsetCommitRequest(
            transactional_id=self.id,
            group_id=group,
            producer_id=self.producer_id if pid is None else pid,
            producer_epoch=self.epoch if epoch is None else epoch,
            generation_id=generation,
            member_id=member_id,
            group_instance_id=instance_id,
            topics=[TxnOffsetCommitRequestTopic(name=topic, partitions=[kept])],
        )
        self.d.ask(label, request, version, TxnOffsetCommitResponse)

    def end(
        self,
        label: str,
        *,
        commit: bool,
        version: int | None = None,
        pid: int | None = None,
        epoch: int | None = None,
        is_believed: bool = True,
    ) -> EndTxnResponse:
        """EndTxn; returns when the markers are written."""
        version = self.end_version if version is None else version
        request = EndTxnRequest(
            transactional_id=self.id,
            producer_id=self.producer_id if pid is None else pid,
            producer_epoch=self.epoch if epoch is None else epoch,
            committed=commit,
        )
        answer = self.d.ask(label, request, version, EndTxnResponse)
        if answer.error_code == 0:
            self.await_end()
            if version >= V2_END and is_believed:
                self.producer_id, self.epoch = answer.producer_id, answer.producer_epoch
        return answer

    def produce(
        self,
        label: str,
        topic: str,
        sequence: int,
        values: Sequence[bytes | None] = (b"v",),
        *,
        index: int = 0,
        version: int = V1_PRODUCE,
        pid: int | None = None,
        epoch: int | None = None,
        transactional_id: str | None = "its own",
        is_transactional: bool = True,
    ) -> None:
        """One transactional batch."""
        records = batch(
            list(values),
            attributes=TRANSACTIONAL if is_transactional else 0,
            producer_id=self.producer_id if pid is None else pid,
            producer_epoch=self.epoch if epoch is None else epoch,
            sequence=sequence,
            base_ms=5,
        )
        data = [PartitionProduceData(index=index, records=records)]
        request = ProduceRequest(
            transactional_id=self.id if transactional_id == "its own" else transactional_id,
            acks=-1,
            timeout_ms=5000,
            topic_data=[TopicProduceData(name=topic, partition_data=data)],
        )
        self.d.ask(label, request, version, ProduceResponse)

    # Looking

    def state(self) -> TransactionState:
        """DescribeTransactions, not written down."""
        asked = DescribeTransactionsRequest(transactional_ids=[self.id])
        return self.d.wire.ask(asked, 0, DescribeTransactionsResponse).transaction_states[0]

    def describe(self, label: str) -> None:
        """DescribeTransactions without the time."""
        found = self.state()
        for topic in found.topics:
            topic.partitions = sorted(topic.partitions)
        start = min(found.transaction_start_time_ms, 1)  # 1: some time
        self.d.note(label, dataclasses.replace(found, transaction_start_time_ms=start))

    def await_end(self) -> None:
        """Waits for the markers, if a transaction is being ended."""
        self.d.wait_for(lambda: not self.state().transaction_state.startswith("Prepare"), "the markers are written")

    def await_abort(self) -> None:
        """Waits for the timeout of a transaction."""
        patiently(self.state, lambda found: found.transaction_state != "CompleteAbort")

    def _find_coordinator(self) -> None:
        """The first question creates `__transaction_state`."""
        if not self._is_found:
            asked = FindCoordinatorRequest(key=self.id, key_type=1)
            patiently(
                lambda: self.d.wire.ask(asked, 3, FindCoordinatorResponse),
                lambda found: found.error_code in COORDINATOR_LOADS,
            )
            self._is_found = True


def find_group(d: Dialogue, base: str = "g") -> str:
    """A group whose coordinator is ready."""
    group = d.name(base)
    d.wait_for(
        lambda: d.wire.ask(FindCoordinatorRequest(key=group), 3, FindCoordinatorResponse).error_code == 0, "a group"
    )
    return group


def sort_partitions(topics: Sequence[AddPartitionsToTxnTopicResult]) -> None:
    """Apache Kafka answers partitions in the order of a hash map."""
    for topic in topics:
        topic.results_by_partition = sorted(topic.results_by_partition, key=lambda one: one.partition_index)
