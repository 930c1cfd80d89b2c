"""UpdateFeatures (57): raise or lower feature levels."""

from collections.abc import Sequence

from ..schema import boolean, field, i8, i16, i32, message, nested


@nested
class FeatureUpdateKey:
    feature: str
    max_version_level: i16 = 0
    allow_downgrade: boolean = field(default=False, versions="0")
    upgrade_type: i8 = field(default=1, versions="1+")


@message(api_key=57, versions="0-2", flexible="0+")
class UpdateFeaturesRequest:
    """The levels that features should have."""

    timeout_ms: i32 = 60000
    feature_updates: Sequence[FeatureUpdateKey] = ()
    validate_only: boolean = field(default=False, versions="1+")


@nested
class UpdatableFeatureResult:
    feature: str
    error_code: i16 = 0
    error_message: str | None = None


@message(api_key=57, versions="0-2", flexible="0+")
class UpdateFeaturesResponse:
    """Whether the levels stand."""

    throttle_time_ms: i32 = 0
    error_code: i16 = 0
    error_message: str | None = None
    results: Sequence[UpdatableFeatureResult] = field(default=(), versions="0-1")
