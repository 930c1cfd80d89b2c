"""Idempotent sends without transactions: every record once, in the order of its producer."""

from .history import Record
from .library import Library
from .worker import Run, Worker
from .writing import WritingProcess

PACE_S = 0.15
BURST_RECORDS = 60


class Sequencer(Worker):
    """Writes unique values to the plain topic; a failed producer is not asked again, and none of its values are."""

    def __init__(self, name: str, run: Run, library: Library) -> None:
        super().__init__(name, run, library)
        self._producer: WritingProcess | None = None

    def turn(self) -> None:
        producer = self._producer or self._start()
        partitions = self.run.plan.partitions([self.run.plan.plain])
        chosen = [self.random.choice(partitions) for _ in range(self.random.randint(1, BURST_RECORDS))]
        producer.send([Record(*where, producer.new_value()) for where in chosen])
        if self.happens(0.02):
            self.let_go()
        self.stop.wait(self.random.uniform(0, PACE_S))

    def _start(self) -> WritingProcess:
        self.instance += 1
        producer = self.library.producer(None, 0.0, self.random.choice(self.library.codecs))
        self._producer = WritingProcess(self.run.history, self.process, "", producer)
        return self._producer

    def let_go(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.abandon()

    def finish(self) -> None:
        if self._producer is not None:
            self._producer.close()
