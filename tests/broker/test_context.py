"""What a client is told for the address of this broker is the same in every answer."""

from odradek.broker.deferred import Deferred

from .handlers.broker_harness import AskedBroker
from .nodes.three_brokers import ThreeBrokers


def test_it_is_what_is_advertised() -> None:
    broker = AskedBroker({"advertised.listeners": "PLAINTEXT://kafka.example:19092"})
    assert broker.context.endpoint(broker.session) == ("kafka.example", 19092)


def test_a_broker_alone_waits_for_nobody_and_one_of_several_for_its_controller_no_longer_than_the_client() -> None:
    alone, several = AskedBroker(), ThreeBrokers()
    answers: list[str] = []
    for context in (alone.context, several[1].context):
        deferred: Deferred[str] = Deferred()
        deferred.deliver_to(answers.append, lambda error: None)
        context.answer_in_time(deferred, 2000, lambda: "late")
    alone.clock.advance(3.0)
    several.advance(1.9)
    assert answers == []
    several.advance(0.2)
    assert answers == ["late"]
