"""DescribeUserScramCredentials (50): which SCRAM credentials users have."""

from collections.abc import Sequence

from ..schema import i8, i16, i32, message, nested


@nested
class UserName:
    name: str


@message(api_key=50, versions="0", flexible="0+")
class DescribeUserScramCredentialsRequest:
    """The users of interest; null asks for all."""

    users: Sequence[UserName] | None


@nested
class CredentialInfo:
    mechanism: i8 = 0
    iterations: i32 = 0


@nested
class DescribeUserScramCredentialsResult:
    user: str = ""
    error_code: i16 = 0
    error_message: str | None = None
    credential_infos: Sequence[CredentialInfo] = ()


@message(api_key=50, versions="0", flexible="0+")
class DescribeUserScramCredentialsResponse:
    """Mechanisms and iteration counts, never the secrets."""

    throttle_time_ms: i32 = 0
    error_code: i16 = 0
    error_message: str | None = None
    results: Sequence[DescribeUserScramCredentialsResult] = ()
