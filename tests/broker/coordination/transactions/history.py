"""Histories of transactional clients over a whole broker on files in memory, and the judge of what they leave behind.

The judge believes the logs alone: `__transaction_state` says how each transaction was decided, the partitions say what
was written while it was open. Everything else follows, and is compared with what a consumer sees.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from odradek.broker.assembly import assemble
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.context import Context
from odradek.broker.coordination.transactions.states import TxnState
from odradek.broker.coordination.transactions.transaction import Transaction, decode_transaction
from odradek.broker.deferred import Deferred
from odradek.broker.handlers.add_offsets_to_txn import handle_add_offsets_to_txn
from odradek.broker.handlers.add_partitions_to_txn import handle_add_partitions_to_txn
from odradek.broker.handlers.end_txn import handle_end_txn
from odradek.broker.handlers.init_producer_id import handle_init_producer_id
from odradek.broker.handlers.produce import handle_produce
from odradek.broker.handlers.txn_offset_commit import handle_txn_offset_commit
from odradek.broker.metadata.features import TRANSACTION_VERSION
from odradek.broker.session import Session
from odradek.broker.slices import run_to_end
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.disks import DyingFiles, FailingFiles, Killed
from odradek.broker.testing.topics import create_topic
from odradek.broker.topic_names import OFFSETS_TOPIC, TRANSACTION_TOPIC
from odradek.protocol.batch import RecordBatch, whole_batches
from odradek.protocol.control import find_marker
from odradek.protocol.errors import KafkaError
from odradek.protocol.messages.add_offsets_to_txn import AddOffsetsToTxnRequest
from odradek.protocol.messages.add_partitions_to_txn import AddPartitionsToTxnRequest, AddPartitionsToTxnTopic
from odradek.protocol.messages.end_txn import EndTxnRequest, EndTxnResponse
from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from odradek.protocol.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from odradek.protocol.messages.txn_offset_commit import (
    TxnOffsetCommitRequest,
    TxnOffsetCommitRequestPartition,
    TxnOffsetCommitRequestTopic,
)
from odradek.protocol.records import NewRecord, ProducerStamp, build_batch, read_records

from ...clusters import Changes
from ...conftest import IDENTITY, Parts

TOPIC, GROUPS = "t", ("g", "h")
PARTITIONS = 2
TIMEOUT_MS = 15_000
QUIET_S = 120.0
SESSION = Session("/127.0.0.1", "127.0.0.1", 9092, client_id="shop")

Answer = Callable[[], object]
Instance = tuple[str, int]  # a transactional id, and how many of its transactions were decided before this one


class ShakyFiles(DyingFiles, FailingFiles):
    """A disk that dies at a change, or refuses the next writes."""


@dataclass
class Client:
    """One session of a transactional id, which believes what it was told last."""

    transactional_id: str
    speaks_v2: bool
    producer_id: int = -1
    epoch: int = -1
    sequences: dict[int, int] = field(default_factory=dict[int, int])

    def becomes(self, producer_id: int, epoch: int) -> None:
        """A new identity begins its sequences anew."""
        if (producer_id, epoch) != (self.producer_id, self.epoch):
            self.producer_id, self.epoch = producer_id, epoch
            self.sequences.clear()


@dataclass
class _Place:
    """One partition as far as it has been read."""

    end: int = 0
    open: dict[int, Instance] = field(default_factory=dict[int, Instance])
    writes: dict[int, Instance] = field(default_factory=dict[int, Instance])


class History:
    """A broker, its clients, every request they ever sent, and the judge."""

    def __init__(self) -> None:
        self.files = ShakyFiles()
        settings = {"transaction.state.log.num.partitions": "2", "offsets.topic.num.partitions": "1"}
        self.parts = Parts(config=BrokerConfig.from_settings(settings), files=self.files)
        self.context = self._assembled()
        create_topic(self.context.topics, TOPIC, PARTITIONS, {})
        self.clients = [Client(f"id-{n // 2}", speaks_v2=n % 2 == 1) for n in range(4)]
        self._sent: list[Answer] = []
        self._places: dict[tuple[str, int], _Place] = {}
        self._decided: dict[Instance, bool] = {}
        self._decisions: dict[str, int] = {}
        self._id_of: dict[int, str] = {}
        self._newest: dict[str, tuple[int, int]] = {}
        self._offsets: dict[tuple[str, int], tuple[Instance | None, int]] = {}
        self.value = 0

    # The broker

    def _assembled(self) -> Context:
        parts = self.parts
        return assemble(parts.config, parts.runtime, parts.store, IDENTITY)

    def crash(self, *, dies_again_at: int | None = None) -> None:
        """The process is killed; the next one may be killed while it starts."""
        for dies_at in (dies_again_at, None):
            self.files.revive()
            self.files.failing_writes = 0
            clock = self.parts.clock
            self.parts.clock = ManualClock(clock.now(), clock.now_ms())  # the timers of the dead die with it
            try:
                self.parts.restart(is_clean=False)
                self.files.changes, self.files.dies_at = 0, dies_at
                self.context = self._assembled()
                self.parts.topics, self.parts.metadata = self.context.topics, self.context.metadata
            except Killed:
                continue
            self.files.dies_at = None
            break
        self.read_logs()

    def perform(self, act: Callable[[], None], *, dies_at: int | None = None, refusals: int = 0) -> None:
        """One step, perhaps on a disk that dies or refuses meanwhile."""
        self.files.changes, self.files.dies_at, self.files.failing_writes = 0, dies_at, refusals
        try:
            act()
        except Killed:
            self.crash()
            return
        self.files.dies_at, self.files.failing_writes = None, 0
        self.read_logs()

    def advance(self, seconds: float) -> None:
        """Time passes; what is overdue is aborted."""
        self.parts.clock.advance(seconds)

    def set_level(self, level: int) -> None:
        """transaction.version."""
        with contextlib.suppress(KafkaError):  # the disk is full
            Changes(self.context.metadata).set_features({TRANSACTION_VERSION: level})

    # Requests

    def send_again(self, at: int) -> None:
        """A request of long ago arrives (again): late, repeated, or of a session that is over."""
        if self._sent:
            self._sent[at % len(self._sent)]()

    def _send(self, ask: Answer) -> object:
        self._sent.append(ask)
        return ask()

    def init(self, client: Client, *, claims: bool) -> None:
        """InitProducerId; `claims`: the producer says who it believes to be."""
        request = InitProducerIdRequest(
            transactional_id=client.transactional_id,
            transaction_timeout_ms=TIMEOUT_MS,
            producer_id=client.producer_id if claims else -1,
            producer_epoch=client.epoch if claims else -1,
        )
        found = _answer(handle_init_producer_id(request, 5, SESSION, self.context))
        assert isinstance(found, InitProducerIdResponse)
        if found.error_code == 0:
            granted = (found.producer_id, found.producer_epoch)
            newest = self._newest.get(client.transactional_id, (-1, -1))
            assert claims or granted > newest, f"{granted} was given after {newest}"
            self._newest[client.transactional_id] = max(granted, newest)
            client.becomes(*granted)

    def write(self, client: Client, index: int, *, adds: bool = True) -> None:
        """One batch; a V1 client adds the partition first, if it behaves."""
        identity = (client.producer_id, client.epoch)
        if not client.speaks_v2 and adds:
            topic = AddPartitionsToTxnTopic(name=TOPIC, partitions=[index])
            request = AddPartitionsToTxnRequest(
                v3_and_below_transactional_id=client.transactional_id,
                v3_and_below_producer_id=client.producer_id,
                v3_and_below_producer_epoch=client.epoch,
                v3_and_below_topics=[topic],
            )
            self._send(lambda: handle_add_partitions_to_txn(request, 3, SESSION, self.context))
        self.value += 1
        sequence = client.sequences.get(index, 0)
        batch = build_batch(
            [NewRecord(None, b"%d" % self.value, 5)],
            producer=ProducerStamp(identity[0], identity[1], sequence, is_transactional=True),
        )
        data = TopicProduceData(name=TOPIC, partition_data=[PartitionProduceData(index=index, records=batch)])
        produce = ProduceRequest(transactional_id=client.transactional_id, acks=-1, topic_data=[data])
        version = 12 if client.speaks_v2 else 11
        answer = _answer(self._send(lambda: run_to_end(handle_produce(produce, version, SESSION, self.context))))
        if answer.responses[0].partition_responses[0].error_code == 0:  # type: ignore[attr-defined]
            client.sequences[index] = sequence + 1

    def commit_offset(self, client: Client, group: str) -> None:
        """TxnOffsetCommit; a V1 client adds the group first."""
        if not client.speaks_v2:
            adding = AddOffsetsToTxnRequest(
                transactional_id=client.transactional_id,
                producer_id=client.producer_id,
                producer_epoch=client.epoch,
                group_id=group,
            )
            self._send(lambda: handle_add_offsets_to_txn(adding, 3, SESSION, self.context))
        self.value += 1
        kept = TxnOffsetCommitRequestPartition(partition_index=0, committed_offset=self.value, committed_metadata="")
        request = TxnOffsetCommitRequest(
            transactional_id=client.transactional_id,
            group_id=group,
            producer_id=client.producer_id,
            producer_epoch=client.epoch,
            topics=[TxnOffsetCommitRequestTopic(name=TOPIC, partitions=[kept])],
        )
        version = 5 if client.speaks_v2 else 4
        self._send(lambda: handle_txn_offset_commit(request, version, SESSION, self.context))

    def end(self, client: Client, *, commit: bool) -> None:
        """EndTxn, in the client's protocol."""
        request = EndTxnRequest(
            transactional_id=client.transactional_id,
            producer_id=client.producer_id,
            producer_epoch=client.epoch,
            committed=commit,
        )
        version = 5 if client.speaks_v2 else 4
        found = _answer(self._send(lambda: handle_end_txn(request, version, SESSION, self.context)))
        assert isinstance(found, EndTxnResponse)
        if found.error_code == 0 and client.speaks_v2:
            client.becomes(found.producer_id, found.producer_epoch)

    # The judge

    def read_logs(self) -> None:
        """Read on, decisions first: what they decide was written before, or comes after."""
        for topic in (TRANSACTION_TOPIC, TOPIC, OFFSETS_TOPIC):
            found = self.context.topics.find(topic)
            for partition in found.partitions if found is not None else ():
                place = self._places.setdefault((topic, partition.index), _Place())
                for batch in partition.log.batches():
                    if batch.base_offset >= place.end:
                        place.end = batch.base_offset + batch.last_offset_delta + 1
                        if topic == TRANSACTION_TOPIC:
                            self._note_state(batch)
                        else:
                            self._note_batch(place, topic, batch)

    def _note_state(self, batch: RecordBatch) -> None:
        for record in read_records(batch):
            decoded = decode_transaction(record.key or b"", record.value)
            assert decoded is not None
            state = decoded[1]
            assert state is not None, "nothing expires in these histories"
            name = state.transactional_id
            assert self._id_of.setdefault(state.producer_id, name) == name
            if state.state.is_prepared:
                count = self._decisions.get(name, 0)
                self._decided[name, count] = state.state is TxnState.PREPARE_COMMIT
                self._decisions[name] = count + 1

    def _note_batch(self, place: _Place, topic: str, batch: RecordBatch) -> None:
        name = self._id_of[batch.producer_id]
        if batch.is_control:
            marker = find_marker(batch)
            instance = place.open.pop(batch.producer_id, None)
            assert marker is not None
            if instance is not None:
                assert self._decided[instance] == marker.is_commit, f"{instance} was decided otherwise"
            return
        assert (batch.producer_id, batch.producer_epoch) >= self._newest.get(name, (-1, -1)), "a fenced producer wrote"
        instance = place.open.setdefault(batch.producer_id, (name, self._decisions.get(name, 0)))
        place.writes[batch.base_offset] = instance
        if topic == OFFSETS_TOPIC:
            for record in read_records(batch):
                self._offsets[GROUPS[0] if b"g" in (record.key or b"")[:5] else GROUPS[1], record.offset] = (
                    instance,
                    record.offset,
                )

    def quiesce(self) -> None:
        """Nobody sends any more; every timeout passes."""
        self.files.failing_writes, self.files.dies_at = 0, None
        for _ in range(int(QUIET_S / 10)):
            self.advance(10.0)
        self.read_logs()

    def check(self) -> None:
        """What is left behind: nothing open, and exactly the committed transactions, whole."""
        for state in self.context.transactions.transactions():
            assert state.state not in (TxnState.ONGOING, TxnState.PREPARE_COMMIT, TxnState.PREPARE_ABORT), state
        for (name, index), place in self._places.items():
            if name == TRANSACTION_TOPIC:
                continue
            log = self.context.topics.partition(name, index).log
            assert log.last_stable_offset == log.log_end_offset, f"{name}-{index} has an open transaction"
            if name == TOPIC:
                expected = [offset for offset, instance in place.writes.items() if self._decided[instance]]
                for start in (0, log.log_end_offset // 2):
                    seen = self._read_committed(index, start)
                    assert seen == [offset for offset in expected if offset >= start]
        for group in GROUPS:
            self._check_offset(group)

    def _check_offset(self, group: str) -> None:
        place = self._places.get((OFFSETS_TOPIC, 0), _Place())
        winners = [
            offset for (of, offset), _ in self._offsets.items() if of == group and self._decided[place.writes[offset]]
        ]
        found = self.context.groups.find_offset(group, TOPIC, 0)
        assert (None if found is None else found.log_offset) == max(winners, default=None)
        assert not self.context.groups.is_offset_pending(group, TOPIC, 0)

    def _read_committed(self, index: int, start: int) -> list[int]:
        """The offsets that a consumer shows: it drops what the aborted list and the markers tell it to."""
        log = self.context.topics.partition(TOPIC, index).log
        end = log.last_stable_offset
        aborted = log.aborted_transactions(start, end)
        dropped: set[int] = set()
        shown: list[int] = []
        # One read ends with its segment, and a consumer asks again: a marker rolls the log away from old records.
        batches: list[RecordBatch] = []
        while start < end:
            found = log.read(start, 1 << 30, upper_offset=end)
            batches += whole_batches(found.data)
            start = found.next_offset
        for batch in batches:
            while aborted and aborted[0].first_offset <= batch.base_offset:
                dropped.add(aborted.pop(0).producer_id)
            if batch.is_control:
                marker = find_marker(batch)
                if marker is not None and not marker.is_commit:
                    dropped.discard(batch.producer_id)
            elif batch.producer_id not in dropped:
                shown.append(batch.base_offset)
        return shown

    def states(self) -> dict[str, Transaction]:
        """Every id's state but for what lives in memory only."""
        return {
            one.transactional_id: one._replace(last_producer_epoch=-1)
            for one in self.context.transactions.transactions()
        }


def _answer(response: object) -> object:
    """The answer, which nothing here makes wait."""
    if isinstance(response, Deferred):
        answers: list[object] = []
        waiting: Deferred[object] = response
        waiting.deliver_to(answers.append, answers.append)
        (answer,) = answers
        return answer
    return response
