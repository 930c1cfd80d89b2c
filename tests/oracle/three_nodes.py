"""Three brokers under a test's hand: where each is found, and how each dies, stalls and comes back."""

from collections.abc import Mapping, Sequence
from typing import Protocol

NODE_IDS: Sequence[int] = (1, 2, 3)
RACKS: Mapping[int, str] = {1: "a", 2: "b", 3: "c"}

# What every story counts on, whoever the brokers are.
SETTINGS: Mapping[str, str] = {
    # Records of stories have any timestamp.
    "log.retention.ms": "-1",
    "log.retention.check.interval.ms": "3600000",
    "group.initial.rebalance.delay.ms": "0",
    "default.replication.factor": "1",
    # As many as there are brokers: each leads one, and the next by id takes over from it.
    "offsets.topic.num.partitions": "3",
    "transaction.state.log.num.partitions": "3",
    "share.coordinator.state.topic.num.partitions": "3",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "300",
    # Whoever is dead or frozen is fenced a little sooner than by default; a busy machine stalls for seconds, too.
    "broker.session.timeout.ms": "6000",
    # A preferred leader comes back when a story says so, not when five minutes are over.
    "auto.leader.rebalance.enable": "false",
    "replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector",
}


class ThreeNodes(Protocol):
    """Brokers 1, 2 and 3, in the racks a, b and c, and their controller, which lives on whatever happens to them."""

    @property
    def addresses(self) -> Mapping[int, str]:
        """HOST:PORT by node id; a broker that comes back is found where it was."""
        ...

    def kill(self, node_id: int) -> None:
        """Ends it as a crash would. Its directory stays as it is."""
        ...

    def stop(self, node_id: int) -> None:
        """Has it hand over what it leads, and ends it; returns when it has ended."""
        ...

    def start(self, node_id: int) -> None:
        """Starts one that was killed or stopped; returns when every running broker lists it again."""
        ...

    def freeze(self, node_id: int) -> None:
        """Has it do nothing at all, with its connections open."""
        ...

    def resume(self, node_id: int) -> None:
        """Lets a frozen one go on where it was."""
        ...

    def pass_time(self, seconds: float) -> None:
        """Lets so much time pass for the brokers."""
        ...
