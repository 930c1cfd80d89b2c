from odradek.protocol.errors import ErrorCode

from .share_group_broker import ShareGroupBroker

UNKNOWN = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def test_what_exists_is_moved_and_what_does_not_says_so() -> None:
    broker = ShareGroupBroker()
    answer = broker.alter_offsets({"t": {1: 4, 2: 4}, "nope": {0: 1}})
    assert answer.error_code == 0
    assert [(topic.topic_name, topic.topic_id) for topic in answer.responses] == [
        ("nope", bytes(16)),
        ("t", broker.topic_id),
    ]
    assert [
        [(one.partition_index, one.error_code, one.error_message) for one in topic.partitions]
        for topic in answer.responses
    ] == [[(0, UNKNOWN, UNKNOWN.message)], [(1, 0, None), (2, UNKNOWN, UNKNOWN.message)]]
    (topic,) = broker.describe_offsets().topics
    assert [(one.partition_index, one.start_offset) for one in topic.partitions] == [(1, 4)]


def test_nothing_moves_for_a_group_in_use_or_without_a_name_or_without_the_feature() -> None:
    broker = ShareGroupBroker()
    broker.beat()
    for group_id, code in (("g", ErrorCode.NON_EMPTY_GROUP), ("", ErrorCode.INVALID_GROUP_ID)):
        answer = broker.alter_offsets({"t": {0: 1}}, group_id=group_id)
        assert (answer.error_code, answer.error_message, list(answer.responses)) == (code, code.message, [])
    broker.switch_off()
    assert broker.alter_offsets({"t": {0: 1}}).error_code == ErrorCode.UNSUPPORTED_VERSION
