"""ShareAcknowledge: what members say of the records they have, and what is stored of it before they are answered."""

import pytest

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.share_acknowledge import (
    AcknowledgementBatch,
    AcknowledgePartition,
    AcknowledgeTopic,
    PartitionData,
    ShareAcknowledgeRequest,
    ShareAcknowledgeResponse,
)

from .broker_harness import AskedBroker, batch, served
from .share_member import (
    ACCEPT,
    REJECT,
    RELEASE,
    RENEW,
    ShareMember,
    begin_share_partitions,
    move_offset,
    set_group_config,
)


def member_with_records(count: int = 10, member: str = "m") -> ShareMember[AskedBroker]:
    """A member that has acquired all records of a topic, in one batch."""
    broker = AskedBroker()
    topic = broker.create()
    set_group_config(broker, share_auto_offset_reset="earliest")
    begin_share_partitions(broker, topic)
    broker.append(topic.partitions[0], batch(*[b"v"] * count))
    found = ShareMember(broker, topic, member)
    assert found.acquire() == [(0, count - 1, 1)]
    return found


def the_partition(answer: ShareAcknowledgeResponse) -> PartitionData:
    assert answer.error_code == 0
    (topic,) = answer.responses
    (partition,) = topic.partitions
    return partition


@pytest.mark.parametrize("version", served(ApiKey.SHARE_ACKNOWLEDGE))
def test_accepted_records_never_come_again(version: int) -> None:
    member = member_with_records()
    answer = member.acknowledge((0, 5, ACCEPT), (6, 9, REJECT), version=version).answer
    assert the_partition(answer) == PartitionData(
        partition_index=0, current_leader=the_partition(answer).current_leader
    )
    assert answer.acquisition_lock_timeout_ms == (30_000 if version >= 2 else 0)
    member.broker.restart()
    assert ShareMember(member.broker, member.topic).acquire() == []


def test_released_records_come_again_across_a_restart_with_their_count() -> None:
    member = member_with_records()
    member.acknowledge((0, 1, ACCEPT), (2, 4, RELEASE))
    member.broker.restart(is_clean=False)
    assert ShareMember(member.broker, member.topic).acquire() == [(2, 4, 2), (5, 9, 1)]


def test_a_disk_that_refuses_leaves_the_records_with_their_member() -> None:
    member = member_with_records()
    member.broker.files.write_error = OSError(28, "no space")
    refused = the_partition(member.acknowledge((0, 9, ACCEPT)).answer)
    assert refused.error_code == ErrorCode.COORDINATOR_NOT_AVAILABLE
    member.broker.files.write_error = None
    assert the_partition(member.acknowledge((0, 9, ACCEPT)).answer).error_code == 0


def test_offsets_moved_meanwhile_are_read_after_the_first_acknowledgement_that_they_refuse() -> None:
    member = member_with_records()
    move_offset(member.broker, member.topic, 4, state_epoch=1)
    refused = the_partition(member.acknowledge((0, 9, ACCEPT)).answer)
    assert refused.error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert (refused.error_message or "").startswith("Error in write state RPC. The share coordinator rejected")
    assert refused.current_leader.leader_id == member.broker.context.config.node_id
    assert member.acquire(0) == [(4, 9, 1)]


def test_what_is_refused_says_why() -> None:
    member = member_with_records()
    other = ShareMember(member.broker, member.topic, "other")
    other.fetch()
    refused = the_partition(other.acknowledge((0, 9, ACCEPT)).answer)
    assert refused.error_code == ErrorCode.INVALID_RECORD_STATE
    assert refused.error_message == "Member is not the owner of batch record"


def test_a_request_that_makes_no_sense_is_refused_without_words() -> None:
    refused = the_partition(member_with_records().acknowledge((5, 4, ACCEPT)).answer)
    assert (refused.error_code, refused.error_message) == (ErrorCode.INVALID_REQUEST, None)


@pytest.mark.parametrize(("version", "is_renew", "error"), [(1, False, 42), (2, False, 42), (2, True, 0)])
def test_locks_are_renewed_where_the_request_says_that_it_does(version: int, is_renew: bool, error: int) -> None:
    answer = member_with_records().acknowledge((0, 9, RENEW), version=version, is_renew=is_renew).answer
    assert the_partition(answer).error_code == error


def test_sessions_are_counted_and_do_not_begin_here() -> None:
    member = member_with_records()
    for epoch, error in [
        (0, ErrorCode.INVALID_SHARE_SESSION_EPOCH),
        (5, ErrorCode.INVALID_SHARE_SESSION_EPOCH),
        (1, ErrorCode.NONE),
        (1, ErrorCode.INVALID_SHARE_SESSION_EPOCH),
        (2, ErrorCode.NONE),
    ]:
        assert member.acknowledge(epoch=epoch).answer.error_code == error
    assert ShareMember(member.broker, member.topic, "x").acknowledge(epoch=1).answer.error_code == (
        ErrorCode.SHARE_SESSION_NOT_FOUND
    )


def test_the_last_acknowledgement_ends_the_session_and_gives_back_the_rest() -> None:
    member = member_with_records()
    assert the_partition(member.acknowledge((0, 3, ACCEPT), epoch=-1).answer).error_code == 0
    assert ShareMember(member.broker, member.topic, "other").acquire() == [(4, 9, 2)]
    assert member.acknowledge(epoch=-1).answer.error_code == ErrorCode.SHARE_SESSION_NOT_FOUND


def test_partitions_without_acknowledgements_are_mentioned_beside_others_only() -> None:
    member = member_with_records()
    assert member.acknowledge().answer.responses == []


def test_a_partition_that_the_group_does_not_use_is_unknown() -> None:
    member = member_with_records()
    other = member.broker.create("other")
    ack = AcknowledgementBatch(first_offset=0, last_offset=0, acknowledge_types=[ACCEPT])
    request = ShareAcknowledgeRequest(
        group_id="g",
        member_id="m",
        share_session_epoch=1,
        topics=[
            AcknowledgeTopic(
                topic_id=topic_id,
                partitions=[AcknowledgePartition(partition_index=index, acknowledgement_batches=[ack])],
            )
            for topic_id, index in [(other.topic_id, 0), (other.topic_id, 9), (b"\7" * 16, 0)]
        ],
    )
    answer = member.broker.ask(request, 2, ShareAcknowledgeResponse).answer
    errors = {
        (topic.topic_id, one.partition_index): one.error_code for topic in answer.responses for one in topic.partitions
    }
    assert errors == {
        (other.topic_id, 0): ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        (other.topic_id, 9): ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        (b"\7" * 16, 0): ErrorCode.UNKNOWN_TOPIC_ID,
    }


def test_without_the_feature_there_are_no_share_groups() -> None:
    member = member_with_records()
    member.broker.context.metadata.image.features["share.version"] = 0
    assert member.acknowledge().answer.error_code == ErrorCode.UNSUPPORTED_VERSION
