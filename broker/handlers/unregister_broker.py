"""UnregisterBroker 0: there is one broker, and it is in use (KIP-631).

Apache Kafka lets its last broker be unregistered, whose cluster then has no leader for any partition until it is
started again; that is refused here.
"""

from ...protocol.errors import ErrorCode
from ...protocol.messages.unregister_broker import UnregisterBrokerRequest, UnregisterBrokerResponse
from ..context import Context
from ..session import Session


def handle_unregister_broker(
    request: UnregisterBrokerRequest, version: int, session: Session, context: Context
) -> UnregisterBrokerResponse:
    """BROKER_ID_NOT_REGISTERED for any other id, INVALID_REQUEST for that of this broker."""
    if request.broker_id == context.config.node_id:
        return UnregisterBrokerResponse(
            error_code=ErrorCode.INVALID_REQUEST,
            error_message=f"Broker ID {request.broker_id} is the only one of this cluster, and it is running",
        )
    return UnregisterBrokerResponse(
        error_code=ErrorCode.BROKER_ID_NOT_REGISTERED,
        error_message=f"Broker ID {request.broker_id} is not currently registered",
    )
