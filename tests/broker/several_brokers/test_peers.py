from odradek.broker.several_brokers.peers import Peers
from odradek.broker.topic_names import OFFSETS_TOPIC, TRANSACTION_TOPIC
from odradek.protocol.errors import ErrorCode, KafkaError

from ..nodes.three_brokers import ThreeBrokers


def peers_of(brokers: ThreeBrokers, node_id: int) -> Peers:
    return brokers[node_id].seat._others


class Leadership:
    """A partition whose followers never come."""

    epoch_start_offset = 0

    def when_replicated(self, end_offset: int, then: object) -> None:
        """They do not."""


def wait_for(brokers: ThreeBrokers, topic: str) -> list[KafkaError | None]:
    told: list[KafkaError | None] = []
    wait = peers_of(brokers, 1).replication_wait(topic)
    wait.wait(Leadership(), 1, told.append)  # type: ignore[arg-type]  # it is asked nothing else
    return told


def test_the_coordinator_of_groups_waits_for_followers_for_a_time_that_of_transactions_as_long_as_it_must() -> None:
    brokers = ThreeBrokers()
    groups, transactions = wait_for(brokers, OFFSETS_TOPIC), wait_for(brokers, TRANSACTION_TOPIC)
    brokers.advance(60)
    assert [None if one is None else one.code for one in groups] == [ErrorCode.REQUEST_TIMED_OUT]
    assert transactions == []


def test_a_broker_that_has_left_asks_nobody() -> None:
    brokers = ThreeBrokers()
    brokers.create("t")
    calls = peers_of(brokers, 2).calls
    answers: list[object] = []
    calls.call(1, lambda context, answer: answer("there"), answers.append)
    brokers.kill(2)
    assert answers == []
