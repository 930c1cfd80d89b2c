"""What heartbeats change: epochs, targets, tasks; the words are those that Apache Kafka answers."""

from typing import Any

import pytest

from odradek.broker.coordination.groups.streams.heartbeat_request import StreamsHeartbeatResult
from odradek.broker.coordination.groups.streams.status import StatusCode
from odradek.broker.coordination.groups.streams.topology import InternalTopic
from odradek.protocol.errors import ErrorCode

from .streams_driver import StreamsDriver, Topics, active, config, reported, standby, subtopology

STATEFUL = reported(subtopology("0", ["t"], changelogs=["c"]))


@pytest.fixture
def groups() -> StreamsDriver:
    return StreamsDriver()


def refusal(result: StreamsHeartbeatResult) -> tuple[ErrorCode, str | None]:
    return result.error, result.message


def codes(result: StreamsHeartbeatResult) -> list[StatusCode]:
    return [one.code for one in result.status]


def test_the_first_member_has_all_tasks_at_once(groups: StreamsDriver) -> None:
    joined = groups.beat("a")
    assert (joined.error, joined.epoch, joined.heartbeat_interval_ms) == (ErrorCode.NONE, 2, 5000)
    assert (active(joined), standby(joined), joined.status) == ({"0": [0, 1, 2, 3]}, {}, [])
    assert groups.beat("a", 2).tasks is None
    assert groups.kinds_logged() == [19, 23, 17, 21, 20, 22]


def test_a_heartbeat_that_changes_nothing_logs_nothing(groups: StreamsDriver) -> None:
    groups.beat("a")
    logged = len(groups.kinds_logged())
    groups.beat("a", 2, owned={"0": [0, 1, 2, 3]}, process_id="p-a", rack_id=None)
    assert len(groups.kinds_logged()) == logged


def test_whatever_a_member_reports_anew_raises_the_epoch(groups: StreamsDriver) -> None:
    groups.beat("a")
    epoch = 2
    changes: list[dict[str, Any]] = [
        {"rack_id": "r"},
        {"process_id": "q"},
        {"rebalance_timeout_ms": 1},
        {"user_endpoint": ("h", 1)},
        {"client_tags": (("b", "1"), ("a", "2"))},
    ]
    for change in changes:
        epoch += 1
        assert groups.beat("a", epoch - 1, **change).epoch == epoch, change
    assert groups.beat("a", epoch, client_tags=(("a", "2"), ("b", "1"))).epoch == epoch


def test_tasks_move_by_revocation_and_then_by_assignment(groups: StreamsDriver) -> None:
    groups.beat("a")
    waiting = groups.beat("b")
    assert (waiting.epoch, active(waiting)) == (3, {})
    asked = groups.beat("a", 2)
    assert (asked.epoch, active(asked)) == (2, {"0": [0, 1]})
    assert groups.beat("b", 3).tasks is None
    assert groups.beat("a", 2, owned={"0": [0, 1, 2, 3]}).epoch == 2
    assert groups.beat("a", 2, owned={"0": [0, 1]}).epoch == 3
    assert active(groups.beat("b", 3)) == {"0": [2, 3]}
    assert groups.streams_group.state_name == "Stable"


def test_a_member_whose_answer_was_lost_may_come_with_its_last_epoch(groups: StreamsDriver) -> None:
    groups.beat("a")
    groups.beat("b")
    groups.beat("a", 2)
    groups.beat("a", 2, owned={"0": [0, 1]})
    assert groups.beat("a", 2, owned={"0": [0]}).epoch == 3
    smaller = (
        "The streams group member has a smaller member epoch (2) than the one known by the group coordinator (3). "
        "The member must abandon all its partitions and rejoin."
    )
    for owned in ({"0": [2]}, None):
        assert refusal(groups.beat("a", 2, owned=owned)) == (ErrorCode.FENCED_MEMBER_EPOCH, smaller)
    assert groups.beat("a", 4).error is ErrorCode.FENCED_MEMBER_EPOCH


def test_strangers_are_refused(groups: StreamsDriver) -> None:
    assert refusal(groups.beat("a", 1)) == (ErrorCode.GROUP_ID_NOT_FOUND, "Streams group g not found.")
    groups.beat("a")
    assert refusal(groups.beat("b", 1)) == (ErrorCode.UNKNOWN_MEMBER_ID, "Member b is not a member of group g.")


def test_the_topology_is_that_of_the_first_and_a_later_one_is_refused(groups: StreamsDriver) -> None:
    groups.beat("a", topology=reported(subtopology("0", ["t"]), epoch=3))
    why = (ErrorCode.INVALID_REQUEST, "Topology updates are not supported yet.")
    assert refusal(groups.beat("b", topology=reported(subtopology("0", ["u"]), epoch=3))) == why
    assert refusal(groups.beat("b", topology=reported(subtopology("0", ["t"]), epoch=4))) == why
    behind = groups.beat("b", topology=reported(subtopology("0", ["u"]), epoch=2))
    assert (behind.epoch, codes(behind)) == (3, [StatusCode.STALE_TOPOLOGY])
    assert behind.status[0].detail == "The member's topology epoch 2 is behind the group's topology epoch 3."


def test_tasks_that_cannot_be_are_refused(groups: StreamsDriver) -> None:
    groups.beat("a")
    for owned, why in (
        ({"1": [0]}, "Subtopology 1 does not exist in the topology."),
        ({"0": [4]}, "Task 4 for subtopology 0 is invalid. Number of tasks for this subtopology: 4"),
        ({"0": [-1]}, "Task -1 for subtopology 0 is invalid. Number of tasks for this subtopology: 4"),
    ):
        assert refusal(groups.beat("a", 2, owned=owned)) == (ErrorCode.INVALID_REQUEST, why)


def test_what_is_no_topology_is_a_fault_without_a_name_and_leaves_no_group(groups: StreamsDriver) -> None:
    wrong = reported(subtopology("0", ["t"]), subtopology("0", ["t"]))
    assert refusal(groups.beat("a", topology=wrong)) == (ErrorCode.UNKNOWN_SERVER_ERROR, None)
    twice = (("a", "1"), ("a", "2"))
    assert refusal(groups.beat("a", client_tags=twice)) == (ErrorCode.UNKNOWN_SERVER_ERROR, None)
    assert groups.known_group() is None


def test_while_a_source_is_missing_nobody_has_tasks(groups: StreamsDriver) -> None:
    waiting = groups.beat("a", topology=reported(subtopology("0", ["u"])))
    assert (waiting.epoch, active(waiting), codes(waiting)) == (2, {}, [StatusCode.MISSING_SOURCE_TOPICS])
    assert groups.streams_group.state_name == "NotReady"
    groups.set_topic("u", 2)
    ready = groups.beat("a", 2)
    assert (ready.epoch, active(ready), ready.status) == (3, {"0": [0, 1]}, [])


def test_internal_topics_that_are_missing_are_named_until_they_are_there(groups: StreamsDriver) -> None:
    for result in (groups.beat("a", topology=STATEFUL), groups.beat("a", 2)):
        assert (codes(result), result.missing) == (
            [StatusCode.MISSING_INTERNAL_TOPICS],
            {"c": InternalTopic("c", 4)},
        )
    groups.set_topic("c", 4)
    ready = groups.beat("a", 2)
    assert (active(ready), ready.missing) == ({"0": [0, 1, 2, 3]}, {})


def test_a_topic_that_goes_takes_all_tasks_with_it_and_one_that_grows_adds_some(groups: StreamsDriver) -> None:
    groups.beat("a")
    groups.set_topic("t", 5)
    assert active(groups.beat("a", 2)) == {"0": [0, 1, 2, 3, 4]}
    groups.set_topic("t", 0)
    gone = groups.beat("a", 3)
    assert (active(gone), codes(gone)) == ({}, [StatusCode.MISSING_SOURCE_TOPICS])


def test_a_topic_of_others_is_not_looked_at(groups: StreamsDriver) -> None:
    groups.beat("a")
    groups.beat("a", 2)
    groups.set_topic("other", 1)
    assert not groups.streams_group.needs_refresh


def test_standbys_are_given_as_the_settings_say_and_when_they_change() -> None:
    groups = StreamsDriver(config(num_standby_replicas=1), Topics(t=2, c=2))
    groups.beat("a", topology=STATEFUL)
    groups.beat("b", topology=STATEFUL)
    groups.beat("a", 2)
    # A task that a process has is free for it in another role once that is in the log.
    told = [groups.beat("a", 2, owned={"0": [0]}), groups.beat("a", 3), groups.beat("b", 3)]
    assert [active(one) for one in told] == [None, {"0": [0]}, {"0": [1]}]
    assert [standby(one) for one in told] == [None, {"0": [1]}, {"0": [0]}]
    groups.config = config()
    other = groups.restarted()
    assert standby(other.beat("a", 3)) == {}
    assert other.streams_group.epoch == 4


def test_targets_are_not_made_too_often() -> None:
    groups = StreamsDriver(config(assignment_interval_ms=1000))
    groups.beat("a")
    later = groups.beat("b")
    assert (later.epoch, codes(later)) == (2, [StatusCode.ASSIGNMENT_DELAYED])
    assert later.status[0].detail == "Assignment delayed due to the configured assignment interval."
    assert groups.streams_group.state_name == "Assigning"
    groups.sleep(1)
    assert groups.beat("b", 2).epoch == 3


def test_a_new_group_waits_for_its_members() -> None:
    groups = StreamsDriver(config(initial_rebalance_delay_ms=3000))
    first = groups.beat("a")
    assert (first.epoch, active(first), codes(first)) == (1, {}, [StatusCode.ASSIGNMENT_DELAYED])
    assert first.status[0].detail == "Assignment delayed due to the configured initial rebalance delay."
    groups.beat("b")
    groups.beat("a", 1)
    groups.sleep(3)
    assert groups.streams_group.assignment_epoch == 3  # two members that have come one after the other
    assert [active(groups.beat(name, 1)) for name in "ab"] == [{"0": [1, 3]}, {"0": [0, 2]}]


def test_the_wait_is_over_though_nobody_has_looked_at_the_topics_since() -> None:
    groups = StreamsDriver(config(initial_rebalance_delay_ms=3000))
    groups.beat("a")
    groups.sleep(3)
    assert groups.streams_group.assignment_epoch == 1
    assert active(groups.beat("a", 1)) == {"0": [0, 1, 2, 3]}
