"""Topics of a test are there when the call returns, or it says why not."""

import pytest

from odradek.broker.testing.disks import FULL, FailingFiles
from odradek.broker.testing.topics import create_topic, delete_topics, internal_topic
from odradek.broker.topic_names import OFFSETS_TOPIC
from odradek.protocol.errors import ErrorCode, KafkaError

from ..conftest import Parts


def test_a_topic_is_there_with_its_partitions_and_configs(parts: Parts) -> None:
    topic = create_topic(parts.topics, "t", 3, {"cleanup.policy": "compact"})
    assert parts.topics.find("t") is topic
    assert (len(topic.partitions), dict(topic.configs)) == (3, {"cleanup.policy": "compact"})


def test_a_coordinators_topic_is_there_and_is_made_once(parts: Parts) -> None:
    topic = internal_topic(parts.topics, OFFSETS_TOPIC)
    assert topic.is_internal
    assert internal_topic(parts.topics, OFFSETS_TOPIC) is topic


def test_deleted_topics_are_gone(parts: Parts) -> None:
    topics = [create_topic(parts.topics, name) for name in ("t", "u")]
    delete_topics(parts.topics, topics)
    assert list(parts.topics) == []


def test_what_cannot_be_recorded_is_an_error_for_the_test() -> None:
    files = FailingFiles()
    parts = Parts(files=files)
    files.write_error = FULL
    with pytest.raises(KafkaError) as refusal:
        create_topic(parts.topics, "t")
    assert refusal.value.code == ErrorCode.KAFKA_STORAGE_ERROR
    assert parts.topics.find("t") is None
