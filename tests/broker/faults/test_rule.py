from collections.abc import Sequence
from typing import Any

import pytest

from odradek.broker.faults.rule import ACTIONS, AFTER, WITH_MS, FaultError, FaultRule, api_of, parse_rule
from odradek.protocol.errors import ErrorCode


def test_a_rule_is_what_its_fields_say_and_the_api_is_named_as_kafka_does() -> None:
    rule = parse_rule({"api": "init_producer_id", "error": "COORDINATOR_NOT_AVAILABLE", "times": 2, "topic": None})
    assert rule == FaultRule(api="InitProducerId", error="COORDINATOR_NOT_AVAILABLE", times=2)
    assert rule.code is ErrorCode.COORDINATOR_NOT_AVAILABLE
    assert api_of(0) == "Produce"


def test_a_rule_is_told_by_what_it_says() -> None:
    rule = parse_rule({"api": "Fetch", "action": "delay", "ms": 5, "skip": 0})
    assert str(rule) == "the fault api=Fetch action=delay ms=5"


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_is_taken(action: str) -> None:
    ms = {"ms": 5} if action in WITH_MS else {}
    assert parse_rule({"action": action, **ms}).action == action
    assert set(AFTER) < set(ACTIONS)


REFUSED: Sequence[tuple[dict[str, Any], str]] = [
    ({"eror": "NONE"}, "no field 'eror'; did you mean 'error'"),
    ({"api": "Produse", "action": "blackhole"}, "no API 'Produse'; did you mean 'Produce'"),
    ({"api": "Produce", "version": 99, "action": "blackhole"}, "Produce has no version 99: it is served from 3 to"),
    ({"error": "NOT_LEADER"}, "no error of Kafka's; did you mean 'NOT_LEADER_OR_FOLLOWER'"),
    ({"error": "NONE"}, "error of a fault cannot be 'NONE', which is no error"),
    ({"action": "blackhole", "topic": "a b"}, "topic of a fault cannot be 'a b': Topic name is invalid"),
    ({"action": "dely", "ms": 1}, "no action; .*did you mean 'delay'"),
    ({}, "an error or an action, one of them"),
    ({"error": "UNKNOWN_SERVER_ERROR", "action": "delay", "ms": 1}, "one of them"),
    ({"action": "delay"}, "delay, throttle and slow_disk have ms"),
    ({"action": "blackhole", "ms": 1}, "ms is said of delay, throttle, slow_disk, move_coordinator, kill_broker"),
    ({"action": "delay", "ms": -1}, "not negative"),
    ({"action": "blackhole", "is_applied": True}, "is_applied is said of an error"),
    ({"action": "blackhole", "partition": 1}, "a partition is one of a topic"),
    ({"action": "blackhole", "api": "Fetch", "key": "g"}, "key is said of FindCoordinator"),
    ({"action": "blackhole", "times": 0}, "times of a fault is 1 at least, not 0"),
    ({"action": "blackhole", "skip": -1}, "skip of a fault is 0 at least"),
    ({"action": "blackhole", "every": 0}, "every of a fault is 1 at least"),
    ({"action": "blackhole", "for_ms": 0}, "for_ms of a fault is 1 at least"),
    ({"action": "blackhole", "probability": 0}, "more than 0 and 1 at most"),
    ({"action": "blackhole", "probability": 1.5}, "more than 0 and 1 at most"),
    ({"action": "blackhole", "times": "2"}, "times of a fault cannot be '2'"),
    ({"action": "blackhole", "times": True}, "times of a fault cannot be True"),
    ({"action": "blackhole", "topic": ""}, "topic of a fault cannot be ''"),
    ({"action": "blackhole", "principal": "alice"}, "'alice' is no principal; Kafka writes them as User:ANONYMOUS"),
    ({"action": "blackhole", "connection": "7"}, "'7' is no connection; the journal names one by its client's end"),
    ({"action": "blackhole", "version": -1}, "version of a fault is not negative"),
    ({"action": "blackhole", "topic": "t", "partition": -1}, "partition of a fault is not negative"),
    ({"action": "throttle", "ms": 2**31}, "ms of a fault is 2147483647 at most"),
    ({"action": "blackhole", "for_ms": 10**400}, "for_ms of a fault is 9007199254740992 at most"),
    (
        {"action": "blackhole", "api": "Heartbeat", "topic": "t"},
        "Heartbeat names no topic: the fault would hit noth",
    ),
    ({"action": "blackhole", "api": "Metadata", "topic": "t", "partition": 0}, "Metadata names no partition"),
    ({"action": "blackhole", "api": "Produce", "group": "g"}, "Produce names no group"),
    ({"action": "blackhole", "api": "Fetch", "transactional_id": "x"}, "Fetch names no transactional_id"),
    ({"action": "disk_full", "api": "Produce"}, "disk_full is about the log of a topic or .*, whatever the api"),
    ({"action": "fsync_error", "topic": "t", "client_id": "c"}, "fsync_error is about .*, whatever the client_id"),
    ({"action": "disk_ful"}, "no action; .*did you mean 'disk_full'"),
    ({"action": "raise_leader_epoch", "api": "Metadata"}, "Metadata names no partition: raise_leader_epoch would"),
    (
        {"action": "move_coordinator", "api": "Fetch"},
        "Fetch names no group and no transactional_id: move_coordin",
    ),
    ({"action": "stale_metadata", "api": "Fetch"}, "Fetch is not answered from metadata; Metadata and Describe"),
    ({"action": "move_coordinator", "key": "g"}, "key is said of FindCoordinator, which move_coordinator has noth"),
    ({"action": 7}, "action of a fault cannot be 7"),
]
WRONG = [given for given, _ in REFUSED]


@pytest.mark.parametrize(("given", "why"), REFUSED)
def test_what_can_mean_nothing_is_refused_with_the_nearest_right_thing(given: dict[str, Any], why: str) -> None:
    with pytest.raises(FaultError, match=why):
        parse_rule(given)


def test_an_error_may_be_given_as_what_it_is_in_python() -> None:
    assert parse_rule({"error": ErrorCode.NOT_LEADER_OR_FOLLOWER}) == FaultRule(error="NOT_LEADER_OR_FOLLOWER")
    with pytest.raises(FaultError, match="error of a fault cannot be 'NONE'"):
        parse_rule({"error": ErrorCode.NONE})
