"""In whose context something is looked at: a broker alone has everything, of several whoever leads or coordinates."""

import pytest

from odradek.broker.context import Context
from odradek.broker.contexts import Contexts, OneContext, all_groups, all_transactions, leader_partition
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from odradek.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
)

from .handlers.broker_harness import AskedBroker


@pytest.fixture
def broker() -> AskedBroker:
    broker = AskedBroker()
    broker.create("t", 2)
    return broker


def use(broker: AskedBroker) -> None:
    """A group and a transactional id come to be."""
    partition = OffsetCommitRequestPartition(
        partition_index=0, committed_offset=1, committed_leader_epoch=-1, committed_metadata=""
    )
    commit = OffsetCommitRequest(
        group_id="g",
        generation_id_or_member_epoch=-1,
        member_id="",
        topics=[OffsetCommitRequestTopic(name="t", partitions=[partition])],
    )
    assert broker.ask(commit, 8, OffsetCommitResponse).answer.topics[0].partitions[0].error_code == 0
    init = InitProducerIdRequest(transactional_id="x", transaction_timeout_ms=1000)
    assert broker.ask(init, 4, InitProducerIdResponse).answer.error_code == 0


def test_a_broker_alone_is_asked_for_everything(broker: AskedBroker) -> None:
    contexts: Contexts = OneContext(lambda: broker.context)
    found = [contexts.first, contexts.active, contexts.of_leader("t", 1), contexts.of_group("g"), *contexts.all()]
    assert [*found, contexts.of_transaction("x")] == [broker.context] * 6
    assert contexts.image is broker.context.metadata.image


def test_a_partition_is_the_leaders_and_one_that_is_not_there_is_unknown(broker: AskedBroker) -> None:
    contexts = OneContext(lambda: broker.context)
    assert leader_partition(contexts, "t", 1) is broker.topics.partition("t", 1)
    for topic, index in (("t", 2), ("nix", 0)):
        with pytest.raises(KafkaError) as refused:
            leader_partition(contexts, topic, index)
        assert refused.value.code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def test_groups_and_transactional_ids_come_with_who_coordinates_them(broker: AskedBroker) -> None:
    use(broker)
    contexts = OneContext(lambda: broker.context)
    assert [(at, group.group_id) for at, group in all_groups(contexts)] == [(broker.context, "g")]
    assert [(at, one.transactional_id) for at, one in all_transactions(contexts)] == [(broker.context, "x")]


class Moved(OneContext):
    """What this broker has kept is coordinated by another one, or by none."""

    def of_group(self, group_id: str) -> Context:
        return AskedBroker().context

    def of_transaction(self, transactional_id: str) -> Context:
        raise KafkaError(ErrorCode.COORDINATOR_NOT_AVAILABLE)


def test_what_a_broker_has_and_does_not_coordinate_is_left_out(broker: AskedBroker) -> None:
    use(broker)
    contexts = Moved(lambda: broker.context)
    assert (list(all_groups(contexts)), list(all_transactions(contexts))) == ([], [])
