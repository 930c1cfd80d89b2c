"""Consume, transform, produce: each copier moves records and its group's offsets in one transaction."""

from .check_copies import copy_of
from .history import Isolation, Offsets, Phase, Poll, Record, TopicPartition
from .library import ClientError, Consumer, Library
from .worker import Run, Worker
from .writing import WritingProcess

LIMIT = 60
# kafka-python breaks a join off where a poll ends, and begins it again in the next: under load it would never be in.
POLL_S = 3.0
TIMEOUT_S = 10.0


class Copier(Worker):
    """A member of its library's group of copiers, or its only copier if the library cannot fence by group."""

    def __init__(self, name: str, run: Run, library: Library) -> None:
        super().__init__(name, run, library)
        self._pipeline = run.plan.pipeline_of(library.name)
        self._producer: WritingProcess | None = None
        self._consumer: Consumer | None = None

    def turn(self) -> None:
        if self._producer is None or self._consumer is None:
            self._start()
        assert self._producer is not None
        assert self._consumer is not None
        records = self._consumer.poll(LIMIT, POLL_S)
        if records:
            reader = f"{self.process}#{self._consumer.assignments}"
            self.note(Phase.OK, Poll(reader, Isolation.READ_COMMITTED, tuple(records)))
            self._copy(self._producer, self._consumer, records)
        if self.happens(0.02):
            self.let_go()

    def _start(self) -> None:
        """The producer first: it ends what an earlier life left open, before the offsets are read."""
        self.instance += 1
        transactional_id = f"{self.run.plan.run}-{self.name}"
        producer = self.library.producer(transactional_id, TIMEOUT_S, self.random.choice(self.library.codecs))
        self._producer = WritingProcess(self.run.history, self.process, transactional_id, producer)
        self._producer.init()
        protocol = self.run.plan.protocol_of(self.library.group_protocols, self.random)
        self._consumer = self.library.consumer(self._pipeline.group, Isolation.READ_COMMITTED, protocol)
        if self.library.fences_by_group:
            self._consumer.subscribe(self._pipeline.source)
        else:
            self._consumer.resume(self.run.plan.partitions([self._pipeline.source]))

    def _copy(self, producer: WritingProcess, consumer: Consumer, records: list[Record]) -> None:
        transaction = producer.begin()
        first: dict[TopicPartition, int] = {}
        after: dict[TopicPartition, int] = {}
        copies: list[Record] = []
        for record in records:
            offset = record.offset or 0
            first.setdefault(record.where, offset)
            after[record.where] = offset + 1
            copies.append(Record(self._pipeline.target, record.partition, copy_of(record.value, transaction)))
        try:
            producer.send(copies)
            producer.send_offsets(after, self._pipeline.group, consumer)
        except ClientError:
            producer.abort()
            raise
        if self.happens(0.04):
            raise ClientError("dies at random before its commit")
        if self.happens(0.10):
            self._abort(producer, consumer, first)
        else:
            producer.commit()

    def _abort(self, producer: WritingProcess, consumer: Consumer, first: Offsets) -> None:
        """What was not copied is read once more."""
        producer.abort()
        consumer.seek(first)

    def let_go(self) -> None:
        producer, self._producer = self._producer, None
        consumer, self._consumer = self._consumer, None
        try:
            if producer is not None:
                producer.abandon()
        finally:
            if consumer is not None:
                consumer.abandon()

    def finish(self) -> None:
        self.let_go()
