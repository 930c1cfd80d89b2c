"""An error is where the client of an API looks for it, and the answer can be sent."""

from typing import Any

from odradek.broker.answers.error_answers import error_answer, refusal
from odradek.protocol.codec import decode, encode_bytes
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
    AlterUserScramCredentialsResponse,
    ScramCredentialDeletion,
    ScramCredentialUpsertion,
)
from odradek.protocol.messages.describe_cluster import DescribeClusterRequest, DescribeClusterResponse
from odradek.protocol.messages.describe_groups import DescribeGroupsRequest, DescribeGroupsResponse
from odradek.protocol.messages.fetch import FetchResponse
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from odradek.protocol.messages.produce import ProduceResponse

from .test_request_names import fetch, produce

CODE = ErrorCode.NOT_LEADER_OR_FOLLOWER


def sent(answer: Any, version: int) -> Any:
    """As the client has it."""
    return decode(type(answer), version, encode_bytes(answer, version))


def test_a_produce_has_the_error_at_each_partition() -> None:
    answer = sent(error_answer(produce(t=[0, 1], u=[3]), ProduceResponse, 9, CODE), 9)
    assert [(t.name, [(p.index, p.error_code) for p in t.partition_responses]) for t in answer.responses] == [
        ("t", [(0, CODE), (1, CODE)]),
        ("u", [(3, CODE)]),
    ]


def test_a_fetch_has_it_at_each_partition_and_for_the_whole_where_none_is_named() -> None:
    answer = sent(error_answer(fetch(4), FetchResponse, 13, CODE), 13)
    (topic,) = answer.responses
    (partition,) = topic.partitions
    assert (answer.error_code, topic.topic_id, partition.partition_index) == (0, b"t" * 16, 4)
    assert (partition.error_code, partition.high_watermark, partition.records) == (CODE, -1, None)
    none_named = sent(error_answer(fetch(), FetchResponse, 13, CODE), 13)
    assert (none_named.error_code, none_named.responses) == (CODE, [])


def test_topics_groups_and_keys_have_it_each() -> None:
    asked = MetadataRequest(topics=[MetadataRequestTopic(name="t")])
    (topic,) = sent(error_answer(asked, MetadataResponse, 9, CODE), 9).topics
    assert (topic.name, topic.error_code) == ("t", CODE)
    described = sent(error_answer(DescribeGroupsRequest(groups=["g"]), DescribeGroupsResponse, 5, CODE), 5)
    assert [(group.group_id, group.error_code) for group in described.groups] == [("g", CODE)]
    for version, asked_for in (
        (3, FindCoordinatorRequest(key="k")),
        (4, FindCoordinatorRequest(coordinator_keys=["k"])),
    ):
        found = sent(error_answer(asked_for, FindCoordinatorResponse, version, CODE), version)
        one = found if version == 3 else found.coordinators[0]
        assert one.error_code == CODE


def test_each_user_of_a_request_about_credentials_has_it_once() -> None:
    asked = AlterUserScramCredentialsRequest(
        deletions=[ScramCredentialDeletion(name="bo", mechanism=1)],
        upsertions=[ScramCredentialUpsertion(name=name, mechanism=2) for name in ("bo", "al")],
    )
    answer = sent(error_answer(asked, AlterUserScramCredentialsResponse, 0, CODE), 0)
    assert [(one.user, one.error_code) for one in answer.results] == [("bo", CODE), ("al", CODE)]


def test_an_answer_without_a_place_for_the_error_says_nothing() -> None:
    answer = refusal(MetadataRequest(topics=None), MetadataResponse, 1, ErrorCode.ILLEGAL_SASL_STATE, "why")
    assert isinstance(answer, MetadataResponse)
    assert (list(answer.brokers), answer.topics, answer.controller_id) == ([], [], -1)


def test_an_answer_with_a_place_for_a_sentence_has_it() -> None:
    code = ErrorCode.ILLEGAL_SASL_STATE
    answer = refusal(DescribeClusterRequest(), DescribeClusterResponse, 1, code, "why")
    assert isinstance(answer, DescribeClusterResponse)
    assert (answer.error_code, answer.error_message) == (code, "why")
