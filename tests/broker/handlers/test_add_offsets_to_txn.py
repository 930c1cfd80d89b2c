"""AddOffsetsToTxn: the group's partition of `__consumer_offsets` takes part in the transaction."""

import pytest

from odradek.broker.testing.disks import FULL
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode

from .broker_harness import served
from .transaction_harness import ID, TransactingBroker

VERSIONS = served(ApiKey.ADD_OFFSETS_TO_TXN)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_partition_of_the_group_joins_the_transaction(version: int) -> None:
    broker = TransactingBroker()
    who = broker.begin()
    assert broker.add_offsets(who, version=version) == 0
    (topic,) = broker.describe().topics
    assert (topic.topic, list(topic.partitions)) == ("__consumer_offsets", [broker.context.groups.partition_of("g")])
    assert broker.add_offsets(who, "", version=version) == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_who_may_not_add_a_group_is_told_why(version: int) -> None:
    broker = TransactingBroker()
    pid, epoch = broker.begin()
    fenced = ErrorCode.INVALID_PRODUCER_EPOCH if version < 2 else ErrorCode.PRODUCER_FENCED
    for who, name, code in (
        ((pid, epoch), "", ErrorCode.INVALID_REQUEST),
        ((pid, epoch), "nobody", ErrorCode.INVALID_PRODUCER_ID_MAPPING),
        ((pid + 1, epoch), ID, ErrorCode.INVALID_PRODUCER_ID_MAPPING),
        ((pid, epoch + 1), ID, fenced),
    ):
        assert broker.add_offsets(who, name=name, version=version) == code


def test_a_group_cannot_be_added_while_its_topic_cannot_be_made() -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.files.write_error = FULL
    assert broker.add_offsets(who) == ErrorCode.NOT_COORDINATOR
    broker.files.write_error = None
    assert broker.add_offsets(who) == 0
