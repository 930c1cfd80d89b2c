"""RenewDelegationToken (39): prolong a delegation token."""

from ..schema import i16, i32, i64, message


@message(api_key=39, versions="1-2", flexible="2+")
class RenewDelegationTokenRequest:
    """The token, by its secret, and for how long it should go on."""

    hmac: bytes = b""
    renew_period_ms: i64 = 0


@message(api_key=39, versions="1-2", flexible="2+")
class RenewDelegationTokenResponse:
    """When the token expires now."""

    error_code: i16 = 0
    expiry_timestamp_ms: i64 = 0
    throttle_time_ms: i32 = 0
