"""Settings of all kinds of resources, changed and seen to have changed."""

import pytest

from odradek.broker.dynamic_config.changes import ConfigChange, Operation, ResourceChange
from odradek.broker.dynamic_config.configs import Refusals
from odradek.broker.testing.disks import FULL
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.metadata_records import ConfigResourceType

from ..handlers.broker_harness import AskedBroker, AskedContext
from ..nodes.three_brokers import ThreeBrokers

TOPIC, BROKER, GROUP = ConfigResourceType.TOPIC, ConfigResourceType.BROKER, ConfigResourceType.GROUP


@pytest.fixture
def broker() -> AskedBroker:
    broker = AskedBroker()
    broker.create("t")
    return broker


def alter(broker: AskedContext, *changes: ResourceChange, validate_only: bool = False) -> Refusals:
    outcome: list[Refusals] = []
    broker.context.configs.alter(changes, outcome.append, validate_only=validate_only)
    (refusals,) = outcome
    return refusals


def changed(kind: int, name: str, **values: str | None) -> ResourceChange:
    """Settings with `_` for `.`; None deletes."""
    return ResourceChange(
        kind,
        name,
        [
            ConfigChange(key.replace("_", "."), value, Operation.DELETE if value is None else Operation.SET)
            for key, value in values.items()
        ],
    )


def value(broker: AskedBroker, kind: int, name: str, key: str) -> tuple[str | None, int]:
    (found,) = [one.value for one in broker.context.configs.describe(kind, name) if one.value.name == key]
    return found.value, found.source


def test_what_is_set_is_there_until_it_is_taken_back_over_restarts(broker: AskedBroker) -> None:
    for kind, name, key, default, source in (
        (TOPIC, "t", "retention.ms", "604800000", 1),
        (BROKER, "1", "log.cleaner.backoff.ms", "15000", 2),
        (GROUP, "g", "consumer.session.timeout.ms", "45000", 8),
        (ConfigResourceType.CLIENT_METRICS, "m", "interval.ms", "300000", 7),
    ):
        given = key.replace(".", "_")
        assert alter(broker, changed(kind, name, **{given: "46000"})) == [None]
        broker.restart()
        assert value(broker, kind, name, key) == ("46000", source)
        assert alter(broker, changed(kind, name, **{given: None})) == [None]
        broker.restart()
        assert value(broker, kind, name, key) == (default, 5)


def test_each_resource_is_changed_whole_or_not_at_all(broker: AskedBroker) -> None:
    broker.create("u")
    bad = changed(TOPIC, "t", retention_ms="5", segment_ms="soon")
    refused, fine = alter(broker, bad, changed(TOPIC, "u", retention_ms="5"))
    assert (refused is not None and refused.code, fine) == (ErrorCode.INVALID_CONFIG, None)
    assert value(broker, TOPIC, "t", "retention.ms")[1] == 5
    assert value(broker, TOPIC, "u", "retention.ms") == ("5", 1)


def test_a_resource_named_twice_is_left_alone_and_the_others_are_not(broker: AskedBroker) -> None:
    broker.create("u")
    change = changed(TOPIC, "t", retention_ms="5")
    one, other, again = alter(broker, change, changed(TOPIC, "u", retention_ms="5"), change)
    assert [error is not None and error.code for error in (one, other, again)] == [42, False, 42]
    assert value(broker, TOPIC, "t", "retention.ms")[1] == 5


def test_what_is_only_checked_changes_nothing(broker: AskedBroker) -> None:
    assert alter(broker, changed(TOPIC, "t", retention_ms="5"), validate_only=True) == [None]
    assert value(broker, TOPIC, "t", "retention.ms")[1] == 5


def test_a_full_disk_refuses_what_was_to_be_recorded(broker: AskedBroker) -> None:
    broker.files.write_error = FULL
    refusals = alter(broker, changed(TOPIC, "t", retention_ms="5"), changed(99, "x", a="1"))
    assert [error and error.code for error in refusals] == [ErrorCode.KAFKA_STORAGE_ERROR, ErrorCode.INVALID_REQUEST]
    broker.files.write_error = None
    assert value(broker, TOPIC, "t", "retention.ms")[1] == 5


def test_what_is_set_already_writes_nothing(broker: AskedBroker) -> None:
    alter(broker, changed(TOPIC, "t", retention_ms="5"))
    end = broker.context.metadata.end_offset
    assert alter(broker, changed(TOPIC, "t", retention_ms="05", segment_ms=None)) == [None]
    assert broker.context.metadata.end_offset == end


def test_what_is_set_of_a_broker_is_recorded_again_as_files_under_it_may_be_others(broker: AskedBroker) -> None:
    alter(broker, changed(BROKER, "1", log_cleaner_backoff_ms="5", log_retention_ms="6"))
    end = broker.context.metadata.end_offset
    assert alter(broker, changed(BROKER, "1", log_cleaner_backoff_ms="5")) == [None]
    assert broker.context.metadata.end_offset == end + 1


def test_settings_of_no_known_kind_are_refused(broker: AskedBroker) -> None:
    with pytest.raises(KafkaError):
        broker.context.configs.describe(3, "t")


def test_the_least_in_sync_of_one_broker_is_not_deleted_though_it_was_never_set() -> None:
    """With eligible leader replicas the minimum is that of the cluster, whatever is asked of one broker (KIP-966)."""
    broker = ThreeBrokers()[2]
    (refused,) = alter(broker, changed(BROKER, "2", min_insync_replicas=None))
    assert refused is not None
    assert refused.message == "Broker-level min.insync.replicas cannot be altered while ELR is enabled."
