from odradek.protocol.errors import ErrorCode

from .share_group_broker import ShareGroupBroker

UNKNOWN = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def test_topics_are_forgotten_and_what_was_never_read_says_so() -> None:
    broker = ShareGroupBroker()
    broker.create("u")
    broker.alter_offsets({"t": {0: 1}})
    answer = broker.delete_offsets("u", "t", "nope")
    assert [(one.topic_name, one.topic_id, one.error_code, one.error_message) for one in answer.responses] == [
        ("t", broker.topic_id, 0, None),
        ("u", bytes(16), UNKNOWN, "There is no offset information to delete."),
        ("nope", bytes(16), UNKNOWN, UNKNOWN.message),
    ]
    assert not broker.describe_offsets().topics


def test_nothing_is_deleted_of_a_group_in_use_or_unknown_or_without_a_name_or_without_the_feature() -> None:
    broker = ShareGroupBroker()
    broker.beat()
    for group_id, code, message in (
        ("g", ErrorCode.NON_EMPTY_GROUP, ErrorCode.NON_EMPTY_GROUP.message),
        ("h", ErrorCode.GROUP_ID_NOT_FOUND, "Group h not found."),
        ("", ErrorCode.INVALID_GROUP_ID, ErrorCode.INVALID_GROUP_ID.message),
    ):
        answer = broker.delete_offsets("t", group_id=group_id)
        assert (answer.error_code, answer.error_message, list(answer.responses)) == (code, message, [])
    broker.switch_off()
    assert broker.delete_offsets("t").error_code == ErrorCode.UNSUPPORTED_VERSION
