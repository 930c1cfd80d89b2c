"""EndTxn 0-5: commit or abort. Version 5 is transactions V2: every end bumps the epoch (KIP-890)."""

from ...protocol.messages.end_txn import EndTxnRequest, EndTxnResponse
from ..context import Context
from ..coordination.result import ResponseFuture
from ..coordination.transactions.coordinator import V1, V2, TransactionResponse, refused
from ..coordination.transactions.fencing import fencing_code
from ..coordination.transactions.producer_identity import ProducerIdAndEpoch
from ..deferred import Deferred
from ..session import Session

V2_FROM_VERSION = 5


def handle_end_txn(
    request: EndTxnRequest, version: int, session: Session, context: Context
) -> Deferred[EndTxnResponse]:
    """Answered when the markers are written, so that what was committed can be read at once."""
    deferred: Deferred[EndTxnResponse] = Deferred()

    def answer(response: TransactionResponse) -> None:
        deferred.answer(
            EndTxnResponse(
                error_code=fencing_code(response.error, version),
                producer_id=response.producer.producer_id,
                producer_epoch=response.producer.producer_epoch,
            )
        )

    context.transactions.end(
        request.transactional_id,
        ProducerIdAndEpoch(request.producer_id, request.producer_epoch),
        is_commit=request.committed,
        client_version=V2 if version >= V2_FROM_VERSION else V1,
        future=ResponseFuture(answer, refused),
    )
    return deferred
