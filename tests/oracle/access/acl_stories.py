"""What administrators do with access rules: created, found and deleted, right and wrong."""

from dataclasses import replace

from odradek.broker.wire import ClosedByPeer, Wire
from odradek.protocol.messages.create_acls import CreateAclsRequest, CreateAclsResponse
from odradek.protocol.messages.delete_acls import DeleteAclsFilter, DeleteAclsRequest, DeleteAclsResponse
from odradek.protocol.messages.describe_acls import DescribeAclsRequest, DescribeAclsResponse

from ..scenarios.security import CREATED, EVERY
from ..wire_session import Dialogue
from .guest import Rules
from .story import story


@story
def rules_are_created_found_and_deleted(d: Dialogue, rules: Rules, guest: Wire) -> None:
    who = d.name("User:a")
    one = replace(CREATED, resource_name=d.name("t"), principal=who)
    created = {
        "one": [one],
        "again, and others": [
            one,
            replace(one, resource_pattern_type=4),
            replace(one, resource_name="*"),
            replace(one, resource_type=3, host="10.0.0.1", operation=2, permission_type=2),
            replace(one, resource_type=7, operation=13),
            replace(one, resource_type=4, resource_name="kafka-cluster", operation=4),
        ],
        "another cluster": [replace(one, resource_type=4)],
        "no name": [replace(one, resource_name="")],
        "no kind of principal": [replace(one, principal="a")],
        "no principal": [replace(one, principal="")],
        "an empty host": [replace(one, host="")],
        "any type": [replace(one, resource_type=1)],
        "any pattern": [replace(one, resource_pattern_type=1)],
        "patterns that match": [replace(one, resource_pattern_type=2)],
        "any operation": [replace(one, operation=1)],
        "any permission": [replace(one, permission_type=1)],
        "one of two is of any type": [replace(one, host="10.1.1.1"), replace(one, resource_type=1)],
        "type 99": [replace(one, resource_type=99)],
        "pattern 99": [replace(one, resource_pattern_type=99)],
        "operation 99": [replace(one, operation=99)],
        "permission 99": [replace(one, permission_type=99)],
        "one that is wrong among others": [replace(one, host="10.0.0.2"), replace(one, resource_name="")],
        "none": [],
        "an unknown type": [replace(one, resource_type=0)],
    }
    for label, creations in created.items():
        for version in (1, 2, 3):
            request = CreateAclsRequest(creations=creations)
            _note(d, f"created: {label} v{version}", request, version, CreateAclsResponse)
    mine = replace(EVERY, principal_filter=who)
    d.wait_for(lambda: len(_found(d, mine)) >= 8, "the rules are there")
    for label, wanted in _filters(mine, one.resource_name).items():
        answer = d.wire.ask(wanted, 3, DescribeAclsResponse)
        d.note(f"found: {label}", [answer.error_code, answer.error_message, _found(d, wanted)])
    for label, wanted in _filters(mine, one.resource_name).items():
        gone = DeleteAclsFilter(
            resource_type_filter=wanted.resource_type_filter,
            resource_name_filter=wanted.resource_name_filter,
            pattern_type_filter=wanted.pattern_type_filter,
            principal_filter=wanted.principal_filter,
            host_filter=wanted.host_filter,
            operation=wanted.operation,
            permission_type=wanted.permission_type,
        )
        if label == "all":
            continue
        deleted = d.wire.ask(DeleteAclsRequest(filters=[gone, gone]), 3, DeleteAclsResponse)
        d.note(
            f"deleted: {label}",
            [
                [
                    result.error_code,
                    result.error_message,
                    sorted(
                        [a.resource_type, a.resource_name, a.pattern_type, a.host, a.operation, a.permission_type]
                        for a in result.matching_acls
                    ),
                ]
                for result in deleted.filter_results
            ],
        )
    d.wait_for(lambda: not _found(d, replace(mine, pattern_type_filter=2)), "the rules are gone")


def _filters(mine: DescribeAclsRequest, name: str) -> dict[str, DescribeAclsRequest]:
    return {
        "nothing of that name": replace(mine, resource_name_filter="no-such"),
        "an empty name": replace(mine, resource_name_filter=""),
        "type 99": replace(mine, resource_type_filter=99),
        "pattern 99": replace(mine, pattern_type_filter=99),
        "operation 99": replace(mine, operation=99),
        "permission 99": replace(mine, permission_type=99),
        "by host": replace(mine, host_filter="10.0.0.1"),
        "of users": replace(mine, resource_type_filter=7),
        "by operation": replace(mine, operation=4),
        "denials": replace(mine, permission_type=2),
        "prefixes": replace(mine, pattern_type_filter=4),
        "all": mine,
        "literals of that name": replace(mine, resource_name_filter=name, pattern_type_filter=3),
        "what matches the name": replace(mine, resource_name_filter=name, pattern_type_filter=2),
        "what matches anything": replace(mine, pattern_type_filter=2),
    }


def _found(d: Dialogue, wanted: DescribeAclsRequest) -> list[list[int | str]]:
    answer = d.wire.ask(wanted, 3, DescribeAclsResponse)
    return sorted(
        [one.resource_type, one.resource_name, one.pattern_type, acl.host, acl.operation, acl.permission_type]
        for one in answer.resources
        for acl in one.acls
    )


def _note(d: Dialogue, label: str, request: object, version: int, response: type[object]) -> None:
    """On a connection of its own, which may be closed for it."""
    wire = d.connect("acl")
    try:
        d.note(label, wire.ask(request, version, response))
    except ClosedByPeer:
        d.note(label, "closed")
