"""What a light effort opens, and where it gives up: before more is opened than it may."""

import pytest

from odradek.protocol.batch import RecordBatch
from odradek.protocol.compression import WALKED_BYTES, Codec, compress
from odradek.protocol.wire import CorruptFrame
from odradek.storage.effort import LIGHT, Effort, HeavyBatch

from .builders import batch

CODECS = [Codec.GZIP, Codec.SNAPPY, Codec.LZ4, Codec.ZSTD]


def _around(codec: Codec, records: bytes) -> RecordBatch:
    one = batch(codec=codec)
    return one.refilled(records, 1, attributes=codec, base_timestamp=0, max_timestamp=0)


@pytest.mark.parametrize("codec", CODECS)
def test_a_light_effort_opens_a_megabyte_and_no_more(codec: Codec) -> None:
    little = _around(codec, compress(codec, bytes(WALKED_BYTES)))
    assert sum(map(len, LIGHT.opened(little))) == WALKED_BYTES
    pieces: list[bytes | memoryview] = []
    with pytest.raises(HeavyBatch):
        pieces.extend(LIGHT.opened(_around(codec, compress(codec, bytes(3 * WALKED_BYTES)))))
    assert sum(map(len, pieces)) <= WALKED_BYTES


def test_a_light_effort_opens_no_long_row_of_empty_gzip_members() -> None:
    with pytest.raises(HeavyBatch):
        list(LIGHT.opened(_around(Codec.GZIP, compress(Codec.GZIP, b"") * 100)))


def test_a_light_effort_compresses_little() -> None:
    assert len(LIGHT.opened_whole(batch(value_bytes=1000), 1 << 30)) > 1000
    with pytest.raises(HeavyBatch):
        LIGHT.opened_whole(batch(value_bytes=100_000), 1 << 30)
    with pytest.raises(CorruptFrame):
        LIGHT.opened_whole(batch(value_bytes=1000), 100)


def test_any_other_effort_pauses_after_every_piece() -> None:
    pauses: list[int] = []
    effort = Effort(lambda: pauses.append(1))
    pieces = list(effort.opened(_around(Codec.GZIP, compress(Codec.GZIP, b"") * 100)))
    assert len(pauses) == len(pieces) >= 100
