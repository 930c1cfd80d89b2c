from typing import Any

import pytest

from odradek.broker.coordination.groups.share.heartbeat_request import ShareHeartbeatRequest, check_request
from odradek.protocol.errors import ErrorCode, KafkaError


def request(**how: Any) -> ShareHeartbeatRequest:
    given: dict[str, Any] = {"group_id": "g", "member_id": "m", "epoch": 0, "subscribed_topic_names": ["t"], **how}
    return ShareHeartbeatRequest(client_id="c", client_host="/h", **given)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"rack_id": "r"},
        {"epoch": 1, "subscribed_topic_names": None},
        {"epoch": 1, "subscribed_topic_names": []},
        {"epoch": -1, "subscribed_topic_names": None},
    ],
)
def test_what_a_client_sends_is_taken(how: dict[str, Any]) -> None:
    check_request(request(**how))


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"group_id": " ", "member_id": " "}, "MemberId can't be empty."),
        ({"group_id": " ", "rack_id": " "}, "GroupId can't be empty."),
        ({"rack_id": " ", "subscribed_topic_names": None}, "RackId can't be empty."),
        ({"subscribed_topic_names": None}, "SubscribedTopicNames must be set in first request."),
        ({"subscribed_topic_names": []}, "SubscribedTopicNames must be set in first request."),
        ({"epoch": -2}, "MemberEpoch is invalid."),
    ],
)
def test_what_is_invalid_is_refused_in_kafkas_order_and_words(how: dict[str, Any], why: str) -> None:
    with pytest.raises(KafkaError) as refusal:
        check_request(request(**how))
    assert (refusal.value.code, refusal.value.message) == (ErrorCode.INVALID_REQUEST, why)
