"""UnregisterBroker 0: the cluster forgets a broker until it registers again (KIP-631).

Apache Kafka lets its last broker be unregistered, whose cluster then has no leader for any partition until it is
started again; that is refused where there is no other.
"""

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.unregister_broker import UnregisterBrokerRequest, UnregisterBrokerResponse
from ..context import CONTROLLER_TIMEOUT_MS, Context
from ..deferred import Deferred
from ..session import Session


def handle_unregister_broker(
    request: UnregisterBrokerRequest, version: int, session: Session, context: Context
) -> Deferred[UnregisterBrokerResponse]:
    """BROKER_ID_NOT_REGISTERED for an id that no broker has; INVALID_REQUEST for that of the only one."""
    deferred: Deferred[UnregisterBrokerResponse] = Deferred()

    def answer(error: KafkaError | None) -> UnregisterBrokerResponse:
        if error is None:
            return UnregisterBrokerResponse(error_code=ErrorCode.NONE, error_message="")
        return UnregisterBrokerResponse(error_code=error.code, error_message=error.message)

    timed_out = KafkaError(ErrorCode.REQUEST_TIMED_OUT)
    in_time = context.answer_in_time(deferred, CONTROLLER_TIMEOUT_MS, lambda: answer(timed_out))
    context.controller.unregister_broker(request.broker_id, lambda error: in_time(answer(error)))
    return deferred
