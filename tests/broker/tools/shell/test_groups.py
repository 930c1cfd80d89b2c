"""`odradek groups`: lag, resets with a dry run first, and deletion."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import confluent_kafka
import pytest

from .shell import Shell, values


@pytest.fixture(scope="module")
def written(shell: Shell) -> Shell:
    """The topic t: five records in partition 0, none in partition 1; the group g has read two of them."""
    shell.json("topics", "create", "t", "--partitions", "2")
    shell.json("produce", "t", *"abcde", "--partition", "0")
    shell.json("groups", "reset", "g", "--topic", "t:0", "--to-offset", "2", "--execute")
    return shell


@contextmanager
def member(shell: Shell, group: str, topic: str) -> Generator[Any]:
    """A member that has its partitions."""
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": shell.bootstrap, "group.id": group, "auto.offset.reset": "earliest", "client.id": "me"}
    )
    try:
        consumer.subscribe([topic])
        message = consumer.poll(20)
        assert message is not None
        yield consumer
    finally:
        consumer.close()


def committed(shell: Shell, group: str) -> dict[int, int]:
    return {row["partition"]: row["committed"] for row in shell.json("groups", "describe", group)["partitions"]}


def test_a_group_shows_what_it_has_committed_and_how_far_it_lags(written: Shell) -> None:
    assert written.json("groups", "list") == [{"group": "g", "state": "empty", "type": "classic"}]
    found = written.json("groups", "describe", "g")
    assert (found["group"], found["state"], found["lag"], found["members"]) == ("g", "empty", 3, [])
    (row,) = found["partitions"]
    assert (row["topic"], row["partition"], row["committed"], row["end"], row["lag"]) == ("t", 0, 2, 5, 3)
    head, _, line = written.text("groups", "describe", "g")
    assert head[:2] == ["g", "empty"]
    assert head[-2:] == ["lag", "3"]
    assert line == ["t", "0", "2", "5", "3", "-", "-"]


def test_a_member_shows_with_its_partitions_and_forbids_a_reset(written: Shell) -> None:
    with member(written, "live", "t"):
        found = written.json("groups", "describe", "live")
        assert (found["state"], len(found["members"])) == ("stable", 1)
        assert values(found["partitions"], "client") == ["me", "me"]
        assert values(found["partitions"], "committed") == [None, None]
        why = written.refusal("groups", "reset", "live", "--topic", "t", "--to-latest", "--execute")
        assert "t-0" in why or "UNKNOWN_MEMBER_ID" in why
        assert "NON_EMPTY_GROUP" in written.refusal("groups", "delete", "live")
    assert written.json("groups", "delete", "live") == [{"group": "live", "result": "deleted"}]


@pytest.mark.parametrize(
    ("target", "to"),
    [
        (["--to-earliest"], 0),
        (["--to-latest"], 5),
        (["--to-offset", "3"], 3),
        (["--to-offset", "99"], 5),
        (["--to-time", "0"], 0),
        (["--to-time", "2100-01-01T00:00:00Z"], 5),
        (["--shift", "1"], 3),
        (["--shift", "-1"], 1),
        (["--shift", "-99"], 0),
    ],
)
def test_a_reset_is_shown_first_and_done_when_it_is_said(written: Shell, target: list[str], to: int) -> None:
    written.json("groups", "reset", "r", "--topic", "t:0", "--to-offset", "2", "--execute")
    moved = [{"topic": "t", "partition": 0, "from": 2, "to": to}]
    assert written.json("groups", "reset", "r", *target) == moved
    assert "--execute does it" in written.run("groups", "reset", "r", *target).stderr
    assert committed(written, "r") == {0: 2}
    assert written.json("groups", "reset", "r", *target, "--execute") == moved
    assert committed(written, "r") == {0: to}
    written.json("groups", "delete", "r")


def test_a_topic_stands_for_all_its_partitions(written: Shell) -> None:
    written.json("groups", "reset", "all", "--topic", "t", "--to-latest", "--execute")
    assert committed(written, "all") == {0: 5, 1: 0}
    written.json("groups", "delete", "all")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["reset", "g"], "exactly one of"),
        (["reset", "g", "--to-latest", "--to-earliest"], "exactly one of"),
        (["reset", "new", "--to-latest"], "new has committed nothing"),
        (["reset", "g", "--topic", "t:9", "--to-latest"], "t has no partition 9"),
        (["reset", "g", "--topic", "t", "--shift", "1"], "nothing is committed for t-1"),
        (["reset", "g", "--topic", "nope", "--to-latest"], "there is no topic nope"),
        (["delete", "nope"], "GROUP_ID_NOT_FOUND"),
    ],
)
def test_what_cannot_be_done_is_said(written: Shell, words: list[str], why: str) -> None:
    assert why in written.refusal("groups", *words)
