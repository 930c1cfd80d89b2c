"""AddOffsetsToTxn 0-4: the group's partition of `__consumer_offsets` takes part in the transaction (KIP-98)."""

from ...protocol.errors import KafkaError
from ...protocol.messages.add_offsets_to_txn import AddOffsetsToTxnRequest, AddOffsetsToTxnResponse
from ..context import Context
from ..coordination.coordinator_errors import coordinator_error
from ..coordination.result import ResponseFuture
from ..coordination.transactions.coordinator import V1, TransactionResponse, refused
from ..coordination.transactions.fencing import fencing_code
from ..coordination.transactions.producer_identity import ProducerIdAndEpoch
from ..deferred import Deferred
from ..session import Session
from ..topic_names import OFFSETS_TOPIC


def handle_add_offsets_to_txn(
    request: AddOffsetsToTxnRequest, version: int, session: Session, context: Context
) -> Deferred[AddOffsetsToTxnResponse]:
    """So that the end of the transaction puts its marker there too."""
    deferred: Deferred[AddOffsetsToTxnResponse] = Deferred()

    future = ResponseFuture[TransactionResponse](
        lambda response: deferred.answer(AddOffsetsToTxnResponse(error_code=fencing_code(response.error, version))),
        refused,
    )

    def add(error: KafkaError | None) -> None:
        if error is not None:
            future.refuse(coordinator_error(error.code))
            return
        context.transactions.add_partitions(
            request.transactional_id,
            ProducerIdAndEpoch(request.producer_id, request.producer_epoch),
            [(OFFSETS_TOPIC, context.groups.partition_of(request.group_id))],
            V1,
            future,
        )

    context.groups.when_ready(add)
    return deferred
