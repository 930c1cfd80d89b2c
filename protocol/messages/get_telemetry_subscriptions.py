"""GetTelemetrySubscriptions (71): which metrics the broker wants from a client (KIP-714)."""

from collections.abc import Sequence

from ..schema import ZERO_UUID, boolean, i8, i16, i32, message, uuid


@message(api_key=71, versions="0", flexible="0+")
class GetTelemetrySubscriptionsRequest:
    """A client asks what to send."""

    client_instance_id: uuid = ZERO_UUID


@message(api_key=71, versions="0", flexible="0+")
class GetTelemetrySubscriptionsResponse:
    """The metrics that are wanted, how often and how packed."""

    throttle_time_ms: i32 = 0
    error_code: i16 = 0
    client_instance_id: uuid = ZERO_UUID
    subscription_id: i32 = 0
    accepted_compression_types: Sequence[i8] = ()
    push_interval_ms: i32 = 0
    telemetry_max_bytes: i32 = 0
    delta_temporality: boolean = False
    requested_metrics: Sequence[str] = ()
