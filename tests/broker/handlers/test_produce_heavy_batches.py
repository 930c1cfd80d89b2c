"""Produce of batches that take long to check: on a thread, while others are served, and then as any other batch."""

import pytest

from odradek.broker.deferred import Deferred, Disconnect
from odradek.protocol.batch import RecordBatch
from odradek.protocol.compression import Codec, compress, decompress
from odradek.protocol.crc32c import crc32c
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse
from odradek.protocol.messages.produce import PartitionProduceResponse, ProduceResponse
from odradek.protocol.records import NewRecord, build_batch
from odradek.storage.validation import MOST_RECORD_ERRORS

from .broker_harness import NOW_MS, AskedBroker, batch, produce_request
from .group_context import Asked

MEGABYTE = 1 << 20


def heavy(count: int = 20_000, *, key: bytes | None = None, codec: int = Codec.ZSTD) -> bytes:
    """A batch of so many records that the loop does not walk over them: no two neighbours are alike."""
    return build_batch([NewRecord(key, bytes(n % 2), NOW_MS) for n in range(count)], codec=codec)


@pytest.fixture
def broker() -> AskedBroker:
    broker = AskedBroker()
    broker.create()
    return broker


def sent(broker: AskedBroker, records: bytes) -> Asked[ProduceResponse]:
    """A heavy batch that is being checked until `finish_fsync` ends the work on the thread."""
    broker.holds_fsyncs = True
    asked = broker.ask(produce_request({"t": {0: records}}), 9, ProduceResponse)
    assert not asked.answers
    return asked


def answered(asked: Asked[ProduceResponse]) -> PartitionProduceResponse:
    return asked.answer.responses[0].partition_responses[0]


@pytest.mark.parametrize("codec", list(Codec))
def test_a_heavy_batch_is_checked_on_a_thread_and_then_appended(broker: AskedBroker, codec: Codec) -> None:
    asked = sent(broker, heavy(codec=codec))
    assert broker.produce("t", batch(b"a")).base_offset == 0  # of another client, which is not held up
    broker.finish_fsync()
    assert (answered(asked).error_code, answered(asked).base_offset) == (ErrorCode.NONE, 1)
    assert broker.produce("t", batch(b"a")).base_offset == 20_001


def test_a_light_batch_needs_no_thread(broker: AskedBroker) -> None:
    broker.holds_fsyncs = True
    assert broker.produce("t", batch(*[b"a"] * 2000)).base_offset == 0


def test_what_the_thread_refuses_is_refused_as_on_the_loop() -> None:
    broker = AskedBroker()
    broker.create(cleanup_policy="compact")
    answer = broker.produce("t", heavy())
    assert (answer.error_code, answer.base_offset, answer.log_start_offset) == (ErrorCode.INVALID_RECORD, -1, 0)
    assert [one.batch_index for one in answer.record_errors] == list(range(MOST_RECORD_ERRORS))
    assert broker.produce("t", heavy(key=b"k")).base_offset == 0


def test_a_large_batch_is_compressed_again_on_a_thread() -> None:
    broker = AskedBroker()
    broker.create(compression_type="zstd", compression_zstd_level="22")
    asked = sent(broker, batch(b"v" * (MEGABYTE // 2), codec=Codec.GZIP))
    broker.finish_fsync()
    assert answered(asked).error_code == ErrorCode.NONE


def test_a_topic_that_was_deleted_meanwhile_is_unknown(broker: AskedBroker) -> None:
    broker.holds_fsyncs = True
    broker.ask(DeleteTopicsRequest(topic_names=["t"], timeout_ms=1000), 5, DeleteTopicsResponse)
    good, bad = sent(broker, heavy()), sent(broker, cut_short(heavy()))  # taken while the deletion is being synced
    while broker.parts.threads.held:
        broker.finish_fsync()
    for asked in (good, bad):
        assert answered(asked).error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def test_a_fault_of_ours_in_a_check_is_answered(broker: AskedBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("odradek.storage.effort.Effort.opened", fail)
    answer = broker.produce("t", heavy())
    assert (answer.error_code, answer.base_offset) == (ErrorCode.UNKNOWN_SERVER_ERROR, -1)


def test_without_acks_a_heavy_batch_is_appended_or_closes_the_connection() -> None:
    broker = AskedBroker()
    broker.create(cleanup_policy="compact")
    for records, outcome in ((heavy(key=b"k"), [None]), (heavy(), [])):
        deferred = broker.hand(produce_request({"t": {0: records}}, acks=0), 9)
        assert isinstance(deferred, Deferred)
        answers: list[object] = []
        failures: list[Exception] = []
        deferred.deliver_to(answers.append, failures.append)
        assert answers == outcome
        assert [type(one) for one in failures] == ([] if outcome else [Disconnect])
    assert broker.produce("t", batch(b"a", key=b"k")).base_offset == 20_000


def test_a_client_that_has_gone_costs_no_check_and_nothing_of_it_is_appended(broker: AskedBroker) -> None:
    broker.holds_fsyncs = True
    gone = [broker.hand(produce_request({"t": {0: heavy()}}), 9) for _ in range(3)]
    stays = broker.ask(produce_request({"t": {0: heavy()}}), 9, ProduceResponse)
    for deferred in gone:
        assert isinstance(deferred, Deferred)
        deferred.drop()
    done_before = broker.parts.threads.done
    broker.parts.threads.finish_all()
    assert broker.parts.threads.done - done_before == 2  # the first had been begun
    assert answered(stays).base_offset == 0


def test_without_acks_a_client_may_go_and_its_batch_is_appended(broker: AskedBroker) -> None:
    broker.holds_fsyncs = True
    deferred = broker.hand(produce_request({"t": {0: heavy()}}, acks=0), 9)
    assert isinstance(deferred, Deferred)
    deferred.drop()
    broker.parts.threads.finish_all()
    broker.holds_fsyncs = False
    assert broker.produce("t", batch(b"a")).base_offset == 20_000


def test_what_was_appended_beside_a_heavy_batch_is_flushed_though_the_client_has_gone() -> None:
    broker = AskedBroker()
    broker.create(partitions=2, flush_messages="1")
    broker.holds_fsyncs = True
    deferred = broker.hand(produce_request({"t": {0: batch(b"a"), 1: heavy()}}), 9)
    assert isinstance(deferred, Deferred)
    deferred.drop()
    broker.parts.threads.finish_all()
    logs = [broker.context.topics.partition("t", index).log for index in (0, 1)]
    assert [(log.high_watermark, log.log_end_offset) for log in logs] == [(1, 1), (0, 0)]


def test_a_topic_made_again_under_the_same_name_does_not_get_the_batch_of_the_old(broker: AskedBroker) -> None:
    asked = sent(broker, heavy())
    broker.ask(DeleteTopicsRequest(topic_names=["t"], timeout_ms=1000), 5, DeleteTopicsResponse)
    while broker.parts.threads.held > 1:
        broker.parts.threads.finish(1)  # all but the check
    broker.holds_fsyncs = False
    broker.create(cleanup_policy="compact")  # where records without keys are refused
    broker.parts.threads.finish_all()
    assert answered(asked).error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert broker.context.topics.partition("t", 0).log.log_end_offset == 0


def cut_short(records: bytes) -> bytes:
    """The batch with two records fewer than it counts."""
    plain = decompress(Codec.ZSTD, records[61:])
    return _refilled(records, compress(Codec.ZSTD, plain[:-20]), RecordBatch(records).records_count, Codec.ZSTD)


def bomb(count: int, codec: int = Codec.ZSTD) -> bytes:
    """Many equal records, whose offsets are all 0."""
    one = build_batch([NewRecord(None, b"v", NOW_MS)])
    return bytes(_refilled(one, compress(codec, one[61:] * count), count, codec))


def _refilled(one: bytes, records: bytes, count: int, codec: int) -> bytes:
    filled = RecordBatch(one).refilled(records, count, attributes=codec, base_timestamp=NOW_MS, max_timestamp=NOW_MS)
    data = bytearray(filled.view)
    data[23:27] = (count - 1).to_bytes(4)
    data[17:21] = crc32c(memoryview(data)[21:]).to_bytes(4)
    return bytes(data)


@pytest.mark.parametrize("codec", [Codec.GZIP, Codec.SNAPPY, Codec.LZ4, Codec.ZSTD])
def test_a_bomb_is_refused_at_its_second_record(broker: AskedBroker, codec: Codec) -> None:
    assert broker.produce("t", bomb(1_000_000, codec)).error_code == ErrorCode.INVALID_RECORD
