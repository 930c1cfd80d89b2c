"""CreateDelegationToken (38): issue a delegation token."""

from collections.abc import Sequence

from ..schema import field, i16, i32, i64, message, nested


@nested
class CreatableRenewers:
    principal_type: str = ""
    principal_name: str = ""


@message(api_key=38, versions="1-3", flexible="2+")
class CreateDelegationTokenRequest:
    """Who owns the token, who may renew it, and how long it may live."""

    owner_principal_type: str | None = field(default="", versions="3+")
    owner_principal_name: str | None = field(default="", versions="3+")
    renewers: Sequence[CreatableRenewers] = ()
    max_lifetime_ms: i64 = 0


@message(api_key=38, versions="1-3", flexible="2+")
class CreateDelegationTokenResponse:
    """The token's id and secret, with its dates."""

    error_code: i16 = 0
    principal_type: str = ""
    principal_name: str = ""
    token_requester_principal_type: str = field(default="", versions="3+")
    token_requester_principal_name: str = field(default="", versions="3+")
    issue_timestamp_ms: i64 = 0
    expiry_timestamp_ms: i64 = 0
    max_timestamp_ms: i64 = 0
    token_id: str = ""
    hmac: bytes = b""
    throttle_time_ms: i32 = 0
