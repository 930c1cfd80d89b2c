"""Readers outside of any group: they follow every partition, and go back now and then to begin anew in the middle."""

from .history import Assign, Isolation, Phase, Poll, TopicPartition
from .library import Consumer, Library
from .worker import Run, Worker

LIMIT = 500
POLL_S = 0.3
STEP_BACK = 100


class Reader(Worker):
    """Reads all topics of the run in one isolation."""

    def __init__(self, name: str, run: Run, library: Library, isolation: Isolation) -> None:
        super().__init__(name, run, library)
        self._isolation = isolation
        self._consumer: Consumer | None = None
        self._positions: dict[TopicPartition, int] = dict.fromkeys(run.plan.partitions(list(run.plan.topics)), 0)

    def turn(self) -> None:
        consumer = self._consumer or self._start()
        records = consumer.poll(LIMIT, POLL_S)
        if records:
            self.note(Phase.OK, Poll(self.process, self._isolation, tuple(records)))
        for record in records:
            self._positions[record.where] = (record.offset or 0) + 1
        if self.happens(0.01):
            self.let_go()

    def _start(self) -> Consumer:
        self.instance += 1
        consumer = self._consumer = self.library.consumer(None, self._isolation)
        starts = {
            where: max(0, position - self.random.randint(0, STEP_BACK)) for where, position in self._positions.items()
        }
        consumer.assign(starts)
        self.note(Phase.OK, Assign(self.process, self._isolation, starts))
        return consumer

    def let_go(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close()
