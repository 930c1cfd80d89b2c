"""Whole requests, and topics of requests, that are denied."""

import pytest

from odradek.broker.access.table import RULES
from odradek.broker.apis import TABLE
from odradek.broker.deferred import Disconnect
from odradek.broker.network.pipeline import ReceivedRequest
from odradek.broker.security.authorization.acl import Operation
from odradek.broker.slices import are_steps
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.header import RequestHeader
from odradek.protocol.messages.delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsResponse,
    DeleteRecordsTopic,
)
from odradek.protocol.messages.describe_log_dirs import DescribeLogDirsRequest, DescribeLogDirsResponse
from odradek.protocol.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
    OffsetDeleteResponse,
)
from odradek.protocol.messages.produce import ProduceResponse
from odradek.protocol.messages.share_group_heartbeat import ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse
from odradek.protocol.messages.update_features import UpdateFeaturesRequest, UpdateFeaturesResponse

from ..handlers.broker_harness import batch, produce_request
from .secured_broker import GROUP, TOPIC, SecuredBroker, code_of
from .test_access import access_of


def deleting(*topics: str) -> DeleteRecordsRequest:
    partition = DeleteRecordsPartition(partition_index=0, offset=0)
    return DeleteRecordsRequest(topics=[DeleteRecordsTopic(name=name, partitions=[partition]) for name in topics])


def test_topics_that_are_denied_have_their_error_and_the_others_are_served() -> None:
    broker = SecuredBroker()
    broker.create("mine")
    broker.create("yours")
    broker.allow(TOPIC, "mine", Operation.DELETE)
    answer = broker.serve(deleting("yours", "mine", "no-such"), 2, DeleteRecordsResponse)
    told = {topic.name: topic.partitions[0] for topic in answer.topics}
    assert {name: one.error_code for name, one in told.items()} == {"mine": 0, "yours": 29, "no-such": 29}
    assert told["yours"].low_watermark == -1


def test_a_cluster_that_may_not_be_described_has_no_log_directories() -> None:
    request = DescribeLogDirsRequest(topics=None)
    assert code_of(SecuredBroker().serve(request, 4, DescribeLogDirsResponse)) == 31
    assert SecuredBroker().serve(request, 1, DescribeLogDirsResponse).results == []


def test_a_refusal_says_which_permission_it_takes() -> None:
    answer = SecuredBroker().serve(UpdateFeaturesRequest(), 2, UpdateFeaturesResponse)
    assert (answer.error_code, answer.error_message) == (31, "The request needs ALTER permission.")


def test_of_a_request_that_is_refused_as_a_whole_no_topic_is_told() -> None:
    broker = SecuredBroker()
    partition = OffsetDeleteRequestPartition(partition_index=0)
    topics = [OffsetDeleteRequestTopic(name=name, partitions=[partition]) for name in ("mine", "yours")]
    request = OffsetDeleteRequest(group_id="g", topics=topics)
    assert code_of(broker.serve(request, 0, OffsetDeleteResponse)) == 30
    broker.allow(GROUP, "g", Operation.DELETE)
    broker.allow(TOPIC, "mine", Operation.READ)
    answer = broker.serve(request, 0, OffsetDeleteResponse)
    assert (answer.error_code, answer.topics) == (69, [])


def test_a_client_that_takes_no_answer_is_disconnected_and_the_rest_of_its_request_is_served() -> None:
    broker = SecuredBroker()
    topic = broker.create("mine")
    broker.create("yours")
    broker.allow(TOPIC, "mine", Operation.WRITE)
    with pytest.raises(Disconnect):
        broker.serve(produce_request({"yours": {0: batch(b"v")}}, acks=0), 9, ProduceResponse)
    both = produce_request({"yours": {0: batch(b"v")}, "mine": {0: batch(b"v")}}, acks=0)
    with pytest.raises(Disconnect):
        broker.serve(both, 9, ProduceResponse)
    assert topic.partitions[0].log.log_end_offset == 1


def test_where_an_api_is_not_served_at_all_everybody_is_told_so() -> None:
    request = ShareGroupHeartbeatRequest(group_id="g", member_id="AAAAAAAAAAAAAAAAAAAAAA", member_epoch=0)
    broker = SecuredBroker()
    assert code_of(broker.serve(request, 1, ShareGroupHeartbeatResponse)) == 30
    broker.context.metadata.image.features["share.version"] = 0
    assert code_of(broker.serve(request, 1, ShareGroupHeartbeatResponse)) == 35


def test_a_long_list_of_topics_is_asked_about_in_steps() -> None:
    broker = SecuredBroker()
    request = deleting(*(f"t{number}" for number in range(100)))
    received = ReceivedRequest(
        TABLE[ApiKey.DELETE_RECORDS].load(), request, RequestHeader(ApiKey.DELETE_RECORDS, 2, 1, "c"), broker.session
    )
    steps = RULES[ApiKey.DELETE_RECORDS](received, access_of(broker), lambda _: None)
    assert are_steps(steps)
    # Their names, what is allowed, and the answer, in which a partition is a step of its own.
    assert sum(1 for _ in steps) == 100 + 100 + 200


def test_of_one_request_no_more_than_ten_denials_are_logged(capsys: pytest.CaptureFixture[str]) -> None:
    SecuredBroker().serve(deleting(*(f"t{number}" for number in range(50))), 2, DeleteRecordsResponse)
    assert capsys.readouterr().err.count("authorizer: denied") == 10
