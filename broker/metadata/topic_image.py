"""A topic and its partitions as their records describe them."""

from dataclasses import dataclass, field, replace

from ...protocol.metadata_records import PartitionChangeRecord, PartitionRecord

_LEADER_STAYS = -2
_RECOVERY_STATE_STAYS = -1


@dataclass(slots=True)
class PartitionImage:
    """A partition's record with every change applied, and the version it was written in."""

    record: PartitionRecord
    version: int

    @property
    def leader_epoch(self) -> int:
        return self.record.leader_epoch

    def change(self, record: PartitionChangeRecord) -> bool:
        """Apply a change: naming a leader, even the same one, begins an epoch; whether it does."""
        now = replace(self.record, partition_epoch=self.record.partition_epoch + 1)
        if record.leader != _LEADER_STAYS:
            now.leader = record.leader
            now.leader_epoch += 1
        if record.isr is not None:
            now.isr = record.isr
        if record.replicas is not None:
            now.replicas = record.replicas
        if record.removing_replicas is not None:
            now.removing_replicas = record.removing_replicas
        if record.adding_replicas is not None:
            now.adding_replicas = record.adding_replicas
        if record.leader_recovery_state != _RECOVERY_STATE_STAYS:
            now.leader_recovery_state = record.leader_recovery_state
        if record.directories is not None:
            now.directories = record.directories
        if record.eligible_leader_replicas is not None:
            now.eligible_leader_replicas = record.eligible_leader_replicas or None
        if record.last_known_elr is not None:
            now.last_known_elr = record.last_known_elr or None
        self.record = now
        return record.leader != _LEADER_STAYS

    def clear_eligible_leaders(self) -> bool:
        """Forget who might lead without being in sync (KIP-966); whether anybody might have."""
        if not self.record.eligible_leader_replicas and not self.record.last_known_elr:
            return False
        self.record = replace(self.record, eligible_leader_replicas=None, last_known_elr=None)
        return True


@dataclass(slots=True)
class TopicImage:
    """A topic as the records describe it."""

    name: str
    topic_id: bytes
    partitions: dict[int, PartitionImage] = field(default_factory=dict[int, PartitionImage])
    configs: dict[str, str] = field(default_factory=dict[str, str])
