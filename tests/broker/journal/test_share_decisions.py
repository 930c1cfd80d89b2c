"""What became of the records of a share group, as a person looks for it."""

from collections.abc import Callable, Iterator

import pytest
from confluent_kafka import AcknowledgeType, ShareConsumer

from odradek.broker.testing.kafka_cluster import KafkaCluster
from tests.clients.share_client import SHARE_SETTINGS, configure, poll, share_consumer, values

from .conftest import decided

pytestmark = pytest.mark.parametrize("cluster", [SHARE_SETTINGS], indirect=True)

Join = Callable[[], ShareConsumer]


@pytest.fixture
def join(cluster: KafkaCluster) -> Iterator[Join]:
    """Members of the group g, which begins with the first record of t."""
    cluster.topic("t", 1)
    configure(cluster.bootstrap, "g", share_auto_offset_reset="earliest")
    members: list[ShareConsumer] = []

    def make() -> ShareConsumer:
        members.append(share_consumer(cluster.bootstrap, "g", "t"))
        return members[-1]

    yield make
    cluster.clock.run()
    for member in members:
        member.close()


def told(cluster: KafkaCluster) -> list[str]:
    return [one for one in decided(cluster, "group", "g") if one.startswith("record")]


def test_a_record_that_is_released_is_told_with_its_deliveries_and_one_that_is_accepted_is_not(
    cluster: KafkaCluster, join: Join
) -> None:
    cluster.produce("t", [b"a", b"b"])
    member = join()
    accepted, released = poll(member, 2)
    member.acknowledge(accepted, AcknowledgeType.ACCEPT)
    member.acknowledge(released, AcknowledgeType.RELEASE)
    again = poll(member, 1)
    assert values(again) == [b"b"]
    (line,) = told(cluster)
    assert line.startswith("record 1 of t-0, which member ")
    assert line.endswith(" had: it released them; available again after 1 of 5 deliveries")
    member.acknowledge(again[0], AcknowledgeType.REJECT)
    member.commit_sync()
    assert told(cluster)[1].endswith(" had: it did not accept them; archived after 2 of 5 deliveries")
    assert line in cluster.explain_group("g")


def test_a_lock_that_runs_out_is_told_with_the_member_that_had_it(cluster: KafkaCluster, join: Join) -> None:
    cluster.produce("t", [b"a", b"b", b"c"])
    assert values(poll(join(), 3)) == [b"a", b"b", b"c"]
    cluster.clock.freeze()
    cluster.clock.advance(seconds=31)
    (line,) = told(cluster)
    (member,) = cluster.groups()["g"].members
    assert line == (
        f"records 0 to 2 of t-0, which member {member} had: its lock ran out after 30000 ms;"
        " available again after 1 of 5 deliveries"
    )


def test_a_member_that_goes_with_records_is_told(cluster: KafkaCluster, join: Join) -> None:
    cluster.produce("t", [b"a"])
    member = share_consumer(cluster.bootstrap, "g", "t")
    assert values(poll(member, 1)) == [b"a"]
    member.close()
    assert values(poll(join(), 1)) == [b"a"]
    (line,) = told(cluster)
    assert "its share session ended; available again after 1 of 5 deliveries" in line or "it released them" in line
