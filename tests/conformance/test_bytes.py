"""Encoded bytes against another implementation, and against our own decoder.

kio's classes are generated from Kafka's definitions, one a version. What we encode must be readable for it to the
last byte, and what it writes of what it has read must be the bytes we wrote.
"""

from collections.abc import Callable
from importlib import import_module
from io import BytesIO
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kio.serial import entity_reader, entity_writer

from odradek.protocol.codec import decode, decoder, encode, encode_bytes
from odradek.protocol.schema import declared

Values = Callable[[type, int], st.SearchStrategy[Any]]

few = settings(
    max_examples=6,
    deadline=None,
    database=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
        HealthCheck.function_scoped_fixture,
    ],
)


def kio_class(cls: type, version: int) -> Any:
    """kio's class for one version of a request or a response."""
    kind = "request" if cls.__name__.endswith("Request") else "response"
    module = import_module(f"kio.schema.{cls.__module__.rpartition('.')[2]}.v{version}.{kind}")
    return getattr(module, cls.__name__)


def test_kio_reads_and_writes_the_same_bytes(api_message: type, values_of: Values) -> None:
    for version in declared(api_message).versions:
        check_agreement(api_message, version, values_of)


def check_agreement(cls: type, version: int, values_of: Values) -> None:
    foreign = kio_class(cls, version)
    read, write = entity_reader(foreign), entity_writer(foreign)

    @few
    @given(message=values_of(cls, version))
    def agree(message: Any) -> None:
        data = encode_bytes(message, version)
        theirs, size = read(data, 0)
        assert size == len(data)
        written = BytesIO()
        write(written, theirs)
        assert written.getvalue() == data
        assert decode(cls, version, written.getvalue()) == message

    agree()


def test_decoding_gives_back_what_was_encoded(any_message: type, values_of: Values) -> None:
    for version in declared(any_message).versions:
        check_round_trip(any_message, version, values_of)


def check_round_trip(cls: type, version: int, values_of: Values) -> None:
    @few
    @given(message=values_of(cls, version))
    def round_trip(message: Any) -> None:
        data = b"".join(encode(message, version))
        assert decoder(cls, version)(data, 0) == (message, len(data))
        inside = memoryview(b"??" + data + b"!")
        assert decoder(cls, version)(inside, 2) == (message, len(data) + 2)

    round_trip()
