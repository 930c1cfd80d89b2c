"""Quotas of imported lines, set as a client's AlterClientQuotas would."""

from collections.abc import Sequence

from ...protocol.errors import ErrorCode
from ...protocol.messages.alter_client_quotas import (
    AlterClientQuotasRequest,
    AlterClientQuotasResponse,
    EntityData,
    EntryData,
    OpData,
)
from ..context import Context
from .asking import ask
from .exchange_lines import ImportRefused, QuotaLine


async def set_quotas(context: Context, lines: Sequence[QuotaLine], *, is_trial: bool) -> None:
    """Set what the lines say, or see whether it could be. ImportRefused."""
    for line in lines:
        entity = [EntityData(entity_type=kind, entity_name=name) for kind, name in line.entity.items()]
        ops = [OpData(key=key, value=value) for key, value in line.quotas.items()]
        request = AlterClientQuotasRequest(entries=[EntryData(entity=entity, ops=ops)], validate_only=is_trial)
        (entry,) = (await ask(context, request, AlterClientQuotasResponse)).entries
        if entry.error_code:
            raise ImportRefused(line.line, entry.error_message or ErrorCode(entry.error_code).name)
