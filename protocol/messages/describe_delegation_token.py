"""DescribeDelegationToken (41): list delegation tokens."""

from collections.abc import Sequence

from ..schema import field, i16, i32, i64, message, nested


@nested
class DescribeDelegationTokenOwner:
    principal_type: str = ""
    principal_name: str = ""


@message(api_key=41, versions="1-3", flexible="2+")
class DescribeDelegationTokenRequest:
    """The owners whose tokens are asked for; null asks for all."""

    owners: Sequence[DescribeDelegationTokenOwner] | None


@nested
class DescribedDelegationTokenRenewer:
    principal_type: str = ""
    principal_name: str = ""


@nested
class DescribedDelegationToken:
    principal_type: str = ""
    principal_name: str = ""
    token_requester_principal_type: str = field(default="", versions="3+")
    token_requester_principal_name: str = field(default="", versions="3+")
    issue_timestamp: i64 = 0
    expiry_timestamp: i64 = 0
    max_timestamp: i64 = 0
    token_id: str = ""
    hmac: bytes = b""
    renewers: Sequence[DescribedDelegationTokenRenewer] = ()


@message(api_key=41, versions="1-3", flexible="2+")
class DescribeDelegationTokenResponse:
    """The tokens that the caller may see."""

    error_code: i16 = 0
    tokens: Sequence[DescribedDelegationToken] = ()
    throttle_time_ms: i32 = 0
