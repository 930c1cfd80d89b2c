"""Offsets that are committed in a transaction of the classic protocol."""

from odradek.protocol.messages.delete_groups import DeleteGroupsRequest, DeleteGroupsResponse
from odradek.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
)

from ..observe import committed
from ..transaction_harness import Transactor, find_group, transaction_version
from ..wire_session import Dialogue, scenario


@scenario
def offsets_in_a_transaction(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    group = find_group(d)
    with transaction_version(d, 1):
        one = Transactor(d)
        one.init("init")
        for version in range(5):
            one.commit_offsets(f"before the group was added v{version}", group, topic, 5, version=version)
        for version in range(4):
            one.add_offsets(f"add the group v{version}", group, version=version)
        one.add_offsets("add a group without a name", "")
        for version in range(5):
            one.commit_offsets(f"commit offsets v{version}", group, topic, 10 + version, version=version)
        committed(d, "while open", group, topic)
        committed(d, "while open, stable", group, topic, is_stable=True)
        one.end("commit", commit=True)
        committed(d, "when committed", group, topic, is_stable=True)
        one.add_offsets("add the group again", group)
        one.commit_offsets("commit others", group, topic, 50)
        one.end("abort", commit=False)
        committed(d, "when aborted", group, topic, is_stable=True)


@scenario
def refused_offsets(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    group = find_group(d)
    with transaction_version(d, 1):
        one = Transactor(d)
        one.init("init")
        nobody, nameless = Transactor(d, "nobody"), one.twin()
        nameless.id = ""
        for version in range(4):
            nobody.add_offsets(f"add: an unknown id v{version}", group, version=version, pid=one.producer_id, epoch=0)
            nameless.add_offsets(f"add: no id v{version}", group, version=version)
            one.add_offsets(f"add: another producer v{version}", group, version=version, pid=one.producer_id + 5000)
            one.add_offsets(f"add: a coming epoch v{version}", group, version=version, epoch=one.epoch + 1)
        for version in range(5):
            one.commit_offsets(f"a coming epoch v{version}", group, topic, 1, version=version, epoch=9)
            nobody.commit_offsets(f"unknown id v{version}", group, topic, 1, version=version, pid=one.producer_id)
            nameless.commit_offsets(f"no id v{version}", group, topic, 1, version=version)
            one.commit_offsets(f"no group v{version}", "", topic, 1, version=version)
        one.add_offsets("add", group)
        for version in (2, 3, 4):
            one.commit_offsets(f"an unknown topic v{version}", group, "nope", 1, version=version)
            one.commit_offsets(f"an unknown partition v{version}", group, topic, 1, version=version, index=7)
            one.commit_offsets(f"too long v{version}", group, topic, 1, version=version, metadata="x" * 5000)
            one.commit_offsets(f"null metadata v{version}", group, topic, 1, version=version, metadata=None)
            one.commit_offsets(f"a negative offset v{version}", group, topic, -1, version=version)
        one.commit_offsets("a generation of nobody", group, topic, 1, generation=3)
        one.commit_offsets("a member of nobody", group, topic, 1, member_id="m")
        one.commit_offsets("a member and a generation", group, topic, 1, generation=3, member_id="m")
        one.commit_offsets("an instance of nobody", group, topic, 1, generation=3, member_id="m", instance_id="i")
        one.commit_offsets("an old epoch amid the transaction", group, topic, 1, epoch=one.epoch - 1)
        one.commit_offsets("a coming epoch amid the transaction", group, topic, 1, epoch=one.epoch + 1)
        one.commit_offsets("another producer amid the transaction", group, topic, 1, pid=one.producer_id + 5000)
        nobody.producer_id, nobody.epoch = one.producer_id, one.epoch
        nobody.commit_offsets("another id amid the transaction", group, topic, 1)
        one.end("commit", commit=True)
        committed(d, "at last", group, topic)


@scenario
def metadata_is_measured_in_utf16_units(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    group = find_group(d)
    with transaction_version(d, 1):
        one = Transactor(d)
        one.init("init")
        one.add_offsets("add", group)
        for label, metadata in {
            "4096 accents": "é" * 4096,
            "4097 accents": "é" * 4097,
            "2048 faces": "😀" * 2048,
            "2049 faces": "😀" * 2049,
        }.items():
            one.commit_offsets(f"metadata of {label}", group, topic, 1, metadata=metadata)
        one.end("abort", commit=False)


@scenario
def the_newest_offset_wins(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    with transaction_version(d, 1):
        for label in ("transaction first", "transaction last"):
            group = find_group(d, label.replace(" ", "-"))
            one = Transactor(d, label)
            one.init(f"{label}: init")
            one.add_offsets(f"{label}: add", group)
            if label == "transaction last":
                commit_plainly(d, f"{label}: plainly", group, topic, 11)
            one.commit_offsets(f"{label}: in the transaction", group, topic, 6)
            if label == "transaction first":
                commit_plainly(d, f"{label}: plainly", group, topic, 9)
            one.end(f"{label}: commit", commit=True)
            committed(d, f"{label}: at last", group, topic)


def commit_plainly(d: Dialogue, label: str, group: str, topic: str, offset: int) -> None:
    kept = OffsetCommitRequestPartition(partition_index=0, committed_offset=offset, committed_metadata="plain")
    request = OffsetCommitRequest(
        group_id=group,
        generation_id_or_member_epoch=-1,
        member_id="",
        topics=[OffsetCommitRequestTopic(name=topic, partitions=[kept])],
    )
    d.ask(label, request, 8, OffsetCommitResponse)


@scenario
def a_group_is_deleted_amid_a_transaction(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    group = find_group(d)
    with transaction_version(d, 1):
        one = Transactor(d)
        one.init("init")
        one.add_offsets("add", group)
        one.commit_offsets("commit offsets", group, topic, 5)
        d.ask("delete", DeleteGroupsRequest(groups_names=[group]), 2, DeleteGroupsResponse)
        one.end("commit", commit=True)
        committed(d, "at last", group, topic)
