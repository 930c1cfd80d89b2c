"""What changes of a partition do to its image."""

import pytest

from odradek.protocol.metadata_records import (
    ClearElrRecord,
    PartitionChangeRecord,
)

from .images import A_TOPIC, TOPIC_ID, image_of


def change(**fields: object) -> PartitionChangeRecord:
    return PartitionChangeRecord(partition_id=0, topic_id=TOPIC_ID, **fields)  # type: ignore[arg-type]


def test_naming_a_leader_begins_an_epoch_and_anything_else_does_not() -> None:
    image = image_of(*A_TOPIC)
    partition = image.topics["t"].partitions[0]
    for record, leader, epoch in [
        (change(isr=[], leader=-1, eligible_leader_replicas=[1], last_known_elr=[1]), -1, 1),
        (change(isr=[1], leader=1, eligible_leader_replicas=[], last_known_elr=[]), 1, 2),
        (change(directories=[b"d" * 16]), 1, 2),
        (change(leader=1), 1, 3),
    ]:
        image_of(record, image=image)
        assert (partition.record.leader, partition.leader_epoch) == (leader, epoch)
    assert partition.record.partition_epoch == 4
    assert (partition.record.eligible_leader_replicas, partition.record.last_known_elr) == (None, None)


def test_a_change_leaves_alone_what_it_does_not_name() -> None:
    image = image_of(*A_TOPIC, change(replicas=[1, 2], adding_replicas=[2], removing_replicas=[1]))
    image_of(change(leader_recovery_state=1), image=image)
    record = image.topics["t"].partitions[0].record
    assert (record.replicas, record.isr, record.adding_replicas, record.removing_replicas) == ([1, 2], [1], [2], [1])
    assert (record.leader_recovery_state, record.leader, record.leader_epoch) == (1, 1, 0)


@pytest.mark.parametrize(("name", "is_cleared"), [("t", True), ("", True), ("u", False)])
def test_eligible_leaders_are_forgotten_of_one_topic_or_of_all(name: str, is_cleared: bool) -> None:
    image = image_of(*A_TOPIC, change(eligible_leader_replicas=[1], last_known_elr=[1]))
    image_of(ClearElrRecord(topic_name=name), image=image)
    record = image.topics["t"].partitions[0].record
    kept = None if is_cleared else [1]
    assert (record.eligible_leader_replicas, record.last_known_elr) == (kept, kept)
