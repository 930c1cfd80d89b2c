"""THE TABLE of attacks: one line each. What may be seen of any of them: the others are served meanwhile."""

import contextlib
import socket
import struct
import threading
from collections.abc import Sequence

from odradek.protocol.compression import Codec
from odradek.protocol.messages.add_partitions_to_txn import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    AddPartitionsToTxnTopic,
)
from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState
from odradek.protocol.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
)
from odradek.protocol.messages.end_txn import EndTxnRequest, EndTxnResponse
from odradek.protocol.messages.fetch import FetchResponse
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest
from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from odradek.protocol.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)
from odradek.protocol.messages.list_transactions import ListTransactionsRequest
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic
from odradek.protocol.messages.produce import ProduceResponse
from odradek.protocol.records import NewRecord, build_batch

from .attack import Attack, Attacker
from .attacks_on_access import SETTINGS as ACCESS
from .attacks_on_access import ask_for_what_is_denied, many_rules
from .attacks_on_consumer_groups import (
    large_topics,
    many_topics,
    match_many_patterns,
    mixed_topics,
    own_many_partitions,
    subscribe_to_many,
    subscribe_unlike,
)
from .attacks_on_groups import (
    commit_again_and_again,
    commit_many,
    describe_all_groups,
    join_with_much,
    leave_a_member_without_time,
    list_in_one_segment,
    many_groups,
    offsets_again_and_again,
    report_large_topologies,
)
from .attacks_on_logins import SETTINGS as LOGINS
from .attacks_on_logins import dawdle, guess, long_messages
from .attacks_on_partitions import (
    delete_all_records,
    describe_all_producers,
    ends_of_epochs,
    fetch_all,
    large_sessions,
    list_all_offsets,
    mark_all,
    produce_to_all,
    thousand,
    used_topic,
)
from .attacks_on_share_groups import begin_many_states, overlap, subscribe_to_nothing, topic_of_states
from .attacks_on_share_partitions import (
    acknowledge_one_by_one,
    fetch_all_shares,
    one_large_batch,
    share_partitions,
)
from .attacks_on_tls import SETTINGS as WITH_TLS
from .attacks_on_tls import begin_handshakes, come_and_go
from .requests import (
    TOPIC,
    bomb,
    create,
    create_many,
    create_topics,
    empty_gzip_members,
    fetch,
    produce,
    tags_in_body,
    tags_in_header,
)
from .seeds import LOGS, abort_one, cold_active_segment, cold_sealed_segment, crashed_logs

# How many connections an attack opens that holds many.
CONNECTIONS = 15


def find_many(attacker: Attacker) -> None:
    keys = [f"group-{n}" for n in range(attacker.size)]
    attacker.send(FindCoordinatorRequest(key_type=0, coordinator_keys=keys), 4)


def create_refused(attacker: Attacker) -> None:
    attacker.send(create_topics((f"new-{n}" for n in range(attacker.size)), 2), 7)


def create_all(attacker: Attacker) -> None:
    attacker.send(create_topics(f"new.{n}" for n in range(attacker.size)), 7)


def auto_create(attacker: Attacker) -> None:
    topics = [MetadataRequestTopic(name=f"auto.{n}") for n in range(attacker.size)]
    attacker.send(MetadataRequest(topics=topics, allow_auto_topic_creation=True), 12)


def all_topics(attacker: Attacker) -> None:
    attacker.send(MetadataRequest(topics=None), 12)


def delete_topics(attacker: Attacker) -> None:
    topics = [DeleteTopicState(name=f"many-{n}", topic_id=bytes(16)) for n in range(attacker.size)]
    attacker.send(DeleteTopicsRequest(topics=topics, timeout_ms=60_000), 6)


def delete_one(attacker: Attacker) -> None:
    topic = DeleteTopicState(name="attacked", topic_id=bytes(16))
    attacker.send(DeleteTopicsRequest(topics=[topic], timeout_ms=60_000), 6)


def describe_broker(attacker: Attacker) -> None:
    resource = DescribeConfigsResource(resource_type=4, resource_name="1", configuration_keys=None)
    attacker.send(DescribeConfigsRequest(resources=[resource] * attacker.size), 4)


def many_transactional_ids(attacker: Attacker) -> None:
    with attacker.connect() as wire:
        for n in range(attacker.size):
            request = InitProducerIdRequest(transactional_id="a" * 40 + str(n), transaction_timeout_ms=60_000)
            wire.ask(request, 4, InitProducerIdResponse)


def list_by_pattern(attacker: Attacker) -> None:
    request = ListTransactionsRequest(transactional_id_pattern="(a+)+b")
    for _ in range(10):
        attacker.send(request, 2)


def large_transactions(attacker: Attacker) -> None:
    """Ten transactions over so many partitions, begun and ended."""
    with attacker.connect() as wire:
        for _ in range(10):
            init = InitProducerIdRequest(transactional_id="large", transaction_timeout_ms=60_000)
            producer = wire.ask(init, 4, InitProducerIdResponse)
            wire.ask(
                AddPartitionsToTxnRequest(
                    v3_and_below_transactional_id="large",
                    v3_and_below_producer_id=producer.producer_id,
                    v3_and_below_producer_epoch=producer.producer_epoch,
                    v3_and_below_topics=[AddPartitionsToTxnTopic(name=TOPIC, partitions=range(attacker.size))],
                ),
                3,
                AddPartitionsToTxnResponse,
            )
            end = EndTxnRequest(
                transactional_id="large",
                producer_id=producer.producer_id,
                producer_epoch=producer.producer_epoch,
                committed=True,
            )
            wire.ask(end, 3, EndTxnResponse)


def many_tags_in_header(attacker: Attacker) -> None:
    attacker.send_frame(tags_in_header(attacker.size))


def many_tags_in_body(attacker: Attacker) -> None:
    attacker.send_frame(tags_in_body(attacker.size))


def compacted(attacker: Attacker) -> None:
    create(attacker, 1, cleanup_policy="compact")


def recompressing(attacker: Attacker) -> None:
    create(attacker, 1, **{"compression_type": "zstd", "compression_zstd_level": "22", "max_message_bytes": "20000000"})


def plain(attacker: Attacker) -> None:
    create(attacker, 1)


def gzip_bomb(attacker: Attacker) -> None:
    attacker.send(produce(1, bomb(Codec.GZIP, attacker.size)), 9)


def zstd_bomb(attacker: Attacker) -> None:
    attacker.send(produce(1, bomb(Codec.ZSTD, attacker.size)), 9)


def lying_bomb(attacker: Attacker) -> None:
    attacker.send(produce(1, bomb(Codec.ZSTD, attacker.size, declared=1)), 9)


def gzip_members(attacker: Attacker) -> None:
    attacker.send(produce(1, empty_gzip_members(attacker.size)), 9)


def unread_fetches(attacker: Attacker) -> None:
    """So many clients that ask for everything and read nothing."""
    held = [attacker.connect() for _ in range(attacker.size)]
    for wire in held:
        for _ in range(3):
            wire.send(fetch(1), 12)
    with contextlib.suppress(TimeoutError):
        held[0]._socket.settimeout(2)
        held[0]._socket.recv(1, socket.MSG_PEEK)
    _wait(1.0)
    for wire in held:
        wire.close()


def full_topic(attacker: Attacker) -> None:
    create(attacker, 1)
    big = build_batch([NewRecord(None, bytes(900_000), 0)])
    with attacker.connect() as wire:
        for _ in range(64):
            wire.ask(produce(1, big), 9, ProduceResponse)


def unfinished_frames(attacker: Attacker) -> None:
    """So many megabytes on each of fifteen connections, of a frame that never ends."""
    held = [attacker.connect() for _ in range(CONNECTIONS)]
    for wire in held:
        wire._socket.settimeout(0.1)
        with contextlib.suppress(TimeoutError, ConnectionError):
            wire.send_raw(struct.pack(">i", 99_000_000))
            for _ in range(attacker.size):
                wire.send_raw(bytes(1_000_000))
    for wire in held:
        wire.close()


def vanished(attacker: Attacker) -> None:
    """So many clients that send something behind a long poll, and go."""
    for _ in range(attacker.size):
        with attacker.connect() as wire:
            wire.send(fetch(1, max_wait_ms=1000), 12)
            wire.send(fetch(1), 12)
    _wait(2.5)


def _wait(seconds: float) -> None:
    """Let the broker do what it does by the clock: nothing here waits for less."""
    threading.Event().wait(seconds)


def fetch_committed(attacker: Attacker) -> None:
    answer = attacker.ask(fetch(1, isolation_level=1), 12, FetchResponse)
    assert answer is not None
    assert len(answer.responses[0].partitions[0].aborted_transactions or ()) == 1


def list_until_recovered(attacker: Attacker) -> None:
    """The end of each of eight logs, asked for as a client does: again while it is refused for now."""
    asked = [ListOffsetsPartition(partition_index=n, timestamp=-1) for n in range(LOGS)]
    request = ListOffsetsRequest(replica_id=-1, topics=[ListOffsetsTopic(name=TOPIC, partitions=asked)])
    with attacker.connect() as wire:
        while True:
            (topic,) = wire.ask(request, 7, ListOffsetsResponse).topics
            if all(found.error_code == 0 for found in topic.partitions):
                assert [found.offset for found in topic.partitions] == [attacker.size] * LOGS
                return
            _wait(0.1)


def leave_to_itself(attacker: Attacker) -> None:
    """Long enough for the broker to begin to recover what nobody has used."""
    _wait(2.0 + LOGS * attacker.size / 200_000)


ATTACKS: Sequence[Attack] = (
    Attack("ListGroups with a filter, many in one segment", list_in_one_segment, 50, 1000, many_groups),
    Attack("Fetch of many partitions never used", fetch_all, 1000, 10_000, thousand),
    Attack("Produce into many partitions never used", produce_to_all, 500, 2000, thousand),
    Attack("FindCoordinator of many keys", find_many, 50_000, 1_000_000),
    Attack("CreateTopics of many names, refused for their number", create_refused, 6000, 40_000),
    Attack("CreateTopics of many names, created", create_all, 500, 10_000),
    Attack("Metadata that creates many topics", auto_create, 500, 16_000),
    Attack("Metadata of many topics", all_topics, 2000, 10_000, lambda a: create_many(a, a.size)),
    Attack("DeleteTopics of many topics", delete_topics, 500, 8000, lambda a: create_many(a, a.size)),
    Attack("DeleteTopics of a used topic of many partitions", delete_one, 1000, 10_000, used_topic),
    Attack("DeleteRecords of many partitions", delete_all_records, 500, 5000, used_topic),
    Attack("OffsetFetch of one large group, again and again", offsets_again_and_again, 40, 800, commit_many),
    Attack("OffsetCommit of many partitions", commit_again_and_again, 1000, 14_000, lambda a: create(a, 1000)),
    Attack(
        "OffsetCommit of more partitions than a batch takes",
        commit_again_and_again,
        20_000,
        100_000,
        lambda a: create(a, 1000),
    ),
    Attack("JoinGroup with much metadata", join_with_much, 1_000_000, 50_000_000),
    Attack("StreamsGroupHeartbeat with a large topology", report_large_topologies, 300, 990, lambda a: create(a, 1)),
    Attack("DescribeGroups of many groups", describe_all_groups, 20, 500, many_groups),
    Attack("a static member that leaves itself no time", leave_a_member_without_time, 5, 500),
    Attack("a share group of many partitions", begin_many_states, 1000, 10_000, lambda a: create(a, a.size)),
    Attack("state batches that overlap", overlap, 8000, 40_000, topic_of_states),
    Attack("a share group that reads much that does not exist", subscribe_to_nothing, 10_000, 40_000),
    Attack("ShareFetch of many partitions", fetch_all_shares, 1000, 10_000, share_partitions),
    Attack("ShareAcknowledge of records one by one", acknowledge_one_by_one, 20_000, 400_000, one_large_batch),
    Attack("heartbeats with a large assignment", own_many_partitions, 2000, 20_000, large_topics),
    Attack("heartbeats that change a large subscription", subscribe_to_many, 500, 10_000, many_topics),
    Attack("a group of many members with unlike subscriptions", subscribe_unlike, 40, 500, mixed_topics),
    Attack("patterns over many topics", match_many_patterns, 500, 10_000, many_topics),
    Attack("ListOffsets of many partitions", list_all_offsets, 1000, 10_000, thousand),
    Attack("OffsetForLeaderEpoch of many partitions", ends_of_epochs, 1000, 10_000, thousand),
    Attack("DescribeProducers of many partitions", describe_all_producers, 1000, 10_000, thousand),
    Attack("WriteTxnMarkers to many partitions", mark_all, 1000, 10_000, thousand),
    Attack("ListTransactions with a pattern", list_by_pattern, 100, 5000, many_transactional_ids),
    Attack("EndTxn over many partitions", large_transactions, 100, 600, thousand),
    Attack("DescribeConfigs of the broker, again and again", describe_broker, 200, 4000),
    Attack("tagged fields in a header", many_tags_in_header, 1_000_000, 47_000_000),
    Attack("tagged fields in a body", many_tags_in_body, 1_000_000, 47_000_000),
    Attack("a gzip bomb for a compacted topic", gzip_bomb, 8_000_000, 80_000_000, compacted),
    Attack("a zstd bomb", zstd_bomb, 8_000_000, 400_000_000, plain),
    Attack("a zstd bomb whose header speaks of one record", lying_bomb, 8_000_000, 400_000_000, compacted),
    Attack("a zstd bomb that is to be recompressed at level 22", gzip_bomb, 2_000_000, 16_000_000, recompressing),
    Attack("many empty gzip members", gzip_members, 25_000, 250_000, compacted),
    Attack("clients that never read", unread_fetches, 10, 40, full_topic),
    Attack("frames that are never finished", unfinished_frames, 20, 98, plain),
    Attack("clients that send behind a long poll and go", vanished, 100, 3000, plain),
    Attack("TLS handshakes that are never finished", begin_handshakes, 300, 3000, settings=WITH_TLS),
    Attack("TLS clients that come and go", come_and_go, 300, 5000, settings=WITH_TLS),
    Attack("clients that dawdle before a login", dawdle, 100, 900, settings=LOGINS),
    Attack("clients that guess a password", guess, 100, 900, settings=LOGINS),
    Attack("denied requests with many names", ask_for_what_is_denied, 20_000, 120_000, many_rules, settings=ACCESS),
    Attack("long messages before a login", long_messages, 20, 200, settings=LOGINS),
    Attack("fetch sessions of many partitions", large_sessions, 20_000, 700_000),
    Attack(
        "a read_committed Fetch over a cold sealed segment of small batches",
        fetch_committed,
        100_000,
        1_500_000,
        seed=cold_sealed_segment,
        files=16,
    ),
    Attack(
        "the first abort in a cold segment of small batches",
        abort_one,
        100_000,
        1_500_000,
        seed=cold_active_segment,
        files=16,
    ),
    Attack("ListOffsets of logs that a crash left", list_until_recovered, 20_000, 900_000, seed=crashed_logs, files=64),
    Attack("logs that a crash left and nobody uses", leave_to_itself, 20_000, 900_000, seed=crashed_logs, files=64),
)
