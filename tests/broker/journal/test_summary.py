"""Messages in short: Kafka's names, what differs from the default, and no more of it than so much."""

import base64

import pytest

from odradek.broker.journal.summary import (
    HIDDEN,
    MOST_ITEMS,
    MOST_TEXT,
    MOST_VALUES,
    error_name,
    records_summary,
    summarise,
)
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
    ScramCredentialUpsertion,
)
from odradek.protocol.messages.create_delegation_token import CreateDelegationTokenResponse
from odradek.protocol.messages.describe_delegation_token import (
    DescribedDelegationToken,
    DescribeDelegationTokenResponse,
)
from odradek.protocol.messages.expire_delegation_token import ExpireDelegationTokenRequest
from odradek.protocol.messages.fetch import FetchRequest, FetchTopic
from odradek.protocol.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
)
from odradek.protocol.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic
from odradek.protocol.messages.produce import PartitionProduceResponse, ProduceResponse, TopicProduceResponse
from odradek.protocol.messages.renew_delegation_token import RenewDelegationTokenRequest
from odradek.protocol.messages.sasl_authenticate import SaslAuthenticateRequest, SaslAuthenticateResponse
from odradek.protocol.records import NewRecord, build_batch

SECRET = b"a secret nobody may see"


def altered(setting: str) -> IncrementalAlterConfigsRequest:
    config = AlterableConfig(name=setting, config_operation=0, value=SECRET.decode())
    return IncrementalAlterConfigsRequest(
        resources=[AlterConfigsResource(resource_type=4, resource_name="1", configs=[config])]
    )


def no_name(topic_id: bytes) -> str | None:
    return None


def test_fields_have_kafkas_names_and_those_of_the_version_only() -> None:
    request = JoinGroupRequest(
        group_id="g",
        session_timeout_ms=9,
        member_id="m",
        protocols=[JoinGroupRequestProtocol(name="range", metadata=b"abc")],
    )
    found = summarise(request, 4, no_name)
    assert found.fields == {
        "groupId": "g",
        "sessionTimeoutMs": 9,
        "memberId": "m",
        "protocols": [{"name": "range", "metadata": "3 bytes"}],
    }
    assert found.errors == ()


def test_errors_are_named_wherever_they_are() -> None:
    partitions = [
        PartitionProduceResponse(index=n, error_code=code, base_offset=-1) for n, code in enumerate((0, 6, 6))
    ]
    answer = ProduceResponse(responses=[TopicProduceResponse(name="t", partition_responses=partitions)])
    found = summarise(answer, 9, no_name)
    assert found.errors == ("NOT_LEADER_OR_FOLLOWER",)
    assert "NOT_LEADER_OR_FOLLOWER" in str(found.fields)
    assert (error_name(ErrorCode.UNKNOWN_SERVER_ERROR), error_name(9999)) == ("UNKNOWN_SERVER_ERROR", "error 9999")


def test_topics_are_named_by_their_ids() -> None:
    request = FetchRequest(topics=[FetchTopic(topic_id=bytes(15) + b"\1")])
    assert summarise(request, 13, {bytes(15) + b"\1": "orders"}.get).fields["topics"] == [{"topicId": "orders"}]
    assert summarise(request, 13, no_name).fields["topics"] == [{"topicId": "AAAAAAAAAAAAAAAAAAAAAQ"}]


@pytest.mark.parametrize("count", [MOST_ITEMS, MOST_ITEMS + 1, 100_000])
def test_a_large_message_is_no_larger_in_short(count: int) -> None:
    topics = [MetadataRequestTopic(name="x" * 5000) for _ in range(count)]
    found = summarise(MetadataRequest(topics=topics), 12, no_name)
    shown = found.fields["topics"]
    assert isinstance(shown, list)
    assert len(shown) == min(count, MOST_ITEMS + 1)
    assert found.size_bytes < MOST_VALUES * (100 + MOST_TEXT + 30)
    assert len(str(found.fields)) < 10_000
    assert count <= MOST_ITEMS or shown[-1] == f"… {count - MOST_ITEMS} more"


def test_records_are_counted_and_not_kept() -> None:
    one = build_batch([NewRecord(None, b"v", 0), NewRecord(None, b"w", 0)])
    assert records_summary(one) == {"records": 2, "bytes": len(one), "firstOffset": 0}
    assert records_summary(bytes(one) * 3) == {"records": 6, "bytes": 3 * len(one), "batches": 3, "firstOffset": 0}
    assert records_summary(b"") == {"bytes": 0}
    assert records_summary(b"\0" * 70) == {"bytes": 70}


@pytest.mark.parametrize(
    ("request_", "version"),
    [
        (SaslAuthenticateRequest(auth_bytes=SECRET), 2),
        (SaslAuthenticateResponse(auth_bytes=SECRET), 2),
        (CreateDelegationTokenResponse(hmac=SECRET), 3),
        (RenewDelegationTokenRequest(hmac=SECRET), 2),
        (ExpireDelegationTokenRequest(hmac=SECRET), 2),
        (DescribeDelegationTokenResponse(tokens=[DescribedDelegationToken(hmac=SECRET)]), 3),
        (
            AlterUserScramCredentialsRequest(
                upsertions=[ScramCredentialUpsertion(name="al", salt=SECRET, salted_password=SECRET)]
            ),
            0,
        ),
        (altered("listener.name.x.plain.sasl.jaas.config"), 1),
        (altered("ssl.keystore.password"), 1),
        (altered("my.secret"), 1),
    ],
    ids=lambda one: type(one).__name__,
)
def test_no_secret_is_kept(request_: object, version: int) -> None:
    shown = repr(summarise(request_, version, no_name))
    for form in (SECRET.decode(), SECRET.hex(), base64.b64encode(SECRET).decode(), repr(SECRET)):
        assert form not in shown


def test_other_settings_are_shown() -> None:
    assert SECRET.decode() in repr(summarise(altered("log.cleaner.threads"), 1, no_name))
    assert SECRET.decode() in repr(summarise(altered("cleanup.policy"), 1, no_name))


def test_the_value_of_a_secret_setting_is_not_shown() -> None:
    names = ("listener.name.ssl.ssl.keystore.key", "ssl.key.password", "log.retention.ms")
    configs = [AlterableConfig(name=name, config_operation=0, value="hush") for name in names]
    resource = AlterConfigsResource(resource_type=4, resource_name="1", configs=configs)
    found = str(summarise(IncrementalAlterConfigsRequest(resources=[resource]), 1, no_name).fields)
    assert (found.count("hush"), found.count(HIDDEN)) == (1, 2)
