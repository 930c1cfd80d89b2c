"""Access rules: as records, and which of them a filter means."""

from dataclasses import dataclass

import pytest

from odradek.broker.security.authorization.acl import (
    Acl,
    AclFilter,
    Operation,
    PatternType,
    Permission,
    ResourceType,
)

ACL = Acl(ResourceType.TOPIC, "ab", PatternType.LITERAL, "User:a", "*", Operation.READ, Permission.ALLOW)
PREFIX = ACL._replace(name="a", pattern_type=PatternType.PREFIXED)
ALL = ACL._replace(name="*")
OTHER = ACL._replace(name="ab", resource_type=ResourceType.GROUP)
ANY = AclFilter(ResourceType.ANY, None, PatternType.ANY, None, None, Operation.ANY, Permission.ANY)


def test_a_rule_is_the_same_after_a_way_through_the_log() -> None:
    assert Acl.of_record(ACL.record(b"i" * 16)) == ACL
    assert ACL.record(b"i" * 16).id == b"i" * 16


def test_numbers_that_mean_nothing_are_unknown() -> None:
    assert [kind(99) for kind in (ResourceType, PatternType, Operation, Permission)] == [0, 0, 0, 0]


@dataclass
class Case:
    filter: AclFilter
    found: list[Acl]


@pytest.mark.parametrize(
    "case",
    [
        Case(ANY, [ACL, PREFIX, ALL, OTHER]),
        Case(ANY._replace(resource_type=ResourceType.GROUP), [OTHER]),
        Case(ANY._replace(name="ab"), [ACL, OTHER]),
        Case(ANY._replace(name="a"), [PREFIX]),
        Case(ANY._replace(name=""), []),
        Case(ANY._replace(name="ab", pattern_type=PatternType.MATCH), [ACL, PREFIX, ALL, OTHER]),
        Case(ANY._replace(name="ax", pattern_type=PatternType.MATCH), [PREFIX, ALL]),
        Case(ANY._replace(pattern_type=PatternType.MATCH), [ACL, PREFIX, ALL, OTHER]),
        Case(ANY._replace(pattern_type=PatternType.PREFIXED), [PREFIX]),
        Case(ANY._replace(name="ab", pattern_type=PatternType.LITERAL), [ACL, OTHER]),
        Case(ANY._replace(name="ab", pattern_type=PatternType.PREFIXED), []),
        Case(ANY._replace(principal="User:b"), []),
        Case(ANY._replace(host="h"), []),
        Case(ANY._replace(operation=Operation.WRITE), []),
        Case(ANY._replace(permission=Permission.DENY), []),
        Case(AclFilter(*ACL), [ACL]),
    ],
)
def test_a_filter_means_what_it_says(case: Case) -> None:
    assert [acl for acl in (ACL, PREFIX, ALL, OTHER) if case.filter.matches(acl)] == case.found
