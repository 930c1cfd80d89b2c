"""Access rules and passwords, of which a broker without an authorizer and without users has none."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from odradek.broker.wire import ClosedByPeer
from odradek.protocol.messages.create_acls import AclCreation, CreateAclsRequest, CreateAclsResponse
from odradek.protocol.messages.delete_acls import DeleteAclsFilter, DeleteAclsRequest, DeleteAclsResponse
from odradek.protocol.messages.describe_acls import DescribeAclsRequest, DescribeAclsResponse
from odradek.protocol.messages.describe_user_scram_credentials import (
    DescribeUserScramCredentialsRequest,
    DescribeUserScramCredentialsResponse,
    UserName,
)

from ..wire_session import Dialogue, scenario

EVERY = DescribeAclsRequest(
    resource_type_filter=1,
    resource_name_filter=None,
    pattern_type_filter=1,
    principal_filter=None,
    host_filter=None,
    operation=1,
    permission_type=1,
)
CREATED = AclCreation(
    resource_type=2,
    resource_name="t",
    resource_pattern_type=3,
    principal="User:a",
    host="*",
    operation=3,
    permission_type=3,
)
DELETED = DeleteAclsFilter(
    resource_type_filter=1,
    resource_name_filter=None,
    pattern_type_filter=1,
    principal_filter=None,
    host_filter=None,
    operation=1,
    permission_type=1,
)


def ask(d: Dialogue, label: str, request: object, version: int, response_type: type[object]) -> None:
    """On a connection of its own, which may be closed for it."""
    wire = d.connect("acl")
    try:
        d.note(f"{label} v{version}", wire.ask(request, version, response_type))
    except ClosedByPeer:
        d.note(f"{label} v{version}", "closed")


@scenario
def access_rules_at_every_version(d: Dialogue) -> None:
    described: Mapping[str, DescribeAclsRequest] = {
        "all": EVERY,
        "of a topic": replace(EVERY, resource_type_filter=2, resource_name_filter="t", pattern_type_filter=3),
        "an unknown type": replace(EVERY, resource_type_filter=0),
        "type 99": replace(EVERY, resource_type_filter=99),
        "an unknown pattern": replace(EVERY, pattern_type_filter=0),
        "an unknown operation": replace(EVERY, operation=0),
        "an unknown permission": replace(EVERY, permission_type=0),
        "permission -1": replace(EVERY, permission_type=-1),
    }
    created: Mapping[str, Sequence[AclCreation]] = {
        "none": [],
        "two": [CREATED, CREATED],
        "any type": [replace(CREATED, resource_type=1)],
        "an unknown type": [CREATED, replace(CREATED, resource_type=0)],
        "type 99": [replace(CREATED, resource_type=99)],
        "an unknown pattern": [replace(CREATED, resource_pattern_type=0)],
        "an unknown operation": [replace(CREATED, operation=0)],
        "an unknown permission": [replace(CREATED, permission_type=0)],
    }
    deleted: Mapping[str, Sequence[DeleteAclsFilter]] = {
        "none": [],
        "two": [DELETED, DELETED],
        "an unknown type": [DELETED, replace(DELETED, resource_type_filter=0)],
        "type 99": [replace(DELETED, resource_type_filter=99)],
        "an unknown pattern": [replace(DELETED, pattern_type_filter=0)],
        "an unknown operation": [replace(DELETED, operation=0)],
        "an unknown permission": [replace(DELETED, permission_type=0)],
    }
    for version in (1, 2, 3):
        for label, one in described.items():
            ask(d, f"describe: {label}", one, version, DescribeAclsResponse)
        for label, rules in created.items():
            ask(d, f"create: {label}", CreateAclsRequest(creations=rules), version, CreateAclsResponse)
        for label, filters in deleted.items():
            ask(d, f"delete: {label}", DeleteAclsRequest(filters=filters), version, DeleteAclsResponse)


@scenario
def there_are_no_passwords(d: Dialogue) -> None:
    cases: Mapping[str, Sequence[str] | None] = {
        "all": None,
        "none": [],
        "one": ["a"],
        "twice": ["a", "b", "a"],
        "an empty name": [""],
    }
    for label, users in cases.items():
        request = DescribeUserScramCredentialsRequest(
            users=None if users is None else [UserName(name=one) for one in users]
        )
        d.ask(label, request, 0, DescribeUserScramCredentialsResponse)
