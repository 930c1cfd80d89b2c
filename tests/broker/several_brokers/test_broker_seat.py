from ..nodes.three_brokers import ThreeBrokers


def test_a_broker_joins_with_the_metadata_as_it_is_and_follows_it_from_there() -> None:
    brokers = ThreeBrokers()
    brokers.create("t")
    brokers.kill(3)
    brokers.create("u")
    brokers.start(3)
    brokers.create("v")
    assert [topic.name for topic in brokers[3].context.topics] == ["t", "u", "v"]


def test_a_broker_that_has_left_is_asked_nothing_more() -> None:
    brokers = ThreeBrokers()
    brokers.create("t")
    brokers.kill(3)
    brokers.create("u")
    assert sorted(brokers.around.replicas) == [1, 2]
    assert sorted(brokers.around.contexts) == [1, 2]


def test_a_broker_has_everything_of_the_cluster_and_the_logs_of_its_own_replicas_alone() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [2])
    assert [brokers[node_id].partition("t").opened_log is not None for node_id in (1, 3)] == [False, False]
    assert [brokers[node_id].record("t").leader for node_id in (1, 2, 3)] == [2, 2, 2]
