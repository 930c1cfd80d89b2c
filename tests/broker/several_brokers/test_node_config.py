"""The settings of each of several brokers: what all were given, at ports and under a number of its own."""

import pytest

from odradek.broker.advertised import parse_rule
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.several_brokers.node_config import config_of_node, rules_of_node


def config(settings: dict[str, str], node_id: int = 2, brokers: int = 3, rack: str | None = None) -> BrokerConfig:
    return config_of_node(BrokerConfig.from_settings(settings, brokers=brokers), node_id, brokers, rack)


def ports(found: BrokerConfig) -> list[int]:
    return [endpoint.port for endpoint in found.endpoints()]


def test_ports_count_up_from_those_of_the_first_broker() -> None:
    settings = {
        "listeners": "A://127.0.0.1:9092,B://127.0.0.1:19092",
        "listener.security.protocol.map": "A:PLAINTEXT,B:PLAINTEXT",
        "inter.broker.listener.name": "A",
    }
    assert [ports(config(settings, node_id)) for node_id in (1, 2, 3)] == [[9092, 19092], [9093, 19093], [9094, 19094]]


def test_a_free_port_is_a_free_port_for_each() -> None:
    assert ports(config({"listeners": "PLAINTEXT://127.0.0.1:0"}, 3)) == [0]


def test_what_is_advertised_counts_up_likewise() -> None:
    settings = {"listeners": "PLAINTEXT://:9092", "advertised.listeners": "PLAINTEXT://shop.example:7000"}
    assert config(settings, 3).effective("advertised.listeners") == "PLAINTEXT://shop.example:7002"


def test_a_broker_has_its_own_number_and_rack() -> None:
    found = config({"node.id": "7"}, 3, rack="c")
    assert (found.node_id, found.broker_rack) == (3, "c")
    assert config({}, 3).broker_rack is None


def test_what_one_broker_is_given_later_no_other_has() -> None:
    given = BrokerConfig.from_settings({"num.partitions": "4"}, brokers=2)
    one, other = (config_of_node(given, node_id, 2, None) for node_id in (1, 2))
    assert one is not other
    assert (one.num_partitions, other.num_partitions) == (4, 4)


@pytest.mark.parametrize(("brokers", "factor", "min_isr"), [(2, 2, 2), (3, 3, 2), (5, 3, 2)])
def test_internal_topics_have_as_many_replicas_as_kafka_wants_or_as_there_are_brokers(
    brokers: int, factor: int, min_isr: int
) -> None:
    found = config({}, brokers=brokers)
    assert found.effective("offsets.topic.replication.factor") == str(factor)
    assert found.effective("transaction.state.log.replication.factor") == str(factor)
    assert found.effective("transaction.state.log.min.isr") == str(min_isr)


def test_what_was_given_for_internal_topics_stays() -> None:
    found = config({"offsets.topic.replication.factor": "1", "transaction.state.log.min.isr": "1"})
    assert found.effective("offsets.topic.replication.factor") == "1"
    assert found.effective("transaction.state.log.min.isr") == "1"


def test_rules_of_what_is_advertised_count_up_where_they_name_a_port() -> None:
    rules = [parse_rule("172.17.0.1/32=localhost:19092"), parse_rule("10.0.0.0/8=shop:0")]
    assert [(rule.host, rule.port) for rule in rules_of_node(rules, 3)] == [("localhost", 19094), ("shop", 0)]
