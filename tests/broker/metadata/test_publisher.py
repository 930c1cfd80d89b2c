"""Whatever follows the metadata hears of each change, once it counts, and in the order of subscription."""

import pytest

from odradek.broker.metadata.delta import MetadataDelta
from odradek.broker.metadata.image import MetadataImage
from odradek.broker.metadata.publisher import MetadataPublisher
from odradek.broker.metadata.topic_records import NewTopic
from odradek.broker.slices import run_to_end
from odradek.broker.testing.disks import BROKEN, FailingFiles
from odradek.protocol.errors import KafkaError
from odradek.protocol.metadata_records import ConfigRecord

from ..clusters import TOPIC_ID, Changes
from ..conftest import Parts
from .images import on_one_node


class Follower:
    """It notes what it heard, and what the image said then."""

    def __init__(self) -> None:
        self.heard: list[tuple[list[str], list[str], list[str]]] = []

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> None:
        created, deleted = ([topic.name for topic in some] for some in (delta.created_topics, delta.deleted_topics))
        self.heard.append((created, deleted, sorted(image.topics)))


class Failing:
    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> None:
        raise ValueError("the unforeseen")


def test_a_follower_hears_of_topics_that_come_and_go_when_the_image_has_them() -> None:
    parts, follower = Parts(), Follower()
    parts.metadata.publisher.subscribe(follower)
    changes = Changes(parts.metadata)
    changes.create_topics([NewTopic("t", TOPIC_ID, on_one_node(), {}), NewTopic("u", b"u" * 16, on_one_node(), {})])
    changes.remove_topics([TOPIC_ID])
    assert follower.heard == [(["t", "u"], [], ["t", "u"]), ([], ["t"], ["u"])]


def test_nobody_hears_of_a_change_that_could_not_be_made_durable() -> None:
    files = FailingFiles()
    parts, follower = Parts(files=files), Follower()
    parts.metadata.publisher.subscribe(follower)
    files.sync_error = BROKEN
    with pytest.raises(KafkaError):
        Changes(parts.metadata).create_topics([NewTopic("t", TOPIC_ID, on_one_node(), {})])
    assert follower.heard == []


def test_a_follower_that_fails_is_reported_and_keeps_no_other_from_its_turn(capfd: pytest.CaptureFixture[str]) -> None:
    publisher, follower = MetadataPublisher(), Follower()
    publisher.subscribe(Failing())
    publisher.subscribe(follower)
    run_to_end(publisher.publish(MetadataDelta(), MetadataImage()))
    assert len(follower.heard) == 1
    assert "the unforeseen" in capfd.readouterr().err


def test_a_changed_config_arrives_in_the_topic_and_in_the_log_that_is_open() -> None:
    parts = Parts()
    Changes(parts.metadata).create_topics([NewTopic("t", TOPIC_ID, on_one_node(), {"retention.ms": "5"})])
    log = parts.topics.partition("t", 0).log
    record = ConfigRecord(resource_type=2, resource_name="t", name="retention.ms", value="7")
    parts.metadata.change(lambda image: [record], lambda error: None)
    topic = parts.topics.find("t")
    assert topic is not None
    assert (topic.configs["retention.ms"], log.config.retention_ms) == ("7", 7)
