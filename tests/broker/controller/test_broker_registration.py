"""Brokers register, fenced at first, each start in an epoch of its own."""

from collections.abc import Sequence

import pytest

from odradek.broker.controller import elections
from odradek.broker.controller.broker_registration import NO_EPOCH, RegisterBroker, register
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.metadata_records import BrokerEndpoint, MetadataRecord
from odradek.protocol.uuid_text import encode_uuid

from .decided_cluster import DecidedCluster, directory_of, epoch_of


def asked(
    broker_id: int = 4,
    incarnation: bytes = b"new",
    log_dirs: Sequence[bytes] | None = None,
    previous_broker_epoch: int = NO_EPOCH,
) -> RegisterBroker:
    return RegisterBroker(
        broker_id=broker_id,
        incarnation_id=incarnation.ljust(16),
        endpoints=[BrokerEndpoint(name="PLAINTEXT", host="h", port=9092)],
        log_dirs=[directory_of(broker_id)] if log_dirs is None else log_dirs,
        rack="r",
        previous_broker_epoch=previous_broker_epoch,
    )


def registered(cluster: DecidedCluster, request: RegisterBroker, next_epoch: int = 99) -> list[MetadataRecord]:
    return cluster.decide(register(cluster.state, request, next_epoch))


def test_a_broker_is_registered_as_it_says_and_fenced() -> None:
    cluster = DecidedCluster()
    registered(cluster, asked())
    broker = cluster.image.brokers[4]
    assert (broker.broker_epoch, broker.is_fenced, broker.rack) == (99, True, "r")
    assert (broker.log_dirs, [one.host for one in broker.endpoints]) == ([directory_of(4)], ["h"])


def test_a_new_incarnation_has_an_epoch_of_its_own_once_the_one_before_is_fenced() -> None:
    cluster = DecidedCluster()
    with pytest.raises(KafkaError, match="Another broker is registered with that broker id") as refused:
        registered(cluster, asked(2))
    assert refused.value.code == ErrorCode.DUPLICATE_BROKER_REGISTRATION
    cluster.decide(elections.fence(cluster.state, 2))
    registered(cluster, asked(2))
    assert (cluster.image.brokers[2].broker_epoch, cluster.image.brokers[2].is_fenced) == (99, True)


def test_an_incarnation_that_registers_once_more_keeps_its_epoch_and_is_not_fenced() -> None:
    cluster = DecidedCluster()
    assert len(registered(cluster, asked(2, incarnation=cluster.image.brokers[2].incarnation_id))) == 1
    broker = cluster.image.brokers[2]
    assert (broker.broker_epoch, broker.is_fenced, broker.rack) == (epoch_of(2), False, "r")
    assert cluster.record.isr == [1, 2, 3]


@pytest.mark.parametrize(("previous", "is_eligible"), [(epoch_of(3), True), (NO_EPOCH, False), (7, False)])
def test_a_broker_stays_eligible_only_after_a_clean_end(previous: int, is_eligible: bool) -> None:
    cluster = DecidedCluster(configs={"min.insync.replicas": "3"})
    cluster.decide(elections.fence(cluster.state, 3))
    registered(cluster, asked(3, previous_broker_epoch=previous))
    assert cluster.record.eligible_leader_replicas == ([3] if is_eligible else None)


def test_the_last_one_in_sync_leaves_the_isr_when_it_begins_anew_after_an_unclean_end() -> None:
    cluster = DecidedCluster(brokers=1, replicas=[1])
    cluster.decide(elections.fence(cluster.state, 1))
    assert cluster.record.eligible_leader_replicas == [1]
    registered(cluster, asked(1))
    assert cluster.record.eligible_leader_replicas is None
    assert cluster.record.last_known_elr == [1]
    cluster.decide(elections.unfence(cluster.state, 1))
    assert (cluster.record.leader, cluster.record.isr) == (1, [1])  # who led last has lost the least


@pytest.mark.parametrize(
    ("log_dirs", "why"),
    [
        ([], "No directories specified in request"),
        ([bytes(15) + b"\x02"], "Reserved directory ID in request"),
        ([b"x" * 16, b"x" * 16], "Duplicate directory ID in request"),
        ([directory_of(1)], f"Broker 1 is already registered with directory {encode_uuid(directory_of(1))}"),
    ],
)
def test_directories_are_a_brokers_own(log_dirs: list[bytes], why: str) -> None:
    with pytest.raises(KafkaError) as refused:
        registered(DecidedCluster(), asked(log_dirs=log_dirs))
    assert (refused.value.code, refused.value.message) == (ErrorCode.INVALID_REGISTRATION, why)
