"""AlterConfigs (33): replace the whole configuration of resources."""

from collections.abc import Sequence

from ..schema import boolean, i8, i16, i32, message, nested


@nested
class AlterableConfig:
    name: str
    value: str | None


@nested
class AlterConfigsResource:
    resource_type: i8
    resource_name: str
    configs: Sequence[AlterableConfig] = ()


@message(api_key=33, versions="0-2", flexible="2+")
class AlterConfigsRequest:
    """The complete new configuration of each resource."""

    resources: Sequence[AlterConfigsResource] = ()
    validate_only: boolean = False


@nested
class AlterConfigsResourceResponse:
    error_code: i16 = 0
    error_message: str | None = None
    resource_type: i8
    resource_name: str


@message(api_key=33, versions="0-2", flexible="2+")
class AlterConfigsResponse:
    """Per resource, whether the new configuration stands."""

    throttle_time_ms: i32 = 0
    responses: Sequence[AlterConfigsResourceResponse] = ()
