"""Transactional appends over several topics and partitions: committed, aborted, abandoned, outlived, fenced."""

import contextlib

from .history import Record
from .library import ClientError, Library
from .worker import Run, Worker
from .writing import WritingProcess

PACE_S = 0.08
TIMEOUT_S = 10.0
ORPHAN_TIMEOUT_S = 3.0
BURSTS = 3
BURST_RECORDS = 8


class Appender(Worker):
    """Writes transactions to the transactional topics; its transactional id outlives its instances."""

    def __init__(self, name: str, run: Run, library: Library) -> None:
        super().__init__(name, run, library)
        self._producer: WritingProcess | None = None
        self._zombie: WritingProcess | None = None
        self._transactional_id = f"{run.plan.run}-{name}"

    def turn(self) -> None:
        producer = self._producer or self._start()
        self._revive_zombie()
        producer.begin()
        for _ in range(self.random.randint(1, BURSTS)):
            self._send_or_abort(producer)
        fate = self.random.random()
        if fate < 0.70:
            producer.commit()
        elif fate < 0.90:
            producer.abort()
        elif fate < 0.94:
            self._die(producer)
        elif fate < 0.97:
            self._zombie, self._producer = producer, None
        else:
            self._leave_an_orphan(producer)
        self.stop.wait(self.random.uniform(0, PACE_S))

    def _start(self) -> WritingProcess:
        self.instance += 1
        # Now and then one that will be left behind to time out: nobody takes its id again.
        is_orphan = self.happens(0.15)
        transactional_id = f"{self._transactional_id}-orphan-{self.instance}" if is_orphan else self._transactional_id
        timeout_s = ORPHAN_TIMEOUT_S if is_orphan else TIMEOUT_S
        producer = self.library.producer(transactional_id, timeout_s, self.random.choice(self.library.codecs))
        self._producer = WritingProcess(self.run.history, self.process, transactional_id, producer)
        self._producer.init()
        return self._producer

    def _send_or_abort(self, producer: WritingProcess) -> None:
        partitions = self.run.plan.partitions(self.run.plan.transactional)
        chosen = [self.random.choice(partitions) for _ in range(self.random.randint(1, BURST_RECORDS))]
        try:
            producer.send([Record(*where, producer.new_value()) for where in chosen])
        except ClientError:
            producer.abort()
            raise

    def _revive_zombie(self) -> None:
        """The instance before this one wakes up, goes on writing and wants to commit. It must not succeed."""
        zombie, self._zombie = self._zombie, None
        if zombie is None:
            return
        with contextlib.suppress(ClientError):
            if self._producer is not None and zombie.transactional_id == self._producer.transactional_id:
                if self.random.random() < 0.5:
                    partition = self.random.choice(self.run.plan.partitions(self.run.plan.transactional))
                    zombie.send([Record(*partition, zombie.new_value())])
                zombie.commit()
        zombie.abandon()

    def _die(self, producer: WritingProcess) -> None:
        self._producer = None
        producer.abandon()

    def _leave_an_orphan(self, producer: WritingProcess) -> None:
        """Dies for good: its transactional id comes back under another name, so only a timeout ends the transaction."""
        self._die(producer)
        self._transactional_id = f"{self.run.plan.run}-{self.name}-after-{producer.name.rpartition('/')[2]}"

    def let_go(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.abandon()

    def finish(self) -> None:
        """Comes back once more to end what it left open, unless that was left for good."""
        if self._zombie is not None:
            self._zombie.abandon()
        producer = self._producer or self._start()
        producer.close()
