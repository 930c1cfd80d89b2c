"""What a broker has its controller decide for clients, whether that is a node of its own or this broker itself."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from ...protocol.errors import KafkaError
from ..metadata.metadata import Then
from .cluster_state import TopicPartition
from .elections import ElectionResult, ElectionType
from .reassignments import OngoingReassignment, Reassignment, ReassignmentResult

ThenElected = Callable[[Sequence[ElectionResult], KafkaError | None], None]
ThenReassigned = Callable[[Sequence[ReassignmentResult], KafkaError | None], None]


class QuorumReplica(NamedTuple):
    """A node that has the metadata log, and how far; milliseconds since 1970, -1 for never."""

    node_id: int
    log_end_offset: int
    fetched_ms: int
    caught_up_ms: int


class QuorumState(NamedTuple):
    """The quorum of the metadata log as its leader sees it: the one voter, and brokers that follow."""

    leader_id: int
    leader_epoch: int
    high_watermark: int
    voters: Sequence[QuorumReplica]
    observers: Sequence[QuorumReplica]


class AskedController(Protocol):
    """Each answers through `then`, once; it waits as long as the controller cannot be reached."""

    def elect_leaders(self, kind: ElectionType, asked: Sequence[TopicPartition] | None, then: ThenElected) -> None:
        """As Controller.elect_leaders."""
        ...

    def alter_reassignments(
        self, asked: Sequence[Reassignment], then: ThenReassigned, *, may_change_factor: bool
    ) -> None:
        """As Controller.alter_reassignments."""
        ...

    def list_reassignments(
        self, asked: Sequence[TopicPartition] | None, then: Callable[[Sequence[OngoingReassignment]], None]
    ) -> None:
        """As Controller.list_reassignments."""
        ...

    def unregister_broker(self, broker_id: int, then: Then) -> None:
        """As Controller.unregister_broker."""
        ...

    def describe_quorum(self, then: Callable[[QuorumState], None]) -> None:
        """How far each node has the metadata log."""
        ...
