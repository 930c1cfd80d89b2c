from dataclasses import replace
from typing import Any

import pytest

from odradek.broker.coordination.groups.streams.heartbeat_request import StreamsHeartbeatRequest, check_request
from odradek.broker.coordination.groups.streams.tasks import Tasks
from odradek.broker.coordination.groups.streams.topology import InternalTopic
from odradek.protocol.errors import ErrorCode, KafkaError

from .streams_driver import PLAIN, reported, subtopology

ONE = {"0": frozenset({0})}
JOIN = StreamsHeartbeatRequest(
    "g", "m", 0, "c", "/h", rebalance_timeout_ms=1, topology=PLAIN, active={}, standby={}, warmup={}
)
STAY = StreamsHeartbeatRequest("g", "m", 5, "c", "/h")
ALL_OR_NONE = "If one task-type is non-null, all must be non-null."


def why_not(request: StreamsHeartbeatRequest, **how: Any) -> str:
    with pytest.raises(KafkaError) as refused:
        check_request(replace(request, **how))
    assert refused.value.code is ErrorCode.INVALID_REQUEST
    return refused.value.message


def test_a_join_a_heartbeat_and_a_leave_are_taken() -> None:
    for request in (JOIN, STAY, replace(STAY, epoch=-1), replace(STAY, active=ONE, standby={}, warmup={})):
        check_request(request)


def test_tasks_are_reported_in_all_roles_or_none() -> None:
    assert STAY.owned is None
    assert replace(STAY, active=ONE).owned is None
    assert replace(STAY, active=ONE, standby={}, warmup={}).owned == Tasks(ONE)
    for role in ("active", "standby"):
        assert why_not(STAY, **{role: ONE}) == ALL_OR_NONE
    assert why_not(STAY, warmup={}) == ALL_OR_NONE


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"instance_id": ""}, "Static membership is not yet supported."),
        ({"has_task_offsets": True}, "TaskOffsets are not supported yet."),
        ({"has_task_end_offsets": True}, "TaskEndOffsets are not supported yet."),
        ({"warmup": ONE}, "WarmupTasks are not supported yet."),
        ({"member_id": " ", "group_id": ""}, "MemberId can't be empty."),
        ({"group_id": " "}, "GroupId can't be empty."),
        ({"rack_id": ""}, "RackId can't be empty."),
    ],
)
def test_what_no_request_may_have_is_refused_in_kafkas_order(how: dict[str, Any], why: str) -> None:
    assert why_not(JOIN, **how) == why
    assert why_not(STAY, **how) == why


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"rebalance_timeout_ms": -1, "active": ONE}, "RebalanceTimeoutMs must be provided in first request."),
        ({"active": ONE}, "ActiveTasks must be empty when (re-)joining."),
        ({"active": None}, "ActiveTasks must be empty when (re-)joining."),
        ({"standby": ONE}, "StandbyTasks must be empty when (re-)joining."),
        ({"warmup": None}, "WarmupTasks must be empty when (re-)joining."),
        ({"topology": None}, "Topology must be non-null when (re-)joining."),
        (
            {"topology": reported(subtopology("0", regexes=["x"]))},
            "Regular expressions for source topics are not supported yet.",
        ),
    ],
)
def test_what_a_join_must_have_and_may_not(how: dict[str, Any], why: str) -> None:
    assert why_not(JOIN, **how) == why


def test_a_changelog_has_no_number_of_its_own() -> None:
    wrong = reported(subtopology("0", ["t"], changelogs=[InternalTopic("c", 3)]))
    with pytest.raises(KafkaError) as refused:
        check_request(replace(JOIN, topology=wrong))
    assert refused.value.code is ErrorCode.STREAMS_INVALID_TOPOLOGY
    why = "Changelog topic c must have an undefined partition count, but it is set to 3."
    assert refused.value.message == why


def test_later_heartbeats_bring_no_topology_and_have_an_epoch_that_can_be() -> None:
    assert why_not(STAY, topology=PLAIN) == "Topology can only be provided when (re-)joining."
    assert why_not(STAY, epoch=-2) == "InstanceId can't be null."
    assert why_not(STAY, epoch=-3) == "MemberEpoch is -3, but must be greater than or equal to -2."
