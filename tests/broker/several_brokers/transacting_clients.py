"""Transactional clients of three brokers in trouble, and the judge of what their transactions leave behind.

A client behaves as stock clients do: it looks for its coordinator and for leaders, sends again what it may send again,
and begins a new session where it does not know what has become of the one before. It consumes, transforms and produces:
each transaction writes its number to some partitions, and commits it as an offset.
"""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

from odradek.broker.coordination.coordinator_partition import partition_for
from odradek.broker.coordination.transactions.states import TxnState
from odradek.broker.topic_names import OFFSETS_TOPIC, TRANSACTION_TOPIC
from odradek.protocol.batch import whole_batches
from odradek.protocol.control import find_marker
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.add_offsets_to_txn import AddOffsetsToTxnRequest, AddOffsetsToTxnResponse
from odradek.protocol.messages.add_partitions_to_txn import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    AddPartitionsToTxnTopic,
)
from odradek.protocol.messages.end_txn import EndTxnRequest, EndTxnResponse
from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from odradek.protocol.messages.produce import PartitionProduceData, ProduceRequest, ProduceResponse, TopicProduceData
from odradek.protocol.messages.txn_offset_commit import (
    TxnOffsetCommitRequest,
    TxnOffsetCommitRequestPartition,
    TxnOffsetCommitRequestTopic,
    TxnOffsetCommitResponse,
)
from odradek.protocol.records import NewRecord, ProducerStamp, build_batch, read_records
from odradek.storage.log import PartitionLog

from .brokers_in_trouble import BrokersInTrouble

R = TypeVar("R")
TOPIC, PARTITIONS, STATE_PARTITIONS = "t", 2, 2
SETTINGS = {
    "transaction.state.log.num.partitions": str(STATE_PARTITIONS),
    "offsets.topic.num.partitions": str(STATE_PARTITIONS),
    "transaction.state.log.load.buffer.size": "5242880",
    "replica.lag.time.max.ms": "3000",
    "replica.fetch.wait.max.ms": "500",
}
TIMEOUT_MS = 20_000
PATIENCE_S = 2.0  # for one answer
TRIES = 5
QUIET_S = 90.0

NOBODY = (
    *(ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_NOT_AVAILABLE, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS),
    *(ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.NOT_ENOUGH_REPLICAS, ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND),
    *(ErrorCode.REQUEST_TIMED_OUT, ErrorCode.CONCURRENT_TRANSACTIONS, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
    *(ErrorCode.KAFKA_STORAGE_ERROR, ErrorCode.NETWORK_EXCEPTION),
)
"""Upon which a client sends the same again."""


class Outcome(Enum):
    """What a client knows of one of its transactions."""

    OPEN = "open"
    COMMITTED = "committed"
    ABORTED = "aborted"
    UNKNOWN = "unknown"  # a commit was sent, and never answered


@dataclass
class Client:
    """One transactional id, and what has become of its transactions, by their numbers."""

    number: int
    speaks_v2: bool
    producer_id: int = -1
    epoch: int = -1
    sequences: dict[int, int] = field(default_factory=dict[int, int])
    outcomes: dict[int, Outcome] = field(default_factory=dict[int, Outcome])
    written: dict[int, set[int]] = field(default_factory=dict[int, set[int]])  # partitions of each that are written
    offsets: set[int] = field(default_factory=set[int])  # transactions that have an offset
    transaction: int | None = None

    @property
    def name(self) -> str:
        return f"id-{self.number}"

    @property
    def group(self) -> str:
        return f"group-{self.number}"

    def becomes(self, producer_id: int, epoch: int) -> None:
        """Another epoch begins its sequences anew."""
        if (producer_id, epoch) != (self.producer_id, self.epoch):
            self.producer_id, self.epoch = producer_id, epoch
            self.sequences.clear()

    def value(self, transaction: int) -> bytes:
        return b"%d:%d" % (self.number, transaction)


class TransactingClients:
    """The clients, the brokers, and all that they do."""

    def __init__(self) -> None:
        self.brokers = BrokersInTrouble(settings=SETTINGS)
        self.brokers.create(TOPIC, *([1, 2, 3], [2, 3, 1]), min_insync_replicas="1")
        self.clients = [Client(number, speaks_v2=number % 2 == 1) for number in range(4)]
        self.trouble: Callable[[], None] | None = None  # to come in the midst of the next request
        self.turns = 0
        self.answered = 0

    # Asking

    def leader(self, topic: str, index: int) -> int | None:
        """Who leads, as metadata would say."""
        found = self.brokers.controller.cluster.image.topics.get(topic)
        leader = -1 if found is None else found.partitions[index].record.leader
        return leader if leader > 0 and self.brokers.runs(leader) and not self.brokers.is_frozen(leader) else None

    def ask(self, topic: str, index: int, request: object, version: int, kind: type[R]) -> R | None:
        """The answer of whoever leads; None where nobody has answered in time."""
        node_id = self.leader(topic, index)
        if node_id is None:
            some = next((one for one in self.brokers.ids if self.brokers.runs(one)), None)
            if some is not None and not self.brokers.is_frozen(some) and topic != TOPIC:
                self.brokers[some].context.topics.ensure_internal_topic(topic, lambda error: None)
            self.brokers.advance(0.2)
            return None
        asked = self.brokers[node_id].ask(request, version, kind)
        self._pass_turns()
        for _ in range(int(PATIENCE_S / 0.1)):
            if asked.answers:
                break
            self.brokers.advance(0.1)
        assert not asked.failures, asked.failures
        self.answered += bool(asked.answers)
        return asked.answers[0] if asked.answers else None

    def _pass_turns(self) -> None:
        """Some of what is to happen now happens, then the trouble comes."""
        clock = self.brokers.clock
        trouble, self.trouble = self.trouble, None
        for _ in range(self.turns if trouble is not None else 0):
            if not clock._timers or clock._timers[0][0] > clock.now():
                break
            _, _, timer = heapq.heappop(clock._timers)
            if timer.callback is not None:
                timer.callback()
        if trouble is not None:
            trouble()

    def _insist(
        self, topic: str, index: int, request: object, version: int, kind: type[R], code_of: Callable[[R], int]
    ) -> R | None:
        """Ask again as long as that may help; None where it is not known what has become of it."""
        answer: R | None = None
        for _ in range(TRIES):
            answer = self.ask(topic, index, request, version, kind)
            if answer is not None and code_of(answer) not in NOBODY:
                return answer
            self.brokers.advance(0.3)
        return None

    def _coordinated(self, client: Client, request: object, version: int, kind: type[R]) -> R | None:
        index = partition_for(client.name, STATE_PARTITIONS)
        return self._insist(TRANSACTION_TOPIC, index, request, version, kind, lambda one: one.error_code)  # type: ignore[attr-defined]

    # What clients do

    def begin(self, client: Client) -> None:
        """A new session; what the one before has left open is aborted."""
        self._forget(client)
        request = InitProducerIdRequest(transactional_id=client.name, transaction_timeout_ms=TIMEOUT_MS)
        answer = self._coordinated(client, request, 4, InitProducerIdResponse)
        if answer is None or answer.error_code:
            client.producer_id = -1
            return
        client.becomes(answer.producer_id, answer.producer_epoch)
        client.transaction = max(client.outcomes, default=-1) + 1
        client.outcomes[client.transaction] = Outcome.OPEN

    def _forget(self, client: Client) -> None:
        """It does not go on with the transaction that it has open, and had not asked to commit."""
        if client.transaction is not None and client.outcomes[client.transaction] is Outcome.OPEN:
            client.outcomes[client.transaction] = Outcome.ABORTED
        client.transaction = None

    def _fail(self, client: Client) -> None:
        """Nobody knows whether it was written: the transaction must not be committed."""
        self._forget(client)
        client.producer_id = -1

    def write(self, client: Client, index: int) -> None:
        """The number of the transaction to a partition, once."""
        number = client.transaction
        if number is None or client.producer_id < 0 or index in client.written.setdefault(number, set()):
            return
        if not client.speaks_v2 and not self._add(client, index):
            return
        sequence = client.sequences.get(index, 0)
        stamp = ProducerStamp(client.producer_id, client.epoch, sequence, is_transactional=True)
        records = build_batch([NewRecord(None, client.value(number), 5)], producer=stamp)
        data = TopicProduceData(name=TOPIC, partition_data=[PartitionProduceData(index=index, records=records)])
        request = ProduceRequest(transactional_id=client.name, acks=-1, timeout_ms=1500, topic_data=[data])
        version = 12 if client.speaks_v2 else 11
        answer = self._insist(TOPIC, index, request, version, ProduceResponse, _code_of_produce)
        if answer is None or _code_of_produce(answer):
            self._fail(client)
            return
        client.sequences[index] = sequence + 1
        client.written[number].add(index)

    def _add(self, client: Client, index: int) -> bool:
        request = AddPartitionsToTxnRequest(
            v3_and_below_transactional_id=client.name,
            v3_and_below_producer_id=client.producer_id,
            v3_and_below_producer_epoch=client.epoch,
            v3_and_below_topics=[AddPartitionsToTxnTopic(name=TOPIC, partitions=[index])],
        )
        at = partition_for(client.name, STATE_PARTITIONS)
        answer = self._insist(TRANSACTION_TOPIC, at, request, 3, AddPartitionsToTxnResponse, _code_of_add)
        if answer is None or _code_of_add(answer):
            self._fail(client)
            return False
        return True

    def commit_offset(self, client: Client) -> None:
        """The number of the transaction as an offset."""
        number = client.transaction
        if number is None or client.producer_id < 0 or number in client.offsets:
            return
        if not client.speaks_v2:
            adding = AddOffsetsToTxnRequest(
                transactional_id=client.name,
                producer_id=client.producer_id,
                producer_epoch=client.epoch,
                group_id=client.group,
            )
            added = self._coordinated(client, adding, 3, AddOffsetsToTxnResponse)
            if added is None or added.error_code:
                self._fail(client)
                return
        kept = TxnOffsetCommitRequestPartition(partition_index=0, committed_offset=number, committed_metadata="")
        request = TxnOffsetCommitRequest(
            transactional_id=client.name,
            group_id=client.group,
            producer_id=client.producer_id,
            producer_epoch=client.epoch,
            topics=[TxnOffsetCommitRequestTopic(name=TOPIC, partitions=[kept])],
        )
        index = partition_for(client.group, STATE_PARTITIONS)
        version = 5 if client.speaks_v2 else 4
        answer = self._insist(OFFSETS_TOPIC, index, request, version, TxnOffsetCommitResponse, _code_of_commit)
        if answer is None or _code_of_commit(answer):
            self._fail(client)
        else:
            client.offsets.add(number)

    def end(self, client: Client, *, commit: bool) -> None:
        """Commit or abort; then the next transaction begins."""
        number = client.transaction
        if number is None or client.producer_id < 0:
            return
        if not client.speaks_v2 and not client.written.get(number) and number not in client.offsets:
            return  # such a client does not ask to end nothing
        request = EndTxnRequest(
            transactional_id=client.name,
            producer_id=client.producer_id,
            producer_epoch=client.epoch,
            committed=commit,
        )
        if commit:
            client.outcomes[number] = Outcome.UNKNOWN
        answer = self._coordinated(client, request, 5 if client.speaks_v2 else 4, EndTxnResponse)
        if answer is None or answer.error_code:
            if answer is not None and commit and not client.written.get(number) and number not in client.offsets:
                client.outcomes[number] = Outcome.ABORTED  # there is nothing to commit
            self._fail(client)
            return
        client.outcomes[number] = Outcome.COMMITTED if commit else Outcome.ABORTED
        client.transaction = number + 1
        client.outcomes[number + 1] = Outcome.OPEN
        if client.speaks_v2:
            client.becomes(answer.producer_id, answer.producer_epoch)

    # The judge

    def quiesce(self) -> None:
        """All is well again, nobody sends anything, and every timeout passes."""
        self.trouble = None
        self.brokers.links.heal()
        for node_id in self.brokers.ids:
            if self.brokers.is_frozen(node_id):
                self.brokers.resume(node_id)
            elif not self.brokers.runs(node_id):
                self.brokers.start(node_id)
        for client in self.clients:
            self._forget(client)
        for _ in range(int(QUIET_S)):
            self.brokers.advance(1.0)

    def check(self) -> None:
        """Nothing hangs, and exactly the committed transactions are there, whole, and once."""
        self._check_states()
        seen = {index: self._read_committed(index) for index in range(PARTITIONS)}
        for client in self.clients:
            offset = self._check_offset(client)
            for number, outcome in client.outcomes.items():
                counts = {index: seen[index].count(client.value(number)) for index in client.written.get(number, ())}
                others = [index for index in seen if index not in counts and client.value(number) in seen[index]]
                what = f"transaction {number} of {client.name}, {outcome.value}: {counts}, beside {others}"
                assert set(counts.values()) <= {0, 1}, what
                assert len(set(counts.values())) <= 1, what
                is_there = 1 in counts.values()
                if outcome in (Outcome.ABORTED, Outcome.OPEN):
                    assert not is_there, what
                    assert not others, what
                if outcome is Outcome.COMMITTED:
                    assert 0 not in counts.values(), what
                if number in client.offsets and counts:
                    has_offset = offset is not None and offset >= number
                    assert is_there == (offset == number) or (has_offset and offset != number), what
            self._check_newest_offset(client, offset, seen)

    def _check_newest_offset(self, client: Client, offset: int | None, seen: Mapping[int, list[bytes]]) -> None:
        committed = [n for n in client.offsets if client.outcomes[n] is Outcome.COMMITTED]
        perhaps = [n for n in client.offsets if client.outcomes[n] is Outcome.UNKNOWN]
        newest = max(committed, default=None)
        allowed = {newest, *(n for n in perhaps if newest is None or n > newest)}
        assert offset in allowed, f"{client.name}: offset {offset}, where {sorted(map(str, allowed))} may be"

    def _check_states(self) -> None:
        for index in range(STATE_PARTITIONS):
            leader = self.leader(TRANSACTION_TOPIC, index)
            if leader is None:
                continue
            for state in self.brokers[leader].context.transactions.transactions():
                is_idle = state.state not in (TxnState.ONGOING, TxnState.PREPARE_COMMIT, TxnState.PREPARE_ABORT)
                assert is_idle, f"{state} is not over, at broker {leader}"

    def _check_offset(self, client: Client) -> int | None:
        leader = self.leader(OFFSETS_TOPIC, partition_for(client.group, STATE_PARTITIONS))
        if leader is None:
            return None
        groups = self.brokers[leader].context.groups
        groups.check_served(client.group)
        assert not groups.is_offset_pending(client.group, TOPIC, 0), f"an offset of {client.group} is pending for ever"
        found = groups.find_offset(client.group, TOPIC, 0)
        return None if found is None else found.offset

    def _log(self, topic: str, index: int) -> PartitionLog:
        leader = self.leader(topic, index)
        assert leader is not None
        return self.brokers[leader].partition(topic, index).replica_log

    def _read_committed(self, index: int) -> list[bytes]:
        """The values that a consumer shows."""
        log = self._log(TOPIC, index)
        end = log.last_stable_offset
        ends = (end, log.high_watermark, log.log_end_offset)
        assert len(set(ends)) == 1, f"something hangs in {TOPIC}-{index}: {ends}"
        aborted = sorted(log.aborted_transactions(0, end), key=lambda one: one.first_offset)
        dropped: set[int] = set()
        shown: list[bytes] = []
        start = 0
        while start < end:
            found = log.read(start, 1 << 30, upper_offset=end)
            start = found.next_offset
            for batch in whole_batches(found.data):
                while aborted and aborted[0].first_offset <= batch.base_offset:
                    dropped.add(aborted.pop(0).producer_id)
                if batch.is_control:
                    marker = find_marker(batch)
                    if marker is not None and not marker.is_commit:
                        dropped.discard(batch.producer_id)
                elif batch.producer_id not in dropped:
                    shown += [record.value or b"" for record in read_records(batch)]
        return shown


def _code_of_produce(answer: ProduceResponse) -> int:
    return answer.responses[0].partition_responses[0].error_code


def _code_of_add(answer: AddPartitionsToTxnResponse) -> int:
    return answer.results_by_topic_v3_and_below[0].results_by_partition[0].partition_error_code


def _code_of_commit(answer: TxnOffsetCommitResponse) -> int:
    return answer.topics[0].partitions[0].error_code
