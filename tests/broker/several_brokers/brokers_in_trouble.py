"""Three brokers in memory that die, freeze, lose what they had not synced, and cannot reach each other.

As ThreeBrokers, but that nothing goes on by itself: what is sent is on its way until `advance` gives it the loop.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from odradek.broker.config.replication_config import ReplicationConfig
from odradek.broker.controller.cluster_state import TopicPartition
from odradek.broker.controller.elections import ElectionType
from odradek.broker.controller.reassignments import Reassignment
from odradek.broker.deferred import Disconnect
from odradek.broker.several_brokers.broker_sessions import BrokerSessions
from odradek.broker.testing.clock import ManualClock, ManualTimer
from odradek.protocol.batch import RecordBatch
from odradek.protocol.records import read_records
from odradek.storage.log import PartitionLog
from odradek.storage.unflushed import drop_unflushed

from ..handlers.broker_harness import produce_request
from ..nodes.three_brokers import AskedNode, ThreeBrokers

MOST_CALLS = 20_000  # at one moment


class BusyClock(ManualClock):
    """A clock that finds out whether calls go round and round while its hands stand still."""

    def __init__(self) -> None:
        super().__init__()
        self._moment, self._calls = self.now(), 0

    def call_at(self, deadline: float, on_fire: Callable[[], None]) -> ManualTimer:
        if self.now() != self._moment:
            self._moment, self._calls = self.now(), 0
        self._calls += 1
        assert self._calls < MOST_CALLS, "calls go round and round"
        return super().call_at(deadline, on_fire)


@dataclass
class BrokersInTrouble(ThreeBrokers):
    """`life` counts how often each broker has begun."""

    clock: ManualClock = field(default_factory=BusyClock)
    started: Sequence[int] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        self.life = dict.fromkeys(self._places, 0)
        timeout = ReplicationConfig(self._places[1].config)
        self.sessions = BrokerSessions(
            self.controller, self.links, self._controller_node.lifetime.runtime, lambda: timeout.session_timeout_s
        )
        for node_id in self._places:
            self.start(node_id)

    @property
    def ids(self) -> list[int]:
        """Of all brokers."""
        return list(self._places)

    def runs(self, node_id: int) -> bool:
        """Whether there is a broker, be it frozen."""
        return self._places[node_id].node is not None

    def is_frozen(self, node_id: int) -> bool:
        """Whether it is there, and does nothing."""
        node = self._places[node_id].node
        return node is not None and node.lifetime.is_frozen

    def settle(self) -> None:
        """Nothing settles by itself."""

    # Lives

    def start(self, node_id: int, *, is_unfenced: bool = True) -> AskedNode:
        """As ReplicatedCluster has it: the controller first takes note that the one before is dead."""
        self.sessions.forget(node_id)
        known = self.controller.cluster.brokers.get(node_id)
        if known is not None and not known.is_fenced:
            self.fence(node_id)
        self.life[node_id] += 1
        node = super().start(node_id, is_unfenced=is_unfenced)
        self.sessions.watch(node_id)
        return node

    def kill(self, node_id: int, *, is_noticed: bool = True, keeps_page_cache: bool = True) -> None:
        """Unless the page cache is kept, what was not synced is lost."""
        node = self[node_id]
        unflushed = [] if keeps_page_cache else [(one.path, one.recovery_point) for one in opened_logs(node)]
        if is_noticed:
            self.sessions.forget(node_id)
        self._end(node_id).log_manager.abandon()
        for path, recovery_point in unflushed:
            drop_unflushed(self.files, path, recovery_point)
        if is_noticed:
            self.fence(node_id)

    def stop(self, node_id: int) -> None:
        """Others lead what it leads, then it stops."""
        self.sessions.forget(node_id)
        super().stop(node_id)

    def freeze(self, node_id: int) -> None:
        """It does nothing, and nobody reaches it."""
        self[node_id].lifetime.freeze()
        self.links.hold_still(node_id)

    def resume(self, node_id: int) -> None:
        """It goes on."""
        self[node_id].lifetime.resume()
        self.links.set_going(node_id)

    def flush(self, node_id: int) -> None:
        """All that a broker has reaches the disk."""
        for log in opened_logs(self[node_id]):
            job = log.begin_flush()
            job.run()
            log.finish_flush(job)

    # What clients ask

    def produce_unanswered(self, node_id: int, topic: str, index: int, records: bytes) -> None:
        """With acks=0."""
        with suppress(Disconnect):
            self[node_id].hand(produce_request({topic: {index: records}}, acks=0), 9)

    def elect(self, kind: ElectionType, topic: str, index: int) -> None:
        """Whatever comes of it."""
        self.controller.elect_leaders(kind, [TopicPartition(topic, index)], lambda results, error: None)

    def reassign(self, topic: str, index: int, replicas: Sequence[int] | None) -> None:
        """Whatever comes of it."""
        asked = Reassignment(TopicPartition(topic, index), replicas)
        self.controller.alter_reassignments([asked], lambda results, error: None)


def opened_logs(node: AskedNode) -> Sequence[PartitionLog]:
    """The logs of a broker that are open."""
    return node.log_manager.opened_logs()


def batches_of(log: PartitionLog) -> dict[int, bytes]:
    """Every batch of a log, by its base offset."""
    return {batch.base_offset: bytes(batch.view) for batch in log.batches()}


def values_of(batch: bytes) -> list[bytes]:
    """The values of a batch."""
    return [record.value or b"" for record in read_records(RecordBatch(batch))]
