from odradek.broker.coordination.groups.share.state_partitions import NamedPartitions, StatePartitions, combined

from ..consumer.consumer_driver import Topics, topic_id

T, U = topic_id("t"), topic_id("u")


def topic(name: str, *indexes: int) -> NamedPartitions:
    return NamedPartitions(name, frozenset(indexes))


def test_what_is_in_both_has_the_partitions_of_both_and_the_second_name() -> None:
    assert combined({T: topic("old", 0), U: topic("u", 1)}, {T: topic("t", 2)}) == {
        T: topic("t", 0, 2),
        U: topic("u", 1),
    }


def test_a_partition_goes_from_one_list_to_the_next() -> None:
    state = StatePartitions(deleting={T: "t", U: "u"}).with_initializing({T: topic("t", 0, 1, 2)})
    assert state == StatePartitions({T: topic("t", 0, 1, 2)}, {}, {U: "u"})
    state = state.with_initialized({T: topic("t", 0, 1)})
    assert state == StatePartitions({T: topic("t", 2)}, {T: topic("t", 0, 1)}, {U: "u"})
    assert state.without_initializing({T: topic("t", 2)}) == StatePartitions({}, {T: topic("t", 0, 1)}, {U: "u"})
    assert state.without_topics({T, U}) == StatePartitions()


def test_what_is_missing_is_what_has_no_state_and_is_not_about_to_get_one() -> None:
    state = StatePartitions({T: topic("t", 1)}, {T: topic("t", 0)})
    topics = Topics(t=3, u=1)
    assert state.missing(["t", "u", "nope"], topics, lambda topic_id: True) == {T: topic("t", 2), U: topic("u", 0)}
    assert state.missing(["t"], topics, lambda topic_id: False) == {T: topic("t", 1, 2)}
    whole = StatePartitions({}, {T: topic("t", 0, 1, 2)})
    assert whole.missing(["t"], topics, lambda topic_id: False) == {}


def test_all_that_may_have_a_state_is_deleted_with_the_group() -> None:
    gone = topic_id("gone")
    state = StatePartitions({T: topic("t", 1)}, {T: topic("t", 0)}, {U: "u", gone: "gone"})
    assert state.to_delete(Topics(t=3, u=2)) == {T: topic("t", 0, 1), U: topic("u", 0, 1)}
