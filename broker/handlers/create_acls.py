"""CreateAcls 1-3, as a broker without an authorizer answers it: access rules would not be obeyed."""

from ...protocol.errors import ErrorCode
from ...protocol.messages.create_acls import AclCreationResult, CreateAclsRequest, CreateAclsResponse
from ..acl_filters import check_known
from ..context import Context
from ..session import Session
from ..slices import Steps


def handle_create_acls(
    request: CreateAclsRequest, version: int, session: Session, context: Context
) -> Steps[CreateAclsResponse]:
    """SECURITY_DISABLED for each rule, in Kafka's words."""
    for one in request.creations:
        check_known(one.resource_type, one.resource_pattern_type, one.operation, one.permission_type)
        yield
    refused = AclCreationResult(error_code=ErrorCode.SECURITY_DISABLED, error_message="No Authorizer is configured.")
    return CreateAclsResponse(results=[refused] * len(request.creations))
