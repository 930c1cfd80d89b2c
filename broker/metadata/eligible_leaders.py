"""Eligible leader replicas (KIP-966) and min.insync.replicas: who is eligible is known for one minimum, and no other.

While the cluster keeps eligible leaders, the minimum of brokers is that of the whole cluster, and whatever changes a
minimum has those forgotten that were eligible under the one before. Errors are in Kafka's words.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.metadata_records import ClearElrRecord, ConfigRecord, ConfigResourceType, MetadataRecord
from .features import ELIGIBLE_LEADER_REPLICAS_VERSION
from .image import MetadataImage, config_record

MIN_ISR: Final = "min.insync.replicas"
ALL_BROKERS: Final = ""
ALL_TOPICS: Final = ""


def has_eligible_leaders(image: MetadataImage) -> bool:
    """Whether the cluster keeps eligible leaders: the level of the feature decides."""
    return image.features.get(ELIGIBLE_LEADER_REPLICAS_VERSION, 0) >= 1


def check_min_isr(records: Iterable[MetadataRecord], image: MetadataImage) -> None:
    """Whether a minimum may be changed so; INVALID_CONFIG."""
    if not has_eligible_leaders(image):
        return
    for record in records:
        if not isinstance(record, ConfigRecord) or record.name != MIN_ISR:
            continue
        if record.resource_type == ConfigResourceType.BROKER and record.resource_name != ALL_BROKERS:
            why = "Broker-level min.insync.replicas cannot be altered while ELR is enabled."
            raise KafkaError(ErrorCode.INVALID_CONFIG, why)
        if record.resource_type == ConfigResourceType.BROKER and record.value is None:
            why = "Cluster-level min.insync.replicas cannot be removed while ELR is enabled."
            raise KafkaError(ErrorCode.INVALID_CONFIG, why)


def clear_elr_records(records: Iterable[MetadataRecord], image: MetadataImage) -> Sequence[MetadataRecord]:
    """What has to be recorded beside settings that change a minimum."""
    if not has_eligible_leaders(image):
        return ()
    return [
        ClearElrRecord(
            topic_name=record.resource_name if record.resource_type == ConfigResourceType.TOPIC else ALL_TOPICS
        )
        for record in records
        if isinstance(record, ConfigRecord) and record.name == MIN_ISR
    ]


def first_min_isr_records(image: MetadataImage, static_min_isr: str) -> list[MetadataRecord]:
    """What has to be recorded when a cluster begins to keep eligible leaders: one minimum, of all brokers."""
    of_all = image.configs.get((ConfigResourceType.BROKER, ALL_BROKERS), {})
    records: list[MetadataRecord] = []
    if MIN_ISR not in of_all:
        records.append(config_record((ConfigResourceType.BROKER, ALL_BROKERS), MIN_ISR, static_min_isr))
    for (kind, name), configs in image.configs.items():
        if kind == ConfigResourceType.BROKER and name != ALL_BROKERS and MIN_ISR in configs:
            records.append(config_record((kind, name), MIN_ISR, None))
    return records
