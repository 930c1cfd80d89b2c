"""The rules of the metadata log are those that are obeyed, and clients change them there."""

from collections.abc import Callable
from itertools import count

import pytest

from odradek.broker.security.authorization.acl import (
    Acl,
    AclFilter,
    Operation,
    PatternType,
    Permission,
    ResourceType,
)
from odradek.broker.security.authorization.acls import Acls, Deletions, Refusals
from odradek.broker.security.authorization.authorizer import Authorizer, Client
from odradek.protocol.errors import ErrorCode
from odradek.protocol.metadata_records import RemoveAccessControlEntryRecord

from ...handlers.broker_harness import AskedBroker

READ = Acl(ResourceType.TOPIC, "t", PatternType.LITERAL, "User:a", "*", Operation.READ, Permission.ALLOW)
WRITE = READ._replace(operation=Operation.WRITE)
ALL = AclFilter(ResourceType.ANY, None, PatternType.ANY, None, None, Operation.ANY, Permission.ANY)


class Rules:
    """The rules of a broker, and whether a user may read and write."""

    def __init__(self) -> None:
        self.metadata = AskedBroker().context.metadata
        self.authorizer = Authorizer()
        ids = count(1)
        self.acls = Acls(self.authorizer, self.metadata, lambda: next(ids).to_bytes(16, "big"))
        self.metadata.publisher.subscribe(self.acls)

    def allowed(self) -> list[bool]:
        client = Client("User:a", "h")
        return [self.authorizer.is_allowed(client, one.operation, one.resource_type, one.name) for one in (READ, WRITE)]

    def create(self, *acls: Acl) -> list[tuple[ErrorCode, str] | None]:
        refusals = told(lambda then: self.acls.create(acls, then))
        return [None if one is None else (one.code, one.message) for one in refusals]

    def delete(self, *filters: AclFilter) -> Deletions:
        heard: list[Deletions] = []
        self.acls.delete(filters, heard.append)
        return heard[0]

    def found(self, wanted: AclFilter = ALL) -> list[Acl]:
        return [acl for acl in self.acls.find(wanted) if acl is not None]


def told(ask: Callable[[Callable[[Refusals], None]], None]) -> Refusals:
    heard: list[Refusals] = []
    ask(heard.append)
    return heard[0]


def test_rules_are_obeyed_from_the_moment_on_they_are_in_the_log() -> None:
    rules = Rules()
    assert rules.allowed() == [False, False]
    assert rules.create(READ, WRITE, READ) == [None, None, None]
    assert rules.allowed() == [True, True]
    assert rules.found() == [READ, WRITE]
    assert rules.delete(AclFilter(*READ)) == [[READ]]
    assert rules.allowed() == [False, True]


def test_rules_that_were_in_the_log_are_obeyed_from_the_start_on() -> None:
    rules = Rules()
    rules.create(READ)
    authorizer = Authorizer()
    Acls(authorizer, rules.metadata, lambda: b"")
    assert authorizer.is_allowed(Client("User:a", "h"), READ.operation, READ.resource_type, READ.name)


def test_a_rule_that_is_there_is_not_recorded_again() -> None:
    rules = Rules()
    rules.create(READ)
    end = rules.metadata.end_offset
    assert rules.create(READ) == [None]
    assert rules.metadata.end_offset == end
    assert len(rules.metadata.image.acls) == 1


def test_a_rule_that_two_filters_mean_is_told_with_both() -> None:
    rules = Rules()
    rules.create(READ, WRITE)
    assert rules.delete(ALL, AclFilter(*READ), AclFilter(*READ)._replace(host="h")) == [[READ, WRITE], [READ], []]
    assert rules.found() == []


def test_a_record_that_takes_back_what_is_not_there_changes_nothing() -> None:
    rules = Rules()
    rules.create(READ)
    rules.metadata.change(lambda image: [RemoveAccessControlEntryRecord(id=b"x" * 16)], lambda error: None)
    assert rules.found() == [READ]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (
            READ._replace(resource_type=ResourceType.CLUSTER),
            "The only valid name for the CLUSTER resource is kafka-cluster",
        ),
        (READ._replace(name=""), "Invalid empty resource name"),
        (READ._replace(resource_type=ResourceType.UNKNOWN), "Invalid resourceType UNKNOWN"),
        (READ._replace(pattern_type=PatternType.UNKNOWN), "Invalid patternType UNKNOWN"),
        (READ._replace(operation=Operation.UNKNOWN), "Invalid operation UNKNOWN"),
        (READ._replace(permission=Permission.UNKNOWN), "Invalid permissionType UNKNOWN"),
        (
            READ._replace(principal="a"),
            "Could not parse principal from `a` "
            "(no colon is present separating the principal type from the principal name)",
        ),
    ],
)
def test_a_rule_that_can_mean_nothing_is_refused_and_keeps_no_other_from_being_taken(wrong: Acl, why: str) -> None:
    rules = Rules()
    assert rules.create(READ, wrong, WRITE) == [None, (ErrorCode.INVALID_REQUEST, why), None]
    assert rules.found() == [READ, WRITE]


def test_a_filter_that_can_mean_nothing_is_refused() -> None:
    rules = Rules()
    rules.create(READ)
    for wrong, why in (
        (ALL._replace(resource_type=ResourceType.UNKNOWN), "Unknown patternFilter."),
        (ALL._replace(pattern_type=PatternType.UNKNOWN), "Unknown patternFilter."),
        (ALL._replace(operation=Operation.UNKNOWN), "Unknown entryFilter."),
        (ALL._replace(permission=Permission.UNKNOWN), "Unknown entryFilter."),
    ):
        (refusal,) = rules.delete(wrong)
        assert (getattr(refusal, "code", None), getattr(refusal, "message", None)) == (
            ErrorCode.INVALID_REQUEST,
            why,
        )
    assert rules.found() == [READ]


def test_more_than_ten_thousand_rules_at_once_are_refused() -> None:
    rules = Rules()
    many = [READ._replace(name=f"t{number}") for number in range(10_001)]
    assert set(rules.create(*many)) == {
        (ErrorCode.POLICY_VIOLATION, "Unable to perform excessively large batch operation.")
    }
    assert rules.found() == []
    assert rules.create(*many[:-1]) == [None] * 10_000
    rules.create(many[-1])
    (refusal,) = rules.delete(ALL)
    why = "Cannot remove more than 10000 acls in a single delete operation."
    assert (getattr(refusal, "code", None), getattr(refusal, "message", None)) == (ErrorCode.INVALID_REQUEST, why)
    assert len(rules.found()) == 10_001
