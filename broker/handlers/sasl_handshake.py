"""SaslHandshake 0-1 on a PLAINTEXT listener: there is nothing to agree on, and the connection stays usable.

Not done: SASL itself.
"""

from ...protocol.errors import ErrorCode
from ...protocol.messages.sasl_handshake import SaslHandshakeRequest, SaslHandshakeResponse
from ..context import Context
from ..session import Session


def handle_sasl_handshake(
    request: SaslHandshakeRequest, version: int, session: Session, context: Context
) -> SaslHandshakeResponse:
    """Refuse as Kafka does where no SASL is configured."""
    return SaslHandshakeResponse(error_code=ErrorCode.ILLEGAL_SASL_STATE, mechanisms=())
