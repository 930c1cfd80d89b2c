"""DescribeConfigs (32): read configuration."""

from collections.abc import Sequence

from ..schema import boolean, field, i8, i16, i32, message, nested


@nested
class DescribeConfigsResource:
    resource_type: i8
    resource_name: str
    configuration_keys: Sequence[str] | None


@message(api_key=32, versions="1-4", flexible="4+")
class DescribeConfigsRequest:
    """The resources, and the names of interest; null asks for all names."""

    resources: Sequence[DescribeConfigsResource] = ()
    include_synonyms: boolean = False
    include_documentation: boolean = field(default=False, versions="3+")


@nested
class DescribeConfigsSynonym:
    name: str
    value: str | None
    source: i8 = 0


@nested
class DescribeConfigsResourceResult:
    name: str
    value: str | None
    read_only: boolean = False
    config_source: i8 = -1
    is_sensitive: boolean = False
    synonyms: Sequence[DescribeConfigsSynonym] = ()
    config_type: i8 = field(default=0, versions="3+")
    documentation: str | None = field(default="", versions="3+")


@nested
class DescribeConfigsResult:
    error_code: i16 = 0
    error_message: str | None = None
    resource_type: i8
    resource_name: str
    configs: Sequence[DescribeConfigsResourceResult] = ()


@message(api_key=32, versions="1-4", flexible="4+")
class DescribeConfigsResponse:
    """Settings with their values, sources and synonyms."""

    throttle_time_ms: i32 = 0
    results: Sequence[DescribeConfigsResult] = ()
