"""InitProducerId 0-5: a producer id that was never handed out before (KIP-98, KIP-360).

Not done: transactional ids; they are refused as by a broker whose coordinator is not there.
"""

from ...protocol.errors import ErrorCode
from ...protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from ..context import Context
from ..session import Session


def handle_init_producer_id(
    request: InitProducerIdRequest, version: int, session: Session, context: Context
) -> InitProducerIdResponse:
    """Without a transactional id every call gets a fresh id and epoch 0, whatever id it sends along."""
    if (request.producer_id == -1) != (request.producer_epoch == -1):
        return _refused(ErrorCode.INVALID_REQUEST)
    if request.transactional_id is not None:
        return _refused(
            ErrorCode.INVALID_REQUEST if not request.transactional_id else ErrorCode.COORDINATOR_NOT_AVAILABLE
        )
    return InitProducerIdResponse(
        error_code=ErrorCode.NONE,
        producer_id=context.producer_ids.next_id(context.clock.now_ms()),
        producer_epoch=0,
    )


def _refused(code: ErrorCode) -> InitProducerIdResponse:
    return InitProducerIdResponse(error_code=code, producer_id=-1, producer_epoch=-1)
