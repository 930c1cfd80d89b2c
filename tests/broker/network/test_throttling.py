"""A request against the quotas: the answer says how long, and the connection is muted for as long."""

import pytest

from odradek.broker.deferred import Deferred
from odradek.broker.network.dispatch import Dispatcher
from odradek.broker.network.pipeline import Answer, Proceed, ReceivedRequest
from odradek.broker.network.throttling import Throttling
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.codec import decode
from odradek.protocol.messages.fetch import FetchResponse
from odradek.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from odradek.protocol.messages.produce import ProduceRequest, ProduceResponse
from odradek.protocol.messages.sasl_handshake import SaslHandshakeRequest
from odradek.protocol.messages.write_txn_markers import WriteTxnMarkersRequest

from ..handlers.broker_harness import AskedBroker, batch, fetch_request, produce_request, set_quotas, wanted
from .test_dispatch import body_of, frame_of

HEARTBEAT = HeartbeatRequest(group_id="g", generation_id=1, member_id="m")


class Working:
    """A stage in which every request takes so long, or is put off."""

    def __init__(self, broker: AskedBroker) -> None:
        self.broker = broker
        self.takes_s = 0.0
        self.put_off: Deferred[object] | None = None

    def __call__(self, received: ReceivedRequest, proceed: Proceed) -> Answer:
        self.broker.clock.advance(self.takes_s)
        return proceed(received) if self.put_off is None else self.put_off


class Metered:
    """A broker with topic t, asked by frames; `muted` has every throttle of the connection."""

    def __init__(self) -> None:
        self.broker = AskedBroker()
        self.broker.create()
        self.working = Working(self.broker)
        self.dispatcher = Dispatcher(self.broker.context, [self.working])
        self.muted: list[float] = []
        self.broker.session.mute = self.muted.append

    def produce(self, size: int, version: int = 9, acks: int = 1) -> ProduceResponse | None:
        """One whose frame is about that large."""
        frame = frame_of(produce_request({"t": {0: batch(b"v" * size)}}, acks=acks), version)
        segments = self.dispatcher.receive(frame, self.broker.session)
        return (
            None if segments is None else decode(ProduceResponse, version, body_of(segments, ApiKey.PRODUCE, version))
        )

    def fetch(self, max_bytes: int = 1 << 30, session: tuple[int, int] = (0, -1), offset: int = 0) -> FetchResponse:
        frame = frame_of(fetch_request("t", wanted(offset), max_bytes=max_bytes, session=session), 12)
        segments = self.dispatcher.receive(frame, self.broker.session)
        return decode(FetchResponse, 12, body_of(segments, ApiKey.FETCH, 12))

    def beat(self) -> HeartbeatResponse:
        segments = self.dispatcher.receive(frame_of(HEARTBEAT, 4), self.broker.session)
        return decode(HeartbeatResponse, 4, body_of(segments, ApiKey.HEARTBEAT, 4))


@pytest.fixture
def metered() -> Metered:
    return Metered()


def test_a_produce_above_its_rate_is_done_and_says_how_long_to_wait(metered: Metered) -> None:
    set_quotas(metered.broker, producer_byte_rate=1000)
    frame = frame_of(produce_request({"t": {0: batch(b"v" * 20_000)}}, acks=1), 9)
    answer = metered.produce(20_000)
    assert answer is not None
    assert answer.responses[0].partition_responses[0].base_offset == 0
    assert answer.throttle_time_ms == len(frame) - 10_000
    assert metered.muted == [answer.throttle_time_ms / 1000]


def test_a_produce_within_its_rate_is_not_throttled(metered: Metered) -> None:
    set_quotas(metered.broker, producer_byte_rate=1000)
    answer = metered.produce(5000)
    assert answer is not None
    assert (answer.throttle_time_ms, metered.muted) == (0, [])


def test_a_version_that_knows_no_throttling_is_muted_all_the_same(metered: Metered) -> None:
    set_quotas(metered.broker, producer_byte_rate=1000)
    assert metered.produce(20_000, version=3) is not None
    assert len(metered.muted) == 1
    metered.muted.clear()
    set_quotas(metered.broker, request_percentage=1)
    metered.working.takes_s = 0.2
    assert metered.dispatcher.receive(frame_of(SaslHandshakeRequest(mechanism="PLAIN"), 0), metered.broker.session)
    assert metered.muted == [1.0]


def test_without_acks_the_bytes_count_and_the_time_does_not(metered: Metered) -> None:
    set_quotas(metered.broker, producer_byte_rate=1000, request_percentage=0.001)
    metered.working.takes_s = 5.0
    assert metered.produce(5000, acks=0) is None
    assert metered.muted == []
    assert metered.produce(20_000, acks=0) is None
    assert len(metered.muted) == 1


def test_quotas_hold_from_the_next_request_on_until_they_are_taken_back(metered: Metered) -> None:
    metered.produce(20_000)
    assert metered.muted == []
    set_quotas(metered.broker, producer_byte_rate=1000)
    metered.produce(20_000)
    assert len(metered.muted) == 1
    set_quotas(metered.broker, producer_byte_rate=None)
    metered.produce(20_000)
    assert len(metered.muted) == 1


def test_a_quota_of_others_throttles_nobody_else(metered: Metered) -> None:
    set_quotas(metered.broker, "till", producer_byte_rate=1, request_percentage=0.001)
    metered.produce(20_000)
    assert metered.muted == []


def test_quotas_are_kept_over_a_restart(metered: Metered) -> None:
    set_quotas(metered.broker, None, producer_byte_rate=1000)
    metered.broker.restart()
    metered.dispatcher = Dispatcher(metered.broker.context)
    metered.produce(20_000)
    assert len(metered.muted) == 1


def test_a_fetch_above_its_rate_gets_nothing_and_the_same_again_later(metered: Metered) -> None:
    metered.produce(6000)
    set_quotas(metered.broker, consumer_byte_rate=1000)
    assert metered.fetch().responses[0].partitions[0].records
    throttled = metered.fetch()
    assert (throttled.error_code, throttled.session_id, throttled.responses) == (0, 0, [])
    assert throttled.throttle_time_ms > 2000
    assert metered.muted == [throttled.throttle_time_ms / 1000]
    metered.broker.clock.advance(12)
    assert metered.fetch().responses[0].partitions[0].records


def test_one_fetch_never_asks_for_more_than_a_window_allows(metered: Metered) -> None:
    for _ in range(5):
        metered.produce(4000)
    set_quotas(metered.broker, consumer_byte_rate=1000)
    records = metered.fetch().responses[0].partitions[0].records
    assert records is not None
    assert 8000 < len(records) < 10_000
    assert metered.muted == []


def test_a_throttled_fetch_leaves_its_session_as_it_was(metered: Metered) -> None:
    metered.produce(6000)
    set_quotas(metered.broker, consumer_byte_rate=1000)
    session_id = metered.fetch(session=(0, 0)).session_id
    assert session_id > 0
    throttled = metered.fetch(session=(session_id, 1))
    assert (throttled.session_id, throttled.responses) == (session_id, [])
    assert throttled.throttle_time_ms > 0
    metered.broker.clock.advance(12)
    assert metered.fetch(session=(session_id, 2)).responses[0].partitions[0].records


def test_a_throttled_fetch_does_not_count_as_having_told_the_news(metered: Metered) -> None:
    metered.produce(100)
    set_quotas(metered.broker, consumer_byte_rate=1e6, request_percentage=1)
    session_id = metered.fetch(session=(0, 0), offset=1).session_id
    assert metered.fetch(session=(session_id, 1), offset=1).responses == []
    topics = metered.broker.topics
    topics.delete_records(topics.partition("t", 0), 1, lambda start, error: None)
    metered.working.takes_s = 5.0
    assert metered.fetch(session=(session_id, 2), offset=1).throttle_time_ms > 0
    metered.working.takes_s = 0.0
    metered.broker.clock.advance(12)
    (topic,) = metered.fetch(session=(session_id, 3), offset=1).responses
    assert topic.partitions[0].log_start_offset == 1


def test_a_session_that_would_begin_with_a_throttled_fetch_does_not(metered: Metered) -> None:
    metered.produce(6000)
    set_quotas(metered.broker, consumer_byte_rate=1000)
    metered.fetch()
    assert metered.fetch(session=(0, 0)).session_id == 0
    assert len(metered.broker.context.fetch_sessions) == 0


def test_the_time_of_a_request_counts_and_is_throttled_for_a_second_at_most(metered: Metered) -> None:
    set_quotas(metered.broker, request_percentage=1)
    metered.working.takes_s = 0.1
    assert metered.beat().throttle_time_ms == 0  # ten of a hundred, over ten seconds
    metered.working.takes_s = 0.01
    assert metered.beat().throttle_time_ms == pytest.approx(1000 - 10, abs=1)
    metered.working.takes_s = 5.0
    assert metered.beat().throttle_time_ms == 1000
    assert metered.muted[1:] == [1.0]


def test_the_greater_of_two_throttles_counts(metered: Metered) -> None:
    set_quotas(metered.broker, producer_byte_rate=1000, request_percentage=1)
    metered.working.takes_s = 10.0
    short = metered.produce(10_200)
    assert short is not None
    assert short.throttle_time_ms == 1000
    long = metered.produce(20_000)
    assert long is not None
    assert long.throttle_time_ms > 5000
    assert metered.muted == [1.0, long.throttle_time_ms / 1000]


def test_a_fetch_is_throttled_for_its_time_too_and_then_empty(metered: Metered) -> None:
    metered.produce(100)
    set_quotas(metered.broker, request_percentage=1)
    metered.working.takes_s = 0.3
    throttled = metered.fetch()
    assert (throttled.throttle_time_ms, throttled.responses) == (1000, [])
    assert metered.muted == [1.0]


def test_waiting_for_an_answer_costs_nothing(metered: Metered) -> None:
    set_quotas(metered.broker, request_percentage=1)
    metered.working.put_off = Deferred()
    answer = metered.dispatcher.receive(frame_of(HEARTBEAT, 4), metered.broker.session)
    metered.broker.clock.advance(30)
    metered.working.put_off.answer(HeartbeatResponse(error_code=0))
    assert isinstance(answer, Deferred)
    assert answer.is_done
    assert metered.muted == []


def test_what_brokers_ask_of_brokers_is_exempt(metered: Metered) -> None:
    set_quotas(metered.broker, request_percentage=0.001)
    metered.working.takes_s = 5.0
    metered.dispatcher.receive(frame_of(WriteTxnMarkersRequest(markers=[]), 1), metered.broker.session)
    assert metered.muted == []


def test_a_request_that_fails_is_not_for_free(metered: Metered) -> None:
    set_quotas(metered.broker, request_percentage=1)
    metered.working.takes_s = 0.2
    session, throttling = metered.broker.session, Throttling(metered.broker.context.quotas, metered.broker.clock)
    meter = throttling.begin(session, 10)
    metered.broker.clock.advance(0.2)
    throttling.note_encoded(ApiKey.HEARTBEAT, meter, session)
    metered.working.takes_s = 0.001
    assert metered.beat().throttle_time_ms == 1000


def test_a_large_request_is_measured_as_well(metered: Metered) -> None:
    set_quotas(metered.broker, producer_byte_rate=1000)
    request = ProduceRequest(
        acks=1, timeout_ms=1, topic_data=produce_request({f"n{i}": {0: None} for i in range(3000)}).topic_data
    )
    answer = metered.dispatcher.receive(frame_of(request, 9), metered.broker.session)
    assert isinstance(answer, Deferred)
    answer.deliver_to(lambda segments: None, lambda error: None)
    for _ in range(100):
        metered.broker.clock.advance(0)
    assert len(metered.muted) == 1
