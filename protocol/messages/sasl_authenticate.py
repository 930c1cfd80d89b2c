"""SaslAuthenticate (36): one step of a SASL exchange."""

from ..schema import field, i16, i64, message


@message(api_key=36, versions="0-2", flexible="2+")
class SaslAuthenticateRequest:
    """The client's next token."""

    auth_bytes: bytes = b""


@message(api_key=36, versions="0-2", flexible="2+")
class SaslAuthenticateResponse:
    """The server's next token, and how long the session may last."""

    error_code: i16 = 0
    error_message: str | None = None
    auth_bytes: bytes = b""
    session_lifetime_ms: i64 = field(default=0, versions="1+")
