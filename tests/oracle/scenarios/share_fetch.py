"""Share partitions (KIP-932): sessions, what is acquired, acknowledged, released and renewed, right and wrong.

The state of each share partition is begun by InitializeShareGroupState, as a group's coordinator does.
"""

from collections.abc import Sequence
from typing import Any

from odradek.broker.wire import Wire
from odradek.protocol.batch import whole_batches
from odradek.protocol.messages import share_acknowledge, share_fetch
from odradek.protocol.messages.delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsResponse,
    DeleteRecordsTopic,
)
from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.initialize_share_group_state import (
    InitializeShareGroupStateRequest,
    InitializeShareGroupStateResponse,
    InitializeStateData,
    PartitionData,
)
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from odradek.protocol.messages.produce import ProduceResponse
from odradek.protocol.messages.share_acknowledge import ShareAcknowledgeRequest, ShareAcknowledgeResponse
from odradek.protocol.messages.share_fetch import ShareFetchRequest, ShareFetchResponse
from odradek.protocol.uuid_text import encode_uuid

from ..batches import batch
from ..group_harness import set_group_configs
from ..transaction_harness import Transactor, transaction_version
from ..wire_session import Dialogue, scenario
from .produce import produce

SHARE = 2
GAP, ACCEPT, RELEASE, REJECT, RENEW = range(5)
RECORD_LIMIT = 1
NOTHING: dict[str, Any] = {"max_bytes": 0, "min_bytes": 0, "max_records": 0, "max_wait_ms": 0}

Acks = Sequence[tuple[int, int, Sequence[int]]]
"""First offset, last offset, types."""


def configure(d: Dialogue, group: str, **configs: str) -> None:
    set_group_configs(d, group, configs)


def begin(
    d: Dialogue, group: str, topic_id: bytes, partitions: int = 1, start_offset: int = -1, state_epoch: int = 0
) -> None:
    """There is state to be read of these share partitions."""
    asked = [
        PartitionData(partition=index, state_epoch=state_epoch, start_offset=start_offset)
        for index in range(partitions)
    ]
    data = InitializeStateData(topic_id=topic_id, partitions=asked)
    request = InitializeShareGroupStateRequest(group_id=group, topics=[data])

    keys = [f"{group}:{encode_uuid(topic_id)}:{index}" for index in range(partitions)]
    coordinator = FindCoordinatorRequest(key_type=SHARE, coordinator_keys=keys)

    def is_begun() -> bool:
        found = d.wire.ask(coordinator, 6, FindCoordinatorResponse)
        if any(one.error_code for one in found.coordinators):
            return False
        answer = d.wire.ask(request, 0, InitializeShareGroupStateResponse)
        return all(one.error_code == 0 for result in answer.results for one in result.partitions)

    d.wait_for(is_begun, "the state is there")


class Member:
    """One member with a connection and a session of its own."""

    def __init__(self, d: Dialogue, group: str, topic_id: bytes, name: str = "m", wire: Wire | None = None) -> None:
        self.d = d
        self.group = group
        self.topic_id = topic_id
        self.name = name
        self.epoch = 0
        self.wire = wire or d.connect(name)

    def fetch_request(self, partitions: Sequence[int] = (0,), acks: Acks = (), **how: Any) -> ShareFetchRequest:
        batches = [
            share_fetch.AcknowledgementBatch(first_offset=first, last_offset=last, acknowledge_types=types)
            for first, last, types in acks
        ]
        asked = [
            share_fetch.FetchPartition(partition_index=index, acknowledgement_batches=batches if index == 0 else ())
            for index in partitions
        ]
        topics = [share_fetch.FetchTopic(topic_id=self.topic_id, partitions=asked)] if asked else []
        fields: dict[str, Any] = {"max_wait_ms": 0, "min_bytes": 0, "max_bytes": 1 << 20, "max_records": 500}
        fields |= {"group_id": self.group, "member_id": self.name, "share_session_epoch": self.epoch}
        fields |= {"topics": topics, "batch_size": 500, **how}
        return ShareFetchRequest(**fields)

    def fetch(
        self, label: str, partitions: Sequence[int] = (0,), acks: Acks = (), version: int = 2, **how: Any
    ) -> ShareFetchResponse:
        """The next of the session, unless it has an epoch of its own."""
        answer = self.d.ask(label, self.fetch_request(partitions, acks, **how), version, ShareFetchResponse, self.wire)
        if "share_session_epoch" not in how:
            self.epoch += 1
        return answer

    def fetch_until_acquired(self, label: str, *, is_brief: bool = False, **how: Any) -> None:
        """Fetches until there is something: Apache Kafka reads the state of a share partition at its leisure."""
        answers: list[ShareFetchResponse] = []

        def has_records() -> bool:
            request = self.fetch_request((0,), **how)
            answers.append(self.wire.ask(request, 2, ShareFetchResponse))
            assert answers[-1].error_code == 0
            self.epoch += 1
            return any(one.acquired_records for topic in answers[-1].responses for one in topic.partitions)

        self.d.wait_for(has_records, label)
        if is_brief:  # markers have the time at which they were written
            data = answers[-1].responses[0].partitions[0]
            acquired = [(one.first_offset, one.last_offset, one.delivery_count) for one in data.acquired_records]
            self.d.note(label, [[one.base_offset for one in whole_batches(data.records)], acquired])
        else:
            self.d.note(label, answers[-1])

    def acknowledge(
        self, label: str, *acks: tuple[int, int, Sequence[int]], version: int = 2, partition: int = 0, **how: Any
    ) -> ShareAcknowledgeResponse:
        batches = [
            share_acknowledge.AcknowledgementBatch(first_offset=first, last_offset=last, acknowledge_types=types)
            for first, last, types in acks
        ]
        one = share_acknowledge.AcknowledgePartition(partition_index=partition, acknowledgement_batches=batches)
        topics = [share_acknowledge.AcknowledgeTopic(topic_id=self.topic_id, partitions=[one])]
        names: dict[str, Any] = {"group_id": self.group, "member_id": self.name, "share_session_epoch": self.epoch}
        fields: dict[str, Any] = {"topics": topics, **names, **how}
        request = ShareAcknowledgeRequest(**fields)
        answer = self.d.ask(label, request, version, ShareAcknowledgeResponse, self.wire)
        if "share_session_epoch" not in how:
            self.epoch += 1
        return answer


def fill(d: Dialogue, name: str, batches: int, records: int = 10, partition: int = 0) -> None:
    for number in range(batches):
        values: list[bytes | None] = [b"%d-%d" % (number, at) for at in range(records)]
        d.wire.ask(produce(name, batch(values), partition=partition), 9, ProduceResponse)


def group_of(d: Dialogue, batches: int = 3, **configs: str) -> tuple[str, str, bytes]:
    """A group that reads a topic of so many batches of ten records from its beginning."""
    name, topic_id = d.create_topic("orders")
    group = d.name("shop")
    configure(d, group, **{"share_auto_offset_reset": "earliest", **configs})
    begin(d, group, topic_id)
    fill(d, name, batches)
    return group, name, topic_id


@scenario
def records_are_acquired_and_acknowledged_at_every_version(d: Dialogue) -> None:
    for version in (1, 2):
        group, _, topic_id = group_of(d) if version == 1 else group_again(d)
        member = Member(d, group, topic_id, f"m{version}")
        member.fetch_until_acquired(f"{version}: acquired")
        member.fetch(f"{version}: accepted on the way", acks=[(0, 9, [ACCEPT])], version=version)
        member.acknowledge(f"{version}: accepted alone", (10, 19, [ACCEPT]), version=version)
        member.acknowledge(f"{version}: each its own", (20, 23, [ACCEPT, RELEASE, REJECT, GAP]), version=version)
        member.fetch(f"{version}: what was released", acks=[(24, 29, [ACCEPT])], version=version)


def group_again(d: Dialogue) -> tuple[str, str, bytes]:
    name, topic_id = d.create_topic("payments")
    group = d.name("bank")
    configure(d, group, share_auto_offset_reset="earliest")
    begin(d, group, topic_id)
    fill(d, name, 3)
    return group, name, topic_id


@scenario
def sessions_are_begun_continued_and_ended(d: Dialogue) -> None:
    group, name, topic_id = group_of(d)
    member = Member(d, group, topic_id)
    member.fetch("none to go on with", share_session_epoch=1)
    member.fetch("none to end", share_session_epoch=-1)
    member.acknowledge("none to acknowledge in", (0, 9, [ACCEPT]), share_session_epoch=1)
    member.acknowledge("begun by an acknowledgement", (0, 9, [ACCEPT]), share_session_epoch=0)
    member.fetch("begun with acknowledgements", acks=[(0, 9, [ACCEPT])], share_session_epoch=0)
    member.fetch_until_acquired("begun")
    member.fetch("nothing new", [])
    member.fetch("an epoch too high", share_session_epoch=member.epoch + 1)
    member.fetch("an epoch too low", share_session_epoch=member.epoch - 1)
    member.fetch("a negative epoch", share_session_epoch=-2)
    member.acknowledge("an acknowledgement of another epoch", (0, 9, [ACCEPT]), share_session_epoch=member.epoch + 1)
    fill(d, name, 1)
    member.fetch("something new", [])
    member.fetch("forgotten", [], forgotten_topics_data=[share_fetch.ForgottenTopic(topic_id=topic_id, partitions=[0])])
    fill(d, name, 1)
    member.fetch("of nothing", [])
    member.fetch("named again", [0])
    member.fetch("ended with an acknowledgement", acks=[(0, 9, [ACCEPT])], share_session_epoch=-1)
    member.fetch("ended already", share_session_epoch=-1)
    Member(d, group, topic_id, "other").fetch_until_acquired("what the session had comes again")


@scenario
def requests_that_make_no_sense_are_refused(d: Dialogue) -> None:
    group, _, topic_id = group_of(d)
    member = Member(d, group, topic_id)
    senseless: dict[str, dict[str, Any]] = {
        "no group": {"group_id": None},
        "no member": {"member_id": None},
        "an empty member": {"member_id": ""},
        "a long member": {"member_id": "m" * 37},
        "renewal that asks for bytes": {"is_renew_ack": True, **NOTHING, "max_bytes": 1},
        "renewal that waits": {"is_renew_ack": True, **NOTHING, "max_wait_ms": 1},
    }
    for label, how in senseless.items():
        member.fetch(label, share_session_epoch=0, **how)
        if "member" in label or "group" in label:
            member.acknowledge(f"{label}: acknowledged", (0, 0, [ACCEPT]), **{"share_session_epoch": 1, **how})
    member.fetch_until_acquired("acquired")
    refused: dict[str, Acks] = {
        "types out of range": [(0, 9, [5])],
        "a negative type": [(0, 9, [-1])],
        "no types": [(0, 9, [])],
        "too few types": [(0, 9, [1, 1, 1])],
        "an end before the start": [(9, 0, [1])],
        "overlapping batches": [(0, 9, [1]), (5, 12, [1])],
        "batches out of order": [(10, 19, [1]), (0, 9, [1])],
        "renewed without saying so": [(0, 9, [RENEW])],
        "beyond what is in flight": [(25, 35, [1])],
        "far beyond": [(100, 110, [1])],
        "one bad batch of two": [(0, 9, [1]), (100, 110, [1])],
    }
    for label, acks in refused.items():
        member.acknowledge(label, *acks)
        member.fetch(f"{label}: on the way", acks=acks)
    for mode in (-1, 2):
        member.fetch(f"acquire mode {mode}", share_acquire_mode=mode)
    for name in ("max_bytes", "max_records", "min_bytes", "max_wait_ms"):
        negative: dict[str, Any] = {name: -1}
        member.fetch(f"negative {name}", **negative)
    twice = Member(d, group, topic_id, "twice")
    twice.fetch("a partition named twice", [0, 0])
    twice.fetch("and no session", [0, 0])
    member.acknowledge("renewed at version 1", (0, 9, [RENEW]), version=1)
    member.acknowledge("no batches")
    member.acknowledge("all is still there", (0, 29, [ACCEPT]))


@scenario
def topics_and_partitions_that_are_not_there(d: Dialogue) -> None:
    group, name, topic_id = group_of(d)
    unknown = Member(d, group, bytes([7]) * 16, "unknown")
    unknown.fetch("an unknown id")
    unknown.fetch("an unknown id again", [])
    unknown.acknowledge("an unknown id acknowledged", (0, 9, [ACCEPT]))
    member = Member(d, group, topic_id)
    member.fetch("an unknown partition", [5])
    member.acknowledge("an unknown partition acknowledged", (0, 9, [ACCEPT]), partition=5)
    _, other_id = d.create_topic("other")
    stranger = Member(d, group, other_id, "stranger")
    stranger.fetch("no state", max_wait_ms=2000)
    stranger.acknowledge("acknowledged without state", (0, 9, [ACCEPT]))
    member.fetch_until_acquired("acquired")
    d.wire.ask(DeleteTopicsRequest(topic_names=[name], timeout_ms=10_000), 1, DeleteTopicsResponse)

    keeper = Member(d, group, topic_id, "keeper")
    asked = MetadataRequest(topics=[MetadataRequestTopic(topic_id=topic_id, name=None)])

    def is_gone() -> bool:
        return d.wire.ask(asked, 12, MetadataResponse).topics[0].error_code != 0

    d.wait_for(is_gone, "the topic is gone")
    member.fetch("a deleted topic of a session", [])
    keeper.fetch("a deleted topic of no session")


@scenario
def members_have_records_for_themselves(d: Dialogue) -> None:
    group, name, topic_id = group_of(d)
    one, other = Member(d, group, topic_id, "one"), Member(d, group, topic_id, "other")
    one.fetch_until_acquired("the first batch", max_records=5)
    other.fetch_until_acquired("the next one", max_records=5)
    other.acknowledge("what another has", (0, 9, [ACCEPT]))
    other.acknowledge("part of what another has", (3, 4, [ACCEPT]))
    one.acknowledge("the middle released", (4, 6, [RELEASE]))
    other.fetch("what was released and what is new")
    one.acknowledge("what it has no more", (4, 6, [ACCEPT]))
    one.acknowledge("all of it", (0, 9, [ACCEPT]))
    one.acknowledge("what it has still", (0, 3, [ACCEPT]), (7, 9, [REJECT]))
    one.acknowledge("before the start", (0, 3, [ACCEPT]))
    one.acknowledge("around the start", (2, 6, [ACCEPT]))
    other.wire.close()
    fill(d, name, 1)

    def comes_again() -> bool:
        answer = one.wire.ask(one.fetch_request([]), 2, ShareFetchResponse)
        one.epoch += 1
        d_records.extend(
            (found.first_offset, found.last_offset, found.delivery_count)
            for topic in answer.responses
            for part in topic.partitions
            for found in part.acquired_records
        )
        return any(first == 10 for first, _, _ in d_records)

    d_records: list[tuple[int, int, int]] = []
    d.wait_for(comes_again, "a closed connection gives back what it had")
    d.note("what came again", sorted(d_records))


@scenario
def limits_of_records_bytes_and_batches(d: Dialogue) -> None:
    group, _, topic_id = group_of(d, 10)
    member = Member(d, group, topic_id)
    member.fetch_until_acquired("batches of fifteen at least", batch_size=15, max_records=45)
    member.fetch("one record", max_records=1)
    member.fetch("few bytes", max_bytes=1)
    member.fetch("no records", max_records=0)
    member.fetch("no bytes", max_bytes=0)
    strict: dict[str, Any] = {"share_acquire_mode": RECORD_LIMIT}
    member.fetch("strictly five", max_records=5, **strict)
    member.fetch("strictly twelve", max_records=12, **strict)
    member.fetch("strictly many", **strict)


@scenario
def what_comes_too_often_comes_in_portions_and_then_no_more(d: Dialogue) -> None:
    group, _, topic_id = group_of(d, 1)
    member = Member(d, group, topic_id)
    member.fetch_until_acquired("delivery 1")
    for delivery in range(2, 5):
        member.acknowledge(f"released before {delivery}", (0, 9, [RELEASE]))
        member.fetch(f"delivery {delivery}")
    member.acknowledge("released with portions", (0, 4, [RELEASE]))
    for at in range(6):
        member.fetch(f"portion {at}")
    member.acknowledge("the last one released", (0, 0, [RELEASE]))
    member.fetch("after the last one")


@scenario
def locks_are_renewed(d: Dialogue) -> None:
    group, _, topic_id = group_of(d)
    member = Member(d, group, topic_id)
    member.fetch_until_acquired("acquired")
    member.fetch("renewed", acks=[(0, 9, [RENEW])], is_renew_ack=True, **NOTHING)
    member.fetch("renewed and accepted", acks=[(10, 11, [ACCEPT, RENEW])], is_renew_ack=True, **NOTHING)
    member.acknowledge("renewed alone", (12, 14, [RENEW]), is_renew_ack=True)
    configure(d, group, share_renew_acknowledge_enable="false")
    member.acknowledge("renewal not allowed", (12, 14, [RENEW]), is_renew_ack=True)
    member.acknowledge("a whole renewal not allowed", (0, 9, [RENEW]), is_renew_ack=True)


@scenario
def records_that_the_log_has_deleted(d: Dialogue) -> None:
    group, name, topic_id = group_of(d)
    member = Member(d, group, topic_id)
    member.fetch_until_acquired("the first batch", max_records=5)
    partition = DeleteRecordsPartition(partition_index=0, offset=15)
    topic = DeleteRecordsTopic(name=name, partitions=[partition])
    d.wire.ask(DeleteRecordsRequest(topics=[topic], timeout_ms=10_000), 2, DeleteRecordsResponse)
    member.fetch("the log begins later")
    member.fetch("what is left")
    member.acknowledge("what was deleted", (0, 9, [ACCEPT]))


@scenario
def a_group_begins_where_its_settings_say(d: Dialogue) -> None:
    name, topic_id = d.create_topic("orders")
    fill(d, name, 2)
    for reset in ("latest", "earliest", "by_duration:PT1H"):
        group = d.name(reset.partition(":")[0])
        configure(d, group, share_auto_offset_reset=reset)
        begin(d, group, topic_id)
        member = Member(d, group, topic_id)
        member.fetch(f"{reset}: nothing or all", max_wait_ms=1000, min_bytes=1)
    group = d.name("told")
    begin(d, group, topic_id, start_offset=13)
    Member(d, group, topic_id).fetch_until_acquired("a stored offset")


@scenario
def what_was_aborted_is_given_to_no_committed_reader(d: Dialogue) -> None:
    group, name, topic_id = group_of(d, 1, share_isolation_level="read_committed")
    with transaction_version(d, 1):
        one = Transactor(d)
        one.init("init")
        one.add("add", name)
        one.produce("written", name, 0)
        member = Member(d, group, topic_id)
        member.fetch_until_acquired("before the transaction")
        member.fetch("amid it")
        one.end("abort", commit=False)
        one.await_end()
        fill(d, name, 1)
        member.fetch_until_acquired("after it", is_brief=True)
        one.add("add again", name)
        one.produce("written again", name, 1)
        one.end("commit", commit=True)
        one.await_end()
        member.fetch_until_acquired("what was committed", is_brief=True)
        member.acknowledge("accepted", (0, 9, [ACCEPT]))


@scenario
def fetches_wait_for_records(d: Dialogue) -> None:
    group, name, topic_id = group_of(d, 1)
    one, other = Member(d, group, topic_id, "one"), Member(d, group, topic_id, "other")
    one.fetch_until_acquired("all there is")
    other.fetch("nothing in time", max_wait_ms=300, min_bytes=1)
    other.wire.send(other.fetch_request([], max_wait_ms=20_000, min_bytes=1), 2)
    fill(d, name, 1)
    d.note("woken by records", other.wire.answer(ShareFetchRequest, 2, ShareFetchResponse))


@scenario
def offsets_are_moved_while_a_group_has_no_sessions(d: Dialogue) -> None:
    """As long as its connection is open a group goes on with what it knew, until it is refused."""
    group, name, topic_id = group_of(d, 1)
    member = Member(d, group, topic_id)
    member.fetch_until_acquired("acquired")
    member.acknowledge("accepted", (0, 9, [ACCEPT]))
    member.fetch("ended", [], share_session_epoch=-1)
    begin(d, group, topic_id, start_offset=4, state_epoch=1)
    member.epoch = 0
    member.fetch("begun again")
    fill(d, name, 1)
    member.fetch_until_acquired("what is new")
    member.acknowledge("refused", (10, 19, [ACCEPT]))
    member.fetch_until_acquired("from where it was moved to")
