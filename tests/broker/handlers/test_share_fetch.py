"""ShareFetch: sessions, what is acquired and acknowledged on the way, and fetches that wait."""

import pytest

from odradek.broker.coordination.share_state.requests import SharePartitionKey
from odradek.broker.testing.topics import delete_topics
from odradek.broker.topics.topics import Topic
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.batch import whole_batches
from odradek.protocol.errors import ErrorCode

from ..nodes.three_brokers import ThreeBrokers, port_of
from .broker_harness import AskedBroker, batch, offsets_in, served, set_quotas
from .share_member import (
    ACCEPT,
    REJECT,
    RELEASE,
    RENEW,
    ShareMember,
    acquired_of,
    begin_share_partitions,
    set_group_config,
    the_partition,
)

LOCK_S = 30.0


class Shop:
    """A broker with a topic that a group reads from its beginning."""

    def __init__(self, partitions: int = 1, **configs: str) -> None:
        self.broker = AskedBroker()
        self.topic: Topic = self.broker.create(partitions=partitions)
        set_group_config(self.broker, **{"share_auto_offset_reset": "earliest", **configs})
        begin_share_partitions(self.broker, self.topic)

    def produce(self, count: int = 10, index: int = 0) -> None:
        values = [b"v%d" % at for at in range(count)]
        self.broker.append(self.topic.partitions[index], batch(*values))

    def member(self, member: str = "m") -> ShareMember[AskedBroker]:
        return ShareMember(self.broker, self.topic, member)

    def pass_time(self, seconds: float) -> None:
        self.broker.clock.advance(seconds)
        self.broker.context.purgatory.complete_ready()


@pytest.mark.parametrize("version", served(ApiKey.SHARE_FETCH))
def test_records_are_acquired_as_the_batches_in_which_they_are_stored(version: int) -> None:
    shop = Shop()
    shop.produce()
    shop.produce()
    answer = shop.member().fetch(version=version).answer
    data = the_partition(answer)
    assert acquired_of(answer) == [(0, 19, 1)]
    assert offsets_in(data.records) == [0, 10]
    assert answer.acquisition_lock_timeout_ms == 30_000


def test_a_new_group_begins_at_the_end() -> None:
    shop = Shop(share_auto_offset_reset="latest")
    shop.produce()
    member = shop.member()
    assert member.acquire() == []
    shop.produce()
    assert member.acquire() == [(10, 19, 1)]


def test_a_group_may_begin_with_what_is_so_young() -> None:
    shop = Shop(share_auto_offset_reset="by_duration:PT1H")
    now_ms = shop.broker.clock.now_ms()
    shop.broker.append(shop.topic.partitions[0], batch(b"old", timestamp=now_ms - 7_200_000))
    shop.broker.append(shop.topic.partitions[0], batch(b"young", timestamp=now_ms - 1_000))
    assert shop.member().acquire() == [(1, 1, 1)]


def test_nothing_so_young_is_an_error_of_the_partition() -> None:
    shop = Shop(share_auto_offset_reset="by_duration:PT1H")
    assert the_partition(shop.member().fetch().answer).error_code == ErrorCode.OFFSET_NOT_AVAILABLE


def test_two_members_never_have_the_same_record() -> None:
    shop = Shop()
    for _ in range(4):
        shop.produce()
    one, other = shop.member("one"), shop.member("other")
    assert one.acquire(max_records=15) == [(0, 19, 1)]
    assert other.acquire(max_records=15) == [(20, 39, 1)]
    assert one.acquire() == []


def test_only_batches_with_acquired_records_are_sent() -> None:
    shop = Shop()
    for _ in range(5):
        shop.produce()
    member = shop.member()
    assert offsets_in(the_partition(member.fetch(max_records=25).answer).records) == [0, 10, 20]
    assert member.acquire(acks=[(10, 10, RELEASE)]) == [(10, 10, 2), (30, 49, 1)]


def test_a_batch_with_more_records_than_asked_for_is_sent_whole() -> None:
    shop = Shop()
    shop.produce(100)
    assert shop.member().acquire(max_records=5) == [(0, 99, 1)]


def test_with_a_strict_limit_the_batch_is_sent_and_not_all_of_it_acquired() -> None:
    shop = Shop()
    shop.produce(100)
    one, other = shop.member("one"), shop.member("other")
    assert one.acquire(max_records=5, mode=1) == [(0, 4, 1)]
    answer = other.fetch(max_records=5, mode=1).answer
    assert acquired_of(answer) == [(5, 9, 1)]
    assert offsets_in(the_partition(answer).records) == [0]


def test_byte_limits_are_divided_among_partitions_and_the_first_batch_comes_whatever_they_are() -> None:
    shop = Shop(partitions=2)
    for index in (0, 1):
        shop.produce(index=index)
    (topic,) = shop.member().fetch(0, 1, max_bytes=2).answer.responses
    assert [len(one.acquired_records) for one in topic.partitions] == [1, 0]


def test_acknowledgements_on_the_way_come_before_the_fetch() -> None:
    shop = Shop()
    shop.produce()
    member = shop.member()
    member.acquire()
    assert member.acquire(acks=[(0, 7, ACCEPT), (8, 9, RELEASE)]) == [(8, 9, 2)]
    assert member.acquire(acks=[(8, 9, REJECT)]) == []
    shop.broker.restart()
    assert ShareMember(shop.broker, shop.topic).acquire() == []


def test_acknowledgements_that_are_refused_keep_nobody_from_fetching() -> None:
    shop = Shop()
    shop.produce()
    member = shop.member()
    member.acquire(max_records=1)
    shop.produce()
    data = the_partition(member.fetch(acks=[(0, 9, ACCEPT), (50, 60, ACCEPT)]).answer)
    assert data.acknowledge_error_code == ErrorCode.INVALID_REQUEST
    assert [(one.first_offset, one.last_offset) for one in data.acquired_records] == [(10, 19)]
    assert acquired_of(member.fetch(acks=[(0, 9, ACCEPT)]).answer) == []


def test_locks_that_run_out_leave_the_records_to_others() -> None:
    shop = Shop()
    shop.produce()
    shop.member("one").acquire()
    other = shop.member("other")
    assert other.acquire() == []
    shop.pass_time(LOCK_S)
    assert other.acquire() == [(0, 9, 2)]


def test_locks_are_renewed_by_a_request_that_fetches_nothing() -> None:
    shop = Shop()
    shop.produce()
    member = shop.member()
    member.acquire()
    shop.pass_time(20)
    shop.produce()
    answer = member.fetch(acks=[(0, 9, RENEW)], is_renew=True, min_bytes=0, max_bytes=0, max_records=0).answer
    assert acquired_of(answer) == []
    shop.pass_time(LOCK_S - 1)
    assert shop.member("other").acquire() == [(10, 19, 1)]


def test_a_renewal_that_asks_for_records_is_refused() -> None:
    member = Shop().member()
    assert member.fetch(is_renew=True, min_bytes=0, max_records=0).answer.error_code == ErrorCode.INVALID_REQUEST


def test_what_comes_too_often_is_given_up() -> None:
    shop = Shop(share_delivery_count_limit="2")
    shop.produce(1)
    member = shop.member()
    assert member.acquire() == [(0, 0, 1)]
    assert member.acquire(acks=[(0, 0, RELEASE)]) == [(0, 0, 2)]
    assert member.acquire(acks=[(0, 0, RELEASE)]) == []


# Sessions


def test_a_session_counts_its_requests() -> None:
    shop = Shop()
    shop.produce()
    member = shop.member()
    member.fetch()
    assert member.fetch(epoch=3).answer.error_code == ErrorCode.INVALID_SHARE_SESSION_EPOCH
    assert member.fetch(epoch=1).answer.error_code == 0
    assert member.fetch(epoch=1).answer.error_code == ErrorCode.INVALID_SHARE_SESSION_EPOCH


def test_a_request_within_a_session_that_is_not_there_is_refused() -> None:
    member = Shop().member()
    for epoch in (1, -1):
        assert member.fetch(epoch=epoch).answer.error_code == ErrorCode.SHARE_SESSION_NOT_FOUND


def test_a_session_remembers_its_partitions_until_they_are_forgotten() -> None:
    shop = Shop(partitions=2)
    member = shop.member()
    member.fetch(0, 1)
    shop.produce(index=1)
    answer = member.fetch().answer
    assert [one.partition_index for one in answer.responses[0].partitions] == [1]
    member.fetch(forgotten=[1])
    shop.produce(index=1)
    assert member.fetch().answer.responses == []


def test_a_session_that_ends_gives_back_what_it_has_not_acknowledged() -> None:
    shop = Shop()
    shop.produce()
    member = shop.member()
    member.acquire()
    assert acquired_of(member.fetch(acks=[(0, 4, ACCEPT)], epoch=-1).answer) == []
    assert shop.member("other").acquire() == [(5, 9, 2)]
    assert member.fetch().answer.error_code == ErrorCode.SHARE_SESSION_NOT_FOUND


def test_a_connection_that_closes_gives_back_what_was_acquired_over_it() -> None:
    shop = Shop()
    shop.produce()
    member = shop.member()
    member.acquire()
    waiting = shop.member("other").fetch(max_wait_ms=500)
    assert waiting.is_deferred
    member.disconnect()
    assert acquired_of(waiting.answer) == [(0, 9, 2)]


def test_a_group_without_connections_is_read_anew_by_the_next_member() -> None:
    shop = Shop()
    shop.produce()
    member = shop.member()
    member.acquire()
    member.disconnect()
    assert len(shop.broker.context.share) == 0
    assert shop.member().acquire() == [(0, 9, 2)]


def test_a_session_begun_anew_keeps_what_its_member_has() -> None:
    shop = Shop()
    shop.produce()
    member = shop.member()
    member.acquire()
    member.epoch = 0
    assert member.acquire() == []
    assert member.acquire(acks=[(0, 9, ACCEPT)]) == []


def test_a_session_too_many_is_refused_when_the_wait_is_over() -> None:
    shop = Shop()
    shop.broker.context.config.group_share_max_share_sessions = 1
    shop.member("one").fetch()
    late = shop.member("late").fetch(max_wait_ms=500)
    assert late.is_deferred
    shop.pass_time(0.5)
    assert late.answer.error_code == ErrorCode.SHARE_SESSION_LIMIT_REACHED


@pytest.mark.parametrize(("group", "member"), [(None, "m"), ("g", None), ("g", ""), ("g", "m" * 37)])
def test_a_request_without_a_sensible_member_is_refused(group: str | None, member: str | None) -> None:
    asked = Shop().member()
    asked.group, asked.member = group, member  # type: ignore[assignment]
    assert asked.fetch().answer.error_code == ErrorCode.INVALID_REQUEST


def test_a_session_does_not_begin_with_acknowledgements() -> None:
    assert Shop().member().fetch(acks=[(0, 0, ACCEPT)]).answer.error_code == ErrorCode.INVALID_REQUEST


def test_a_group_of_which_nothing_is_stored_is_refused() -> None:
    shop = Shop()
    member = ShareMember(shop.broker, shop.topic, group="another")
    assert the_partition(member.fetch().answer).error_code == ErrorCode.UNKNOWN_SERVER_ERROR
    assert len(shop.broker.context.share) == 0


def test_an_unknown_way_to_acquire_fails_and_what_is_acknowledged_counts() -> None:
    shop = Shop()
    shop.produce()
    member = shop.member()
    member.acquire()
    answer = member.fetch(acks=[(0, 4, ACCEPT)], mode=7).answer
    assert answer.error_code == ErrorCode.UNKNOWN_SERVER_ERROR
    assert acquired_of(member.fetch(acks=[(5, 9, RELEASE)]).answer) == [(5, 9, 2)]


def test_a_session_does_not_begin_with_a_partition_named_twice() -> None:
    member = Shop().member()
    assert member.fetch(0, 0).answer.error_code == ErrorCode.UNKNOWN_SERVER_ERROR
    assert member.fetch().answer.error_code == ErrorCode.SHARE_SESSION_NOT_FOUND


def test_unknown_topics_and_partitions_are_errors_of_their_own() -> None:
    shop = Shop()
    member = shop.member()
    data = the_partition(member.fetch(topic_id=b"\1" * 16).answer)
    assert data.error_code == ErrorCode.UNKNOWN_TOPIC_ID
    other = shop.member("other")
    assert the_partition(other.fetch(7).answer).error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def test_without_the_feature_there_are_no_share_groups() -> None:
    shop = Shop()
    shop.broker.context.metadata.image.features["share.version"] = 0
    assert shop.member().fetch().answer.error_code == ErrorCode.UNSUPPORTED_VERSION


# Waiting


def test_a_fetch_waits_for_records() -> None:
    shop = Shop()
    member = shop.member()
    waiting = member.fetch(max_wait_ms=500)
    assert waiting.is_deferred
    shop.produce()
    assert acquired_of(waiting.answer) == [(0, 9, 1)]


def test_a_fetch_waits_for_as_many_bytes_as_it_asks_for() -> None:
    shop = Shop()
    waiting = shop.member().fetch(max_wait_ms=500, min_bytes=300)
    shop.produce()
    assert waiting.is_deferred
    shop.produce(20)
    assert acquired_of(waiting.answer) == [(0, 29, 1)]


def test_a_fetch_that_waits_long_enough_brings_what_there_is() -> None:
    shop = Shop()
    waiting = shop.member().fetch(max_wait_ms=500, min_bytes=10_000)
    shop.produce()
    shop.pass_time(0.5)
    assert acquired_of(waiting.answer) == [(0, 9, 1)]


@pytest.mark.parametrize("kind", [RELEASE, ACCEPT])
def test_a_fetch_is_woken_by_what_others_acknowledge_if_there_is_something_for_it(kind: int) -> None:
    shop = Shop()
    shop.produce()
    one = shop.member("one")
    one.acquire()
    waiting = shop.member("other").fetch(max_wait_ms=500)
    one.acknowledge((0, 9, kind))
    assert waiting.is_deferred == (kind == ACCEPT)


def test_a_fetch_is_woken_by_locks_that_run_out() -> None:
    shop = Shop()
    shop.produce()
    shop.member("one").acquire()
    waiting = shop.member("other").fetch(max_wait_ms=60_000)
    shop.pass_time(LOCK_S)
    assert acquired_of(waiting.answer) == [(0, 9, 2)]


def test_of_two_that_wait_the_first_has_the_records() -> None:
    shop = Shop()
    first, second = (shop.member(name).fetch(max_wait_ms=500) for name in ("first", "second"))
    shop.produce()
    assert acquired_of(first.answer) == [(0, 9, 1)]
    assert second.is_deferred


def test_a_fetch_that_waits_for_a_deleted_topic_ends_with_nothing() -> None:
    shop = Shop()
    waiting = shop.member().fetch(max_wait_ms=500)
    delete_topics(shop.broker.topics, [shop.topic])
    shop.pass_time(0.5)
    assert waiting.answer.responses == []
    assert len(shop.broker.context.share) == 0


def test_a_client_that_goes_while_it_waits_acquires_nothing() -> None:
    shop = Shop()
    member = shop.member()
    waiting = member.fetch(max_wait_ms=500)
    member.disconnect()
    shop.produce()
    assert waiting.is_deferred
    assert shop.member("other").acquire() == [(0, 9, 1)]


def test_an_idle_group_sets_no_timer_of_its_own() -> None:
    shop = Shop()
    shop.produce()
    member = shop.member()
    member.acquire()
    member.acquire(acks=[(0, 9, ACCEPT)])
    shop.pass_time(LOCK_S)
    assert shop.broker.context.share.next_deadline() is None


# The log


def test_records_deleted_from_the_log_are_skipped() -> None:
    shop = Shop()
    for _ in range(3):
        shop.produce()
    member = shop.member()
    assert member.acquire(max_records=5) == [(0, 9, 1)]
    shop.topic.partitions[0].log.delete_records_before(25)
    assert member.acquire() == []
    assert member.acquire() == [(25, 29, 1)]


def test_committed_readers_are_not_given_what_was_aborted() -> None:
    shop = Shop(share_isolation_level="read_committed")
    partition = shop.topic.partitions[0]
    shop.produce(2)
    shop.broker.append(partition, batch(b"a", b"b", pid=7, is_transactional=True))
    shop.produce(2)
    member = shop.member()
    assert member.acquire() == [(0, 1, 1)]
    shop.broker.end_transaction(partition, 7, is_commit=False)
    shop.produce(2)
    answer = member.fetch().answer
    assert acquired_of(answer) == [(4, 8, 1)]
    member.acquire(acks=[(0, 1, ACCEPT), (4, 8, ACCEPT)])
    opened = shop.broker.context.share.find(SharePartitionKey("g", shop.topic.topic_id, 0))
    assert opened is not None
    assert opened.in_flight.start_offset == 9


def test_a_group_whose_records_were_all_aborted_is_not_full_of_them() -> None:
    shop = Shop(share_isolation_level="read_committed", share_partition_max_record_locks="100")
    partition = shop.topic.partitions[0]
    shop.broker.append(partition, batch(*[b"a"] * 100, pid=7, is_transactional=True))
    shop.broker.end_transaction(partition, 7, is_commit=False)
    shop.produce(5)
    member = shop.member()
    assert member.acquire() == []
    assert member.acquire() == [(100, 105, 1)]


def test_compressed_batches_are_sent_as_they_are() -> None:
    shop = Shop()
    stored = batch(*[b"value"] * 50, codec=1)
    shop.broker.append(shop.topic.partitions[0], stored)
    data = the_partition(shop.member().fetch().answer)
    (found,) = whole_batches(data.records)
    assert bytes(found.records) == stored[61:]


def test_a_quota_that_is_used_up_acquires_nothing() -> None:
    shop = Shop()
    shop.produce(100)
    set_quotas(shop.broker, consumer_byte_rate=10.0)
    member = shop.member()
    assert member.acquire() == [(0, 99, 1)]
    shop.produce()
    answer = member.fetch(acks=[(0, 99, ACCEPT)]).answer
    assert answer.throttle_time_ms > 0
    assert acquired_of(answer) == []
    shop.pass_time(1000)
    assert member.acquire() == [(100, 109, 1)]


@pytest.mark.parametrize("at", [2, 3])
def test_a_broker_that_does_not_lead_acquires_nothing_and_says_who_does(at: int) -> None:
    brokers = ThreeBrokers()
    topic = brokers.create("t", [1, 2])
    answer = ShareMember(brokers[at], topic).fetch(max_wait_ms=60_000).answer
    data = the_partition(answer)
    assert (data.error_code, data.records, data.acquired_records) == (ErrorCode.NOT_LEADER_OR_FOLLOWER, b"", [])
    assert (data.current_leader.leader_id, data.current_leader.leader_epoch) == (1, 0)
    assert [(one.node_id, one.port, one.rack) for one in answer.node_endpoints] == [(1, port_of(1), "a")]
