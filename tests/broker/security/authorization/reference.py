"""What the rules of Kafka's authorizer amount to, written for clearness: every rule is looked at, each time."""

from collections.abc import Sequence

from odradek.broker.security.authorization.acl import Acl, Operation, PatternType, Permission, ResourceType
from odradek.broker.security.authorization.authorizer import Client

IMPLYING = {
    Operation.DESCRIBE: (Operation.READ, Operation.WRITE, Operation.DELETE, Operation.ALTER),
    Operation.DESCRIBE_CONFIGS: (Operation.ALTER_CONFIGS,),
}


def is_about(acl: Acl, kind: ResourceType, name: str) -> bool:
    if acl.resource_type != kind:
        return False
    if acl.pattern_type == PatternType.PREFIXED:
        return name.startswith(acl.name)
    return acl.name == name or (acl.name == "*" and not name.startswith("*"))


def is_of(acl: Acl, client: Client) -> bool:
    return acl.principal in (client.principal, "User:*") and acl.host in (client.host, "*")


def reference(acls: Sequence[Acl], client: Client, operation: Operation, kind: ResourceType, name: str) -> bool | None:
    """None where no rule says anything of the resource."""
    about = [acl for acl in acls if is_about(acl, kind, name)]
    mine = [acl for acl in about if is_of(acl, client)]
    exact = (Operation.ALL, operation)
    if any(acl.permission == Permission.DENY and acl.operation in exact for acl in mine):
        return False
    enough = (*exact, *IMPLYING.get(operation, ()))
    is_allowed = any(acl.permission == Permission.ALLOW and acl.operation in enough for acl in mine)
    return is_allowed if about else None
