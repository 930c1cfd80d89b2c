"""A check on a thread: its outcome is kept whatever it is, and it ends when nobody wants it any more."""

from odradek.broker.topics.heavy_check import HeavyCheck, Unwanted
from odradek.protocol.batch import RecordBatch
from odradek.protocol.compression import Codec
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.records import NewRecord, build_batch
from odradek.storage.log_config import LogConfig
from odradek.storage.validation import BatchCheck

NOW_MS = 1_700_000_000_000


def check_of(config: LogConfig) -> HeavyCheck:
    batch = RecordBatch(build_batch([NewRecord(None, b"v" * 100, NOW_MS)] * 100, codec=Codec.GZIP))
    return HeavyCheck(batch, BatchCheck(config, NOW_MS, "t-0"))


def test_what_is_to_be_appended_is_there_once_the_check_has_run() -> None:
    heavy = check_of(LogConfig(compression_type="lz4"))
    assert heavy.checked is None
    heavy.run(lambda: True)
    assert heavy.checked is not None
    assert (heavy.checked.codec, heavy.checked.records_count) == (Codec.LZ4, 100)


def test_why_a_batch_cannot_be_appended_is_its_outcome() -> None:
    heavy = check_of(LogConfig(cleanup_policy=frozenset({"compact"})))
    heavy.run(lambda: True)
    assert isinstance(heavy.outcome, KafkaError)
    assert (heavy.outcome.code, heavy.checked) == (ErrorCode.INVALID_RECORD, None)


def test_a_check_ends_where_its_client_has_gone() -> None:
    heavy = check_of(LogConfig())
    heavy.run(lambda: False)
    assert isinstance(heavy.outcome, Unwanted)
    assert heavy.checked is None
