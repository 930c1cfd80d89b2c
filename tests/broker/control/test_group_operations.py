"""Groups over HTTP."""

from confluent_kafka import Consumer, TopicPartition

from .served import Served


def test_groups_and_what_they_have_committed_are_seen(cluster: Served) -> None:
    assert cluster.call("GET", "/v1/groups") == {"groups": []}
    cluster.call("POST", "/v1/topics", {"name": "t", "partitions": 2})
    cluster.call("POST", "/v1/topics/t/records", {"records": [{"value": "a"}, {"value": "b"}]})
    settings = {"bootstrap.servers": cluster.bootstrap, "group.id": "shop/1", "auto.offset.reset": "earliest"}
    consumer = Consumer({**settings, "enable.auto.commit": False})
    consumer.subscribe(["t"])
    assert len(consumer.consume(2, timeout=20)) == 2
    consumer.commit(offsets=[TopicPartition("t", 1, 1), TopicPartition("t", 0, 0)], asynchronous=False)
    (group,) = cluster.call("GET", "/v1/groups")["groups"]
    assert (group["group"], group["type"].lower(), group["state"], len(group["members"])) == (
        "shop/1",
        "classic",
        "Stable",
        1,
    )
    committed = cluster.send("GET", f"/v1/groups/shop%2F1/committed?cluster={cluster.cluster}")[1]["offsets"]
    assert committed == [
        {"topic": "t", "partition": 0, "offset": 0},
        {"topic": "t", "partition": 1, "offset": 1},
    ]
    consumer.close()


def test_a_group_that_is_not_there_is_said_with_those_that_are(cluster: Served) -> None:
    assert cluster.refused("GET", "/v1/groups/g/committed") == (404, "there is no group 'g'; there are: none")
    cluster.call("POST", "/v1/topics", {"name": "t", "partitions": 1})
    consumer = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "shop"})
    consumer.commit(offsets=[TopicPartition("t", 0, 0)], asynchronous=False)
    why = "there is no group 'shp'; did you mean 'shop'?"
    assert cluster.refused("GET", "/v1/groups/shp/committed") == (404, why)
    consumer.close()
