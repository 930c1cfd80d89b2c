"""`odradek topics`, driven as a person and as a script drives it."""

from .shell import Shell, values


def test_a_topic_is_created_listed_described_grown_and_deleted(shell: Shell) -> None:
    assert shell.text("topics", "create", "a", "--partitions", "2", "--config", "retention.ms=5") == [
        ["topic", "result"],
        ["a", "created"],
    ]
    assert shell.text("topics", "list") == [["topic", "partitions", "replicas"], ["a", "2", "1"]]
    (described,) = shell.json("topics", "describe", "a")
    assert (described["topic"], described["configs"]) == ("a", {"retention.ms": "5"})
    assert described["partitions"][1] == {
        "partition": 1,
        "leader": 1,
        "replicas": [1],
        "isr": [1],
        "earliest": 0,
        "latest": 0,
    }
    head, columns, *rows = shell.text("topics", "describe", "a")
    assert (head[0], head[3:], columns[0], rows[0]) == (
        "a",
        ["retention.ms=5"],
        "partition",
        ["0", "1", "1", "1", "0", "0"],
    )
    assert shell.json("topics", "alter", "a", "--partitions", "3") == [{"topic": "a", "partitions": 3}]
    assert shell.json("topics", "list") == [{"topic": "a", "partitions": 3, "replicas": 1}]
    assert shell.json("topics", "delete", "a") == [{"topic": "a", "result": "deleted"}]
    assert shell.json("topics", "list") == []


def test_topics_get_what_the_broker_gives_where_nothing_else_is_asked_for(shell: Shell) -> None:
    shell.json("topics", "create", "b", "c")
    assert [(row["topic"], row["partitions"]) for row in shell.json("topics", "list")] == [("b", 1), ("c", 1)]
    found = shell.json("topics", "create", "c", "d", "--if-not-exists")
    assert values(found, "result") == ["was there", "created"]
    shell.json("topics", "delete", "b", "c", "d")


def test_internal_topics_are_listed_only_when_they_are_asked_for(shell: Shell) -> None:
    shell.json("topics", "create", "__mine")
    assert shell.json("topics", "list") == []
    assert "__mine" in values(shell.json("topics", "list", "--internal"), "topic")
    shell.json("topics", "delete", "__mine")


def test_what_the_broker_refuses_is_said_for_each_topic_and_the_others_are_done(shell: Shell) -> None:
    shell.json("topics", "create", "e")
    why = shell.refusal("topics", "create", "e", "bad name", "f")
    assert "e: TOPIC_ALREADY_EXISTS: Topic 'e' already exists." in why
    assert "bad name: TOPIC_EXCEPTION: Topic name is invalid" in why
    assert values(shell.json("topics", "list"), "topic") == ["e", "f"]
    assert "nope: UNKNOWN_TOPIC_OR_PART" in shell.refusal("topics", "describe", "nope")
    assert "nope: UNKNOWN_TOPIC_OR_PART" in shell.refusal("topics", "delete", "nope", "e", "f")
    assert "a topic is named twice" in shell.refusal("topics", "delete", "e", "e")
    assert "Topic already has 1 partition(s)" in refused_growth(shell)
    assert shell.json("topics", "list") == []


def refused_growth(shell: Shell) -> str:
    shell.json("topics", "create", "g")
    why = shell.refusal("topics", "alter", "g", "--partitions", "1")
    shell.json("topics", "delete", "g")
    return why


def test_a_setting_without_a_value_is_refused_before_anything_is_asked(shell: Shell) -> None:
    assert "--config 'x' is not NAME=VALUE" in shell.refusal("topics", "create", "h", "--config", "x")
