"""InitProducerId (22): give a producer its id and epoch."""

from ..schema import boolean, field, i16, i32, i64, message


@message(api_key=22, versions="0-6", flexible="2+")
class InitProducerIdRequest:
    """A producer asks for an id; one with a transactional id fences its predecessor."""

    transactional_id: str | None
    transaction_timeout_ms: i32 = 0
    producer_id: i64 = field(default=-1, versions="3+")
    producer_epoch: i16 = field(default=-1, versions="3+")
    enable2_pc: boolean = field(default=False, versions="6+")
    keep_prepared_txn: boolean = field(default=False, versions="6+")


@message(api_key=22, versions="0-6", flexible="2+")
class InitProducerIdResponse:
    """The id and epoch to write with."""

    throttle_time_ms: i32 = 0
    error_code: i16 = 0
    producer_id: i64 = -1
    producer_epoch: i16
    ongoing_txn_producer_id: i64 = field(default=-1, versions="6+")
    ongoing_txn_producer_epoch: i16 = field(default=-1, versions="6+")
