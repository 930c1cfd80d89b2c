from ipaddress import ip_network

from odradek.broker.advertised import AdvertiseRule
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.several_brokers.node_config import config_of_node, rules_of_node


def config(brokers: int = 3, **settings: str) -> BrokerConfig:
    given = {name.replace("_", "."): value for name, value in settings.items()}
    return BrokerConfig.from_settings(given, brokers=brokers)


def test_ports_that_are_given_count_up_and_free_ones_stay_free() -> None:
    given = config(
        listeners="PLAINTEXT://127.0.0.1:9092,OTHER://127.0.0.1:0",
        listener_security_protocol_map="OTHER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    )
    endpoints = config_of_node(given, 3, 3, None).endpoints()
    assert [(one.name, one.port) for one in endpoints] == [("PLAINTEXT", 9094), ("OTHER", 0)]


def test_a_broker_has_its_own_number_and_rack_and_all_else_as_it_was_given() -> None:
    node = config_of_node(config(log_retention_ms="5000", node_id="7"), 2, 3, "b")
    assert (node.node_id, node.broker_rack, node.given["log.retention.ms"]) == (2, "b", "5000")


def test_what_is_advertised_counts_up_too() -> None:
    rules = [AdvertiseRule(ip_network("10.0.0.0/8"), "far", 19092), AdvertiseRule(ip_network("0.0.0.0/0"), "near", 0)]
    assert [(rule.host, rule.port) for rule in rules_of_node(rules, 3)] == [("far", 19094), ("near", 0)]
    node = config_of_node(config(advertised_listeners="PLAINTEXT://kafka:9092"), 2, 3, None)
    assert node.advertised() == {"PLAINTEXT": ("kafka", 9093)}
