"""What an authorizer costs: a request to clusters of this process that differ in how many access rules they have.

The topic that is written and read is always allowed by one rule. Of the others half are about other topics, the rest
about this one and other people.
"""

import time
from collections.abc import Iterator

from odradek.broker.security.authorization.acl import Acl, Operation, PatternType, Permission, ResourceType
from odradek.broker.security.authorization.authorizer import Authorizer, Client
from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.wire import Wire
from odradek.protocol.messages.create_acls import AclCreation, CreateAclsRequest, CreateAclsResponse

from .journal import TOPIC, in_turns

COUNTS = (0, 100, 10_000)
CHECKS = 100_000
SECURED = {"authorizer.class.name": "StandardAuthorizer", "allow.everyone.if.no.acl.found": "true"}
ME = "User:ANONYMOUS"
OPEN = Acl(ResourceType.TOPIC, TOPIC, PatternType.LITERAL, ME, "*", Operation.ALL, Permission.ALLOW)


def measure_acls(requests: int) -> dict[str, dict[str, str]]:
    """Microseconds of one request and its answer, and of one check alone."""
    with ClusterHost() as host:
        clusters = {"no authorizer": host.cluster(journal=False)}
        clusters |= {_name(count): host.cluster(SECURED, journal=False) for count in COUNTS}
        wires = {name: Wire(cluster.bootstrap) for name, cluster in clusters.items()}
        for cluster in clusters.values():
            cluster.topic(TOPIC, 1)
        for count in COUNTS:
            _give(wires[_name(count)], count)
        found = in_turns(wires, requests)
    for name in found:
        found[name]["one check"] = "-"
    for count in COUNTS:
        found[_name(count)]["one check"] = f"{_check_s(count) * 1e6:.2f} us"
    return found


def _name(count: int) -> str:
    return f"{count:,} ACLs"


def _acls(count: int) -> Iterator[Acl]:
    """So many, the one that lets the requests pass among them."""
    if count:
        yield OPEN
    for number in range(count - 1):
        if number % 2:
            yield OPEN._replace(name=f"topic-{number}", pattern_type=PatternType(3 + number // 2 % 2))
        else:
            yield OPEN._replace(principal=f"User:{number}", permission=Permission.DENY)


def _give(wire: Wire, count: int) -> None:
    creations = [
        AclCreation(
            resource_type=acl.resource_type,
            resource_name=acl.name,
            resource_pattern_type=acl.pattern_type,
            principal=acl.principal,
            host=acl.host,
            operation=acl.operation,
            permission_type=acl.permission,
        )
        for acl in (*_acls(count), OPEN._replace(resource_type=ResourceType.CLUSTER, name="kafka-cluster"))
    ]
    for at in range(0, len(creations), 5000):
        answer = wire.ask(CreateAclsRequest(creations=creations[at : at + 5000]), 3, CreateAclsResponse)
        assert {one.error_code for one in answer.results} == {0}


def _check_s(count: int) -> float:
    authorizer, client = Authorizer(is_open=True), Client(ME, "127.0.0.1")
    for acl in _acls(count):
        authorizer.add(acl)
    began = time.perf_counter()
    for _ in range(CHECKS):
        authorizer.is_allowed(client, Operation.WRITE, ResourceType.TOPIC, TOPIC)
    return (time.perf_counter() - began) / CHECKS
