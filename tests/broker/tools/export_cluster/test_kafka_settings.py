"""The whole server.properties: what was given, and what one node of Apache Kafka needs besides."""

import pytest

from odradek.broker.config.config_def import ConfigError, parse_properties
from odradek.broker.tools.export_cluster.kafka_settings import encode_settings, kafka_settings
from odradek.broker.tools.export_cluster.node_listeners import NodeAddresses

ADDRESSES = NodeAddresses(("127.0.0.1", 9093), ("127.0.0.1", 9094), "hidden")
GIVEN = {"listeners": "PLAINTEXT://h:1"}


def written(given: dict[str, str], node_id: int = 3) -> dict[str, str]:
    return kafka_settings({**GIVEN, **given}, node_id, "/data", ADDRESSES, is_voter_recorded=False)


def test_it_is_a_broker_and_a_controller_over_the_directory() -> None:
    found = written({"process.roles": "broker", "log.dirs": "/else", "log.dir": "/else", "metadata.log.dir": "/m"})
    assert (found["process.roles"], found["node.id"], found["log.dirs"]) == ("broker,controller", "3", "/data")
    assert found["controller.quorum.voters"] == "3@127.0.0.1:9093"
    assert not {"log.dir", "metadata.log.dir", "broker.id"} & found.keys()


def test_internal_topics_have_one_replica_unless_more_were_asked_for() -> None:
    name = "offsets.topic.replication.factor"
    assert {value for key, value in written({}).items() if "replication.factor" in key or "min.isr" in key} == {"1"}
    assert written({name: "3"})[name] == "3"


def test_what_was_given_stays_as_it_was_written() -> None:
    given = {"log.retention.ms": " 123 ", "log.cleanup.policy": "compact, delete", "ssl.key.password": "s"}
    assert written(given).items() >= given.items()


@pytest.mark.parametrize("name", ["node.id", "broker.id"])
def test_the_directory_of_another_node_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"{name}=1, but the data directory belongs to node 3"):
        written({name: "1"})
    assert written({name: "3"})["node.id"] == "3"


def test_what_kafka_would_refuse_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"log.retention.ms"):
        written({"log.retention.ms": "soon"})


def test_the_file_says_what_the_settings_say() -> None:
    settings = {"a": "1", "b c": 'x="y" #z', "e": "-----BEGIN\nAAAA", "f": " ä\\ "}
    text = encode_settings(settings)
    assert text.isascii()
    assert text.startswith("# ")
    assert parse_properties(text) == settings
