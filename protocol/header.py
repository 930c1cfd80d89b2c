"""Request and response headers. Their own version is not on the wire: key and version of the API decide.

`flexible_from` is the API's first flexible version (KIP-482); an API that has none passes NEVER_FLEXIBLE.
"""

import struct
from typing import NamedTuple

from .api_keys import ApiKey
from .codec import Buffer
from .schema import NEVER
from .wire import CorruptFrame, uvarint

NEVER_FLEXIBLE = NEVER.first
# Kafka has defined none so far; a header of millions would take seconds to skip.
MAX_HEADER_TAGS = 1000

_FIXED = struct.Struct(">hhih")
_INT = struct.Struct(">i")


class RequestHeader(NamedTuple):
    """Who asks, and for what. A null client id is ""."""

    api_key: int
    api_version: int
    correlation_id: int
    client_id: str = ""


def decode_request_header(frame: Buffer, flexible_from: int) -> tuple[RequestHeader, int]:
    """The header and the position of the body. The client id is never compact, even in version 2."""
    try:
        key, version, correlation_id, n = _FIXED.unpack_from(frame, 0)
        pos = _FIXED.size
        client_id = ""
        if n > 0:
            client_id = str(frame[pos : pos + n], "utf-8")
            pos += n
        if version >= flexible_from:
            pos = _skip_tags(frame, pos)
    except (struct.error, IndexError, UnicodeDecodeError) as fault:
        raise CorruptFrame(f"request header: {fault}") from fault
    if pos > len(frame):
        raise CorruptFrame("request header: client id ends beyond its frame")
    return RequestHeader(key, version, correlation_id, client_id), pos


def encode_request_header(header: RequestHeader, flexible_from: int) -> bytearray:
    """A request header, to which the body may be appended."""
    name = header.client_id.encode()
    out = bytearray(_FIXED.pack(header.api_key, header.api_version, header.correlation_id, len(name)))
    out += name
    if header.api_version >= flexible_from:
        out.append(0)
    return out


def encode_response_header(api_key: int, api_version: int, correlation_id: int, flexible_from: int) -> bytearray:
    """A response header, to which the body may be appended."""
    out = bytearray(_INT.pack(correlation_id))
    if _has_tags(api_key, api_version, flexible_from):
        out.append(0)
    return out


def decode_response_header(frame: Buffer, api_key: int, api_version: int, flexible_from: int) -> tuple[int, int]:
    """(correlation id, position of the body)."""
    try:
        correlation_id: int = _INT.unpack_from(frame, 0)[0]
        has_tags = _has_tags(api_key, api_version, flexible_from)
        return correlation_id, _skip_tags(frame, _INT.size) if has_tags else _INT.size
    except (struct.error, IndexError) as fault:
        raise CorruptFrame(f"response header: {fault}") from fault


def _has_tags(api_key: int, api_version: int, flexible_from: int) -> bool:
    """ApiVersions answers keep header version 0: who asks does not know yet what we understand (KIP-511)."""
    return api_version >= flexible_from and api_key != ApiKey.API_VERSIONS


def _skip_tags(frame: Buffer, pos: int) -> int:
    count, pos = uvarint(frame, pos)
    if count > MAX_HEADER_TAGS:
        raise CorruptFrame(f"header: {count} tagged fields, allowed are {MAX_HEADER_TAGS}")
    for _ in range(count):
        _, pos = uvarint(frame, pos)
        size, pos = uvarint(frame, pos)
        pos += size
        if pos > len(frame):
            raise CorruptFrame("header: tagged field ends beyond its frame")
    return pos
