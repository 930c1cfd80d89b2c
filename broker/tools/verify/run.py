"""One run from the first topic to the last check: start the workers, let them work, calm them, read the end, check.

Its one rule: every step has a deadline. A broker that never answers makes a violation or an error, no endless run.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .appender import Appender
from .checkers import FinalState, check_all, check_prefix
from .copier import Copier
from .final_state import FinalReader
from .history import End, History, Isolation, Phase, Record, TopicPartition
from .library import ClientError, Library, ObservingLibrary
from .offset_committer import OffsetCommitter
from .plan import Plan
from .reader import Reader
from .sequencer import Sequencer
from .verdict import Verdict
from .worker import Run, Worker


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds that each step may take; all but the first outlast some restarts of a broker."""

    start_s: float = 30.0
    stop_s: float = 75.0
    settle_s: float = 90.0
    copy_s: float = 180.0
    read_s: float = 120.0
    progress_s: float = 5.0
    check_every_s: float = 15.0


class CannotRun(Exception):
    """There is nothing to check; the message says why."""


@dataclass(slots=True)
class Report:
    verdicts: Sequence[Verdict]
    history: History
    failures: Sequence[str]
    stuck: Sequence[str] = ()

    @property
    def is_clean(self) -> bool:
        return not any(verdict.violations for verdict in self.verdicts)


@dataclass(slots=True)
class Verification:
    """A run against one broker; `tell` is called with a line of progress now and then."""

    plan: Plan
    libraries: Sequence[Library]
    main: ObservingLibrary
    now: Callable[[], float]
    tell: Callable[[str], None]
    deadlines: Deadlines = Deadlines()
    history: History = field(init=False)
    run: Run = field(init=False)
    stuck: list[str] = field(init=False, default_factory=list[str])
    begun: float = field(init=False)

    def __post_init__(self) -> None:
        self.begun = self.now()
        self.history = History(self.now)
        self.run = Run(self.plan, self.history, self.now)

    def verify(self, duration_s: float) -> Report:
        """Works for so long, then brings all to an end and checks it; CannotRun if the broker does not take part."""
        self._create_topics()
        self._begin_groups()
        writers, others, copiers = self._workers()
        for worker in (*writers, *others, *copiers):
            worker.thread.start()
        found = self._watch(duration_s)
        self._tell("stopping the writers; waiting for open transactions to end or time out")
        self.run.calm.set()
        self._stop(writers)
        if found:
            self._stop((*others, *copiers))
            return Report(found, self.history, self.run.failures, self.stuck)
        report = Report(self._conclude(others, copiers), self.history, self.run.failures, self.stuck)
        if report.is_clean:
            self._check_all_took_part()
        return report

    def _conclude(self, others: Sequence[Worker], copiers: Sequence[Worker]) -> list[Verdict]:
        """Lets the copiers come to the end, and checks all."""
        final = self._final_state(others, copiers)
        self._tell(f"checking {len(self.history):,} operations")
        return check_all(self.history.operations(), final)

    def _check_so_far(self) -> list[Verdict]:
        return check_prefix(self.history.operations())

    def _check_all_took_part(self) -> None:
        """A run in which nothing was done, or a worker broke down, must not pass for a clean one."""
        if self.run.crashes:
            raise CannotRun(f"workers broke down: {'; '.join(self.run.crashes)}")
        if reason := self._why_nothing_was_done():
            raise CannotRun(f"{reason}; first of all {'; '.join(self.run.failures[:3])}")

    def _why_nothing_was_done(self) -> str:
        ended = [one.detail for one in self.history.operations() if one.phase is Phase.OK]
        is_any_committed = any(isinstance(one, End) and one.is_commit for one in ended)
        return "" if is_any_committed else "no transaction was ever committed"

    def _tell(self, what: str) -> None:
        self.tell(f"{self.now() - self.begun:5.0f} s  {what}")

    def _create_topics(self) -> None:
        try:
            self.main.create_topics(self.plan.topics, self.deadlines.start_s, self.plan.replicas)
        except ClientError as error:
            raise CannotRun(f"no topics could be created there: {error}") from None

    def _begin_groups(self) -> None:
        """Groups without members begin with an offset, so that a copier never has to guess whether there is one."""
        groups = [self.plan.pipeline_of(one.name).group for one in self.libraries if not one.fences_by_group]
        deadline = self.now() + self.deadlines.start_s
        while groups:
            try:
                self._set_to_beginning(groups[-1])
                groups.pop()
            except ClientError as error:
                # A coordinator that was just elected is not ready at once.
                if self.now() >= deadline:
                    raise CannotRun(f"no offsets could be committed there: {error}") from None
                self.run.calm.wait(0.3)

    def _set_to_beginning(self, group: str) -> None:
        consumer = self.main.consumer(group, Isolation.READ_COMMITTED)
        try:
            source = self.plan.partitions([self.plan.source])
            consumer.commit(dict.fromkeys(source, 0), self.deadlines.start_s)
        finally:
            consumer.close()

    def _workers(self) -> tuple[list[Worker], list[Worker], list[Worker]]:
        writers: list[Worker] = []
        others: list[Worker] = []
        others.append(Reader("reader-uncommitted", self.run, self.main, Isolation.READ_UNCOMMITTED))
        copiers: list[Worker] = []
        for library in self.libraries:
            several = 2 if library.name == self.main.name else 1
            for number in range(several):
                writers.append(Appender(f"appender-{library.name}-{number}", self.run, library))
            for number in range(several if library.fences_by_group else 1):
                copiers.append(Copier(f"copier-{library.name}-{number}", self.run, library))
            writers.append(Sequencer(f"sequencer-{library.name}", self.run, library))
            others.append(Reader(f"reader-{library.name}", self.run, library, Isolation.READ_COMMITTED))
            others.append(OffsetCommitter(f"offset-committer-{library.name}", self.run, library))
        return writers, others, copiers

    def _watch(self, duration_s: float) -> list[Verdict]:
        """Shows progress and checks what there is so far; returns early with the verdicts once one is violated."""
        deadline, next_check = self.now() + duration_s, self.now() + self.deadlines.check_every_s
        while (left_s := deadline - self.now()) > 0:
            self.run.calm.wait(min(self.deadlines.progress_s, left_s))
            self._tell(f"{len(self.history):,} operations, {len(self.run.failures):,} client errors")
            if self.now() >= next_check:
                begun = self.now()
                verdicts = self._check_so_far()
                if any(verdict.violations for verdict in verdicts):
                    return verdicts
                # However long the history: no more than a tenth of the time goes into checking it.
                next_check = self.now() + max(self.deadlines.check_every_s, 10 * (self.now() - begun))
        return []

    def _stop(self, workers: Sequence[Worker]) -> None:
        for worker in workers:
            worker.stop.set()
        deadline = self.now() + self.deadlines.stop_s
        for worker in workers:
            worker.thread.join(max(0.0, deadline - self.now()))
        self.stuck += [worker.name for worker in workers if worker.thread.is_alive()]

    def _final_state(self, others: Sequence[Worker], copiers: Sequence[Worker]) -> FinalState:
        reader = FinalReader(self.main, self.history, self.now)
        source = self.plan.partitions([self.plan.source])
        stalled = reader.wait_until_stable(
            self.plan.partitions([*self.plan.transactional, self.plan.plain]), self.deadlines.settle_s
        )
        try:
            inputs = reader.read(source, Isolation.READ_COMMITTED, self.deadlines.read_s)
            self._tell(f"waiting for the copiers of {len(inputs):,} records")
            ends = _ends(inputs)
            deadline = self.now() + self.deadlines.copy_s
            slow: list[str] = []
            for pipeline in self.plan.pipelines:
                slow += reader.wait_until_copied(pipeline.group, ends, max(1.0, deadline - self.now()))
            self._stop((*copiers, *others))
            targets = [pipeline.target for pipeline in self.plan.pipelines]
            stalled += reader.wait_until_stable(self.plan.partitions(targets), self.deadlines.settle_s)
            everything = self.plan.partitions(list(self.plan.topics))
            self._tell("reading everything once more")
            return FinalState(
                committed=reader.read(everything, Isolation.READ_COMMITTED, self.deadlines.read_s),
                uncommitted=reader.read(everything, Isolation.READ_UNCOMMITTED, self.deadlines.read_s),
                groups={one.group: reader.committed(one.group, source) for one in self.plan.pipelines},
                pipelines=self.plan.pipelines,
                is_drained=not slow,
                stalled=[*stalled, *slow, *reader.receded],
            )
        except ClientError as error:
            raise CannotRun(f"the end could not be read: {error}") from None


def _ends(records: Sequence[Record]) -> dict[TopicPartition, int]:
    """One past the last record of each partition: where a group stands that has copied them all."""
    ends: dict[TopicPartition, int] = {}
    for record in records:
        ends[record.where] = max(ends.get(record.where, 0), (record.offset or 0) + 1)
    return ends
