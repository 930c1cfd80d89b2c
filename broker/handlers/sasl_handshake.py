"""SaslHandshake 0-1: agree on the mechanism of a login, or of one anew; elsewhere there is nothing to agree on."""

from ...protocol.messages.sasl_handshake import SaslHandshakeRequest, SaslHandshakeResponse
from ..context import Context
from ..deferred import Deferred
from ..session import Session


def handle_sasl_handshake(
    request: SaslHandshakeRequest, version: int, session: Session, context: Context
) -> SaslHandshakeResponse | Deferred[SaslHandshakeResponse]:
    """What the listener offers, and whether the mechanism asked for is among it."""
    return context.sasl.shake_hands(session, request.mechanism, version)
