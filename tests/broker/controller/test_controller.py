"""Each operation of the controller is one change of the metadata log, and tells what came of its parts."""

import random
from collections.abc import Sequence

from odradek.broker.controller.broker_registration import RegisterBroker
from odradek.broker.controller.cluster_state import TopicPartition
from odradek.broker.controller.controller import Controller
from odradek.broker.controller.elections import ElectionType
from odradek.broker.controller.in_sync_replicas import ANY_EPOCH, IsrChange
from odradek.broker.controller.reassignments import OngoingReassignment, Reassignment
from odradek.broker.metadata.topic_records import NewTopic
from odradek.broker.slices import Steps
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.metadata_records import PartitionRecord

from ..conftest import Parts
from .decided_cluster import T0, TOPIC_ID, code_of, directory_of


class Asked:
    """A controller over a log in memory, whose changes are made when they are asked for; and what `then` was told."""

    def __init__(self, brokers: int = 3) -> None:
        self.parts = Parts()
        self.controller = Controller(self.parts.config, self.parts.metadata, random.Random(0))
        self.told: list[tuple[object, ...]] = []
        for broker_id in range(1, brokers + 1):
            self.start(broker_id)

    def start(self, broker_id: int, incarnation: bytes = b"i") -> None:
        request = RegisterBroker(
            broker_id=broker_id,
            incarnation_id=incarnation.ljust(16),
            endpoints=(),
            log_dirs=[directory_of(broker_id)],
        )
        self.controller.register_broker(request, self.tell)
        self.controller.unfence_broker(broker_id, self.tell)

    def create(self, partitions: int = 1, factor: int = 3) -> None:
        def choose() -> Steps[Sequence[NewTopic]]:
            assignments = yield from self.controller.placement.place(partitions, factor)
            return [NewTopic("t", TOPIC_ID, assignments, {})]

        self.parts.metadata.create_topics(choose, self.tell)

    def tell(self, *what: object) -> None:
        self.told.append(what)

    def last(self) -> tuple[object, ...]:
        return self.told[-1]

    @property
    def record(self) -> PartitionRecord:
        return self.parts.metadata.image.topics["t"].partitions[0].record

    def errors(self) -> list[ErrorCode]:
        return [code_of(error) for *_, error in self.told if error is None or isinstance(error, KafkaError)]


def test_a_broker_is_told_its_epoch_and_is_there_once_it_is_unfenced() -> None:
    asked = Asked(2)
    brokers = asked.parts.metadata.image.brokers
    assert [one.is_active for one in brokers.values()] == [True, True]
    assert brokers[1].broker_epoch < brokers[2].broker_epoch
    assert asked.told[2] == (brokers[2].broker_epoch, None)


def test_a_broker_that_may_not_register_is_told_why() -> None:
    asked = Asked(1)
    asked.controller.register_broker(
        RegisterBroker(broker_id=2, incarnation_id=b"i" * 16, endpoints=(), log_dirs=()), asked.tell
    )
    epoch, error = asked.last()
    assert epoch == -1
    assert isinstance(error, KafkaError)
    assert error.code == ErrorCode.INVALID_REGISTRATION


def test_topics_are_placed_on_the_brokers_that_are_there() -> None:
    asked = Asked(3)
    asked.create(partitions=6)
    leaders = [one.record.leader for one in asked.parts.metadata.image.topics["t"].partitions.values()]
    assert sorted(leaders) == [1, 1, 2, 2, 3, 3]


def test_a_broker_goes_and_others_lead_until_it_is_back_and_preferred() -> None:
    asked = Asked(3)
    asked.create()
    preferred = asked.record.leader
    asked.controller.fence_broker(preferred, asked.tell)
    assert asked.record.leader != preferred
    asked.start(preferred, b"j")
    broker_epoch = asked.parts.metadata.image.brokers[asked.record.leader].broker_epoch
    epochs = [(one, ANY_EPOCH) for one in asked.record.replicas]
    change = IsrChange(TOPIC_ID, 0, asked.record.leader_epoch, asked.record.partition_epoch, epochs)
    asked.controller.alter_partitions(asked.record.leader, broker_epoch, [change], asked.tell)
    assert list(asked.record.isr) == list(asked.record.replicas)
    asked.controller.balance_leaders(asked.tell)
    assert asked.record.leader == preferred
    assert set(asked.errors()) == {ErrorCode.NONE}


def test_what_a_leader_reports_is_answered_part_by_part_and_refused_as_a_whole_from_an_older_epoch() -> None:
    asked = Asked(3)
    asked.create()
    leader = asked.record.leader
    epoch = asked.parts.metadata.image.brokers[leader].broker_epoch
    changes = [IsrChange(TOPIC_ID, index, 0, 0, [(leader, epoch)]) for index in (0, 7)]
    asked.controller.alter_partitions(leader, epoch, changes, asked.tell)
    results, error = asked.last()
    assert isinstance(results, list)
    assert [code_of(one.error) for one in results] == [ErrorCode.NONE, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]
    assert (error, list(asked.record.isr)) == (None, [leader])
    asked.controller.alter_partitions(leader, epoch + 1, changes, asked.tell)
    assert asked.last()[0] == ()
    assert asked.errors()[-1] == ErrorCode.STALE_BROKER_EPOCH


def test_a_broker_that_shuts_down_is_told_whether_it_still_leads() -> None:
    asked = Asked(3)
    asked.create()
    asked.controller.begin_controlled_shutdown(asked.record.leader, asked.tell)
    assert asked.last() == (False, None)
    asked.controller.begin_controlled_shutdown(9, asked.tell)
    assert asked.errors()[-1] == ErrorCode.BROKER_ID_NOT_REGISTERED


def test_leaders_are_elected_where_that_is_asked_for() -> None:
    asked = Asked(3)
    asked.create()
    asked.controller.elect_leaders(ElectionType.PREFERRED, [T0, TopicPartition("u", 0)], asked.tell)
    results, error = asked.last()
    assert isinstance(results, list)
    assert [code_of(one.error) for one in results] == [
        ErrorCode.ELECTION_NOT_NEEDED,
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ]
    assert error is None


def test_a_reassignment_is_listed_until_it_is_given_up() -> None:
    asked = Asked(3)
    asked.create(factor=1)
    (here,) = asked.record.replicas
    there = 1 + here % 3
    asked.controller.alter_reassignments([Reassignment(T0, [there])], asked.tell)
    assert asked.controller.list_reassignments(None) == [OngoingReassignment(T0, [there, here], [there], [here])]
    asked.controller.alter_reassignments([Reassignment(T0, None)], asked.tell)
    assert asked.controller.list_reassignments(None) == []
    asked.controller.alter_reassignments([Reassignment(T0, [1, 2])], asked.tell, may_change_factor=False)
    results, _ = asked.last()
    assert isinstance(results, list)
    assert [code_of(one.error) for one in results] == [ErrorCode.INVALID_REPLICATION_FACTOR]


def test_an_unclean_election_waits_until_the_topic_allows_it() -> None:
    asked = Asked(2)
    asked.create(factor=2)
    first, second = asked.record.replicas
    for broker_id in (second, first):
        asked.controller.fence_broker(broker_id, asked.tell)
    asked.start(second, b"j")
    asked.controller.elect_unclean_leaders(asked.tell)
    assert asked.record.leader == -1
    asked.parts.config.set_dynamic({}, {"unclean.leader.election.enable": "true"})
    asked.controller.elect_unclean_leaders(asked.tell)
    assert (asked.record.leader, list(asked.record.isr)) == (second, [second])


def test_a_broker_is_forgotten() -> None:
    asked = Asked(3)
    asked.controller.unregister_broker(2, asked.tell)
    assert list(asked.parts.metadata.image.brokers) == [1, 3]


def test_what_is_done_by_the_clock_is_done_as_often_as_kafka_does_it() -> None:
    controller = Asked(1).controller
    assert controller.balances_leaders
    assert (controller.balance_interval_s, controller.unclean_election_interval_ms) == (300, 300_000)
