"""ExpireDelegationToken (40): end a delegation token, now or later."""

from ..schema import i16, i32, i64, message


@message(api_key=40, versions="1-2", flexible="2+")
class ExpireDelegationTokenRequest:
    """The token, by its secret, and when it should end."""

    hmac: bytes = b""
    expiry_time_period_ms: i64 = 0


@message(api_key=40, versions="1-2", flexible="2+")
class ExpireDelegationTokenResponse:
    """When the token expires now."""

    error_code: i16 = 0
    expiry_timestamp_ms: i64 = 0
    throttle_time_ms: i32 = 0
