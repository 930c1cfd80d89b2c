"""What is known of the brokers that are registered, record by record."""

import pytest

from odradek.broker.metadata.delta import MetadataDelta
from odradek.broker.metadata.registrations import (
    LOST_DIRECTORY,
    MIGRATING_DIRECTORY,
    UNASSIGNED_DIRECTORY,
    BrokerRegistration,
    active_brokers,
)
from odradek.protocol.metadata_records import (
    BrokerRegistrationChangeRecord,
    FenceBrokerRecord,
    MetadataRecord,
    RegisterBrokerRecord,
    UnfenceBrokerRecord,
    UnregisterBrokerRecord,
    encode_metadata_record,
)

from .images import A_BROKER, image_of

HERE, THERE = b"h" * 16, b"t" * 16


def registered(**fields: object) -> RegisterBrokerRecord:
    return RegisterBrokerRecord(broker_id=1, broker_epoch=11, **fields)  # type: ignore[arg-type]


def broker(**fields: object) -> BrokerRegistration:
    (found,) = image_of(registered(**fields)).brokers.values()
    return found


def test_a_broker_is_registered_fenced_with_where_it_is_reached() -> None:
    (found,) = image_of(A_BROKER).brokers.values()
    assert (found.broker_id, found.broker_epoch, found.is_fenced, found.is_active) == (1, 11, True, False)
    assert [(one.host, one.port) for one in found.endpoints] == [("h", 9092)]


@pytest.mark.parametrize(
    ("change", "is_active"),
    [
        (UnfenceBrokerRecord(id=1, epoch=11), True),
        (BrokerRegistrationChangeRecord(broker_id=1, broker_epoch=11, fenced=-1), True),
        (BrokerRegistrationChangeRecord(broker_id=1, broker_epoch=11, fenced=-1, in_controlled_shutdown=1), False),
        (FenceBrokerRecord(id=1, epoch=11), False),
    ],
)
def test_only_a_broker_that_is_neither_fenced_nor_shutting_down_may_lead(
    change: MetadataRecord, is_active: bool
) -> None:
    image = image_of(registered(), change)
    assert active_brokers(image.brokers) == ({1} if is_active else set())


def test_a_broker_that_is_unregistered_is_known_no_more() -> None:
    assert image_of(registered(), UnregisterBrokerRecord(broker_id=1, broker_epoch=11)).brokers == {}


def test_a_delta_names_the_brokers_that_changed() -> None:
    image = image_of(registered(), RegisterBrokerRecord(broker_id=2))
    delta = MetadataDelta()
    image.replay(encode_metadata_record(BrokerRegistrationChangeRecord(broker_id=2, fenced=-1)), delta)
    assert delta.changed_brokers == {2}


def test_new_replicas_go_to_the_one_directory_or_to_one_that_the_broker_chooses() -> None:
    assert broker(log_dirs=[HERE]).default_directory == HERE
    assert broker(log_dirs=[HERE, THERE]).default_directory == UNASSIGNED_DIRECTORY
    assert broker().default_directory == MIGRATING_DIRECTORY


@pytest.mark.parametrize(
    ("log_dirs", "directory", "is_online"),
    [
        ([HERE], HERE, True),
        ([HERE], THERE, False),
        ([HERE], UNASSIGNED_DIRECTORY, True),
        ([HERE], MIGRATING_DIRECTORY, True),
        ([HERE], LOST_DIRECTORY, False),
        ([], THERE, True),
        ([], LOST_DIRECTORY, False),
    ],
)
def test_a_directory_is_online_unless_it_is_known_not_to_be(
    log_dirs: list[bytes], directory: bytes, is_online: bool
) -> None:
    assert broker(log_dirs=log_dirs).has_online_directory(directory) == is_online


def test_new_replicas_come_to_brokers_with_a_directory_that_is_not_cordoned() -> None:
    assert broker(log_dirs=[HERE, THERE], cordoned_log_dirs=[HERE]).has_uncordoned_directories
    assert not broker(log_dirs=[HERE], cordoned_log_dirs=[HERE]).has_uncordoned_directories
    assert broker(log_dirs=[HERE], cordoned_log_dirs=None).has_uncordoned_directories
    assert broker(log_dirs=[], cordoned_log_dirs=[HERE]).has_uncordoned_directories
