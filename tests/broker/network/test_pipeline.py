"""What a request passes before its handler: stages that refuse, put off, look on, or fail."""

from collections.abc import Callable

import pytest

from odradek.broker.apis import TABLE
from odradek.broker.deferred import Deferred, Disconnect
from odradek.broker.network.dispatch import Dispatcher
from odradek.broker.network.pipeline import Answer, Proceed, ReceivedRequest, Stage, build_pipeline, observe, resume
from odradek.broker.session import Session
from odradek.broker.testing.clock import ManualClock
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.codec import Segment, decode
from odradek.protocol.errors import ErrorCode
from odradek.protocol.header import RequestHeader
from odradek.protocol.messages.fetch import FetchResponse
from odradek.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from odradek.protocol.messages.list_offsets import ListOffsetsRequest
from odradek.protocol.messages.produce import ProduceRequest, ProduceResponse
from odradek.protocol.wire import CorruptFrame

from ..handlers.broker_harness import AskedBroker, batch, fetch_request, produce_request
from .test_dispatch import body_of, frame_of

HEARTBEAT = HeartbeatRequest(group_id="g", generation_id=1, member_id="m")
DELAY_S = 2.0


class Refusing:
    """Answers every heartbeat itself."""

    def __call__(self, received: ReceivedRequest, proceed: Proceed) -> Answer:
        if not isinstance(received.body, HeartbeatRequest):
            return proceed(received)
        return HeartbeatResponse(error_code=ErrorCode.GROUP_AUTHORIZATION_FAILED)


class Delaying:
    """Puts every request off by two seconds."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock

    def __call__(self, received: ReceivedRequest, proceed: Proceed) -> Answer:
        promised: Deferred[object] = Deferred()
        self._clock.call_at(self._clock.now() + DELAY_S, lambda: resume(received, proceed, promised))
        return promised


class Observing:
    """Writes down what passes, and what is answered."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.seen: list[str] = []
        self.answers: list[object] = []

    def __call__(self, received: ReceivedRequest, proceed: Proceed) -> Answer:
        self.seen.append(f"{received.api.name} {received.header.api_version} of {received.session.client_id}")
        return observe(proceed(received), self.answers.append)


def failing(error: Exception) -> Stage:
    def fail(received: ReceivedRequest, proceed: Proceed) -> Answer:
        raise error

    return fail


class Client:
    """One connection without a socket: what it was sent, and why it was closed."""

    def __init__(self, broker: AskedBroker, *stages: Stage) -> None:
        self.dispatcher = Dispatcher(broker.context, stages)
        self.session = broker.session
        self.sent: list[list[Segment] | None] = []
        self.closed: list[str] = []
        self.deferred: Deferred[list[Segment] | None] | None = None

    def send(self, request: object, version: int) -> None:
        answer = self.dispatcher.receive(frame_of(request, version), self.session)
        if isinstance(answer, Deferred):
            self.deferred = answer
            answer.deliver_to(self.sent.append, lambda error: self.closed.append(str(error)))
        else:
            self.sent.append(answer)
        self.dispatcher.complete_ready()


@pytest.fixture
def broker() -> AskedBroker:
    broker = AskedBroker()
    broker.create()
    return broker


def test_without_stages_the_handler_is_called_directly_with_what_was_received(broker: AskedBroker) -> None:
    calls: list[tuple[object, ...]] = []

    def handler(*arguments: object) -> None:
        calls.append(arguments)

    api = TABLE[ApiKey.HEARTBEAT].load()
    header = RequestHeader(ApiKey.HEARTBEAT, 4, 1, "shop")
    handle = build_pipeline((), broker.context)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(api, "handle", handler)
        handle(api, HEARTBEAT, header, broker.session)
    assert calls == [(HEARTBEAT, 4, broker.session, broker.context)]


def test_a_stage_may_answer_instead_of_the_handler(broker: AskedBroker) -> None:
    client = Client(broker, Refusing())
    client.send(HEARTBEAT, 4)
    answer = decode(HeartbeatResponse, 4, body_of(client.sent[0], ApiKey.HEARTBEAT, 4))
    assert answer.error_code == ErrorCode.GROUP_AUTHORIZATION_FAILED


def test_what_a_stage_lets_pass_is_answered_by_the_handler(broker: AskedBroker) -> None:
    client = Client(broker, Refusing())
    client.send(fetch_request("t"), 12)
    assert decode(FetchResponse, 12, body_of(client.sent[0], ApiKey.FETCH, 12)).responses


def test_stages_are_passed_in_their_order_and_answers_come_back_through_them(broker: AskedBroker) -> None:
    order: list[str] = []

    def named(name: str) -> Stage:
        def stage(received: ReceivedRequest, proceed: Proceed) -> Answer:
            order.append(f"into {name}")
            return observe(proceed(received), lambda _: order.append(f"out of {name}"))

        return stage

    Client(broker, named("first"), named("second")).send(HEARTBEAT, 4)
    assert order == ["into first", "into second", "out of second", "out of first"]


def test_behind_a_stage_that_answers_nothing_is_passed(broker: AskedBroker) -> None:
    before, behind = Observing(), Observing()
    Client(broker, before, Refusing(), behind).send(HEARTBEAT, 4)
    assert (before.seen, behind.seen) == (["heartbeat 4 of shop"], [])
    (answer,) = before.answers
    assert isinstance(answer, HeartbeatResponse)


def test_an_answer_that_comes_later_is_seen_when_it_comes(broker: AskedBroker) -> None:
    observing = Observing()
    client = Client(broker, observing)
    client.send(fetch_request("t", max_wait_ms=500), 12)
    assert (observing.answers, client.sent) == ([], [])
    broker.append(broker.topics.partition("t", 0), batch())
    (answer,) = observing.answers
    assert isinstance(answer, FetchResponse)
    assert decode(FetchResponse, 12, body_of(client.sent[0], ApiKey.FETCH, 12)).responses


def test_the_client_of_an_observed_request_that_goes_is_waited_for_no_more(broker: AskedBroker) -> None:
    client = Client(broker, Observing())
    client.send(fetch_request("t", max_wait_ms=500), 12)
    assert len(broker.context.purgatory) == 1
    assert client.deferred is not None
    client.deferred.drop()
    assert len(broker.context.purgatory) == 0


def test_a_request_that_is_put_off_is_handled_and_answered_later(broker: AskedBroker) -> None:
    client = Client(broker, Delaying(broker.clock))
    client.send(produce_request({"t": {0: batch()}}), 9)
    broker.clock.advance(DELAY_S - 0.001)
    assert (client.sent, broker.topics.partition("t", 0).log.log_end_offset) == ([], 0)
    broker.clock.advance(0.001)
    answer = decode(ProduceResponse, 9, body_of(client.sent[0], ApiKey.PRODUCE, 9))
    assert answer.responses[0].partition_responses[0].base_offset == 0


def test_a_request_that_is_put_off_may_be_a_long_poll_and_wakes_others_when_it_appends(broker: AskedBroker) -> None:
    reader, writer = Client(broker, Delaying(broker.clock)), Client(broker, Delaying(broker.clock))
    reader.send(fetch_request("t", max_wait_ms=60_000), 12)
    broker.clock.advance(DELAY_S)
    assert (reader.sent, len(broker.context.purgatory)) == ([], 1)
    writer.send(produce_request({"t": {0: batch()}}), 9)
    broker.clock.advance(DELAY_S)
    assert (len(writer.sent), len(reader.sent)) == (1, 1)


def test_a_request_without_an_answer_that_is_put_off_has_none_later_either(broker: AskedBroker) -> None:
    client = Client(broker, Delaying(broker.clock))
    client.send(produce_request({"t": {0: batch()}}, acks=0), 9)
    broker.clock.advance(DELAY_S)
    assert (client.sent, client.closed) == ([None], [])
    assert broker.topics.partition("t", 0).log.log_end_offset == 1


def test_a_request_that_is_put_off_and_whose_client_goes_is_not_handled(broker: AskedBroker) -> None:
    client = Client(broker, Delaying(broker.clock))
    client.send(produce_request({"t": {0: batch()}}), 9)
    assert client.deferred is not None
    client.deferred.drop()
    broker.clock.advance(DELAY_S)
    assert broker.topics.partition("t", 0).log.log_end_offset == 0


def test_a_client_that_goes_while_its_request_waits_for_the_second_time_is_waited_for_no_more(
    broker: AskedBroker,
) -> None:
    client = Client(broker, Delaying(broker.clock))
    client.send(fetch_request("t", max_wait_ms=60_000), 12)
    broker.clock.advance(DELAY_S)
    assert client.deferred is not None
    client.deferred.drop()
    assert len(broker.context.purgatory) == 0


def test_what_fails_after_it_was_put_off_is_answered_and_reported_as_if_it_had_failed_at_once(
    broker: AskedBroker, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the unforeseen")

    client = Client(broker, Delaying(broker.clock))
    monkeypatch.setattr(TABLE[ApiKey.FETCH].load(), "handle", fail)
    client.send(fetch_request("t"), 12)
    broker.clock.advance(DELAY_S)
    answer = decode(FetchResponse, 12, body_of(client.sent[0], ApiKey.FETCH, 12))
    assert answer.error_code == ErrorCode.UNKNOWN_SERVER_ERROR
    assert capfd.readouterr().err.count("RuntimeError: the unforeseen") == 1


def test_a_connection_that_a_handler_closes_is_closed_later_too(broker: AskedBroker) -> None:
    client = Client(broker, Delaying(broker.clock))
    client.send(produce_request({"no-such-topic": {0: batch()}}, acks=0), 9)
    broker.clock.advance(DELAY_S)
    (why,) = client.closed
    assert "UNKNOWN_TOPIC_OR_PARTITION" in why


def test_a_stage_that_fails_has_failed_the_request(broker: AskedBroker, capfd: pytest.CaptureFixture[str]) -> None:
    client = Client(broker, failing(RuntimeError("the unforeseen")))
    client.send(fetch_request("t"), 12)
    answer = decode(FetchResponse, 12, body_of(client.sent[0], ApiKey.FETCH, 12))
    assert answer.error_code == ErrorCode.UNKNOWN_SERVER_ERROR
    assert capfd.readouterr().err.count("RuntimeError: the unforeseen") == 1
    with pytest.raises(Disconnect, match="the unforeseen"):
        client.send(ListOffsetsRequest(), 7)


def test_a_stage_may_close_the_connection(broker: AskedBroker) -> None:
    with pytest.raises(Disconnect, match="not you"):
        Client(broker, failing(Disconnect("not you"))).send(HEARTBEAT, 4)


def test_what_does_not_parse_reaches_no_stage(broker: AskedBroker) -> None:
    observing = Observing()
    client = Client(broker, observing)
    with pytest.raises(CorruptFrame):
        client.dispatcher.receive(
            frame_of(ProduceRequest(topic_data=[], acks=1, timeout_ms=1), 9)[:-2], Session("", "", 0)
        )
    assert observing.seen == []


def test_an_answer_that_is_there_is_observed_at_once() -> None:
    seen: list[object] = []
    assert observe("answer", seen.append) == "answer"
    assert observe(None, seen.append) is None
    assert seen == ["answer", None]


def test_a_failure_is_no_answer_to_observe() -> None:
    seen: list[object] = []
    failures: list[Exception] = []
    deferred: Deferred[object] = Deferred()
    observed = observe(deferred, seen.append)
    assert isinstance(observed, Deferred)
    observer: Callable[[object], None] = seen.append
    observed.deliver_to(observer, failures.append)
    deferred.fail(ValueError("the unforeseen"))
    assert (seen, [str(failure) for failure in failures]) == ([], ["the unforeseen"])
