"""Ten thousand partitions in a process that may open a thousand files."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from odradek.broker.topics.topics import TOO_MANY_PARTITIONS
from odradek.broker.wire import Wire
from odradek.protocol.messages.create_topics import CreatableTopic, CreateTopicsRequest, CreateTopicsResponse
from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse
from odradek.protocol.messages.fetch import FetchResponse
from odradek.protocol.messages.produce import ProduceResponse

from ..brokers import OdradekBroker
from .handlers.broker_harness import batch, fetch_request, offsets_in, produce_request, wanted

MOST_OPEN_FILES = 1024
AT_ONCE = 1000
PARTITIONS = range(TOO_MANY_PARTITIONS)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[OdradekBroker]:
    broker = OdradekBroker(tmp_path)
    yield broker
    broker.kill()


def start_limited(broker: OdradekBroker) -> None:
    broker.start()
    resource.prlimit(broker.pid(), resource.RLIMIT_NOFILE, (MOST_OPEN_FILES, MOST_OPEN_FILES))


def produce_everywhere(wire: Wire) -> set[tuple[int, int]]:
    """One record to each partition; the pairs of error and base offset that came back."""
    found: set[tuple[int, int]] = set()
    for start in PARTITIONS[::AT_ONCE]:
        request = produce_request({"t": dict.fromkeys(range(start, start + AT_ONCE), batch())})
        (topic,) = wire.ask(request, 9, ProduceResponse).responses
        found.update((p.error_code, p.base_offset) for p in topic.partition_responses)
    return found


def read_everywhere(wire: Wire) -> set[tuple[int, ...]]:
    """The offsets found in each partition, each kind once."""
    found: set[tuple[int, ...]] = set()
    for start in PARTITIONS[::AT_ONCE]:
        request = fetch_request("t", *[wanted(index=index) for index in range(start, start + AT_ONCE)])
        (topic,) = wire.ask(request, 12, FetchResponse).responses
        found.update(tuple(offsets_in(p.records)) for p in topic.partitions)
    return found


def test_they_are_written_read_there_again_after_a_crash_and_deleted(broker: OdradekBroker) -> None:
    start_limited(broker)
    with Wire(broker.address, timeout_s=60) as wire:
        topic = CreatableTopic(name="t", num_partitions=len(PARTITIONS), replication_factor=1)
        (made,) = wire.ask(CreateTopicsRequest(topics=[topic]), 7, CreateTopicsResponse).topics
        assert (made.error_code, made.num_partitions) == (0, len(PARTITIONS))
        assert produce_everywhere(wire) == {(0, 0)}
        assert read_everywhere(wire) == {(0,)}
    broker.kill()
    start_limited(broker)
    with Wire(broker.address, timeout_s=60) as wire:
        assert read_everywhere(wire) == {(0,)}
        assert produce_everywhere(wire) == {(0, 1)}
        (gone,) = wire.ask(DeleteTopicsRequest(topic_names=["t"], timeout_ms=1000), 5, DeleteTopicsResponse).responses
        assert gone.error_code == 0
