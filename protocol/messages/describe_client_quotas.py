"""DescribeClientQuotas (48): read client quotas."""

from collections.abc import Sequence

from ..schema import boolean, f64, i8, i16, i32, message, nested


@nested
class ComponentData:
    entity_type: str = ""
    match_type: i8 = 0
    match: str | None


@message(api_key=48, versions="0-1", flexible="1+")
class DescribeClientQuotasRequest:
    """A filter on the entities that quotas are set for."""

    components: Sequence[ComponentData] = ()
    strict: boolean = False


@nested
class EntityData:
    entity_type: str = ""
    entity_name: str | None


@nested
class ValueData:
    key: str
    value: f64 = 0.0


@nested
class EntryData:
    entity: Sequence[EntityData] = ()
    values: Sequence[ValueData] = ()


@message(api_key=48, versions="0-1", flexible="1+")
class DescribeClientQuotasResponse:
    """The quotas of every matching entity."""

    throttle_time_ms: i32 = 0
    error_code: i16 = 0
    error_message: str | None = None
    entries: Sequence[EntryData] | None
