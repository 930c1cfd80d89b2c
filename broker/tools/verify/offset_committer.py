"""Offset commits outside transactions by the only committer of a group, and an eye on those of copiers."""

from .history import Commit, Committed, Isolation, Phase, TopicPartition
from .library import ClientError, Consumer, Library
from .worker import CALL_S, Run, Worker

PACE_S = 0.2
STEP = 50


class OffsetCommitter(Worker):
    """Commits growing offsets for partitions of the plain topic, and reads them back."""

    def __init__(self, name: str, run: Run, library: Library) -> None:
        super().__init__(name, run, library)
        self._group = f"{run.plan.run}-{name}"
        self._next: dict[TopicPartition, int] = dict.fromkeys(run.plan.partitions([run.plan.plain]), 0)
        self._consumers: dict[str, Consumer] = {}

    def turn(self) -> None:
        if self.random.random() < 0.6:
            self._commit(self.random.choice(list(self._next)))
        else:
            self._read(self._group, list(self._next))
        pipeline = self.run.plan.pipeline_of(self.library.name)
        if self.random.random() < 0.3:
            self._read(pipeline.group, self.run.plan.partitions([pipeline.source]))
        if self.happens(0.03):
            self.let_go()
        self.stop.wait(self.random.uniform(0, PACE_S))

    def _consumer_of(self, group: str) -> Consumer:
        if group not in self._consumers:
            self.instance += 1
            self._consumers[group] = self.library.consumer(group, Isolation.READ_COMMITTED)
        return self._consumers[group]

    def _commit(self, where: TopicPartition) -> None:
        consumer = self._consumer_of(self._group)
        self._next[where] += self.random.randint(1, STEP)
        commit = Commit(self._group, where, self._next[where])
        self.note(Phase.INVOKE, commit)
        try:
            consumer.commit({where: commit.offset}, CALL_S)
        except ClientError as error:
            self.note(Phase.INFO, commit, str(error))
            raise
        self.note(Phase.OK, commit)

    def _read(self, group: str, partitions: list[TopicPartition]) -> None:
        found = self._consumer_of(group).committed(partitions, CALL_S)
        for where, offset in found.items():
            self.note(Phase.OK, Committed(group, where, offset))

    def let_go(self) -> None:
        consumers, self._consumers = self._consumers, {}
        for consumer in consumers.values():
            try:
                consumer.close()
            except ClientError as error:
                self.run.failures.append(f"{self.process}: {error}")
