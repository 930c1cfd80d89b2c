"""AlterUserScramCredentials (51): set or remove SCRAM credentials."""

from collections.abc import Sequence

from ..schema import i8, i16, i32, message, nested


@nested
class ScramCredentialDeletion:
    name: str
    mechanism: i8 = 0


@nested
class ScramCredentialUpsertion:
    name: str
    mechanism: i8 = 0
    iterations: i32 = 0
    salt: bytes = b""
    salted_password: bytes = b""


@message(api_key=51, versions="0", flexible="0+")
class AlterUserScramCredentialsRequest:
    """Credentials to remove, and salted passwords to store."""

    deletions: Sequence[ScramCredentialDeletion] = ()
    upsertions: Sequence[ScramCredentialUpsertion] = ()


@nested
class AlterUserScramCredentialsResult:
    user: str = ""
    error_code: i16 = 0
    error_message: str | None = None


@message(api_key=51, versions="0", flexible="0+")
class AlterUserScramCredentialsResponse:
    """Per user, whether the change was made."""

    throttle_time_ms: i32 = 0
    results: Sequence[AlterUserScramCredentialsResult] = ()
