"""A cluster looked at on its own loop."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.contexts import Contexts
from odradek.broker.runtime import LoopThreads
from odradek.broker.testing.inspection import (
    GivenRecord,
    SeenOffsets,
    append_records,
    committed_offsets,
    create_topic,
    offsets_of,
    partition_named,
    records_of,
    seen_groups,
)
from odradek.broker.testing.running_cluster import start_in_memory
from odradek.protocol.errors import ErrorCode, KafkaError


@pytest.fixture
async def contexts() -> AsyncIterator[Contexts]:
    loop = asyncio.get_running_loop()
    threads = LoopThreads(loop)
    config = BrokerConfig.from_settings({"listeners": "PLAINTEXT://127.0.0.1:0"})
    running = await start_in_memory(loop, threads, config)
    yield running.contexts
    await running.stop()
    threads.close()


async def test_what_is_appended_is_seen(contexts: Contexts) -> None:
    await create_topic(contexts, "t", 2, {"retention.ms": "1000"})
    assert await append_records(contexts, "t", [GivenRecord(b"a"), GivenRecord(b"b"), GivenRecord(b"c")], None) == [
        (0, 0),
        (1, 0),
        (0, 1),
    ]
    assert [(one.partition, one.value) for one in records_of(contexts, "t", None)] == [(0, b"a"), (0, b"c"), (1, b"b")]
    assert [one.value for one in records_of(contexts, "t", 1)] == [b"b"]
    assert offsets_of(contexts, "t", 0) == SeenOffsets(0, 2, 2)


async def test_a_cluster_without_groups_has_none(contexts: Contexts) -> None:
    assert (seen_groups(contexts), committed_offsets(contexts, "g")) == ({}, {})


async def test_a_topic_that_is_refused_has_kafkas_reason(contexts: Contexts) -> None:
    await create_topic(contexts, "t", 1, {})
    with pytest.raises(KafkaError, match="Topic 't' already exists"):
        await create_topic(contexts, "t", 1, {})


async def test_what_is_not_there_is_said_with_what_is(contexts: Contexts) -> None:
    with pytest.raises(KafkaError, match="there is no topic 'x'; there are: none"):
        records_of(contexts, "x", None)
    await create_topic(contexts, "orders", 2, {})
    with pytest.raises(KafkaError, match=r"no topic 'order'; did you mean 'orders'\?; there are: orders") as raised:
        offsets_of(contexts, "order", 0)
    assert raised.value.code is ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    with pytest.raises(KafkaError, match="'orders' has no partition 2: it has 0 to 1"):
        partition_named(contexts, "orders", 2)


@pytest.mark.parametrize(
    ("config", "bad"),
    [
        ({"max.message.bytes": "100"}, GivenRecord(bytes(200))),
        ({"cleanup.policy": "compact"}, GivenRecord(b"without a key")),
        ({}, GivenRecord(b"from the future", timestamp_ms=1 << 60)),
    ],
)
async def test_of_records_that_cannot_all_be_stored_none_is(
    contexts: Contexts, config: dict[str, str], bad: GivenRecord
) -> None:
    await create_topic(contexts, "t", 2, config)
    with pytest.raises(KafkaError):
        await append_records(contexts, "t", [GivenRecord(b"v", b"k"), GivenRecord(b"v", b"k"), bad], None)
    assert records_of(contexts, "t", None) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"headers": [("h", "v")]}, "a record's header 'h' is bytes or None, not 'v'"),
        ({"headers": [(b"h", b"v")]}, "a header's name is a text, not b'h'"),
        ({"headers": {"h": b"v"}}, "headers are a list of pairs of name and value, not of {'h': b'v'}"),
        ({"headers": [("h",)]}, r"headers are a list of pairs of name and value, not of \('h',\)"),
        ({"headers": 5}, "headers are a list of pairs of name and value, not of 5"),
        ({"timestamp_ms": "now"}, "timestamp_ms is an int of milliseconds since 1970, not 'now'"),
        ({"timestamp_ms": 1.5}, "timestamp_ms is an int of milliseconds since 1970, not 1.5"),
        ({"timestamp_ms": 1 << 63}, "timestamp_ms is milliseconds since 1970, not 9223372036854775808"),
    ],
)
def test_what_no_record_can_have_is_named(fields: dict[str, Any], said: str) -> None:
    with pytest.raises((TypeError, ValueError), match=said):
        GivenRecord(b"v", **fields)


@pytest.mark.parametrize(("fields", "said"), [({"value": "v"}, "value"), ({"value": b"v", "key": "k"}, "key")])
def test_a_text_is_no_record(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(
        TypeError, match=f"a record's {said} is bytes or None, not '{said[0]}': a text is to be encoded"
    ):
        GivenRecord(**fields)
