"""AlterClientQuotas (49): set or remove client quotas."""

from collections.abc import Sequence

from ..schema import boolean, f64, i16, i32, message, nested


@nested
class EntityData:
    entity_type: str = ""
    entity_name: str | None


@nested
class OpData:
    key: str
    value: f64 = 0.0
    remove: boolean = False


@nested
class EntryData:
    entity: Sequence[EntityData] = ()
    ops: Sequence[OpData] = ()


@message(api_key=49, versions="0-1", flexible="1+")
class AlterClientQuotasRequest:
    """The quotas to set or remove, entity by entity."""

    entries: Sequence[EntryData] = ()
    validate_only: boolean = False


@nested
class ResponseEntryData:
    error_code: i16 = 0
    error_message: str | None = None
    entity: Sequence[EntityData] = ()


@message(api_key=49, versions="0-1", flexible="1+")
class AlterClientQuotasResponse:
    """Per entity, whether its quotas stand."""

    throttle_time_ms: i32 = 0
    entries: Sequence[ResponseEntryData] = ()
