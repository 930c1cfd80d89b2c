"""Whatever changes a minimum of replicas in sync has eligible leaders forgotten; some changes are refused."""

import pytest

from odradek.broker.metadata.eligible_leaders import (
    MIN_ISR,
    check_min_isr,
    clear_elr_records,
    first_min_isr_records,
    has_eligible_leaders,
)
from odradek.broker.metadata.features import ELIGIBLE_LEADER_REPLICAS_VERSION
from odradek.broker.metadata.image import MetadataImage, config_record
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.metadata_records import (
    ClearElrRecord,
    ConfigRecord,
    ConfigResourceType,
    FeatureLevelRecord,
    MetadataRecord,
)

from .images import image_of

TOPIC = (ConfigResourceType.TOPIC, "t")
ALL_BROKERS, BROKER_1 = (ConfigResourceType.BROKER, ""), (ConfigResourceType.BROKER, "1")
ENABLED = FeatureLevelRecord(name=ELIGIBLE_LEADER_REPLICAS_VERSION, feature_level=1)


def test_the_level_of_the_feature_decides() -> None:
    assert has_eligible_leaders(image_of(ENABLED))
    assert not has_eligible_leaders(MetadataImage())


@pytest.mark.parametrize(
    ("change", "cleared"),
    [
        (config_record(TOPIC, MIN_ISR, "2"), [ClearElrRecord(topic_name="t")]),
        (config_record(TOPIC, MIN_ISR, None), [ClearElrRecord(topic_name="t")]),
        (config_record(ALL_BROKERS, MIN_ISR, "2"), [ClearElrRecord(topic_name="")]),
        (config_record(TOPIC, "retention.ms", "2"), []),
        (ENABLED, []),
    ],
)
def test_who_was_eligible_under_another_minimum_is_forgotten(
    change: MetadataRecord, cleared: list[MetadataRecord]
) -> None:
    assert clear_elr_records([change], image_of(ENABLED)) == cleared
    assert clear_elr_records([change], MetadataImage()) == ()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            config_record(BROKER_1, MIN_ISR, "2"),
            "Broker-level min.insync.replicas cannot be altered while ELR is enabled.",
        ),
        (
            config_record(BROKER_1, MIN_ISR, None),
            "Broker-level min.insync.replicas cannot be altered while ELR is enabled.",
        ),
        (
            config_record(ALL_BROKERS, MIN_ISR, None),
            "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.",
        ),
    ],
)
def test_brokers_have_one_minimum_together(change: ConfigRecord, why: str) -> None:
    with pytest.raises(KafkaError) as refused:
        check_min_isr([change], image_of(ENABLED))
    assert (refused.value.code, refused.value.message) == (ErrorCode.INVALID_CONFIG, why)
    check_min_isr([change], MetadataImage())


def test_other_settings_and_minimums_may_change() -> None:
    changes = [
        config_record(TOPIC, MIN_ISR, None),
        config_record(ALL_BROKERS, MIN_ISR, "2"),
        config_record(BROKER_1, "num.io.threads", "2"),
    ]
    check_min_isr(changes, image_of(ENABLED))


def test_a_cluster_that_begins_to_keep_eligible_leaders_gets_one_minimum() -> None:
    assert first_min_isr_records(MetadataImage(), "2") == [config_record(ALL_BROKERS, MIN_ISR, "2")]
    image = image_of(config_record(ALL_BROKERS, MIN_ISR, "3"), config_record(BROKER_1, MIN_ISR, "4"))
    assert first_min_isr_records(image, "2") == [config_record(BROKER_1, MIN_ISR, None)]
