"""How clients see a partition: who leads it, who holds it, and who of those is not there."""

from collections.abc import Sequence
from typing import NamedTuple

from ...protocol.errors import ErrorCode
from ...protocol.metadata_records import PartitionRecord
from .nodes import Nodes

NO_LEADER = -1


class SeenPartition(NamedTuple):
    """A partition as Metadata and DescribeTopicPartitions tell of it; NO_LEADER goes with LEADER_NOT_AVAILABLE."""

    error: ErrorCode
    leader: int
    leader_epoch: int
    replicas: Sequence[int]
    isr: Sequence[int]
    offline: Sequence[int]

    def only_alive(self, nodes: Nodes) -> "SeenPartition":
        """As version 0 of Metadata has it: without replicas that are not there, and with REPLICA_NOT_AVAILABLE then."""
        replicas = [one for one in self.replicas if nodes.is_alive(one)]
        isr = [one for one in self.isr if nodes.is_alive(one)]
        is_partial = len(replicas) < len(self.replicas) or len(isr) < len(self.isr)
        error = ErrorCode.REPLICA_NOT_AVAILABLE if is_partial and self.error == ErrorCode.NONE else self.error
        return self._replace(error=error, replicas=replicas, isr=isr)


def seen(record: PartitionRecord, nodes: Nodes, *, is_offline: bool) -> SeenPartition:
    """A partition that is recorded so. `is_offline` is of this broker's disk: it counts where there is no other."""
    is_lost = is_offline and not nodes.has_several
    has_leader = not is_lost and nodes.is_alive(record.leader)
    return SeenPartition(
        ErrorCode.NONE if has_leader else ErrorCode.LEADER_NOT_AVAILABLE,
        record.leader if has_leader else NO_LEADER,
        record.leader_epoch,
        record.replicas,
        () if is_lost else record.isr,
        record.replicas if is_lost else [one for one in record.replicas if not nodes.is_alive(one)],
    )
