"""Each field is known, there if it has to be, and of its kind; else its line is named."""

import pytest

from odradek.broker.scenario.checking import check_scenario, time_ms
from odradek.broker.scenario.yaml_nodes import Node, ScenarioError, read_yaml


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        (
            "[]",
            1,
            "a scenario is an object with listen, brokers, racks, settings, topics, groups, faults, links, clock, "
            "users, clusters, not []",
        ),
        ("settings:\n  a: b\ntopic:\n  - x", 3, "a scenario has no field 'topic'; did you mean 'topics'?"),
        ("zzzzz: 1", 1, "a scenario has no field 'zzzzz'; it has listen, brokers, racks"),
        ("\nusers:\n  - alice", 3, "a user is an object with name, password, mechanism, not alice"),
        ("users:\n  - name: alice", 2, "a user needs password: By what."),
        ("topics: orders", 1, "topics is a list: a line with - for a topic, not orders"),
        (
            "topics:\n  - orders",
            2,
            "a topic is an object with name, partitions, replication_factor, config, records, records_file, not orders",
        ),
        ("topics:\n  - partitions: 1", 2, "a topic needs name: Its name."),
        ("topics:\n  - name: t\n    partition: 1", 3, "a topic has no field 'partition'; did you mean 'partitions'?"),
        ("topics:\n  - name: 5", 2, "name is a text, not 5: put it in quotes"),
        ("topics:\n  - name: t\n    partitions: 0", 3, "partitions is 1 at least, not 0"),
        ("topics:\n  - name: t\n    partitions: many", 3, "partitions is a whole number, not many"),
        ("topics:\n  - name: t\n    partitions: true", 3, "partitions is a whole number, not true"),
        ("topics:\n  - name: t\n    config: [1]", 3, "config is an object of names and values, not [1]"),
        (
            "topics:\n  - name: t\n    records:\n      - vale: x",
            4,
            "a record has no field 'vale'; did you mean 'value'?",
        ),
        ("topics:\n  - name: t\n    records:\n      - key: x", 4, "a record needs value: A text"),
        ("topics: [{name: t, records: [{value: x, timestamp: 9223372036854775807}]}]", 1, "timestamp is less than "),
        ("settings:\n  a:\n", 1, 'settings is an object of names and values, not {"a": null}'),
        ("clock:\n  frozen: maybe", 2, "frozen is true or false, not maybe"),
        ("clock:\n  rate: fast", 2, "rate is a number, not fast"),
        ("clock:\n  rate: -1", 2, "rate is 0 at least, not -1"),
        (
            "clock:\n  start: noon",
            2,
            "start is milliseconds since 1970 or a time such as 2026-01-31T12:00:00Z, not noon",
        ),
        ("clock:\n  start: 1900-01-01", 2, "start is milliseconds since 1970"),
        ("clusters:\n  - name: a\n    users: []", 3, "a cluster has no field 'users'"),
        ("groups:\n  - {group: g, topic: t, partition: 0}", 2, "an offset of a group needs offset: "),
        ("faults: 5", 1, "faults is a list: a line with - for a fault, not 5"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, line: int, why: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        check_scenario(read_yaml(text))
    assert (raised.value.line, str(raised.value)[: len(why)]) == (line, why)


def test_what_is_right_passes() -> None:
    check_scenario(read_yaml(""))
    check_scenario(read_yaml("topics: [{name: t, records: [{value: null}, {value: {json: {a: 1}}}]}]"))


def test_a_time_is_a_number_or_a_text() -> None:
    assert time_ms(Node(5, 1)) == 5
    assert time_ms(Node("1970-01-01T00:00:01Z", 1)) == 1000
    assert time_ms(Node("1970-01-01T01:00:00+01:00", 1)) == 0
    assert time_ms(Node("1970-01-02", 1)) == 86_400_000
    assert (time_ms(Node(True, 1)), time_ms(Node(None, 1))) == (None, None)
