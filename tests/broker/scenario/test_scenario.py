"""What a scenario says, each thing checked by whoever knows it."""

import pytest

from odradek.broker.faults.rule import FaultRule
from odradek.broker.scenario.scenario import ClockPart, LinkPart, build_scenario, record_of
from odradek.broker.scenario.yaml_nodes import ScenarioError, read_yaml
from odradek.broker.testing.running_cluster import Brokers

WHOLE = """
listen: 127.0.0.1:19092
settings: {num.partitions: 2, auto.create.topics.enable: false}
topics:
  - name: t
    config: {retention.ms: -1}
    records:
      - {value: a, key: k, headers: {h: x}, timestamp: 5, partition: 1}
      - {value: {base64: AP8=}}
groups:
  - {group: g, topic: t, partition: 1, offset: 7, metadata: m}
faults:
  - {api: Produce, error: NOT_LEADER_OR_FOLLOWER, times: 2}
clock: {start: 1000, rate: 2}
clusters:
  - {name: other, seed: 5, clock: {frozen: true}}
"""


def test_all_of_it_is_read() -> None:
    scenario = build_scenario(read_yaml(WHOLE))
    served = scenario.served
    assert served.settings == {
        "listeners": "PLAINTEXT://127.0.0.1:19092",
        "num.partitions": "2",
        "auto.create.topics.enable": "false",
    }
    (topic,) = served.topics
    assert (topic.name, topic.partitions, topic.count, topic.config) == ("t", None, 2, {"retention.ms": "-1"})
    first, second = topic.records
    assert (first.value, first.key, first.headers, first.timestamp, first.partition) == (
        b"a",
        b"k",
        (("h", b"x"),),
        5,
        1,
    )
    assert (second.value, second.partition, second.line) == (b"\x00\xff", None, 9)
    (offset,) = served.groups
    assert (offset.group, offset.topic, offset.partition, offset.offset, offset.metadata) == ("g", "t", 1, 7, "m")
    assert served.faults == [FaultRule(api="Produce", error="NOT_LEADER_OR_FOLLOWER", times=2)]
    assert served.clock == ClockPart(1000, 2.0)
    (other,) = scenario.clusters
    assert (other.name, other.seed, other.clock, other.settings) == ("other", 5, ClockPart(None, 0.0), {})


def test_brokers_racks_and_links_are_read() -> None:
    text = """
brokers: 3
racks: [a, b, a]
topics: [{name: t, replication_factor: 2}]
links: [{from: 1, to: clients, cut: true}, {from: 2, to: 3, delay_ms: 250, both_ways: false}]
"""
    served = build_scenario(read_yaml(text)).served
    assert served.brokers == Brokers(3, ["a", "b", "a"])
    assert served.topics[0].replication_factor == 2
    assert served.links == [
        LinkPart(5, 1, "clients", True, None, True),
        LinkPart(5, 2, 3, False, 0.25, False),
    ]


def test_nothing_is_a_scenario_too() -> None:
    scenario = build_scenario(read_yaml(""))
    assert (scenario.clusters, scenario.served.clock, scenario.served.topics) == ([], ClockPart(), [])


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("settings:\n  num.partition: 1", 2, "unknown setting 'num.partition'; did you mean 'num.partitions'?"),
        ("settings:\n  num.partitions: no", 2, "Invalid value no for configuration num.partitions"),
        ("listen: here", 1, "listen: 'here' is not HOST:PORT"),
        ("listen: a:1\nsettings:\n  listeners: PLAINTEXT://b:1", 3, "there is listen in line 1, so no listeners"),
        ("topics:\n  - name: a b", 2, "Topic name is invalid: 'a b' contains"),
        ("topics:\n  - name: __consumer_offsets", 2, "the broker creates this topic itself"),
        ("topics:\n  - name: t\n  - name: t", 3, "there is a topic 't' already"),
        ("topics:\n  - name: a.b\n  - name: a_b", 3, "Topic 'a_b' collides with existing topic: a.b"),
        (
            "topics:\n  - name: t\n    config:\n      retention.m: 1",
            4,
            "unknown topic setting 'retention.m'; did you mean 'retention.ms'?",
        ),
        (
            "topics:\n  - name: t\n    config:\n      retention.ms: x",
            4,
            "Invalid value x for configuration retention.ms",
        ),
        (
            "topics:\n  - name: t\n    config:\n      min.compaction.lag.ms: 5\n      max.compaction.lag.ms: 1",
            3,
            "conflict topic config setting",
        ),
        (
            "topics:\n  - name: t\n    partitions: 2\n    records:\n      - value: a\n      - {value: b, partition: 2}",
            6,
            "'t' has the partitions 0 to 1, not 2",
        ),
        ("topics:\n  - name: t\n    records:\n      - value: 5", 4, "'value' is a text, null, "),
        ("topics:\n  - name: t\n    records:\n      - {value: a, headers: 5}", 4, "'headers' is an object"),
        ("topics:\n  - name: t\n    records:\n      - {value: {base64: '?'}}", 4, "'value' is a text, null, "),
        (
            "topics:\n  - name: orders\ngroups:\n  - group: g\n    topic: order\n    partition: 0\n    offset: 0",
            5,
            "there is no topic 'order' in this cluster; did you mean 'orders'?",
        ),
        (
            "topics:\n  - name: t\ngroups:\n  - {group: g, topic: t, partition: 1, offset: 0}",
            4,
            "'t' has the partitions 0 to 0, not 1",
        ),
        ("topics: [{name: t}]\ngroups:\n  - {group: '', topic: t, partition: 0, offset: 0}", 3, "a group has a name"),
        ("faults:\n  - api: Produc\n    action: blackhole", 2, "there is no API 'Produc'; did you mean 'Produce'?"),
        (
            "faults:\n  - api: Produce\n    action: delai",
            3,
            "'delai' is no action; there are: delay",
        ),
        ("faults:\n  - api: Produce\n    eror: UNKNOWN", 3, "a fault has no field 'eror'; did you mean 'error'?"),
        ("faults:\n  - api: Fetch\n    error: UNKNOWN_SERVER_EROR", 3, "'UNKNOWN_SERVER_EROR' is no error of Kafka's"),
        ("faults:\n  - api: Fetch\n    error: UNKNOWN_SERVER_ERROR\n    times: 0", 4, "times of a fault is 1 at least"),
        ("faults:\n  - Produce", 2, "a fault is an object"),
        ("clock:\n  frozen: true\n  rate: 2", 3, "a clock that is frozen has no rate"),
        ("clock:\n  frozen: false\n  rate: 1.0e+15", 3, "a clock runs at a rate from 0 to 1000000, not 1e+15"),
        (
            "clock:\n  start: 253402300800000",
            2,
            "a clock shows milliseconds since 1970, from 0 to 253402300799999, not 253402300800000",
        ),
        ("brokers: 101", 1, "a cluster has 1 to 100 brokers, not 101"),
        ("brokers: 2\nracks: [a, b, c]", 2, "2 brokers cannot stand in 3 racks: there is one for each"),
        ("brokers: 2\nracks: a", 2, "racks is a list of texts, not a"),
        ("links:\n  - {from: 1, to: 2}", 2, "a link is cut, or has a delay_ms: say one of them"),
        ("links:\n  - {from: 1.5, to: 2, cut: true}", 2, "from is the id of a broker, controller or clients, not 1.5"),
        ("clusters:\n  - name: a\n  - name: a", 3, "there is a cluster 'a' already"),
        ("clusters:\n  - name: default", 2, "there is a cluster 'default' already"),
        ("clusters:\n  - name: a/b", 2, "'a/b' is no name of a cluster"),
        (
            "clusters:\n  - name: a\n    topics:\n      - name: t\n        config: {x: 1}",
            5,
            "unknown topic setting 'x'",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, line: int, why: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        build_scenario(read_yaml(text))
    assert (raised.value.line, str(raised.value)[: len(why)]) == (line, why)


def test_a_record_without_a_value_is_none() -> None:
    (topic,) = build_scenario(read_yaml("topics: [{name: t}]")).served.topics
    with pytest.raises(ScenarioError, match="'value' is missing"):
        record_of(1, {}, topic)
