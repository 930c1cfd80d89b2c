"""One data directory with access rules, served by Apache Kafka and by Odradek in turns: both obey what is there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from odradek.broker.security.authorization.acl import Acl, Operation, PatternType, Permission, ResourceType
from odradek.broker.wire import Wire
from odradek.protocol.messages.describe_acls import DescribeAclsResponse
from odradek.protocol.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)

from ..brokers import OdradekBroker
from ..conftest import SECURED
from .access.guest import Rules, guest_of, rule
from .apache_kafka import ApacheKafka, skip_without_kafka
from .scenarios.security import EVERY
from .turns import in_turns
from .wire_session import Dialogue

TOPIC, DENIED = "orders", 29
SETTINGS = {**SECURED, "metadata.log.max.record.bytes.between.snapshots": "1"}  # a snapshot after every change


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[ApacheKafka]:
    skip_without_kafka()
    broker = ApacheKafka(tmp_path, SETTINGS)
    yield broker
    broker.kill()


@pytest.fixture
def odradek_there(tmp_path: Path) -> Iterator[OdradekBroker]:
    """Odradek over the same data."""
    broker = OdradekBroker(tmp_path, SETTINGS)
    yield broker
    broker.kill()


def test_rules_go_to_and_fro_and_are_obeyed(kafka: ApacheKafka, odradek_there: OdradekBroker) -> None:
    shown: set[Acl] = set()
    for turn, (broker, end) in enumerate(in_turns(kafka, odradek_there)):
        broker.start()
        with Dialogue(broker.address) as d, guest_of(broker.address) as guest:
            topic = f"{TOPIC}-{turn}"
            assert turn == 0 or rules_of(d.wire) == shown, f"turn {turn}"
            # What the turn before allowed and denied.
            if turn:
                assert code_of(guest, f"{TOPIC}-{turn - 1}") != DENIED, f"turn {turn}"
                assert code_of(guest, f"{TOPIC}-{turn - 1}-not") == DENIED, f"turn {turn}"
            rules = Rules(d)
            allowed = rule(ResourceType.TOPIC, topic, Operation.DESCRIBE, pattern=PatternType.PREFIXED)
            denied = rule(ResourceType.TOPIC, f"{topic}-not", Operation.DESCRIBE, Permission.DENY)
            passing = rule(ResourceType.GROUP, topic, Operation.READ)
            rules.add([allowed, denied, passing])
            rules.remove([passing])
            shown = rules_of(d.wire)
        end()


def rules_of(wire: Wire) -> set[Acl]:
    """All that the broker obeys."""
    return {
        Acl(
            ResourceType(one.resource_type),
            one.resource_name,
            PatternType(one.pattern_type),
            acl.principal,
            acl.host,
            Operation(acl.operation),
            Permission(acl.permission_type),
        )
        for one in wire.ask(EVERY, 3, DescribeAclsResponse).resources
        for acl in one.acls
    }


def code_of(guest: Wire, topic: str) -> int:
    """What the guest is told who asks where a topic ends."""
    asked = [ListOffsetsPartition(partition_index=0, timestamp=-1)]
    request = ListOffsetsRequest(replica_id=-1, topics=[ListOffsetsTopic(name=topic, partitions=asked)])
    return guest.ask(request, 4, ListOffsetsResponse).topics[0].partitions[0].error_code
