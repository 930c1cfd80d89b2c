"""Frames for the fuzzer: requests of any API and version with values at random, some of them damaged afterwards."""

from random import Random
from typing import Any

from odradek.broker.apis import TABLE, Api
from odradek.protocol.codec import encode_bytes
from odradek.protocol.declaration import Field, fields_of
from odradek.protocol.header import RequestHeader, encode_request_header
from odradek.protocol.records import NewRecord, ProducerStamp, build_batch

TEXTS = (
    "",
    "t",
    "u",
    "g",
    "id",
    "range",
    "consumer",
    "1",
    "__consumer_offsets",
    "__transaction_state",
    "é" * 300,
    "a" * 300,
)
NUMBERS = (
    0,
    1,
    -1,
    2,
    3,
    5,
    100,
    1000,
    6000,
    60_000,
    127,
    -128,
    32_767,
    -32_768,
    2**31 - 1,
    -(2**31),
    2**63 - 1,
    -(2**63),
)
BITS = {"b": 8, "B": 8, "h": 16, "H": 16, "i": 32, "I": 32, "q": 64}
DAMAGE = (b"", b"\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff\x0f", b"\x80", b"\x00\x00", b"\x01")
MOST_ITEMS = 3


class Frames:
    """An endless source of frames; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self._apis = list(TABLE.values())

    def next(self) -> bytes:
        """A frame without its length."""
        random = self.random
        api = random.choice(self._apis)
        version = random.randint(api.first, api.last)
        frame = self._header(api, version) + self._body(api, version)
        return frame if random.random() < 0.6 else self._damaged(frame)

    def _header(self, api: Api, version: int) -> bytes:
        client_id = self.random.choice(("fuzz", "", "__admin_client"))
        header = RequestHeader(api.key, version, self.random.randint(-5, 5), client_id)
        return bytes(encode_request_header(header, api.load().flexible_from))

    def _body(self, api: Api, version: int) -> bytes:
        return encode_bytes(self._message(api.load().request, version), version)

    def _message(self, cls: type, version: int) -> object:
        values = {field.name: self._value(field, version) for field in fields_of(cls) if version in field.versions}
        # Who fills in what the version does not carry gets a default, where there is one.
        absent = {
            field.name: self._value(field, version)
            for field in fields_of(cls)
            if field.name not in values and not field.has_default
        }
        return cls(**values, **absent)

    def _value(self, field: Field, version: int) -> Any:
        random = self.random
        if version in field.nullable and random.random() < 0.15:
            return None
        if field.struct is not None:
            return self._message(field.struct, version)
        if field.item is not None:
            return [self._value(field.item, version) for _ in range(random.randint(0, MOST_ITEMS))]
        if field.kind == "string":
            return random.choice(TEXTS)
        if field.kind == "records":
            return self._records()
        if field.kind == "bytes":
            return random.randbytes(random.choice((0, 1, 20, 300)))
        return self._plain(field)

    def _plain(self, field: Field) -> Any:
        code = field.code
        if code == "16s":
            return self.random.choice((bytes(16), b"\x01" * 16))
        if code == "?":
            return self.random.random() < 0.5
        if code in ("d", "f"):
            return self.random.choice((0.0, 1.0, -1.0, 1e300))
        bits = BITS[code or "i"]
        number = self.random.choice(NUMBERS)
        if code in ("B", "H", "I"):
            return number % (1 << bits)
        return (number + (1 << (bits - 1))) % (1 << bits) - (1 << (bits - 1))

    def _records(self) -> bytes:
        random = self.random
        records = [
            NewRecord(
                random.choice((None, b"k")),
                random.choice((None, b"v", bytes(200))),
                random.choice((0, 1_700_000_000_000)),
            )
            for _ in range(random.randint(1, 4))
        ]
        is_producer = random.random() < 0.5
        stamp = ProducerStamp(random.choice((0, 1, 1000)), 0, random.choice((0, 1, 5)), random.random() < 0.3)
        batch = build_batch(
            records, codec=random.randint(0, 4), producer=stamp if is_producer else ProducerStamp(-1, -1)
        )
        return batch if random.random() < 0.8 else self._damaged(batch)

    def _damaged(self, data: bytes) -> bytes:
        random = self.random
        at = random.randint(0, len(data))
        kind = random.randint(0, 4)
        if kind == 0:
            return data[:at]
        if kind == 1:
            return data + random.randbytes(random.randint(1, 50))
        if kind == 2 and data:
            flipped = bytearray(data)
            flipped[at % len(data)] ^= 1 << random.randint(0, 7)
            return bytes(flipped)
        there = random.choice(DAMAGE)
        if kind == 3:
            return data[:at] + there + data[at + len(there) :]
        again = random.randint(0, len(data))
        return data[:at] + data[min(at, again) : max(at, again)] + data[at:]
