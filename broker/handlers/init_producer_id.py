"""InitProducerId 0-5: who an idempotent or transactional producer is (KIP-98, KIP-360, KIP-890).

Not done: version 6, two-phase commit (KIP-939), which Kafka 4.3 does not list either.
"""

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from ..context import Context
from ..coordination.result import ResponseFuture
from ..coordination.transactions.coordinator import TransactionResponse, refused
from ..coordination.transactions.producer_identity import NO_PRODUCER, ProducerIdAndEpoch
from ..deferred import Deferred
from ..session import Session

FENCED_FROM_VERSION = 4


def handle_init_producer_id(
    request: InitProducerIdRequest, version: int, session: Session, context: Context
) -> InitProducerIdResponse | Deferred[InitProducerIdResponse]:
    """Without a transactional id a fresh id and epoch 0, whatever is sent along; with one, its next session."""
    expected = ProducerIdAndEpoch(request.producer_id, request.producer_epoch)
    if (expected.producer_id == -1) != (expected.producer_epoch == -1):
        return _answer(ErrorCode.INVALID_REQUEST, NO_PRODUCER, version)
    deferred: Deferred[InitProducerIdResponse] = Deferred()
    if request.transactional_id is None:
        context.producer_ids.when_available(lambda error: deferred.answer(_new_producer(error, version, context)))
        return deferred
    context.transactions.init_producer_id(
        request.transactional_id,
        request.transaction_timeout_ms,
        None if expected.producer_id == -1 else expected,
        ResponseFuture[TransactionResponse](
            lambda response: deferred.answer(_answer(response.error, response.producer, version)), refused
        ),
    )
    return deferred


def _new_producer(error: KafkaError | None, version: int, context: Context) -> InitProducerIdResponse:
    if error is not None:
        return _answer(error.code, NO_PRODUCER, version)
    return _answer(ErrorCode.NONE, ProducerIdAndEpoch(context.producer_ids.next_id(), 0), version)


def _answer(code: ErrorCode, producer: ProducerIdAndEpoch, version: int) -> InitProducerIdResponse:
    if code == ErrorCode.PRODUCER_FENCED and version < FENCED_FROM_VERSION:
        code = ErrorCode.INVALID_PRODUCER_EPOCH
    return InitProducerIdResponse(
        error_code=code, producer_id=producer.producer_id, producer_epoch=producer.producer_epoch
    )
