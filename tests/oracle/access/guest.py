"""Two clients that access rules tell apart without a login: the administrator's host, and another for the guest.

Both are User:ANONYMOUS on the loopback; one comes from 127.0.0.1, which may do everything, the other from 127.0.0.2.
"""

import json
import re
import socket
from collections.abc import Iterable, Sequence

from odradek.broker.security.authorization.acl import Acl, Operation, PatternType, Permission, ResourceType
from odradek.broker.wire import Wire, host_and_port
from odradek.protocol.messages.create_acls import AclCreation, CreateAclsRequest, CreateAclsResponse
from odradek.protocol.messages.delete_acls import DeleteAclsFilter, DeleteAclsRequest, DeleteAclsResponse
from odradek.protocol.messages.describe_acls import DescribeAclsRequest, DescribeAclsResponse

from ..normalise import Plain
from ..wire_session import Dialogue

ANONYMOUS, ADMIN_HOST, GUEST_HOST = "User:ANONYMOUS", "127.0.0.1", "127.0.0.2"
CLUSTER = "kafka-cluster"
ANY = 1
# What ClusterAuthorizationException says: the whole request, as Java prints it.
JAVA_REQUEST = re.compile(r"Request Request\(.*\) needs", re.DOTALL)
PLAIN_REQUEST = "The request needs"
CLUSTER_ID = re.compile(r"(?<=the cluster id )\".*\"")
OF_MACHINE = ("log_dir", "total_bytes", "usable_bytes")
UNORDERED = ("responses", "results")


def rule(
    kind: ResourceType,
    name: str,
    operation: Operation = Operation.ALL,
    permission: Permission = Permission.ALLOW,
    *,
    pattern: PatternType = PatternType.LITERAL,
    principal: str = ANONYMOUS,
    host: str = GUEST_HOST,
) -> Acl:
    """A rule for the guest, if nothing else is said."""
    return Acl(kind, name, pattern, principal, host, operation, permission)


OF_ADMIN = [
    rule(kind, CLUSTER if kind == ResourceType.CLUSTER else "*", host=ADMIN_HOST)
    for kind in ResourceType
    if kind > ResourceType.ANY
]


class Rules:
    """The rules of a broker, as its administrator changes them."""

    def __init__(self, d: Dialogue) -> None:
        self._d = d
        self.given: list[Acl] = []
        self.add(OF_ADMIN)

    def add(self, acls: Iterable[Acl]) -> None:
        """They count when it returns."""
        added = list(acls)
        answer = self._d.wire.ask(CreateAclsRequest(creations=[_creation(acl) for acl in added]), 3, CreateAclsResponse)
        assert [one.error_code for one in answer.results] == [0] * len(added), answer
        self.given += added
        self._await(added, is_there=True)

    def remove(self, acls: Sequence[Acl]) -> None:
        """They count no more when it returns."""
        self._d.wire.ask(DeleteAclsRequest(filters=[_filter(acl) for acl in acls]), 3, DeleteAclsResponse)
        self.given = [acl for acl in self.given if acl not in acls]
        self._await(acls, is_there=False)

    def _await(self, acls: Iterable[Acl], *, is_there: bool) -> None:
        for acl in acls:
            asked = DescribeAclsRequest(
                resource_type_filter=acl.resource_type,
                resource_name_filter=acl.name,
                pattern_type_filter=acl.pattern_type,
                principal_filter=acl.principal,
                host_filter=acl.host,
                operation=acl.operation,
                permission_type=acl.permission,
            )
            self._d.wait_for(
                lambda asked=asked: bool(self._d.wire.ask(asked, 3, DescribeAclsResponse).resources) == is_there,  # type: ignore[misc]
                f"{acl} is {'there' if is_there else 'gone'}",
            )


def guest_of(address: str) -> Wire:
    """A connection from the guest's host."""
    connection = socket.create_connection(host_and_port(address), 10.0, (GUEST_HOST, 0))
    return Wire(address, client_id="guest", connection=connection)


def masked(value: Plain, name: str = "") -> Plain:
    """What is written down, without what differs from machine to machine, and from one hash map to another."""
    if isinstance(value, dict):
        return {field: masked(item, field) for field, item in value.items()}
    if isinstance(value, list):
        items = [masked(item, name) for item in value]
        return sorted(items, key=json.dumps) if name in UNORDERED else items
    if name in OF_MACHINE:
        return f"some {name}"
    return CLUSTER_ID.sub("of it", JAVA_REQUEST.sub(PLAIN_REQUEST, value)) if isinstance(value, str) else value


def _creation(acl: Acl) -> AclCreation:
    return AclCreation(
        resource_type=acl.resource_type,
        resource_name=acl.name,
        resource_pattern_type=acl.pattern_type,
        principal=acl.principal,
        host=acl.host,
        operation=acl.operation,
        permission_type=acl.permission,
    )


def _filter(acl: Acl) -> DeleteAclsFilter:
    return DeleteAclsFilter(
        resource_type_filter=acl.resource_type,
        resource_name_filter=acl.name,
        pattern_type_filter=acl.pattern_type,
        principal_filter=acl.principal,
        host_filter=acl.host,
        operation=acl.operation,
        permission_type=acl.permission,
    )
