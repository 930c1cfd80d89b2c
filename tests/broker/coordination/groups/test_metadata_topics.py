from odradek.broker.coordination.groups.metadata_topics import MetadataTopics
from odradek.broker.coordination.groups.modern.topics_view import TopicsView
from odradek.broker.testing.topics import delete_topics

from ...handlers.broker_harness import AskedBroker


def test_topics_are_seen_as_the_metadata_have_them() -> None:
    broker = AskedBroker()
    seen = MetadataTopics(broker.context.metadata)
    view: TopicsView = seen
    broker.context.metadata.publisher.subscribe(seen)
    assert view.find("t") is None
    before = view.version_of_newest()
    topic = broker.create("t", 3)
    assert view.find("t") == (topic.topic_id, 3)
    assert (view.name_of(topic.topic_id), list(view.names())) == ("t", ["t"])
    assert before < view.version_of_newest() <= view.version()
    created_at = view.version_of_newest()
    delete_topics(broker.topics, [topic])
    assert (view.find("t"), view.name_of(topic.topic_id), list(view.names())) == (None, None, [])
    assert view.version_of_newest() == created_at < view.version()
