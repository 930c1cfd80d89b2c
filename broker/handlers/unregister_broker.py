"""UnregisterBroker 0: the cluster forgets a broker until it registers again (KIP-631).

Apache Kafka lets its last broker be unregistered, whose cluster then has no leader for any partition until it is
started again; that is refused where there is no other.
"""

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.unregister_broker import UnregisterBrokerRequest, UnregisterBrokerResponse
from ..context import Context
from ..deferred import Deferred
from ..session import Session


def handle_unregister_broker(
    request: UnregisterBrokerRequest, version: int, session: Session, context: Context
) -> Deferred[UnregisterBrokerResponse]:
    """BROKER_ID_NOT_REGISTERED for an id that no broker has; INVALID_REQUEST for that of the only one."""
    deferred: Deferred[UnregisterBrokerResponse] = Deferred()

    def unregistered(error: KafkaError | None) -> None:
        if error is None:
            deferred.answer(UnregisterBrokerResponse(error_code=ErrorCode.NONE, error_message=""))
        else:
            deferred.answer(UnregisterBrokerResponse(error_code=error.code, error_message=error.message))

    context.controller.unregister_broker(request.broker_id, unregistered)
    return deferred
