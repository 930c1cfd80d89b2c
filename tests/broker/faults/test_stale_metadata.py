"""What handlers find among topics that were remembered."""

import pytest

from odradek.broker.faults.stale_metadata import StaleTopics, remember
from odradek.broker.testing.topics import create_topic, delete_topics
from odradek.protocol.errors import KafkaError

from ..conftest import Parts


@pytest.fixture
def parts() -> Parts:
    return Parts()


def test_later_changes_leave_it_as_it_was(parts: Parts) -> None:
    old = create_topic(parts.topics, "t", 1, {})
    gone = create_topic(parts.topics, "gone", 2, {})
    stale = StaleTopics(remember(parts.topics, {}), parts.topics)
    delete_topics(parts.topics, [gone])
    create_topic(parts.topics, "new", 1, {})
    raised: list[KafkaError | None] = []
    parts.topics.raise_leader_epochs([("t", 0), ("t", 7), ("nix", 0)], raised.append)
    assert raised == [None]
    assert old.partitions[0].leader_epoch == 1
    assert [topic.name for topic in stale] == ["t", "gone"]
    found = stale.find_by_id(old.topic_id)
    assert found is stale.find("t")
    assert found is not None
    assert (found.partitions[0].leader_epoch, found.image.partitions[0].leader_epoch) == (0, 0)
    assert stale.find("new") is stale.find_by_id(b"?" * 16) is None


def test_what_is_created_automatically_is_created_and_not_seen(parts: Parts) -> None:
    stale = StaleTopics(remember(parts.topics, {}), parts.topics)
    create_topic(parts.topics, "new", 1, {})
    refused: list[object] = []
    stale.auto_create(["new", "newer"], refused.append)
    assert refused == [{}]
    assert {topic.name for topic in parts.topics} == {"new", "newer"}
    assert list(stale) == []
