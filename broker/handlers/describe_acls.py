"""DescribeAcls 1-3: the access rules that a filter means, together with others of the same resource."""

from ...protocol.errors import ErrorCode
from ...protocol.messages.describe_acls import (
    AclDescription,
    DescribeAclsRequest,
    DescribeAclsResource,
    DescribeAclsResponse,
)
from ..acl_filters import check_known
from ..context import Context
from ..security.authorization.acl import Acl, AclFilter, Operation, PatternType, Permission, ResourceType
from ..session import Session
from ..slices import Steps


def handle_describe_acls(
    request: DescribeAclsRequest, version: int, session: Session, context: Context
) -> Steps[DescribeAclsResponse]:
    """SECURITY_DISABLED where there is no authorizer."""
    check_known(request.resource_type_filter, request.pattern_type_filter, request.operation, request.permission_type)
    if context.acls is None:
        return DescribeAclsResponse(
            error_code=ErrorCode.SECURITY_DISABLED, error_message="No Authorizer is configured on the broker"
        )
    wanted = AclFilter(
        ResourceType(request.resource_type_filter),
        request.resource_name_filter,
        PatternType(request.pattern_type_filter),
        request.principal_filter,
        request.host_filter,
        Operation(request.operation),
        Permission(request.permission_type),
    )
    found: dict[tuple[ResourceType, str, PatternType], list[Acl]] = {}
    for acl in context.acls.find(wanted):
        if acl is not None:
            found.setdefault((acl.resource_type, acl.name, acl.pattern_type), []).append(acl)
        yield
    return DescribeAclsResponse(
        error_code=ErrorCode.NONE,
        error_message="",  # not null: so does Kafka
        resources=[_resource(pattern, acls) for pattern, acls in found.items()],
    )


def _resource(pattern: tuple[ResourceType, str, PatternType], acls: list[Acl]) -> DescribeAclsResource:
    resource_type, name, pattern_type = pattern
    return DescribeAclsResource(
        resource_type=resource_type,
        resource_name=name,
        pattern_type=pattern_type,
        acls=[
            AclDescription(
                principal=acl.principal, host=acl.host, operation=acl.operation, permission_type=acl.permission
            )
            for acl in acls
        ],
    )
