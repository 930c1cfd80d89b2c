"""SaslAuthenticate 0-2: one step of a login, after a SaslHandshake of version 1."""

from ...protocol.messages.sasl_authenticate import SaslAuthenticateRequest, SaslAuthenticateResponse
from ..context import Context
from ..deferred import Deferred
from ..session import Session


def handle_sasl_authenticate(
    request: SaslAuthenticateRequest, version: int, session: Session, context: Context
) -> SaslAuthenticateResponse | Deferred[SaslAuthenticateResponse]:
    """The server's next token, or the end of the login."""
    return context.sasl.authenticate(session, bytes(request.auth_bytes))
