"""The records inside a batch, opened for a deep check only: their number, offsets, and the broker's own contents."""

from collections.abc import Callable, Mapping

from ...protocol.batch import RecordBatch
from ...protocol.metadata_records import decode_metadata_record
from ...protocol.records import Record, read_records
from ...protocol.state_records import decode_group_record, decode_share_state_record, decode_transaction_record
from ...protocol.wire import CorruptFrame


def _decode_metadata(record: Record) -> object:
    if record.value is None:
        raise CorruptFrame("a metadata record without a value")
    return decode_metadata_record(record.value)


def _decode_state(decode: Callable[[bytes, bytes | None], object]) -> Callable[[Record], object]:
    def decoded(record: Record) -> object:
        if record.key is None:
            raise CorruptFrame("a state record without a key")
        return decode(record.key, record.value)

    return decoded


# The logs that the broker itself reads, and how.
_DECODERS: Mapping[str, Callable[[Record], object]] = {
    "__cluster_metadata": _decode_metadata,
    "__consumer_offsets": _decode_state(decode_group_record),
    "__transaction_state": _decode_state(decode_transaction_record),
    "__share_group_state": _decode_state(decode_share_state_record),
}


def problem_of_records(batch: RecordBatch, topic: str) -> str | None:
    """What is wrong with the records of a batch, if anything is."""
    decode = None if batch.is_control else _DECODERS.get(topic)
    offset = batch.base_offset - 1
    try:
        for record in read_records(batch):
            if not offset < record.offset <= batch.last_offset:
                return (
                    f"a record has offset {record.offset} behind {offset} in a batch that ends at {batch.last_offset}"
                )
            offset = record.offset
            if decode is not None:
                decode(record)
    except CorruptFrame as fault:
        return f"the records cannot be read behind offset {offset}: {fault}"
    return None
