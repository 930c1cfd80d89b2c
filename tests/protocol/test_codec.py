"""Messages to bytes and back, compiled for one version at a time when it is asked for."""

import pytest

from odradek.protocol.codec import (
    decode,
    decoder,
    encode,
    encode_bytes,
    encoder,
    source_of,
)
from odradek.protocol.messages.api_versions import ApiVersionsResponse
from odradek.protocol.messages.heartbeat import HeartbeatRequest
from odradek.protocol.schema import (
    message,
)

from .samples import FULL, Sample


@pytest.mark.parametrize("version", [3, 4, 5])
def test_every_kind_of_field_survives_the_way_there_and_back(version: int) -> None:
    back = decode(Sample, version, encode_bytes(FULL, version))
    if version < 4:
        back.tagged_blob = FULL.tagged_blob
    assert back == FULL


def test_an_empty_message_is_one_empty_segment() -> None:
    assert [bytes(segment) for segment in encode(ApiVersionsRequestBody(), 0)] == [b""]


@message(versions="0")
class ApiVersionsRequestBody:
    """Nothing."""


@pytest.mark.parametrize("version", [-1, 5])
def test_a_version_nobody_declared_is_a_mistake_of_the_program(version: int) -> None:
    with pytest.raises(ValueError, match="no version"):
        decoder(HeartbeatRequest, version)
    with pytest.raises(ValueError, match="no version"):
        encoder(HeartbeatRequest, version)


def test_compiled_once_is_compiled_for_good() -> None:
    assert decoder(HeartbeatRequest, 4) is decoder(HeartbeatRequest, 4)
    assert encoder(HeartbeatRequest, 4) is encoder(HeartbeatRequest, 4)


def test_the_compiled_source_can_be_read() -> None:
    assert "generation_id" in source_of(decoder(HeartbeatRequest, 1))
    assert source_of(encoder(ApiVersionsResponse, 0)).startswith("def encode(")
