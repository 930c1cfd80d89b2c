"""Share sessions: counted, bounded, and gone with their connection."""

import pytest

from odradek.broker.share import share_sessions
from odradek.broker.share.share_sessions import (
    SessionKey,
    SessionPartition,
    ShareFetchContext,
    ShareSessions,
    TopicPartition,
    check_member,
)
from odradek.protocol.errors import ErrorCode, KafkaError

A, B = SessionKey("g", "a"), SessionKey("g", "b")
CONNECTION, ANOTHER = object(), object()


def wanted(*indexes: int, is_news: bool = False) -> dict[TopicPartition, SessionPartition]:
    return {TopicPartition(b"t" * 16, index): SessionPartition("t", is_news) for index in indexes}


def of(*indexes: int) -> list[TopicPartition]:
    return [TopicPartition(b"t" * 16, index) for index in indexes]


def sessions(slots: int = 10) -> ShareSessions:
    return ShareSessions(lambda: slots)


def refusal(key: SessionKey, epoch: int, found: ShareSessions) -> ErrorCode:
    with pytest.raises(KafkaError) as refused:
        found.go_on(key, epoch, {}, ())
    return refused.value.code


def test_a_session_goes_on_with_the_next_epoch() -> None:
    found = sessions()
    found.begin(A, CONNECTION, wanted(0))
    assert list(found.go_on(A, 1, wanted(1, is_news=True), ()).wanted) == of(0, 1)
    assert list(found.go_on(A, 2, {}, of(0)).wanted) == of(1)
    assert refusal(A, 2, found) == ErrorCode.INVALID_SHARE_SESSION_EPOCH
    assert refusal(B, 1, found) == ErrorCode.SHARE_SESSION_NOT_FOUND


def test_the_epoch_after_the_last_is_one() -> None:
    found = sessions()
    session = found.begin(A, CONNECTION, wanted(0)).session
    assert session is not None
    session.next_epoch = 0x7FFFFFFF
    assert found.advance(A, 0x7FFFFFFF).next_epoch == 1


def test_a_member_has_one_session() -> None:
    found = sessions()
    found.begin(A, CONNECTION, wanted(0))
    assert list(found.begin(A, CONNECTION, wanted(1)).wanted) == of(1)
    assert len(found) == 1


def test_there_are_no_more_sessions_than_there_may_be() -> None:
    found = sessions(1)
    found.begin(A, CONNECTION, wanted(0))
    with pytest.raises(KafkaError, match="SHARE_SESSION_LIMIT_REACHED"):
        found.begin(B, ANOTHER, wanted(0))
    found.begin(A, CONNECTION, wanted(0))
    found.remove(A)
    found.begin(B, ANOTHER, wanted(0))


def test_sessions_have_no_more_partitions_between_them_than_memory_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share_sessions, "MOST_PARTITIONS", 3)
    found = sessions()
    found.begin(A, CONNECTION, wanted(0, 1))
    with pytest.raises(KafkaError, match="SHARE_SESSION_LIMIT_REACHED"):
        found.begin(B, ANOTHER, wanted(0, 1))
    assert refusal_of_growth(found) == ErrorCode.SHARE_SESSION_NOT_FOUND
    found.begin(B, ANOTHER, wanted(0, 1, 2))


def refusal_of_growth(found: ShareSessions) -> ErrorCode:
    with pytest.raises(KafkaError) as refused:
        found.go_on(A, 1, wanted(2, 3), ())
    return refused.value.code


def test_a_connection_ends_the_session_that_it_began() -> None:
    found = sessions()
    session = found.begin(A, CONNECTION, wanted(0)).session
    assert found.close_connection(ANOTHER) is None
    assert found.close_connection(CONNECTION) == (A, session)
    assert found.close_connection(CONNECTION) is None


def test_a_session_that_another_connection_has_taken_over_stays() -> None:
    found = sessions()
    found.begin(A, CONNECTION, wanted(0))
    found.begin(A, ANOTHER, wanted(0))
    assert found.close_connection(CONNECTION) == (A, None)
    assert found.find(A) is not None


def test_a_group_has_members_as_long_as_it_has_sessions() -> None:
    found = sessions()
    found.begin(A, CONNECTION, wanted(0))
    found.begin(B, ANOTHER, wanted(0))
    found.remove(A)
    assert found.has_members("g")
    found.remove(B)
    assert not found.has_members("g")
    assert found.remove(B) is None


def test_all_end_when_there_are_no_share_groups_any_more() -> None:
    found = sessions()
    found.begin(A, CONNECTION, wanted(0))
    found.clear()
    assert len(found) == 0
    assert not found.has_members("g")


def answered(context: ShareFetchContext, *, has_records: bool = False, has_error: bool = False) -> bool:
    return context.must_answer(*of(0), has_records=has_records, has_error=has_error)


def test_an_incremental_answer_has_what_is_new() -> None:
    found = sessions()
    assert answered(found.begin(A, CONNECTION, wanted(0)))
    context = found.go_on(A, 1, {}, ())
    assert not answered(context)
    assert answered(context, has_records=True)
    assert answered(context, has_error=True)
    assert answered(context)  # that it has none any more
    assert not answered(context)


def test_a_partition_new_to_the_session_is_answered_once_whatever_it_has() -> None:
    found = sessions()
    found.begin(A, CONNECTION, {})
    context = found.go_on(A, 1, wanted(0, is_news=True), ())
    assert answered(context)
    assert not answered(context)


def test_a_partition_that_had_records_comes_after_the_others() -> None:
    found = sessions()
    found.begin(A, CONNECTION, wanted(0, 1, 2))
    answered(found.go_on(A, 1, {}, ()), has_records=True)
    assert list(found.go_on(A, 2, {}, ()).wanted) == of(1, 2, 0)


@pytest.mark.parametrize(("group", "member"), [(None, "m"), ("g", None), ("g", ""), ("g", "m" * 37)])
def test_a_member_has_a_group_and_a_name(group: str | None, member: str | None) -> None:
    with pytest.raises(KafkaError, match="INVALID_REQUEST"):
        check_member(group, member)
    assert check_member("", "m" * 36) == SessionKey("", "m" * 36)
