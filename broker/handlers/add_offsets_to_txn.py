"""AddOffsetsToTxn 0-4: the group's partition of `__consumer_offsets` takes part in the transaction (KIP-98)."""

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.add_offsets_to_txn import AddOffsetsToTxnRequest, AddOffsetsToTxnResponse
from ..context import Context
from ..coordination.coordinator_errors import COORDINATOR_ERRORS
from ..coordination.transactions.coordinator import V1, ProducerIdAndEpoch
from ..coordination.transactions.fencing import fencing_code
from ..deferred import Deferred
from ..session import Session
from ..topic_names import OFFSETS_TOPIC


def handle_add_offsets_to_txn(
    request: AddOffsetsToTxnRequest, version: int, session: Session, context: Context
) -> Deferred[AddOffsetsToTxnResponse]:
    """So that the end of the transaction puts its marker there too."""
    parked: Deferred[AddOffsetsToTxnResponse] = Deferred()

    def then(code: ErrorCode, _: ProducerIdAndEpoch) -> None:
        parked.answer(AddOffsetsToTxnResponse(error_code=fencing_code(code, version)))

    def add(error: KafkaError | None) -> None:
        if error is not None:
            then(COORDINATOR_ERRORS.get(error.code, error.code), ProducerIdAndEpoch(-1, -1))
            return
        context.transactions.add_partitions(
            request.transactional_id,
            ProducerIdAndEpoch(request.producer_id, request.producer_epoch),
            [(OFFSETS_TOPIC, context.groups.partition_of(request.group_id))],
            client_version=V1,
            then=then,
        )

    context.topics.ensure_internal_topic(OFFSETS_TOPIC, add)
    return parked
