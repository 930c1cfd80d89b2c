"""The controller over its links: what is asked gets there once, and so does the answer."""

from odradek.broker.controller.asked_controller import QuorumState
from odradek.broker.controller.cluster_state import TopicPartition
from odradek.broker.controller.elections import ElectionResult, ElectionType
from odradek.broker.nodes.links import CONTROLLER
from odradek.protocol.errors import ErrorCode, KafkaError

from ..nodes.three_brokers import ThreeBrokers


def elect(brokers: ThreeBrokers, at: int) -> list[ElectionResult]:
    results: list[ElectionResult] = []
    asked = [TopicPartition("t", 0)]
    brokers[at].context.controller.elect_leaders(ElectionType.PREFERRED, asked, lambda one, _: results.extend(one))
    return results


def test_an_answer_comes_when_the_broker_knows_what_it_says() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2])
    brokers.kill(1)
    brokers.start(1)
    (result,) = elect(brokers, 3)
    assert (result.error, brokers[3].record().leader) == (None, 1)


def test_a_question_waits_until_there_is_a_way_to_and_fro() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2])
    for way in ((3, CONTROLLER), (CONTROLLER, 3)):
        brokers.links.set(*way, is_cut=True)
        results = elect(brokers, 3)
        brokers.settle()
        assert results == []
        brokers.links.heal()
        assert [one.error and one.error.code for one in results] == [ErrorCode.ELECTION_NOT_NEEDED]


def test_on_slow_links_a_question_and_its_answer_take_their_time() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2])
    brokers.links.set(3, CONTROLLER, delay_s=2.0)
    brokers.links.set(CONTROLLER, 3, delay_s=1.0)
    results = elect(brokers, 3)
    brokers.advance(2.5)
    assert results == []
    brokers.advance(1.0)
    assert len(results) == 1


def test_brokers_are_forgotten_and_the_quorum_is_described_from_any() -> None:
    brokers = ThreeBrokers()
    brokers.kill(3)
    outcome: list[KafkaError | None] = []
    states: list[QuorumState] = []
    brokers[2].context.controller.unregister_broker(3, outcome.append)
    brokers[1].context.controller.describe_quorum(states.append)
    assert outcome == [None]
    (state,) = states
    assert (state.leader_id, [one.node_id for one in state.voters]) == (3000, [3000])
    assert [one.node_id for one in state.observers] == [1, 2, 3]
