"""AddOffsetsToTxn (25): bring a group's offsets into a transaction."""

from ..schema import i16, i32, i64, message


@message(api_key=25, versions="0-4", flexible="3+")
class AddOffsetsToTxnRequest:
    """The group whose offsets the transaction will commit."""

    transactional_id: str
    producer_id: i64
    producer_epoch: i16
    group_id: str


@message(api_key=25, versions="0-4", flexible="3+")
class AddOffsetsToTxnResponse:
    """Whether the group's offsets are part of the transaction now."""

    throttle_time_ms: i32 = 0
    error_code: i16 = 0
