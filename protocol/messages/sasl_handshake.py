"""SaslHandshake (17): agree on the SASL mechanism."""

from collections.abc import Sequence

from ..schema import i16, message


@message(api_key=17, versions="0-1")
class SaslHandshakeRequest:
    """The mechanism that the client wants to use."""

    mechanism: str = ""


@message(api_key=17, versions="0-1")
class SaslHandshakeResponse:
    """The mechanisms that the listener offers."""

    error_code: i16 = 0
    mechanisms: Sequence[str] = ()
