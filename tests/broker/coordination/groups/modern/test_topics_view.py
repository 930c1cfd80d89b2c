from odradek.broker.coordination.groups.modern.topics_view import NoTopics, TopicsView, metadata_hash

from ..consumer.consumer_driver import Topics


def test_the_hash_changes_with_the_topics_that_are_there() -> None:
    seen = [
        metadata_hash(["t", "u"], Topics(t=1)),
        metadata_hash(["t", "u"], Topics(t=2)),
        metadata_hash(["t", "u"], Topics(t=2, u=1)),
    ]
    assert len(set(seen)) == 3
    assert metadata_hash(["u", "t"], Topics(u=1, t=2)) == seen[2]
    assert all(-(1 << 63) <= number < 1 << 63 for number in seen)


def test_the_hash_of_no_topic_is_0() -> None:
    none: TopicsView = NoTopics()
    assert metadata_hash(["t"], none) == 0 == metadata_hash([], Topics(t=1))
    assert (none.find("t"), none.name_of(b"t" * 16), list(none.names())) == (None, None, [])
    assert none.version() == none.version_of_newest() == 0
