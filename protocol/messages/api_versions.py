"""ApiVersions (18): the keys and versions that the broker serves."""

from collections.abc import Sequence

from ..schema import boolean, field, i16, i32, i64, message, nested


@message(api_key=18, versions="0-4", flexible="3+")
class ApiVersionsRequest:
    """Who is asking (KIP-511); the body is empty before version 3."""

    client_software_name: str = field(default="", versions="3+")
    client_software_version: str = field(default="", versions="3+")


@nested
class ApiVersion:
    api_key: i16
    min_version: i16 = 0
    max_version: i16 = 0


@nested
class SupportedFeatureKey:
    name: str
    min_version: i16 = 0
    max_version: i16 = 0


@nested
class FinalizedFeatureKey:
    name: str
    max_version_level: i16 = 0
    min_version_level: i16 = 0


@message(api_key=18, versions="0-4", flexible="3+")
class ApiVersionsResponse:
    """Every served key with its versions, and the cluster's features."""

    error_code: i16 = 0
    api_keys: Sequence[ApiVersion] = ()
    throttle_time_ms: i32 = field(default=0, versions="1+")
    supported_features: Sequence[SupportedFeatureKey] = field(default=(), versions="3+", tag=0)
    finalized_features_epoch: i64 = field(default=-1, versions="3+", tag=1)
    finalized_features: Sequence[FinalizedFeatureKey] = field(default=(), versions="3+", tag=2)
    zk_migration_ready: boolean = field(default=False, versions="3+", tag=3)
