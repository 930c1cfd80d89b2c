"""`odradek control brokers`, `links`, `partitions` and `elect` from a shell."""

from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import Shell

OF_IT = ("--cluster", "three")


class Three:
    """The shell, of a cluster of three brokers."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def said(self, *arguments: str) -> list[Any]:
        return self._shell.said(*OF_IT, *arguments)

    def failed(self, *arguments: str) -> str:
        return self._shell.failed(*OF_IT, *arguments)


@pytest.fixture
def three(shell: Shell) -> Iterator[Three]:
    shell.said("clusters", "create", "three", "--brokers", "3", "--racks", "a,b,c")
    yield Three(shell)
    shell.said("clusters", "drop", "three")


def test_brokers_are_killed_without_notice_and_started(three: Three) -> None:
    assert [(one["id"], one["rack"]) for one in three.said("brokers", "list")] == [(1, "a"), (2, "b"), (3, "c")]
    (killed,) = three.said("brokers", "kill", "2", "--unnoticed", "--lose-page-cache")
    assert (killed["state"], killed["is_fenced"]) == ("killed", False)
    three.said("clock", "advance", "--seconds", "10")
    assert three.said("brokers", "show", "2")[0]["is_fenced"]
    assert three.said("brokers", "start", "2")[0]["state"] == "running"
    assert three.said("brokers", "stop", "3")[0]["state"] == "stopped"
    assert "broker 3 is stopped: this is for one that is running" in three.failed("brokers", "freeze", "3")


def test_links_are_cut_one_way_slowed_and_healed(three: Three) -> None:
    one = {"from": 1, "to": "clients", "is_cut": True, "delay_ms": 0}
    assert three.said("links", "cut", "1", "clients", "--one-way") == [one]
    slow = [
        {"from": 1, "to": 2, "is_cut": False, "delay_ms": 20},
        {"from": 2, "to": 1, "is_cut": False, "delay_ms": 20},
    ]
    assert three.said("links", "slow", "1", "2", "--ms", "20") == [*slow, one]
    assert three.said("links", "heal", "1", "2", "--one-way") == [slow[1], one]
    assert "a link has two ends" in three.failed("links", "heal", "1")
    assert three.said("links", "heal") == three.said("links", "list") == []


def test_partitions_are_waited_for_and_leaders_elected(three: Three) -> None:
    (made,) = three.said("topics", "create", "t", "--partitions", "1", "--replication-factor", "3")
    assert made["replication_factor"] == 3
    three.said("produce", "t", "v", "--acks", "1")
    leader = three.said("partitions", "t")[0]["leader"]
    three.said("brokers", "kill", str(leader))
    (led,) = three.said("partitions", "t", "--partition", "0", "--until", "led", "--other-than", str(leader))
    assert led["leader"] != leader
    three.said("brokers", "start", str(leader))
    three.said("partitions", "t", "--until", "in_sync")
    assert three.said("elect", "t", "--partition", "0")[0]["leader"] == leader
    assert "not in sync, but" in three.failed("partitions", "t", "--until", "under_replicated", "--timeout-ms", "1")
