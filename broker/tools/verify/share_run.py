"""A run of share groups: producers write, members share what was written, and are waited for until all is settled."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from .check_logs import check_duplicates, check_lost_writes
from .check_shares import ShareSettings, check_shares, check_shares_so_far, outstanding
from .connection_watch import ConnectionWatch
from .facts import Facts
from .final_state import FinalReader
from .history import Isolation, Kind, Phase, ShareAcknowledge, SharePoll
from .library import ClientError, SharingLibrary
from .plan import SharePlan
from .run import CannotRun, Verification
from .sequencer import Sequencer
from .share_facts import ShareFacts
from .share_member import ShareMember
from .verdict import Verdict
from .worker import Worker

MEMBERS = 3
DELIVERY_LIMIT = 5
CHECK_EVERY_S = 1.0
PATIENCE_S = 15.0


@dataclass(frozen=True, slots=True)
class Times:
    """What groups are configured to, in seconds."""

    lock_s: float
    session_s: float
    heartbeat_s: float

    @property
    def quiet_s(self) -> float:
        """So long after the last delivery nothing more comes: the dead are gone, and what they held is free."""
        return self.session_s + 2 * self.lock_s + PATIENCE_S


# The first that the broker allows: Kafka allows the last as it is, and the others if it is told to.
TIMES = (Times(3.0, 6.0, 1.0), Times(15.0, 45.0, 5.0))


@dataclass(slots=True)
class ShareVerification(Verification):
    """A run against one broker; `plan` is given once more because it is the base's by another type."""

    sharing: SharingLibrary = field(kw_only=True)
    share_plan: SharePlan = field(kw_only=True)
    times: Times = field(init=False, default=TIMES[-1])

    @property
    def settings(self) -> ShareSettings:
        return ShareSettings(self.share_plan.share_groups, self.times.lock_s, DELIVERY_LIMIT)

    def _begin_groups(self) -> None:
        """Groups begin with the first record, and with the shortest times that the broker allows."""
        try:
            self.times = self._allowed()
            for group in self.share_plan.share_groups:
                self._configure(group, self.times)
        except ClientError as error:
            raise CannotRun(f"share groups could not be configured there: {error}") from None
        self._tell(f"locks last {self.times.lock_s:g} s, records are delivered {DELIVERY_LIMIT} times at most")

    def _allowed(self) -> Times:
        for times in TIMES[:-1]:
            try:
                self._configure(self.share_plan.share_groups[0], times)
            except ClientError:
                continue
            return times
        return TIMES[-1]

    def _configure(self, group: str, times: Times) -> None:
        settings = {
            "share.auto.offset.reset": "earliest",
            "share.record.lock.duration.ms": str(int(times.lock_s * 1000)),
            "share.session.timeout.ms": str(int(times.session_s * 1000)),
            "share.heartbeat.interval.ms": str(int(times.heartbeat_s * 1000)),
            "share.delivery.count.limit": str(DELIVERY_LIMIT),
        }
        self.sharing.configure_group(group, settings, self.deadlines.start_s)

    def _workers(self) -> tuple[list[Worker], list[Worker], list[Worker]]:
        writers: list[Worker] = [Sequencer(f"sequencer-{one.name}", self.run, one) for one in self.libraries]
        try:
            brokers = self.sharing.brokers(self.deadlines.start_s)
        except ClientError as error:
            raise CannotRun(f"no brokers are told there: {error}") from None
        watches: list[Worker] = [
            ConnectionWatch(f"watch-{number}", self.run, self.main, address) for number, address in enumerate(brokers)
        ]
        members: list[Worker] = [
            ShareMember(
                f"member-{group}-{number}", self.run, self.main, self.sharing, name, self.plan.plain, self.times.lock_s
            )
            for group, name in enumerate(self.share_plan.share_groups)
            for number in range(MEMBERS)
        ]
        return writers, watches, members

    def _check_so_far(self) -> list[Verdict]:
        return check_shares_so_far(self.history.operations(), self.settings)

    def _conclude(self, others: Sequence[Worker], copiers: Sequence[Worker]) -> list[Verdict]:
        self._tell("waiting until the members have had all there is")
        self._wait_until_settled()
        self._stop((*copiers, *others))
        reader = FinalReader(self.main, self.history, self.now)
        self._tell("reading everything once more")
        try:
            everything = self.plan.partitions([self.plan.plain])
            log = reader.read(everything, Isolation.READ_UNCOMMITTED, self.deadlines.read_s)
        except ClientError as error:
            raise CannotRun(f"the end could not be read: {error}") from None
        self._tell(f"checking {len(self.history):,} operations")
        operations = self.history.operations()
        facts, shares = Facts.of(operations), ShareFacts.of(operations)
        return [
            check_lost_writes(facts, log),
            check_duplicates(facts, log),
            *check_shares(facts, shares, self.settings, log),
        ]

    def _wait_until_settled(self) -> None:
        """Until all is settled, or nothing comes any more, or it takes too long."""
        deadline = self.now() + self.deadlines.copy_s
        pause = threading.Event()
        while self.now() < deadline:
            begun = self.now()
            operations = self.history.operations()
            if not outstanding(Facts.of(operations), ShareFacts.of(operations), self.settings):
                return
            came = [one.time_s for one in operations if one.phase is Phase.OK and isinstance(one.detail, SharePoll)]
            if self.now() - self.begun - max(came, default=0.0) > self.times.quiet_s:
                return
            # However long the history: most of the processor is for those who are waited for.
            pause.wait(max(CHECK_EVERY_S, 3 * (self.now() - begun)))

    def _why_nothing_was_done(self) -> str:
        accepted = {
            one.detail.group
            for one in self.history.operations()
            if one.phase is Phase.OK
            and isinstance(one.detail, ShareAcknowledge)
            and any(acknowledged.kind is Kind.ACCEPT for acknowledged in one.detail.records)
        }
        idle = [group for group in self.share_plan.share_groups if group not in accepted]
        return f"nothing was ever accepted in {', '.join(idle)}" if idle else ""
