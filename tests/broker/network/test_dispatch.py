"""Frames in, segments out: what is answered, what closes, and what a failing handler does."""

import struct
from collections.abc import Callable

import pytest

from odradek.broker.apis import TABLE
from odradek.broker.deferred import Deferred, Disconnect
from odradek.broker.network.dispatch import LOOP_BYTES, LOOP_ITEMS, Dispatcher
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.codec import Segment, decode, encode_bytes
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.header import RequestHeader, decode_response_header, encode_request_header
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from odradek.protocol.messages.fetch import FetchRequest, FetchResponse
from odradek.protocol.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from odradek.protocol.messages.list_offsets import ListOffsetsRequest
from odradek.protocol.messages.metadata import (
    MetadataRequest,
    MetadataRequestTopic,
    MetadataResponse,
    MetadataResponseTopic,
)
from odradek.protocol.messages.produce import ProduceRequest, ProduceResponse
from odradek.protocol.schema import declared
from odradek.protocol.wire import CorruptFrame

from ..handlers.broker_harness import AskedBroker, batch, fetch_request, produce_request

CORRELATION = -77  # any int32, as a client may choose


@pytest.fixture
def broker() -> AskedBroker:
    return AskedBroker()


@pytest.fixture
def dispatcher(broker: AskedBroker) -> Dispatcher:
    return Dispatcher(broker.context)


def unexpected(what: object) -> None:
    pytest.fail(f"unexpected: {what}")


def frame_of(request: object, version: int, client_id: str = "shop") -> bytes:
    life = declared(type(request))
    assert life.api_key is not None
    header = RequestHeader(life.api_key, version, CORRELATION, client_id)
    return bytes(encode_request_header(header, life.flexible.first)) + encode_bytes(request, version)


def body_of(segments: object, key: ApiKey, version: int) -> bytes:
    """The answer without its length and header, whose correlation id is checked."""
    assert isinstance(segments, list)
    data = b"".join(bytes(segment) for segment in segments)
    assert int.from_bytes(data[:4]) == len(data) - 4
    correlation_id, pos = decode_response_header(data[4:], key, version, TABLE[key].load().flexible_from)
    assert correlation_id == CORRELATION
    return data[4 + pos :]


def test_a_request_is_answered_under_its_correlation_id(broker: AskedBroker, dispatcher: Dispatcher) -> None:
    found = dispatcher.receive(frame_of(MetadataRequest(topics=[]), 12), broker.session)
    assert decode(MetadataResponse, 12, body_of(found, ApiKey.METADATA, 12)).controller_id == 1
    assert broker.session.client_id == "shop"


def test_a_client_without_an_id_has_the_empty_one(broker: AskedBroker, dispatcher: Dispatcher) -> None:
    frame = bytearray(frame_of(MetadataRequest(topics=[]), 12, client_id=""))
    frame[8:10] = b"\xff\xff"
    assert dispatcher.receive(frame, broker.session)
    assert broker.session.client_id == ""


def test_bytes_after_the_body_are_ignored(broker: AskedBroker, dispatcher: Dispatcher) -> None:
    frame = frame_of(MetadataRequest(topics=[]), 12) + b"more"
    assert body_of(dispatcher.receive(frame, broker.session), ApiKey.METADATA, 12)


def test_a_waiting_answer_is_encoded_when_it_comes(broker: AskedBroker, dispatcher: Dispatcher) -> None:
    partition = broker.create().partitions[0]
    later = dispatcher.receive(frame_of(fetch_request("t", max_wait_ms=500), 12), broker.session)
    assert isinstance(later, Deferred)
    sent: list[list[Segment] | None] = []
    later.deliver_to(sent.append, unexpected)
    broker.append(partition, batch())
    (segments,) = sent
    (topic,) = decode(FetchResponse, 12, body_of(segments, ApiKey.FETCH, 12)).responses
    assert topic.partitions[0].high_watermark == 1


def test_what_the_last_request_made_ready_is_answered_when_it_has_ended(
    broker: AskedBroker, dispatcher: Dispatcher
) -> None:
    broker.create()
    later = dispatcher.receive(frame_of(fetch_request("t", max_wait_ms=500), 12), broker.session)
    assert isinstance(later, Deferred)
    dispatcher.receive(frame_of(produce_request({"t": {0: batch()}}), 9), broker.session)
    assert not later.is_done
    dispatcher.complete_ready()
    assert later.is_done


def test_without_acks_no_answer_is_due(broker: AskedBroker, dispatcher: Dispatcher) -> None:
    broker.create()
    frame = frame_of(produce_request({"t": {0: batch()}}, acks=0), 9)
    assert dispatcher.receive(frame, broker.session) is None


@pytest.mark.parametrize(
    ("key", "version"),
    [(-1, 0), (999, 0), (4, 0), (7, 0), (52, 0), (3, 99), (3, -1), (0, 2), (1, 3), (22, 6)],
)
def test_a_key_or_version_that_is_not_served_closes(
    broker: AskedBroker, dispatcher: Dispatcher, key: int, version: int
) -> None:
    frame = struct.pack(">hhih", key, version, 1, -1) + bytes(20)
    with pytest.raises(Disconnect, match="not served"):
        dispatcher.receive(frame, broker.session)


@pytest.mark.parametrize("size", range(8))
def test_a_frame_too_short_for_a_header_is_corrupt(broker: AskedBroker, dispatcher: Dispatcher, size: int) -> None:
    with pytest.raises(CorruptFrame):
        dispatcher.receive(bytes(size), broker.session)


@pytest.mark.parametrize("request_type", [ProduceRequest, FetchRequest, MetadataRequest, ListOffsetsRequest])
def test_a_body_that_does_not_parse_is_corrupt(broker: AskedBroker, dispatcher: Dispatcher, request_type: type) -> None:
    life = declared(request_type)
    assert life.api_key is not None
    header = bytes(encode_request_header(RequestHeader(life.api_key, 9, 1, "x"), life.flexible.first))
    with pytest.raises(CorruptFrame):
        dispatcher.receive(header + b"\xff" * 3, broker.session)


@pytest.mark.parametrize("version", [-1, 5, 32767])
def test_an_unknown_version_of_api_versions_gets_error_35_in_the_shape_of_version_0(
    broker: AskedBroker, dispatcher: Dispatcher, version: int
) -> None:
    header = struct.pack(">hhih", 18, version, CORRELATION, -1)
    tags = b"\x00" if version > 0 else b""
    found = dispatcher.receive(header + tags + b"what no version has", broker.session)
    answer = decode(ApiVersionsResponse, 0, body_of(found, ApiKey.API_VERSIONS, 0))
    assert answer.error_code == ErrorCode.UNSUPPORTED_VERSION
    assert [(api.api_key, api.min_version, api.max_version) for api in answer.api_keys] == [(18, 0, 4)]


@pytest.mark.parametrize("version", [3, 4])
def test_the_answer_of_api_versions_has_the_oldest_header_always(
    broker: AskedBroker, dispatcher: Dispatcher, version: int
) -> None:
    request = ApiVersionsRequest(client_software_name="x", client_software_version="1")
    found = dispatcher.receive(frame_of(request, version), broker.session)
    assert isinstance(found, list)
    data = b"".join(bytes(segment) for segment in found)
    assert decode(ApiVersionsResponse, version, data[8:]).error_code == ErrorCode.NONE


def failing(error: Exception) -> Callable[..., None]:
    def handle(*_: object) -> None:
        raise error

    return handle


@pytest.mark.parametrize("error", [RuntimeError("the unforeseen"), KafkaError(ErrorCode.INVALID_REQUEST), OSError(5)])
def test_a_handler_that_fails_is_answered_where_its_api_has_a_place_for_it(
    broker: AskedBroker, dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(TABLE[ApiKey.FETCH].load(), "handle", failing(error))
    found = dispatcher.receive(frame_of(fetch_request("t"), 12), broker.session)
    answer = decode(FetchResponse, 12, body_of(found, ApiKey.FETCH, 12))
    assert (answer.error_code, answer.responses) == (ErrorCode.UNKNOWN_SERVER_ERROR, [])


def test_where_there_is_no_place_the_connection_is_closed(
    broker: AskedBroker, dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TABLE[ApiKey.LIST_OFFSETS].load(), "handle", failing(RuntimeError("the unforeseen")))
    with pytest.raises(Disconnect, match="the unforeseen"):
        dispatcher.receive(frame_of(ListOffsetsRequest(), 7), broker.session)


@pytest.mark.parametrize(
    ("request_", "version"), [(MetadataRequest(topics=[]), 12), (fetch_request("t"), 6)], ids=["metadata", "fetch"]
)
def test_a_version_that_cannot_carry_the_error_closes_rather_than_look_like_success(
    broker: AskedBroker,
    dispatcher: Dispatcher,
    monkeypatch: pytest.MonkeyPatch,
    request_: object,
    version: int,
) -> None:
    key = declared(type(request_)).api_key
    assert key is not None
    monkeypatch.setattr(TABLE[key].load(), "handle", failing(RuntimeError("the unforeseen")))
    with pytest.raises(Disconnect):
        dispatcher.receive(frame_of(request_, version), broker.session)


# Deferred responses that fail


def patch_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the unforeseen")

    monkeypatch.setattr("odradek.storage.log.PartitionLog.read", fail)


@pytest.mark.parametrize(("version", "is_answered"), [(12, True), (6, False)])
def test_a_long_poll_that_fails_is_answered_as_one_that_failed_at_once_and_its_producer_does_not_notice(
    broker: AskedBroker,
    dispatcher: Dispatcher,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    version: int,
    is_answered: bool,
) -> None:
    broker.create()
    later = dispatcher.receive(frame_of(fetch_request("t", max_wait_ms=500), version), broker.session)
    assert isinstance(later, Deferred)
    sent: list[list[Segment] | None] = []
    closed: list[str] = []
    later.deliver_to(sent.append, lambda error: closed.append(str(error)))
    patch_reads(monkeypatch)
    produced = dispatcher.receive(frame_of(produce_request({"t": {0: batch()}}), 9), broker.session)
    dispatcher.complete_ready()
    answer = decode(ProduceResponse, 9, body_of(produced, ApiKey.PRODUCE, 9))
    assert answer.responses[0].partition_responses[0].error_code == ErrorCode.NONE
    if is_answered:
        failed = decode(FetchResponse, version, body_of(sent[0], ApiKey.FETCH, version))
        assert (failed.error_code, failed.responses) == (ErrorCode.UNKNOWN_SERVER_ERROR, [])
    else:
        assert closed == ["fetch failed: the unforeseen"]
    assert len(sent) + len(closed) == 1
    assert capfd.readouterr().err.count("RuntimeError: the unforeseen") == 1


class Promised(Dispatcher):
    """A dispatcher whose only answer is one to come."""

    def __init__(self, broker: AskedBroker) -> None:
        self.answer: Deferred[object] = Deferred()
        super().__init__(broker.context, [lambda received, proceed: self.answer])


def test_a_deferred_response_that_is_none_is_no_answer(broker: AskedBroker) -> None:
    promised = Promised(broker)
    sent: list[list[Segment] | None] = []
    later = promised.receive(frame_of(produce_request({"t": {0: batch()}}), 9), broker.session)
    assert isinstance(later, Deferred)
    later.deliver_to(sent.append, unexpected)
    promised.answer.answer(None)
    assert sent == [None]


def test_a_deferred_response_that_cannot_be_encoded_closes(
    broker: AskedBroker, capfd: pytest.CaptureFixture[str]
) -> None:
    promised = Promised(broker)
    closed: list[Exception] = []
    later = promised.receive(frame_of(fetch_request("t"), 12), broker.session)
    assert isinstance(later, Deferred)
    later.deliver_to(unexpected, closed.append)
    promised.answer.answer(FetchResponse(error_code=ErrorCode.NONE, session_id=1 << 40, responses=[]))
    assert [type(error).__name__ for error in closed] == ["Unencodable"]
    assert "api=fetch" in capfd.readouterr().err


MANY_NAMES = MetadataRequest(topics=[MetadataRequestTopic(name="t")] * (LOOP_ITEMS + 1))


def test_a_request_of_many_items_is_decoded_on_a_thread_and_served_on_the_loop(
    broker: AskedBroker, dispatcher: Dispatcher
) -> None:
    broker.create()
    sent: list[list[Segment] | None] = []
    broker.holds_fsyncs = True
    later = dispatcher.receive(frame_of(MANY_NAMES, 12), broker.session)
    assert isinstance(later, Deferred)
    later.deliver_to(sent.append, unexpected)
    assert (sent, broker.parts.threads.held) == ([], 1)
    broker.parts.threads.finish_all()
    (segments,) = sent
    assert decode(MetadataResponse, 12, body_of(segments, ApiKey.METADATA, 12)).topics


def test_a_request_of_many_bytes_is_decoded_on_a_thread(broker: AskedBroker, dispatcher: Dispatcher) -> None:
    broker.holds_fsyncs = True
    protocol = JoinGroupRequestProtocol(name="range", metadata=bytes(LOOP_BYTES))
    request = JoinGroupRequest(group_id="g", session_timeout_ms=6000, member_id="", protocols=[protocol])
    assert isinstance(dispatcher.receive(frame_of(request, 5), broker.session), Deferred)
    assert broker.parts.threads.held == 1


def test_a_large_request_that_does_not_parse_fails_on_its_thread(broker: AskedBroker, dispatcher: Dispatcher) -> None:
    broker.holds_fsyncs = True
    later = dispatcher.receive(frame_of(MANY_NAMES, 12)[:-5], broker.session)
    assert isinstance(later, Deferred)
    failures: list[Exception] = []
    later.deliver_to(unexpected, failures.append)
    broker.parts.threads.finish_all()
    assert [type(failure) for failure in failures] == [CorruptFrame]


def test_a_large_request_whose_client_has_gone_is_not_served(broker: AskedBroker, dispatcher: Dispatcher) -> None:
    produce = produce_request({f"t{n}": {0: batch()} for n in range(LOOP_ITEMS + 1)})
    broker.create("t7")
    broker.holds_fsyncs = True
    later = dispatcher.receive(frame_of(produce, 9), broker.session)
    assert isinstance(later, Deferred)
    later.drop()
    broker.parts.threads.finish_all()
    assert broker.context.topics.partition("t7", 0).log.log_end_offset == 0


def test_a_response_of_many_items_is_encoded_on_a_thread(broker: AskedBroker) -> None:
    answer = MetadataResponse(
        brokers=[], cluster_id="c", controller_id=1, topics=[MetadataResponseTopic(name="t")] * (LOOP_ITEMS + 1)
    )
    dispatcher = Dispatcher(broker.context, [lambda received, proceed: answer])
    broker.holds_fsyncs = True
    sent: list[list[Segment] | None] = []
    later = dispatcher.receive(frame_of(MetadataRequest(topics=[]), 12), broker.session)
    assert isinstance(later, Deferred)
    later.deliver_to(sent.append, unexpected)
    broker.parts.threads.finish_all()
    (segments,) = sent
    assert len(decode(MetadataResponse, 12, body_of(segments, ApiKey.METADATA, 12)).topics) == LOOP_ITEMS + 1
