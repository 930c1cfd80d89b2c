from dataclasses import replace
from typing import Any

import pytest

from odradek.broker.coordination.groups.consumer.heartbeat_request import HeartbeatRequest, check_request
from odradek.protocol.errors import ErrorCode, KafkaError

ASSIGNORS = ("uniform", "range")
JOIN = HeartbeatRequest(
    "g", "m", 0, "c", "/h", rebalance_timeout_ms=5, subscribed_topic_names=["t"], subscribed_topic_regex=None, owned=[]
)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"group_id": " "}, "GroupId can't be empty."),
        ({"instance_id": ""}, "InstanceId can't be empty."),
        ({"rack_id": ""}, "RackId can't be empty."),
        ({"member_id": ""}, "MemberId can't be empty."),
        ({"member_id": "", "epoch": 1}, "MemberId can't be empty."),
        ({"member_id": "", "epoch": -1}, "MemberId can't be empty."),
        ({"member_id": "", "epoch": -2, "makes_its_id": False}, "InstanceId can't be null."),
        ({"member_id": "", "epoch": -2, "makes_its_id": False, "instance_id": "i"}, "MemberId can't be empty."),
        ({"member_id": "", "epoch": -3}, "MemberId can't be empty."),
        ({"member_id": "", "epoch": -2}, "MemberId can't be empty."),
        ({"epoch": -2}, "InstanceId can't be null."),
        ({"epoch": -3}, "MemberEpoch is invalid."),
        ({"rebalance_timeout_ms": -1}, "RebalanceTimeoutMs must be provided in first request."),
        ({"owned": None}, "TopicPartitions must be empty when (re-)joining."),
        ({"owned": [(b"t" * 16, [0])]}, "TopicPartitions must be empty when (re-)joining."),
        (
            {"subscribed_topic_names": None},
            "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.",
        ),
    ],
)
def test_what_is_wrong_is_said_in_kafkas_words(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(KafkaError) as refused:
        check_request(replace(JOIN, **wrong), ASSIGNORS)
    assert (refused.value.code, refused.value.why) == (ErrorCode.INVALID_REQUEST, why)


def test_an_assignor_that_is_not_there_is_named() -> None:
    with pytest.raises(KafkaError) as refused:
        check_request(replace(JOIN, server_assignor="nope"), ASSIGNORS)
    assert refused.value.code is ErrorCode.UNSUPPORTED_ASSIGNOR
    assert refused.value.why == "ServerAssignor nope is not supported. Supported assignors: uniform, range."


@pytest.mark.parametrize(
    "right",
    [
        {},
        {"member_id": "", "makes_its_id": False},
        {"subscribed_topic_names": []},
        {"subscribed_topic_names": None, "subscribed_topic_regex": "t.*"},
        {"epoch": 1, "rebalance_timeout_ms": -1, "owned": None, "subscribed_topic_names": None},
        {"epoch": -2, "instance_id": "i"},
        {"server_assignor": "range"},
    ],
)
def test_what_is_right_is_accepted(right: dict[str, Any]) -> None:
    check_request(replace(JOIN, **right), ASSIGNORS)


def test_only_a_request_that_tells_everything_is_full() -> None:
    assert JOIN.is_full
    later = replace(JOIN, epoch=3)
    assert later.is_full
    for part in ({"rebalance_timeout_ms": -1}, {"owned": None}, {"subscribed_topic_names": None}):
        assert not replace(later, **part).is_full
