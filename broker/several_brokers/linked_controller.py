"""LinkedController: the controller as a broker asks it for clients, over the links between the two."""

from collections.abc import Callable, Sequence

from ...protocol.errors import KafkaError
from ..controller.asked_controller import QuorumReplica, QuorumState, ThenElected, ThenReassigned
from ..controller.cluster_state import TopicPartition
from ..controller.controller import Controller
from ..controller.elections import ElectionType
from ..controller.reassignments import OngoingReassignment, Reassignment
from ..metadata.log import MetadataLog
from ..metadata.metadata import Then
from ..nodes.node_metadata import NodeMetadata
from ..nodes.nodes import CONTROLLER_NODE_ID
from .quorum_observers import QuorumObservers


class LinkedController:
    """As `AskedController`: what is asked waits until the controller is reached, and its answer until it has a way."""

    def __init__(
        self, controller: Controller, log: MetadataLog, metadata: NodeMetadata, observers: QuorumObservers
    ) -> None:
        """`log` is the controller's, `metadata` the broker's."""
        self._controller = controller
        self._log = log
        self._metadata = metadata
        self._observers = observers

    def elect_leaders(self, kind: ElectionType, asked: Sequence[TopicPartition] | None, then: ThenElected) -> None:
        answer = self._metadata.answer
        self._metadata.ask(
            lambda: self._controller.elect_leaders(
                kind, asked, lambda results, error: answer(lambda: then(results, error))
            )
        )

    def alter_reassignments(
        self, asked: Sequence[Reassignment], then: ThenReassigned, *, may_change_factor: bool
    ) -> None:
        answer = self._metadata.answer
        self._metadata.ask(
            lambda: self._controller.alter_reassignments(
                asked, lambda results, error: answer(lambda: then(results, error)), may_change_factor=may_change_factor
            )
        )

    def list_reassignments(
        self, asked: Sequence[TopicPartition] | None, then: Callable[[Sequence[OngoingReassignment]], None]
    ) -> None:
        def ask() -> None:
            found = self._controller.list_reassignments(asked)
            self._metadata.answer(lambda: then(found))

        self._metadata.ask(ask)

    def unregister_broker(self, broker_id: int, then: Then) -> None:
        def answered(error: KafkaError | None) -> None:
            self._metadata.answer(lambda: then(error))

        self._metadata.ask(lambda: self._controller.unregister_broker(broker_id, answered))

    def describe_quorum(self, then: Callable[[QuorumState], None]) -> None:
        def ask() -> None:
            end_offset, now_ms = self._log.end_offset, self._observers.now_ms()
            voter = QuorumReplica(CONTROLLER_NODE_ID, end_offset, now_ms, now_ms)
            observers = self._observers.listed()
            state = QuorumState(CONTROLLER_NODE_ID, self._log.leader_epoch, end_offset, (voter,), observers)
            self._metadata.answer(lambda: then(state))

        self._metadata.ask(ask)
