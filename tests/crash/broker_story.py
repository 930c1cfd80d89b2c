"""A broker's day, told at random, with what each client was told, and at which moment of its disk.

The rule: what was asked is noted before the broker hears of it, and what was answered after; the checks in
`broker_truth.py` need no more than that.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import TypeVar

from odradek.broker.handlers.produce import V2_FROM_VERSION
from odradek.broker.testing.power_loss import PowerLossFiles
from odradek.broker.testing.topics import delete_topics
from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from odradek.protocol.messages.offset_commit import OffsetCommitRequest, OffsetCommitResponse
from odradek.protocol.messages.produce import ProduceResponse
from odradek.storage.compaction.steps import run_to_end
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.log import PartitionLog

from ..broker.handlers.broker_harness import batch, produce_request
from ..broker.handlers.group_context import offsets_of
from ..broker.handlers.transaction_harness import Producer, TransactingBroker

R = TypeVar("R")
NEVER = 1 << 60
PLENTY = 1 << 30
DURABLE = {"log.flush.interval.messages": "1"}
Place = tuple[bytes, int]
"""A topic id and a partition."""


@dataclass(slots=True, eq=False)
class Written:
    """A batch that a producer has sent."""

    place: Place
    topic: str
    value: bytes
    producer: Producer
    sequence: int
    transaction: "Ended | None"
    asked: int
    answered: int = NEVER
    base_offset: int = -1


@dataclass(slots=True, eq=False)
class Ended:
    """A transaction: until when it was open, and what was decided."""

    name: str
    producer: Producer
    is_v2: bool
    commit: bool | None = None
    asked: int = NEVER
    answered: int = NEVER
    sequences: dict[Place, int] = field(default_factory=dict[Place, int])


@dataclass(slots=True, eq=False)
class Life:
    """A topic from its creation to its end."""

    name: str
    topic_id: bytes
    partitions: int
    created: int
    deletion_asked: int = NEVER
    deleted: int = NEVER


@dataclass(slots=True, eq=False)
class Committed:
    """An offset that a group has committed, by itself or in a transaction."""

    group: str
    offset: int
    transaction: Ended | None
    asked: int
    answered: int = NEVER


@dataclass(slots=True, eq=False)
class Deleted:
    """A request to begin a partition later."""

    place: Place
    offset: int
    asked: int
    answered: int = NEVER


class StoryBroker(TransactingBroker):
    """A broker on a disk of the story; whatever it creates later has ids of its own."""

    def __init__(self, settings: dict[str, str], disk: MemoryFiles) -> None:
        super().__init__({"auto.create.topics.enable": "false"} | settings, disk)

    def commit_alone(self, group: str, offset: int) -> None:
        """OffsetCommit outside any transaction, which must succeed."""
        request = OffsetCommitRequest(
            group_id=group, generation_id_or_member_epoch=-1, member_id="", topics=[offsets_of("t", {0: offset})]
        )
        (topic,) = self.ask(request, 8, OffsetCommitResponse).answer.topics
        assert [partition.error_code for partition in topic.partitions] == [0]

    def settle_fsyncs(self) -> None:
        """Every fsync under way comes to its end, and those that it gives rise to."""
        self.parts.threads.finish_all()


class BrokerStory:
    """Some hundred things that clients ask and that the broker does unasked; facts are kept for every answer."""

    def __init__(self, seed: int, settings: dict[str, str]) -> None:
        self.random = Random(seed)
        self.settings = settings
        self.disk = PowerLossFiles()
        self.broker = StoryBroker(settings, self.disk)
        self.broker.holds_fsyncs = True
        self.written: list[Written] = []
        self.transactions: list[Ended] = []
        self.offsets: list[Committed] = []
        self.deletions: list[Deleted] = []
        self.producer_ids: list[tuple[int, int]] = []  # (answered, id)
        self.lives = [Life("t", self._topic_id("t"), 2, self.moment)]
        self._open: dict[str, Ended] = {}
        self._idempotent: dict[Place, tuple[Producer, int]] = {}
        self._count = 0

    @property
    def moment(self) -> int:
        return self.disk.moment

    def tell(self, steps: int) -> None:
        """Let it happen."""
        choices: list[tuple[int, Callable[[], None]]] = [
            (10, self._produce),
            (10, self._write_in_transaction),
            (6, self._end_transaction),
            (5, self._commit_offset),
            (3, self._commit_offset_in_transaction),
            (2, self._create_topic),
            (1, self._delete_topic),
            (8, self._finish_an_fsync),
            (4, self._roll),
            (2, self._delete_records),
            (1, self._retain),
            (3, self._compact),
            (2, self._pass_time),
            (1, self._restart),
        ]
        weights = [weight for weight, _ in choices]
        for _ in range(steps):
            (step,) = self.random.choices([step for _, step in choices], weights)
            step()

    def _topic_id(self, name: str) -> bytes:
        topic = self.broker.topics.find(name)
        assert topic is not None
        return topic.topic_id

    def _some_life(self) -> Life:
        return self.random.choice([life for life in self.lives if life.deletion_asked == NEVER])

    # What clients ask

    def _new_producer(self) -> Producer:
        request = InitProducerIdRequest(
            transactional_id=None, transaction_timeout_ms=0, producer_id=-1, producer_epoch=-1
        )
        answer = self._without_delay(lambda: self.broker.ask(request, 4, InitProducerIdResponse).answer)
        self.producer_ids.append((self.moment, answer.producer_id))
        return answer.producer_id, answer.producer_epoch

    def _send(self, life: Life, index: int, producer: Producer, sequence: int, transaction: Ended | None) -> None:
        self._count += 1
        value = b"%d " % self._count + b"x" * self.random.choice((0, 30, 400, 900))
        sent = Written((life.topic_id, index), life.name, value, producer, sequence, transaction, asked=self.moment)
        self.written.append(sent)
        records = batch(
            value, pid=producer[0], epoch=producer[1], sequence=sequence, is_transactional=transaction is not None
        )
        name = None if transaction is None else transaction.name
        request = produce_request({life.name: {index: records}}, transactional_id=name)
        version = V2_FROM_VERSION if transaction is None or transaction.is_v2 else V2_FROM_VERSION - 1
        asked = self.broker.ask(request, version, ProduceResponse)

        def answered(response: ProduceResponse) -> None:
            (partition,) = response.responses[0].partition_responses
            assert partition.error_code == 0, partition
            sent.answered, sent.base_offset = self.moment, partition.base_offset

        asked.when_answered(answered)
        if asked.is_deferred and (transaction is not None or self.random.random() < 0.5):
            self.broker.settle_fsyncs()

    def _produce(self) -> None:
        life = self._some_life()
        index = self.random.randrange(life.partitions)
        producer, sequence = self._idempotent.get((life.topic_id, index)) or (self._new_producer(), 0)
        self._idempotent[life.topic_id, index] = (producer, sequence + 1)
        self._send(life, index, producer, sequence, None)

    def _transaction(self) -> Ended:
        name = self.random.choice(("one", "two"))
        if name not in self._open:
            producer = self._without_delay(lambda: self.broker.begin(name))
            self._open[name] = Ended(name, producer, is_v2=self.random.random() < 0.5)
            self.transactions.append(self._open[name])
        return self._open[name]

    def _write_in_transaction(self) -> None:
        transaction = self._transaction()
        life = self._some_life()
        index = self.random.randrange(life.partitions)
        place = (life.topic_id, index)
        if not transaction.is_v2 and place not in transaction.sequences:
            who, name = transaction.producer, transaction.name
            assert self._without_delay(lambda: self.broker.add(who, index, topic=life.name, name=name)) == [0]
        sequence = transaction.sequences.get(place, 0)
        transaction.sequences[place] = sequence + 1
        self._send(life, index, transaction.producer, sequence, transaction)

    def _end_transaction(self) -> None:
        for transaction in list(self._open.values())[:1]:
            if not transaction.sequences:
                continue
            del self._open[transaction.name]
            transaction.commit = self.random.random() < 0.6
            transaction.asked = self.moment
            self._without_delay(partial(self._end, transaction, transaction.commit))
            transaction.answered = self.moment

    def _end(self, transaction: Ended, commit: bool) -> None:
        version = 5 if transaction.is_v2 else 4
        code, _ = self.broker.end(transaction.producer, commit=commit, name=transaction.name, version=version)
        assert code == 0, code

    def _commit_offset(self) -> None:
        self._count += 1
        group = self.random.choice(("g", "h"))
        committed = Committed(group, self._count, None, self.moment)
        self.offsets.append(committed)
        self._without_delay(lambda: self.broker.commit_alone(group, committed.offset))
        committed.answered = self.moment

    def _commit_offset_in_transaction(self) -> None:
        transaction = next((one for one in self._open.values() if one.sequences and not one.is_v2), None)
        if transaction is None:
            return
        self._count += 1
        committed = Committed("in " + transaction.name, self._count, transaction, self.moment)
        self.offsets.append(committed)
        who, name, group = transaction.producer, transaction.name, committed.group
        assert self._without_delay(lambda: self.broker.add_offsets(who, group, name=name)) == 0
        assert (
            self._without_delay(lambda: self.broker.commit_offset(who, committed.offset, group=group, name=name)) == 0
        )
        committed.answered = self.moment

    def _without_delay(self, ask: Callable[[], R]) -> R:
        self.broker.settle_fsyncs()
        self.broker.holds_fsyncs = False
        answer = ask()
        self.broker.holds_fsyncs = True
        return answer

    def _create_topic(self) -> None:
        taken = {life.name for life in self.lives if life.deleted == NEVER}
        name = next((name for name in ("a", "b", "c") if name not in taken), None)
        if name is not None:
            partitions = self.random.choice((1, 2))
            self._without_delay(lambda: self.broker.create(name, partitions))
            self.lives.append(Life(name, self._topic_id(name), partitions, self.moment))

    def _delete_topic(self) -> None:
        used = {sent.place[0] for sent in self.written if sent.transaction in self._open.values()}
        for life in self.lives[1:]:
            if life.deletion_asked == NEVER and life.topic_id not in used:
                topic = self.broker.topics.find(life.name)
                assert topic is not None
                life.deletion_asked = self.moment
                self._without_delay(partial(delete_topics, self.broker.topics, [topic]))
                life.deleted = self.moment
                return

    def _delete_records(self) -> None:
        life = self._some_life()
        index = self.random.randrange(life.partitions)
        partition = self.broker.topics.partition(life.name, index)
        offset = self.random.randint(0, partition.log.high_watermark)
        deleted = Deleted((life.topic_id, index), offset, self.moment)
        self.deletions.append(deleted)
        self._without_delay(lambda: self.broker.topics.delete_records(partition, offset, lambda start, error: None))
        deleted.answered = self.moment

    # What happens unasked

    def _finish_an_fsync(self) -> None:
        if self.broker.parts.threads.held:
            self.broker.finish_fsync()

    def _roll(self) -> None:
        if logs := self._opened_logs():
            self.random.choice(logs).roll(self.broker.clock.now_ms())

    def _retain(self) -> None:
        for log in self._opened_logs():
            log.delete_old_segments(self.broker.clock.now_ms())

    def _compact(self) -> None:
        """One pass over a coordinator's log, whether it is worth one or not."""
        compacted = [log for log in self._opened_logs() if log.config.is_compacted]
        if not compacted:
            return
        log, now_ms = self.random.choice(compacted), self.broker.clock.now_ms()
        on_record = self.broker.parts.directory.recovery_points.get((log.topic, log.partition), 0)
        cleanable = log.find_cleanable(None, now_ms)
        run_to_end(log.begin_cleaning(cleanable, now_ms, PLENTY, recovered_from=on_record).steps())

    def _opened_logs(self) -> list[PartitionLog]:
        opened = [partition.opened_log for partition in self.broker.topics.partitions()]
        return [log for log in opened if log is not None]

    def _pass_time(self) -> None:
        self.broker.settle_fsyncs()
        self.broker.clock.advance(1.0)
        self.broker.parts.store.write_checkpoints()
        self.broker.parts.purge()

    def _restart(self) -> None:
        """A clean stop, or a kill of the process: the disk keeps its power."""
        self.broker.settle_fsyncs()
        self.broker.restart(is_clean=self.random.random() < 0.5)
