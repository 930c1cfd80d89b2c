"""What is in a cluster, and what came of it, from a shell."""

from confluent_kafka import Consumer, Producer, TopicPartition

from .conftest import Shell


def test_topics_are_created_written_and_looked_at(shell: Shell) -> None:
    (made,) = shell.said("topics", "create", "t", "--partitions", "2", "--config", "retention.ms=-1")
    assert (made["partitions"], made["config"]) == (2, {"retention.ms": "-1"})
    assert shell.said("topics", "show", "t") == shell.said("topics") == [made]
    placed = shell.said("produce", "t", "a", "b", "--key", "k", "--partition", "1")
    assert placed == [{"partition": 1, "offset": 0}, {"partition": 1, "offset": 1}]
    assert [(one["key"], one["value"]) for one in shell.said("records", "t")] == [("k", "a"), ("k", "b")]
    assert [one["high_watermark"] for one in shell.said("offsets", "t")] == [0, 2]
    assert len(shell.said("offsets", "t", "--partition", "1")) == 1
    assert "Unknown topic config name: retention.m" in shell.failed(
        "topics", "create", "u", "--config", "retention.m=1"
    )
    assert "__" not in str(shell.said("topics"))
    assert "there is no topic 'tt'" in shell.failed("topics", "show", "tt")


def test_groups_and_what_they_have_committed(shell: Shell) -> None:
    consumer = Consumer({"bootstrap.servers": shell.served.bootstrap, "group.id": "g"})
    shell.said("produce", "grouped", "a")
    consumer.commit(offsets=[TopicPartition("grouped", 0, 1)], asynchronous=False)
    consumer.close()
    assert [one["group"] for one in shell.said("groups")] == ["g"]
    assert shell.said("committed", "g") == [{"topic": "grouped", "partition": 0, "offset": 1}]


def test_the_journal_is_read_and_explained(shell: Shell) -> None:
    producer = Producer({"bootstrap.servers": shell.served.bootstrap, "client.id": "shop", "log_level": 0})
    producer.produce("orders", b"one")
    assert producer.flush(20) == 0
    lines = shell.printed("requests", "Produce", "--client-id", "shop").splitlines()
    assert len(lines) == 1
    assert " Produce v" in lines[0]
    (request,) = shell.said("journal", "--api", "Produce", "--topic", "orders", "--json")
    assert (request["client_id"], request["kind"]) == ("shop", "request")
    assert any(" created " in line and "orders" in line for line in shell.printed("journal").splitlines())
    assert not any(" created " in line and "orders" in line for line in shell.printed("requests").splitlines())
    assert shell.printed("journal", "--after", str(request["number"]), "--most", "1") != lines[0] + "\n"
    assert shell.printed("explain", "partition", "orders").startswith("partition orders-0: log start 0")
    assert "'topic' is not one of" in shell.failed("explain", "topic", "orders")
    assert "did you mean 'shop'" in shell.failed("explain", "client", "shopp")
