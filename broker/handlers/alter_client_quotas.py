"""AlterClientQuotas 0-1: set quotas for entities, or take them back (KIP-546).

They hold from the next request on, on every connection.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.alter_client_quotas import (
    AlterClientQuotasRequest,
    AlterClientQuotasResponse,
    EntityData,
    OpData,
    ResponseEntryData,
)
from ...protocol.metadata_records import MetadataRecord
from ..context import CONTROLLER_TIMEOUT_MS, Context
from ..deferred import Deferred
from ..metadata.image import MetadataImage, QuotaEntity, quota_record
from ..quotas.entities import IP, check_address, check_entity, check_value, entity_of
from ..session import Session
from ..slices import Steps

Parts = Mapping[str, str | None]
"""The entity of a request; of a type named twice the last counts, as in Kafka."""


def handle_alter_client_quotas(
    request: AlterClientQuotasRequest, version: int, session: Session, context: Context
) -> Deferred[AlterClientQuotasResponse]:
    """Change each entity whole or not at all; one that is refused does not keep the others from being changed."""
    deferred: Deferred[AlterClientQuotasResponse] = Deferred()
    outcomes: dict[QuotaEntity, tuple[Parts, KafkaError | None]] = {}

    def decide(image: MetadataImage) -> Steps[Sequence[MetadataRecord]]:
        asked = [({part.entity_type: part.entity_name for part in e.entity}, e.ops) for e in request.entries]
        times = Counter(entity_of(parts.items()) for parts, _ in asked)
        records: list[MetadataRecord] = []
        for parts, ops in asked:
            entity = entity_of(parts.items())
            try:
                if times[entity] > 1 or len({op.key for op in ops}) < len(ops):  # Kafka has one word for both
                    why = f"Ignoring duplicate entity ClientQuotaEntity(entries={{{_plain(entity)}}})"
                    raise KafkaError(ErrorCode.INVALID_REQUEST, why)
                records += _records(entity, ops, image)
                outcomes[entity] = parts, None
            except KafkaError as error:
                outcomes[entity] = parts, error
            yield
        return () if request.validate_only else records

    def altered(error: KafkaError | None) -> None:
        entries = [_result(parts, refusal or error) for parts, refusal in outcomes.values()]
        in_time(AlterClientQuotasResponse(entries=entries))

    def late() -> AlterClientQuotasResponse:
        timed_out = KafkaError(ErrorCode.REQUEST_TIMED_OUT)
        asked = [{part.entity_type: part.entity_name for part in entry.entity} for entry in request.entries]
        return AlterClientQuotasResponse(entries=[_result(parts, timed_out) for parts in asked])

    in_time = context.answer_in_time(deferred, CONTROLLER_TIMEOUT_MS, late)
    context.metadata.change(decide, altered)
    return deferred


def _records(entity: QuotaEntity, ops: Sequence[OpData], image: MetadataImage) -> list[MetadataRecord]:
    check_entity(entity)
    check_address(entity)
    now = image.quotas.get(entity, {})
    records: list[MetadataRecord] = []
    for op in ops:
        if not op.remove:
            check_value(entity, op.key, op.value)
            if now.get(op.key) != op.value:
                records.append(quota_record(entity, op.key, op.value))
        elif op.key in now:
            records.append(quota_record(entity, op.key, None))
    return records


def _plain(entity: QuotaEntity) -> str:
    return ", ".join(f"{kind}={name}" for kind, name in entity)


def _result(parts: Parts, refusal: KafkaError | None) -> ResponseEntryData:
    return ResponseEntryData(
        error_code=ErrorCode.NONE if refusal is None else refusal.code,
        error_message=None if refusal is None else refusal.why,
        entity=[EntityData(entity_type=kind, entity_name=name) for kind, name in sorted(parts.items(), key=_place)],
    )


def _place(part: tuple[str, str | None]) -> tuple[bool, str]:
    """Where a part stands in Kafka's answer."""
    return part[0] == IP, part[0]
