"""The keys of all APIs, which name the files of those that are declared."""

from importlib import import_module
from pkgutil import iter_modules

import pytest

import odradek.protocol.messages
from odradek.protocol.api_keys import ApiKey, api_name
from odradek.protocol.schema import declared

DECLARED = sorted(one.name for one in iter_modules(odradek.protocol.messages.__path__))


def test_keys_have_no_holes_and_no_twins() -> None:
    assert [int(key) for key in ApiKey] == list(range(93))
    assert len(ApiKey.__members__) == len(ApiKey)


@pytest.mark.parametrize("name", DECLARED)
def test_a_file_of_messages_is_called_after_its_api(name: str) -> None:
    key = ApiKey[name.upper()]
    messages = import_module(f"odradek.protocol.messages.{name}")
    stem = "".join(part.capitalize() for part in name.split("_"))
    assert declared(getattr(messages, f"{stem}Request")).api_key == key
    assert declared(getattr(messages, f"{stem}Response")).api_key == key


def test_an_api_is_called_as_kafka_calls_it() -> None:
    assert [api_name(key) for key in (37, 24, 68, 999)] == [
        "CreatePartitions (37)",
        "AddPartitionsToTxn (24)",
        "ConsumerGroupHeartbeat (68)",
        "API 999",
    ]
