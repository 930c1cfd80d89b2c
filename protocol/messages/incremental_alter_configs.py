"""IncrementalAlterConfigs (44): set, delete, append to or subtract from single settings."""

from collections.abc import Sequence

from ..schema import boolean, i8, i16, i32, message, nested


@nested
class AlterableConfig:
    name: str
    config_operation: i8
    value: str | None


@nested
class AlterConfigsResource:
    resource_type: i8
    resource_name: str
    configs: Sequence[AlterableConfig] = ()


@message(api_key=44, versions="0-1", flexible="1+")
class IncrementalAlterConfigsRequest:
    """The changes to make, setting by setting."""

    resources: Sequence[AlterConfigsResource] = ()
    validate_only: boolean = False


@nested
class AlterConfigsResourceResponse:
    error_code: i16 = 0
    error_message: str | None = None
    resource_type: i8
    resource_name: str


@message(api_key=44, versions="0-1", flexible="1+")
class IncrementalAlterConfigsResponse:
    """Per resource, whether its changes stand."""

    throttle_time_ms: i32 = 0
    responses: Sequence[AlterConfigsResourceResponse] = ()
