"""What a broker alone decides as its own controller."""

from odradek.broker.controller.asked_controller import QuorumReplica, QuorumState
from odradek.broker.controller.cluster_state import TopicPartition
from odradek.broker.controller.elections import ElectionResult, ElectionType
from odradek.broker.controller.only_broker import OnlyBroker
from odradek.broker.controller.reassignments import OngoingReassignment, Reassignment, ReassignmentResult
from odradek.protocol.errors import ErrorCode, KafkaError

from ..handlers.broker_harness import AskedBroker


def alone(broker: AskedBroker) -> OnlyBroker:
    context = broker.context
    found = context.controller
    assert isinstance(found, OnlyBroker)
    return found


def elected(broker: AskedBroker, kind: ElectionType, asked: list[TopicPartition] | None) -> dict[TopicPartition, str]:
    results: list[ElectionResult] = []
    alone(broker).elect_leaders(kind, asked, lambda found, error: results.extend(found))
    return {one.partition: "" if one.error is None else one.error.code.name for one in results}


def test_it_leads_all_but_what_its_disk_has_lost() -> None:
    broker = AskedBroker()
    broker.create("t", 2)
    broker.topics.partition("t", 1).take_offline(OSError("gone"))
    first, lost, none = TopicPartition("t", 0), TopicPartition("t", 1), TopicPartition("t", 2)
    assert elected(broker, ElectionType.PREFERRED, [first, lost, none]) == {
        first: "ELECTION_NOT_NEEDED",
        lost: "PREFERRED_LEADER_NOT_AVAILABLE",
        none: "UNKNOWN_TOPIC_OR_PARTITION",
    }
    assert elected(broker, ElectionType.UNCLEAN, None) == {lost: "ELIGIBLE_LEADERS_NOT_AVAILABLE"}


def test_elections_of_many_partitions_let_others_in_between() -> None:
    broker = AskedBroker()
    broker.create("t", 50)
    steps = alone(broker)._elect(ElectionType.PREFERRED, None)
    assert sum(1 for _ in steps) == 50


def test_nothing_goes_anywhere_else() -> None:
    broker = AskedBroker()
    broker.create()
    asked = [
        Reassignment(TopicPartition("t", 0), [1]),
        Reassignment(TopicPartition("t", 0), None),
        Reassignment(TopicPartition("t", 0), [2]),
        Reassignment(TopicPartition("t", 1), [1]),
        Reassignment(TopicPartition("nope", 0), [1]),
    ]
    results: list[ReassignmentResult] = []
    alone(broker).alter_reassignments(asked, lambda found, error: results.extend(found), may_change_factor=True)
    assert [one.error and one.error.code for one in results] == [
        None,
        ErrorCode.NO_REASSIGNMENT_IN_PROGRESS,
        ErrorCode.INVALID_REPLICA_ASSIGNMENT,
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ]
    listed: list[OngoingReassignment] = []
    alone(broker).list_reassignments(None, listed.extend)
    assert listed == []


def test_it_is_not_forgotten_and_knows_no_other() -> None:
    refused: list[KafkaError | None] = []
    for broker_id in (1, 2):
        alone(AskedBroker()).unregister_broker(broker_id, refused.append)
    assert [one and one.code for one in refused] == [ErrorCode.INVALID_REQUEST, ErrorCode.BROKER_ID_NOT_REGISTERED]


def test_it_is_the_quorum() -> None:
    broker = AskedBroker()
    states: list[QuorumState] = []
    alone(broker).describe_quorum(states.append)
    end, now_ms = broker.context.metadata.end_offset, broker.clock.now_ms()
    voter = QuorumReplica(1, end, now_ms, now_ms)
    assert states == [QuorumState(1, broker.context.metadata.leader_epoch, end, (voter,), ())]
