"""What the conformance tests walk: every declared message, and values for each of its versions.

The rule: a value holds the default in every field that its version does not carry, so that decoding gives it back.
"""

import json
import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

import odradek.protocol.messages
from odradek.protocol.declaration import Field, fields_of
from odradek.protocol.schema import declared

Values = Callable[[type, int], st.SearchStrategy[Any]]

STORED = (
    "consumer_group_records",
    "metadata_records",
    "quorum_records",
    "share_group_records",
    "state_records",
    "streams_group_records",
    "subscription",
)
DATA = Path(__file__).parent / "data"

BITS = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}


def _messages_in(name: str) -> Iterator[type]:
    module = import_module(name)
    for value in vars(module).values():
        if isinstance(value, type) and value.__module__ == name:
            try:
                declared(value)
            except LookupError:
                continue
            yield value


def api_messages() -> list[type]:
    """Every request and every response."""
    folder = odradek.protocol.messages
    names = [found.name for found in pkgutil.iter_modules(folder.__path__, folder.__name__ + ".")]
    return [cls for name in names for cls in _messages_in(name)]


def stored_messages() -> list[type]:
    """Everything that is declared like a message and stands in a log or inside another message."""
    return [cls for name in STORED for cls in _messages_in(f"odradek.protocol.{name}")]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `api_message` or `any_message` runs once for each of them."""
    if "api_message" in metafunc.fixturenames:
        metafunc.parametrize("api_message", api_messages(), ids=lambda cls: cls.__name__)
    if "request_message" in metafunc.fixturenames:
        requests = [cls for cls in api_messages() if cls.__name__.endswith("Request")]
        metafunc.parametrize("request_message", requests, ids=lambda cls: cls.__name__)
    if "any_message" in metafunc.fixturenames:
        metafunc.parametrize("any_message", api_messages() + stored_messages(), ids=lambda cls: cls.__name__)


@pytest.fixture(scope="session")
def kafka_schemas() -> dict[str, Any]:
    """Apache Kafka's own message definitions by name."""
    return {schema["name"]: schema for schema in json.loads((DATA / "schemas.json").read_text())}


@pytest.fixture(scope="session")
def kafka_errors() -> list[dict[str, Any]]:
    """Apache Kafka's own error table."""
    found: list[dict[str, Any]] = json.loads((DATA / "errors.json").read_text())
    return found


@pytest.fixture(scope="session")
def values_of() -> Values:
    """A strategy for the values of one message in one version."""
    return _struct


def _struct(cls: type, version: int) -> st.SearchStrategy[Any]:
    parts = {f.name: _value(f, version) for f in fields_of(cls) if version in f.versions}
    absent = {f.name: st.just(f.default) for f in fields_of(cls) if version not in f.versions}
    return st.builds(cls, **parts, **absent)


def _value(f: Field, version: int) -> st.SearchStrategy[Any]:
    found = _present(f, version)
    return st.none() | found if version in f.nullable else found


def _present(f: Field, version: int) -> st.SearchStrategy[Any]:
    if f.struct is not None:
        return _struct(f.struct, version)
    if f.item is not None:
        return st.lists(_value(f.item, version), max_size=2)
    if f.kind in BITS:
        return _integer(f.name, BITS[f.kind])
    plain: dict[str, st.SearchStrategy[Any]] = {
        "bool": st.booleans(),
        "uint16": st.integers(0, 0xFFFF),
        "uint32": st.integers(0, 0xFFFFFFFF),
        "float64": st.floats(allow_nan=False, allow_infinity=False),
        "uuid": st.binary(min_size=16, max_size=16),
        "string": st.sampled_from(["", "topic-1", "größer ∞ 𝄞", "x" * 126, "y" * 127, "z" * 300]),
        "bytes": _bytes(),
        "records": _bytes(),
    }
    return plain[f.kind]


def _bytes() -> st.SearchStrategy[bytes]:
    return st.binary(max_size=8) | st.sampled_from([b"b" * 127, b"c" * 5000])


def _integer(name: str, bits: int) -> st.SearchStrategy[int]:
    """Any number; but codes that exist and times that other libraries can represent."""
    if name.endswith("error_code"):
        return st.integers(-1, 130)
    if bits == 64 and ("timestamp" in name or name.endswith("_ms")):
        return st.integers(0, 1 << 41)
    edge = 1 << (bits - 1)
    return st.sampled_from([0, 1, -1, edge - 1, -edge]) | st.integers(-edge, edge - 1)
