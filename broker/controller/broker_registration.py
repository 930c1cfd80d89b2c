"""Brokers register before anything else: each start of one is an incarnation, with an epoch of its own (KIP-631)."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.metadata_records import BrokerEndpoint, BrokerFeature, MetadataRecord, RegisterBrokerRecord
from ...protocol.uuid_text import encode_uuid
from ..metadata.registrations import BrokerRegistration, is_reserved_directory
from ..slices import Steps
from .cluster_state import ClusterState
from .elections import forget_incarnation

NO_EPOCH = -1


@dataclass(slots=True, frozen=True, kw_only=True)
class RegisterBroker:
    """What a broker says of itself when it starts.

    `previous_broker_epoch` is the one that it had when it last ended cleanly; NO_EPOCH after any other end (KIP-966).
    """

    broker_id: int
    incarnation_id: bytes
    endpoints: Sequence[BrokerEndpoint]
    log_dirs: Sequence[bytes]
    features: Sequence[BrokerFeature] = ()
    rack: str | None = None
    previous_broker_epoch: int = NO_EPOCH


def register(cluster: ClusterState, asked: RegisterBroker, next_epoch: int) -> Steps[list[MetadataRecord]]:
    """What registers a broker, fenced at first, in a new epoch; an incarnation that is known keeps epoch and state.

    DUPLICATE_BROKER_REGISTRATION as long as another incarnation is not fenced, INVALID_REGISTRATION.
    """
    before = cluster.brokers.get(asked.broker_id)
    is_known = before is not None and before.incarnation_id == asked.incarnation_id
    if before is not None and not is_known and not before.is_fenced:
        why = (
            "Another broker is registered with that broker id. If the broker was recently restarted this should "
            "self-resolve once the heartbeat manager expires the broker's session."
        )
        raise KafkaError(ErrorCode.DUPLICATE_BROKER_REGISTRATION, why)
    _check_directories(cluster, asked)
    records: list[MetadataRecord] = []
    if not is_known:
        is_clean = before is not None and asked.previous_broker_epoch == before.broker_epoch
        records += yield from forget_incarnation(cluster, asked.broker_id, is_clean=is_clean)
    records.append(_record(asked, before if is_known else None, next_epoch))
    return records


def _record(asked: RegisterBroker, known: BrokerRegistration | None, next_epoch: int) -> RegisterBrokerRecord:
    record = RegisterBrokerRecord(
        broker_id=asked.broker_id,
        incarnation_id=asked.incarnation_id,
        broker_epoch=next_epoch,
        end_points=asked.endpoints,
        features=asked.features,
        rack=asked.rack,
        log_dirs=asked.log_dirs,
    )
    if known is not None:
        record.broker_epoch = known.broker_epoch
        record.fenced = known.is_fenced
        record.in_controlled_shutdown = known.is_in_controlled_shutdown
    return record


def _check_directories(cluster: ClusterState, asked: RegisterBroker) -> None:
    """Whether the directories are its own; INVALID_REGISTRATION."""
    invalid = ErrorCode.INVALID_REGISTRATION
    if not asked.log_dirs:
        raise KafkaError(invalid, "No directories specified in request")
    if any(is_reserved_directory(directory_id) for directory_id in asked.log_dirs):
        raise KafkaError(invalid, "Reserved directory ID in request")
    if len(set(asked.log_dirs)) != len(asked.log_dirs):
        raise KafkaError(invalid, "Duplicate directory ID in request")
    for other in cluster.brokers.values():
        for directory_id in asked.log_dirs:
            if other.broker_id != asked.broker_id and directory_id in other.log_dirs:
                raise KafkaError(
                    invalid,
                    f"Broker {other.broker_id} is already registered with directory {encode_uuid(directory_id)}",
                )
