"""EndTxn (26): commit or abort a transaction."""

from ..schema import boolean, field, i16, i32, i64, message


@message(api_key=26, versions="0-5", flexible="3+")
class EndTxnRequest:
    """The producer's decision on its transaction."""

    transactional_id: str
    producer_id: i64
    producer_epoch: i16
    committed: boolean = False


@message(api_key=26, versions="0-5", flexible="3+")
class EndTxnResponse:
    """Whether the decision stands; from version 5 also the id and epoch to go on with."""

    throttle_time_ms: i32 = 0
    error_code: i16 = 0
    producer_id: i64 = field(default=-1, versions="5+")
    producer_epoch: i16 = field(default=-1, versions="5+")
