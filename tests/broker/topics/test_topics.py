"""Topics: found, created, deleted, and there again after a restart."""

import uuid
from collections.abc import Mapping
from random import Random

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.metadata.publisher import MetadataPublisher
from odradek.broker.testing.topics import create_topic, delete_topics, internal_topic
from odradek.broker.topic_names import TopicNames
from odradek.protocol.batch import RecordBatch
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.records import NewRecord, build_batch

from ..clusters import Changes
from ..conftest import Parts
from ..metadata.images import on_one_node


def a_batch(value: bytes = b"v") -> RecordBatch:
    return RecordBatch(build_batch([NewRecord(key=None, value=value, timestamp=1)]))


def refusal(parts: Parts, name: str) -> ErrorCode:
    with pytest.raises(KafkaError) as refused:
        parts.topics.check_new_name(name, TopicNames())
    return refused.value.code


@pytest.mark.parametrize("is_clean", [True, False])
def test_topics_their_settings_and_their_records_survive_a_restart(parts: Parts, is_clean: bool) -> None:
    made = create_topic(parts.topics, "t", 2, {"retention.ms": "5"})
    parts.topics.partition("t", 1).append([a_batch()], parts.clock.now_ms())
    parts.restart(is_clean=is_clean)
    found = parts.topics.find("t")
    assert found is not None
    assert (found.topic_id, dict(found.configs), len(found.partitions)) == (made.topic_id, {"retention.ms": "5"}, 2)
    assert [p.log.log_end_offset for p in found.partitions] == [0, 1]
    assert found.partitions[0].log.config.retention_ms == 5
    assert parts.topics.find_by_id(made.topic_id) is found


def test_a_deleted_topic_is_gone_at_once_and_after_a_restart(parts: Parts) -> None:
    topic = create_topic(parts.topics, "t", 1, {})
    partition = topic.partitions[0]
    partition.append([a_batch()], parts.clock.now_ms())
    delete_topics(parts.topics, [topic])
    assert parts.topics.find("t") is None
    assert partition.is_deleted
    assert parts.changed[-1] is partition
    parts.restart()
    assert parts.topics.find("t") is None


@pytest.mark.parametrize("is_clean", [True, False])
def test_a_topic_created_anew_has_another_id_and_an_empty_log(parts: Parts, is_clean: bool) -> None:
    old = create_topic(parts.topics, "t", 1, {})
    old.partitions[0].append([a_batch()], parts.clock.now_ms())
    delete_topics(parts.topics, [old])
    new = create_topic(parts.topics, "t", 1, {})
    assert new.topic_id != old.topic_id
    assert new.partitions[0].log.log_end_offset == 0
    parts.restart(is_clean=is_clean)
    assert parts.topics.partition("t", 0).log.log_end_offset == 0


def test_a_directory_left_by_a_topic_that_was_deleted_before_a_crash_is_set_aside(parts: Parts) -> None:
    old = create_topic(parts.topics, "t", 1, {})
    old.partitions[0].append([a_batch()], parts.clock.now_ms())
    parts.metadata.publisher = MetadataPublisher()  # the crash comes before the directory is renamed
    Changes(parts.metadata).remove_topics([old.topic_id])
    parts.restart(is_clean=False)
    create_topic(parts.topics, "t", 1, {})
    assert parts.topics.partition("t", 0).log.log_end_offset == 0


def test_names_are_refused_in_kafkas_order(parts: Parts) -> None:
    create_topic(parts.topics, "a.b", 1, {})
    assert refusal(parts, "a b") == ErrorCode.INVALID_TOPIC_EXCEPTION
    assert refusal(parts, "__cluster_metadata") == ErrorCode.INVALID_REQUEST
    assert refusal(parts, "a.b") == ErrorCode.TOPIC_ALREADY_EXISTS
    assert refusal(parts, "a_b") == ErrorCode.INVALID_TOPIC_EXCEPTION


def test_an_internal_topic_is_made_once_with_its_own_settings(parts: Parts) -> None:
    made = internal_topic(parts.topics, "__consumer_offsets")
    assert internal_topic(parts.topics, "__consumer_offsets") is made
    assert (made.is_internal, len(made.partitions)) == (True, 50)
    assert made.configs["cleanup.policy"] == "compact"


def test_automatic_creation_needs_a_good_name_that_collides_with_no_other() -> None:
    parts = Parts(config=BrokerConfig(num_partitions=3))
    outcome: list[Mapping[str, KafkaError]] = []
    parts.topics.auto_create(["t", "", "t_", "t."], outcome.append)
    assert len(parts.topics.partition("t", 2).topic) == 1
    (refused,) = outcome
    assert {name: error.code for name, error in refused.items()} == {
        "": ErrorCode.INVALID_TOPIC_EXCEPTION,
        "t.": ErrorCode.INVALID_TOPIC_EXCEPTION,  # it collides with t_, which comes before it
    }


@pytest.mark.parametrize("index", [-1, 1])
def test_a_partition_that_is_not_there_is_unknown(parts: Parts, index: int) -> None:
    create_topic(parts.topics, "t", 1, {})
    with pytest.raises(KafkaError) as refused:
        parts.topics.partition("t", index)
    assert refused.value.code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


class Given(Random):
    """Chance that gives these bytes, in order."""

    def __init__(self, *given: bytes) -> None:
        super().__init__()
        self._given = iter(given)

    def randbytes(self, n: int) -> bytes:
        return next(self._given)[:n]


def test_topic_ids_never_begin_with_a_dash_in_text() -> None:
    parts = Parts(_random=Given(bytes([62 << 2]) + bytes(15), b"\x01" * 16))
    assert parts.topics.new_topic("t", on_one_node(), {}).topic_id == uuid.UUID(bytes=b"\x01" * 16, version=4).bytes
