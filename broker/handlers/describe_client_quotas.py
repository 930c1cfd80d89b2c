"""DescribeClientQuotas 0-1: the quotas that were set, for the entities that a filter finds (KIP-546)."""

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.describe_client_quotas import (
    DescribeClientQuotasRequest,
    DescribeClientQuotasResponse,
    EntityData,
    EntryData,
    ValueData,
)
from ..context import Context
from ..quotas.entities import Component, check_filter, fits
from ..session import Session
from ..slices import Steps


def handle_describe_client_quotas(
    request: DescribeClientQuotasRequest, version: int, session: Session, context: Context
) -> Steps[DescribeClientQuotasResponse]:
    """Describe what is found; nothing of a filter that is none."""
    components = [Component(one.entity_type, one.match_type, one.match) for one in request.components]
    try:
        check_filter(components)
    except KafkaError as error:
        return DescribeClientQuotasResponse(error_code=error.code, error_message=error.message, entries=None)
    entries: list[EntryData] = []
    for entity, quotas in list(context.metadata.image.quotas.items()):
        if fits(components, entity, is_strict=request.strict):
            entries.append(
                EntryData(
                    entity=[EntityData(entity_type=kind, entity_name=name) for kind, name in entity],
                    values=[ValueData(key=key, value=value) for key, value in quotas.items()],
                )
            )
        yield
    return DescribeClientQuotasResponse(error_code=ErrorCode.NONE, error_message="", entries=entries)
