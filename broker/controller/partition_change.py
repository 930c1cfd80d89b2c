"""What a partition becomes: its leader, its ISR and ELR, and its replicas, once something about it is to change.

Pure: it is given the partition, what is wanted of it and who may lead, and gives the record that says what becomes of
it. The rules are those of Apache Kafka's PartitionChangeBuilder (KIP-455, KIP-704, KIP-858, KIP-966).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from ...protocol.metadata_records import PartitionChangeRecord, PartitionRecord
from ..metadata.registrations import MIGRATING_DIRECTORY

NO_LEADER: Final = -1
LEADER_STAYS: Final = -2

# Whether a leader still has to recover from an unclean election (KIP-704); the third is a record's word for neither.
RECOVERED: Final = 0
RECOVERING: Final = 1
RECOVERY_STATE_STAYS: Final = -1


class Election(Enum):
    """How far an election may go."""

    PREFERRED = "the first replica, if it is in sync, else as ONLINE"
    ONLINE = "whoever is in sync, or eligible where nobody is; the leader stays if it can"
    UNCLEAN = "as ONLINE, and else any replica that is there, though records are lost"


class ElectionRules(NamedTuple):
    """What holds in the cluster, and of the topic, while a partition changes."""

    may_lead: Callable[[PartitionRecord, int], bool]
    """Whether this replica of the partition is there to lead it."""
    default_directory: Callable[[int], bytes]
    """The directory of a replica that comes to a broker."""
    min_isr: int
    """min.insync.replicas of the topic, but no more than it has replicas."""
    has_eligible_leaders: bool
    """Whether replicas that may lead without being in sync are kept (KIP-966)."""


@dataclass(slots=True)
class PartitionChange:
    """A partition as it is, and as it is wanted: who changes something sets it, and asks for the record."""

    partition: PartitionRecord
    rules: ElectionRules
    election: Election = Election.ONLINE
    unclean_shutdown: Collection[int] = ()  # brokers that may have lost what they had
    isr: list[int] = field(init=False)
    replicas: list[int] = field(init=False)
    removing: list[int] = field(init=False)
    adding: list[int] = field(init=False)
    recovery_state: int = field(init=False)
    _eligible: list[int] = field(init=False)

    def __post_init__(self) -> None:
        was = self.partition
        self.isr = list(was.isr)
        self.replicas = list(was.replicas)
        self.removing = list(was.removing_replicas)
        self.adding = list(was.adding_replicas)
        self.recovery_state = was.leader_recovery_state
        self._eligible = list(was.eligible_leader_replicas or ())

    def record(self) -> PartitionChangeRecord | None:
        """What says that the partition has become so; None where nothing changes. To be asked once."""
        record = PartitionChangeRecord(partition_id=self.partition.partition_id, topic_id=self.partition.topic_id)
        unchanged = PartitionChangeRecord(partition_id=self.partition.partition_id, topic_id=self.partition.topic_id)
        self._complete_reassignment()
        self._keep_eligible_leaders()
        self._elect(record)
        if record.leader == LEADER_STAYS and not set(self.partition.replicas).issubset(self.replicas):
            record.leader = self.partition.leader  # a replica is gone: an epoch of its own fences it
        self._record_isr(record)
        self._record_last_leader(record)
        self._record_replicas(record)
        if self.recovery_state != self.partition.leader_recovery_state:
            record.leader_recovery_state = self.recovery_state
        return None if record == unchanged else record

    # Steps, in this order

    def _complete_reassignment(self) -> None:
        """A reassignment is over once everyone is in sync who comes; where more go than come, everyone who stays."""
        if not self.removing and not self.adding:
            return
        isr = [replica for replica in self.isr if replica not in self.removing]
        replicas = [replica for replica in self.replicas if replica not in self.removing]
        awaited = {*self.adding, *(replicas if len(self.adding) < len(self.removing) else ())}
        if isr and replicas and awaited.issubset(isr):
            self.isr, self.replicas, self.removing, self.adding = isr, replicas, [], []

    def _keep_eligible_leaders(self) -> None:
        """Who leaves an ISR that is too small has everything that was ever committed, and may lead (KIP-966)."""
        if not self.rules.has_eligible_leaders:
            return
        if len(self.isr) >= self.rules.min_isr:
            self._eligible = []
            return
        candidates = {*self._eligible, *self.partition.isr}
        self._eligible = sorted(candidates.difference(self.isr, self.unclean_shutdown))

    def _elect(self, record: PartitionChangeRecord) -> None:
        leader, is_unclean = self._elected()
        if leader == self.partition.leader:
            return
        record.leader = leader
        if leader in self._eligible:
            self.isr = [leader]
            self._eligible.remove(leader)
        if is_unclean:
            record.isr = [leader]
            if self.partition.leader_recovery_state != RECOVERING:
                record.leader_recovery_state = RECOVERING

    def _elected(self) -> tuple[int, bool]:
        """Who leads, and whether that is unclean: NO_LEADER where nobody can."""
        order = [self.partition.leader, *self.replicas]
        if self.election is Election.PREFERRED:
            order.insert(0, self.replicas[0])
        for replica in order:
            if self._may_lead_cleanly(replica):
                return replica, False
        last_leader = self._last_leader_to_elect()
        if last_leader is not None:
            return last_leader, True
        if self.election is Election.UNCLEAN:
            for replica in self.replicas:
                if self.rules.may_lead(self.partition, replica):
                    return replica, True
        return NO_LEADER, False

    def _may_lead_cleanly(self, replica: int) -> bool:
        has_it_all = replica in self.isr or (not self.isr and replica in self._eligible)
        return has_it_all and self.rules.may_lead(self.partition, replica)

    def _last_leader_to_elect(self) -> int | None:
        """Where nobody is in sync or eligible any more, the last leader is the one that lost the least (KIP-966)."""
        last_known = list(self.partition.last_known_elr or ())
        if not self.rules.has_eligible_leaders or self.isr or self._eligible or len(last_known) != 1:
            return None
        return last_known[0] if self.rules.may_lead(self.partition, last_known[0]) else None

    def _record_isr(self, record: PartitionChangeRecord) -> None:
        """The ISR, which an unclean election has set by now, and beside it the ELR."""
        if record.isr is not None or not self.rules.has_eligible_leaders:
            self._eligible = []
        if self._eligible != list(self.partition.eligible_leader_replicas or ()):
            record.eligible_leader_replicas = self._eligible
        may_be_recorded = self.isr or self.rules.has_eligible_leaders  # without an ELR the last one in sync stays in it
        if record.isr is None and may_be_recorded and self.isr != list(self.partition.isr):
            record.isr = self.isr

    def _record_last_leader(self, record: PartitionChangeRecord) -> None:
        """Who led last, from when nobody leads any more until somebody is elected."""
        last_known = self.partition.last_known_elr
        if not self.rules.has_eligible_leaders:
            return
        if record.leader == NO_LEADER and not last_known:
            record.last_known_elr = [self.partition.leader]
        elif record.leader >= 0 and last_known:
            record.last_known_elr = []

    def _record_replicas(self, record: PartitionChangeRecord) -> None:
        was = self.partition
        known = dict(zip(was.replicas, directories_of(was), strict=True))
        default = self.rules.default_directory
        directories = [known[one] if one in known else default(one) for one in self.replicas]
        if directories != directories_of(was):
            record.directories = directories
        if self.replicas != list(was.replicas):
            record.replicas = self.replicas
        if self.removing != list(was.removing_replicas):
            record.removing_replicas = self.removing
        if self.adding != list(was.adding_replicas):
            record.adding_replicas = self.adding


def directories_of(partition: PartitionRecord) -> Sequence[bytes]:
    """The directory of each replica, in their order; of partitions older than KIP-858 nobody knows."""
    return list(partition.directories) or [MIGRATING_DIRECTORY] * len(partition.replicas)


def is_being_reassigned(partition: PartitionRecord) -> bool:
    """Whether replicas are on their way to it, or from it (KIP-455)."""
    return bool(partition.adding_replicas or partition.removing_replicas)
