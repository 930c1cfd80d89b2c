"""DescribeAcls 1-3, as a broker without an authorizer answers it: there are no access rules."""

from ...protocol.errors import ErrorCode
from ...protocol.messages.describe_acls import DescribeAclsRequest, DescribeAclsResponse
from ..acl_filters import check_known
from ..context import Context
from ..session import Session


def handle_describe_acls(
    request: DescribeAclsRequest, version: int, session: Session, context: Context
) -> DescribeAclsResponse:
    """SECURITY_DISABLED, in Kafka's words."""
    check_known(request.resource_type_filter, request.pattern_type_filter, request.operation, request.permission_type)
    return DescribeAclsResponse(
        error_code=ErrorCode.SECURITY_DISABLED, error_message="No Authorizer is configured on the broker"
    )
