"""PushTelemetry (72): a client hands in its metrics (KIP-714)."""

from ..schema import ZERO_UUID, boolean, i8, i16, i32, message, uuid


@message(api_key=72, versions="0", flexible="0+")
class PushTelemetryRequest:
    """Metrics in the form that was agreed on."""

    client_instance_id: uuid = ZERO_UUID
    subscription_id: i32 = 0
    terminating: boolean = False
    compression_type: i8 = 0
    metrics: bytes = b""


@message(api_key=72, versions="0", flexible="0+")
class PushTelemetryResponse:
    """Whether the metrics were taken."""

    throttle_time_ms: i32 = 0
    error_code: i16 = 0
