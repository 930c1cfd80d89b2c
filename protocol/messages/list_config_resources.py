"""ListConfigResources (74): the names of resources that have a configuration."""

from collections.abc import Sequence

from ..schema import field, i8, i16, i32, message, nested


@message(api_key=74, versions="0-1", flexible="0+")
class ListConfigResourcesRequest:
    """The types of resources to list."""

    resource_types: Sequence[i8] = field(default=(), versions="1+")


@nested
class ConfigResource:
    resource_name: str
    resource_type: i8 = field(default=16, versions="1+")


@message(api_key=74, versions="0-1", flexible="0+")
class ListConfigResourcesResponse:
    """One line per resource."""

    throttle_time_ms: i32 = 0
    error_code: i16 = 0
    config_resources: Sequence[ConfigResource] = ()
