"""The parts of a broker, put together over a data directory: a new one, one that was used, and what each part hears."""

from odradek.broker.apis import TABLE
from odradek.broker.assembly import assemble
from odradek.broker.metadata.features import FEATURES, METADATA_VERSION, TRANSACTION_VERSION
from odradek.broker.testing.disks import FailingFiles
from odradek.broker.testing.topics import create_topic, internal_topic
from odradek.broker.topic_names import OFFSETS_TOPIC
from odradek.protocol.batch import RecordBatch

from .conftest import IDENTITY, Parts
from .handlers.broker_harness import AskedBroker, batch, fetch_request


def test_a_new_directory_gets_the_newest_level_of_every_feature() -> None:
    broker = AskedBroker()
    assert broker.context.metadata.image.features == {feature.name: feature.level for feature in FEATURES}


def test_a_used_directory_keeps_its_levels_but_for_those_that_are_set_now() -> None:
    parts = Parts()

    def levels(features: dict[str, int]) -> dict[str, int]:
        parts.restart()
        context = assemble(parts.config, parts.runtime, parts.store, IDENTITY, features)
        return dict(context.metadata.image.features)

    newest = {feature.name: feature.level for feature in FEATURES}
    assert levels({TRANSACTION_VERSION: 1}) == newest | {TRANSACTION_VERSION: 1}
    assert levels({}) == newest | {TRANSACTION_VERSION: 1}
    assert levels({TRANSACTION_VERSION: 2})[TRANSACTION_VERSION] == 2
    assert METADATA_VERSION in levels({})


def test_a_start_that_sets_nothing_new_records_nothing() -> None:
    parts = Parts()
    ends: list[int] = []
    for _ in range(3):
        parts.restart()
        context = assemble(parts.config, parts.runtime, parts.store, IDENTITY)
        ends.append(context.metadata.end_offset)
    assert ends[0] > 0
    assert ends[0] == ends[1] == ends[2]


def test_every_api_of_the_table_is_advertised() -> None:
    context = AskedBroker().context
    assert [api.key for api in context.served_apis] == list(TABLE)
    assert context.cluster_id == IDENTITY.cluster_id


def test_groups_keep_the_partitions_that_their_topic_was_made_with() -> None:
    broker = AskedBroker({"offsets.topic.num.partitions": "7"})
    internal_topic(broker.topics, OFFSETS_TOPIC)
    before = [broker.context.groups.partition_of(f"g{n}") for n in range(50)]
    assert max(before) == 6
    broker.parts.store.close()
    again = AskedBroker({"offsets.topic.num.partitions": "3"}, disk=broker.parts.files)
    assert [again.context.groups.partition_of(f"g{n}") for n in range(50)] == before


def test_a_change_of_a_partition_reaches_the_fetches_that_wait_for_it() -> None:
    broker = AskedBroker(disk=FailingFiles())
    topic = create_topic(broker.topics, "t", 1, {})
    asked = broker.fetch(fetch_request("t", max_wait_ms=60_000))
    assert len(broker.context.purgatory) == 1
    topic.partitions[0].append([RecordBatch(batch())], broker.clock.now_ms())
    assert asked.is_deferred
    broker.clock.advance(0)
    assert not asked.is_deferred
