"""Changes of the metadata log whose fsyncs take their time: one after the other, each upon what the last one left."""

from functools import partial

from odradek.broker.metadata.producer_ids import BLOCK_SIZE, ProducerIds
from odradek.broker.metadata.topic_records import NewTopic
from odradek.broker.testing.disks import BROKEN, FailingFiles
from odradek.broker.topic_names import METADATA_TOPIC
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.storage.metadata_snapshot import find_snapshots

from ..clusters import TOPIC_ID
from ..conftest import Parts
from .images import on_one_node


def held() -> Parts:
    parts = Parts(files=FailingFiles())
    parts.threads.holds = True
    return parts


def test_a_topic_is_there_and_answered_when_its_fsync_is_over_and_no_earlier() -> None:
    parts = held()
    answered: list[KafkaError | None] = []
    parts.topics.create(lambda: [parts.topics.new_topic("t", on_one_node(), {})], answered.append)
    assert (answered, parts.topics.find("t")) == ([], None)
    parts.threads.finish()
    assert answered == [None]
    assert parts.topics.find("t") is not None


def test_of_two_topics_of_one_name_the_second_is_refused_though_the_first_was_not_there_yet() -> None:
    parts = held()
    outcomes: list[object] = []
    for _ in range(2):
        parts.topics.auto_create(["t"], outcomes.append)
    parts.threads.finish_all()
    assert outcomes == [{}, {}]
    assert [image.name for image in parts.metadata.image.topics.values()] == ["t"]


def test_the_next_change_is_decided_upon_the_image_that_the_last_one_left() -> None:
    parts = held()
    seen: list[list[str]] = []

    def choose(name: str, topic_id: bytes) -> list[NewTopic]:
        seen.append(list(parts.metadata.image.topics))
        return [NewTopic(name, topic_id, on_one_node(), {})]

    for name, topic_id in (("t", TOPIC_ID), ("u", b"u" * 16)):
        parts.metadata.create_topics(partial(choose, name, topic_id), lambda error: None)
    parts.threads.finish_all()
    assert seen == [[], ["t"]]


def test_a_change_that_fails_to_be_synced_is_answered_and_so_are_those_behind_it() -> None:
    parts = held()
    assert isinstance(parts.files, FailingFiles)
    answered: list[KafkaError | None] = []
    parts.topics.create(lambda: [parts.topics.new_topic("t", on_one_node(), {})], answered.append)
    parts.topics.create(lambda: [parts.topics.new_topic("u", on_one_node(), {})], answered.append)
    parts.files.sync_error = BROKEN
    parts.threads.finish_all()
    assert [error.code for error in answered if error is not None] == [ErrorCode.KAFKA_STORAGE_ERROR] * 2
    assert parts.metadata.image.topics == {}


def test_a_decision_that_breaks_is_answered_with_an_error_and_the_next_one_goes_on() -> None:
    parts = held()
    answered: list[KafkaError | None] = []

    def broken() -> list[NewTopic]:
        raise ValueError("the unforeseen")

    parts.topics.create(broken, answered.append)
    parts.topics.create(lambda: [parts.topics.new_topic("t", on_one_node(), {})], answered.append)
    parts.threads.finish_all()
    assert [None if error is None else error.code for error in answered] == [ErrorCode.UNKNOWN_SERVER_ERROR, None]


def test_all_who_wait_for_producer_ids_share_a_block_and_get_ids_of_their_own() -> None:
    parts = held()
    ids = ProducerIds(parts.metadata)
    taken: list[int] = []
    for _ in range(BLOCK_SIZE + 2):
        ids.when_available(lambda error: taken.append(ids.next_id()))
    assert taken == []
    parts.threads.finish_all()
    assert taken == list(range(BLOCK_SIZE + 2))
    assert parts.metadata.image.next_producer_id == 2 * BLOCK_SIZE


def test_who_waits_for_producer_ids_that_cannot_be_recorded_is_told_to_ask_again() -> None:
    parts = held()
    assert isinstance(parts.files, FailingFiles)
    ids = ProducerIds(parts.metadata)
    refused: list[KafkaError | None] = []
    ids.when_available(refused.append)
    parts.files.sync_error = BROKEN
    parts.threads.finish_all()
    assert [error.code for error in refused if error is not None] == [ErrorCode.COORDINATOR_LOAD_IN_PROGRESS]


def test_the_end_of_the_log_is_where_the_image_is_while_a_change_is_on_its_way() -> None:
    """Clients take features of the same epoch for the same features (KIP-584)."""
    parts = held()
    end = parts.metadata.end_offset
    parts.metadata.set_features(lambda: {"f": 1}, lambda error: None)
    assert (parts.metadata.end_offset, parts.metadata.image.features) == (end, {})
    parts.threads.finish_all()
    assert (parts.metadata.end_offset, parts.metadata.image.features) == (end + 1, {"f": 1})


def test_a_snapshot_waits_for_the_change_that_is_on_its_way_and_has_it() -> None:
    parts = held()
    parts.topics.create(lambda: [parts.topics.new_topic("t", on_one_node(), {})], lambda error: None)
    parts.metadata.write_snapshot()
    parts.threads.finish_all()
    (snapshot_id,) = find_snapshots(parts.files, f"/data/{METADATA_TOPIC}-0")
    assert snapshot_id.end_offset == parts.metadata.end_offset
    parts.restart(is_clean=False)
    assert list(parts.metadata.image.topics) == ["t"]
