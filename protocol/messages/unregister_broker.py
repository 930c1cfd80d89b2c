"""UnregisterBroker (64): forget a broker."""

from ..schema import i16, i32, message


@message(api_key=64, versions="0", flexible="0+")
class UnregisterBrokerRequest:
    """The broker to forget."""

    broker_id: i32


@message(api_key=64, versions="0", flexible="0+")
class UnregisterBrokerResponse:
    """Whether the broker was forgotten."""

    throttle_time_ms: i32 = 0
    error_code: i16 = 0
    error_message: str | None = None
