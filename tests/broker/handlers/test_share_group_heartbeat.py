import pytest

from odradek.protocol.errors import ErrorCode

from .share_group_broker import ShareGroupBroker


def test_a_member_comes_gets_partitions_and_goes() -> None:
    broker = ShareGroupBroker()
    joined = broker.beat()
    assert (joined.error_code, joined.member_id, joined.member_epoch, joined.heartbeat_interval_ms) == (0, "a", 2, 5000)
    assert joined.assignment is not None
    assert not joined.assignment.topic_partitions
    answer = broker.beat(epoch=2, names=None)
    assert (answer.member_epoch, answer.error_message) == (3, None)
    assert answer.assignment is not None
    (topic,) = answer.assignment.topic_partitions
    assert (topic.topic_id, list(topic.partitions)) == (broker.topic_id, [0, 1])
    assert broker.beat(epoch=3, names=None).assignment is None
    assert broker.beat(epoch=-1, names=None).member_epoch == -1


def test_a_group_is_there_after_a_restart() -> None:
    broker = ShareGroupBroker()
    broker.beat()
    broker.beat(epoch=2)
    broker.restart()
    answer = broker.beat(epoch=3)
    assert (answer.error_code, answer.assignment is not None) == (0, True)


@pytest.mark.parametrize(
    ("member_id", "code"),
    [("", 42), ("x" * 37, 42), ("\U0001f600" * 19, 42), ("x" * 36, 0), ("\U0001f600" * 18, 0)],
)
def test_a_member_id_has_1_to_36_characters_as_java_counts_them(member_id: str, code: int) -> None:
    answer = ShareGroupBroker().beat(member_id)
    assert (answer.error_code, answer.error_message) == (code, None)


def test_an_error_of_the_group_has_its_reason() -> None:
    answer = ShareGroupBroker().beat(epoch=1)
    assert (answer.error_code, answer.error_message) == (ErrorCode.GROUP_ID_NOT_FOUND, "Share group g not found.")


def test_without_the_feature_there_are_no_share_groups() -> None:
    broker = ShareGroupBroker()
    broker.switch_off()
    answer = broker.beat()
    assert (answer.error_code, answer.error_message) == (ErrorCode.UNSUPPORTED_VERSION, None)
