"""Streams groups as a kind: leaving, timers, endpoints, shutdowns, replay, and the neighbours of other kinds."""

import pytest

from odradek.broker.coordination.groups.streams.heartbeat_request import StreamsHeartbeatResult
from odradek.broker.coordination.groups.streams.status import Status, StatusCode
from odradek.broker.coordination.groups.streams.topology import ReportedTopology
from odradek.protocol.errors import ErrorCode, KafkaError

from .streams_driver import PLAIN, StreamsDriver, Topics, active, config, reported, subtopology


@pytest.fixture
def groups() -> StreamsDriver:
    return StreamsDriver()


def refusal(result: StreamsHeartbeatResult) -> tuple[ErrorCode, str | None]:
    return result.error, result.message


def test_who_leaves_is_gone_and_its_tasks_are_free(groups: StreamsDriver) -> None:
    groups.beat("a")
    groups.beat("b")
    left = groups.beat("a", -1)
    assert (left.error, left.member_id, left.epoch, left.heartbeat_interval_ms) == (ErrorCode.NONE, "a", -1, 0)
    assert groups.kinds_logged()[-4:] == [22, 21, 19, 17]
    assert active(groups.beat("b", 3)) == {"0": [0, 1, 2, 3]}
    groups.beat("b", -1)
    assert groups.streams_group.state_name == "Empty"
    assert refusal(groups.beat("b", -1))[0] is ErrorCode.UNKNOWN_MEMBER_ID
    assert refusal(groups.beat("b", -1, group_id="h")) == (ErrorCode.GROUP_ID_NOT_FOUND, "Group h not found.")


def test_who_is_silent_for_a_session_is_put_out(groups: StreamsDriver) -> None:
    groups.beat("a")
    groups.sleep(44)
    groups.beat("a", 2)
    groups.sleep(44)
    assert "a" in groups.streams_group.members
    groups.sleep(1)
    assert groups.streams_group.members == {}


def test_who_does_not_give_up_in_time_is_put_out(groups: StreamsDriver) -> None:
    groups.beat("a", rebalance_timeout_ms=5000)
    groups.beat("b")
    groups.beat("a", 2)
    groups.sleep(4.9)
    groups.beat("a", 2)
    groups.sleep(0.2)
    assert list(groups.streams_group.members) == ["b"]


def test_who_gives_up_in_time_stays(groups: StreamsDriver) -> None:
    groups.beat("a", rebalance_timeout_ms=5000)
    groups.beat("b")
    groups.beat("a", 2)
    groups.beat("a", 2, owned={"0": [0, 1]})
    groups.sleep(6)
    assert list(groups.streams_group.members) == ["a", "b"]


def test_after_a_restart_sessions_and_revocations_begin_anew(groups: StreamsDriver) -> None:
    groups.beat("a", rebalance_timeout_ms=5000)
    groups.beat("b")
    groups.beat("a", 2)
    again = groups.restarted()
    again.sleep(4.9)
    assert list(again.streams_group.members) == ["a", "b"]
    again.sleep(0.2)
    assert list(again.streams_group.members) == ["b"]
    again.sleep(40)
    assert again.streams_group.members == {}


def test_a_group_may_be_full_also_for_who_begins_anew() -> None:
    groups = StreamsDriver(config(max_size=1))
    groups.beat("a")
    full = (ErrorCode.GROUP_MAX_SIZE_REACHED, "The streams group has reached its maximum capacity of 1 members.")
    assert [refusal(groups.beat(name)) for name in "ab"] == [full, full]
    assert groups.beat("a", 2).error is ErrorCode.NONE


def test_endpoints_are_told_until_their_epoch_is_known(groups: StreamsDriver) -> None:
    first = groups.beat("a", user_endpoint=("a", 1))
    # Of a group that is new nothing but its records is kept.
    assert (first.endpoint_epoch, first.endpoints) == (0, [("a", 1, [("t", [0, 1, 2, 3])], [])])
    assert groups.beat("a", 2).endpoints is None
    again = groups.beat("a", user_endpoint=("a", 1))
    assert (again.endpoint_epoch, again.endpoints) == (1, first.endpoints)
    assert groups.beat("a", 2, endpoint_epoch=1).endpoints is None
    other = groups.beat("b", endpoint_epoch=1)  # which has none
    assert (other.endpoint_epoch, other.endpoints) == (1, None)
    groups.beat("a", 2, endpoint_epoch=1)
    told = groups.beat("b", 3, endpoint_epoch=1)
    assert (told.endpoint_epoch, told.endpoints) == (2, [("a", 1, [("t", [0, 1])], [])])


def test_the_end_of_an_application_is_told_to_all_until_the_group_is_empty(groups: StreamsDriver) -> None:
    groups.beat("a")
    groups.beat("b", shuts_down=True)
    words = "Streams group member b encountered a fatal error and requested a shutdown for the entire application."
    assert groups.beat("a", 2, shuts_down=True).status == [Status(StatusCode.SHUTDOWN_APPLICATION, words)]
    for name in "ab":
        groups.beat(name, -1)
    assert groups.beat("a").status == []


def test_who_leaves_may_ask_for_the_end(groups: StreamsDriver) -> None:
    groups.beat("a")
    groups.beat("b")
    groups.beat("b", -1, shuts_down=True)
    assert [one.code for one in groups.beat("a", 2).status] == [StatusCode.SHUTDOWN_APPLICATION]


def test_nothing_is_changed_where_the_log_refuses(groups: StreamsDriver) -> None:
    groups.beat("a")
    before = groups.streams_group.members, groups.streams_group.epoch
    groups.log.refusal = KafkaError(ErrorCode.NOT_COORDINATOR)
    assert groups.beat("b").error is ErrorCode.NOT_COORDINATOR
    assert (groups.streams_group.members, groups.streams_group.epoch) == before
    groups.log.refusal = None
    assert groups.beat("b").epoch == 3


def test_an_empty_classic_group_becomes_a_streams_group_and_any_other_does_not(groups: StreamsDriver) -> None:
    groups.leave(groups.stable_group()[0])
    assert groups.beat("a").epoch == 2
    assert groups.streams_group.members.keys() == {"a"}
    groups.stable_group(group_id="h")
    not_one = (ErrorCode.GROUP_ID_NOT_FOUND, "Group h is not a streams group.")
    assert [refusal(groups.beat("a", epoch, group_id="h")) for epoch in (0, 2, -1)] == [not_one] * 3


def test_a_group_that_only_keeps_offsets_becomes_a_streams_group_and_keeps_them(groups: StreamsDriver) -> None:
    groups.commit(offset=7)
    groups.beat("a")
    assert (groups.committed(), groups.streams_group.state_name) == (7, "Stable")


def test_an_empty_streams_group_becomes_a_classic_group_and_one_with_members_does_not(groups: StreamsDriver) -> None:
    groups.beat("a")
    assert groups.join_fresh().answer.error is ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    groups.beat("a", -1)
    assert groups.join_fresh().answer.error is ErrorCode.NONE
    assert groups.group().group_id == "g"
    assert groups.kinds_logged()[-4:-1] == [20, 17, 23]


def test_a_deleted_group_leaves_nothing_and_no_timer(groups: StreamsDriver) -> None:
    groups.beat("a")
    assert groups.delete_group().answer is ErrorCode.NON_EMPTY_GROUP
    groups.beat("a", -1)
    assert groups.delete_group().answer is ErrorCode.NONE
    assert groups.known_group() is None
    assert groups.restarted().known_group() is None
    turns = groups.clock.turns
    groups.sleep(100)
    assert groups.clock.turns == turns


@pytest.mark.parametrize(
    "topology", [PLAIN, reported(subtopology("0", ["t"], changelogs=["c"]), subtopology("1", ["u"]), epoch=2)]
)
def test_replay_makes_the_same_group(topology: ReportedTopology) -> None:
    groups = StreamsDriver(config(num_standby_replicas=1), Topics(t=2, u=1, c=2))
    for name in "abc":
        groups.beat(name, topology=topology, user_endpoint=(name, 1), client_tags=(("k", name),))
    groups.beat("a", 2)
    groups.beat("c", -1)
    live, again = groups.streams_group, groups.restarted().streams_group
    assert (again.members, again.target, again.topology) == (live.members, live.target, live.topology)
    assert (again.epoch, again.assignment_epoch, again.metadata_hash) == (
        live.epoch,
        live.assignment_epoch,
        live.metadata_hash,
    )
    assert (again.state_name, again.validated_topology_epoch) == (live.state_name, live.validated_topology_epoch)
    assert again.assignment_configs == live.assignment_configs == {"num.standby.replicas": "1"}
