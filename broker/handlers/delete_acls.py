"""DeleteAcls 1-3, as a broker without an authorizer answers it: there are no access rules."""

from ...protocol.errors import ErrorCode
from ...protocol.messages.delete_acls import DeleteAclsFilterResult, DeleteAclsRequest, DeleteAclsResponse
from ..acl_filters import check_known
from ..context import Context
from ..session import Session
from ..slices import Steps


def handle_delete_acls(
    request: DeleteAclsRequest, version: int, session: Session, context: Context
) -> Steps[DeleteAclsResponse]:
    """SECURITY_DISABLED for each filter, in Kafka's words."""
    for one in request.filters:
        check_known(one.resource_type_filter, one.pattern_type_filter, one.operation, one.permission_type)
        yield
    refused = DeleteAclsFilterResult(
        error_code=ErrorCode.SECURITY_DISABLED, error_message="No Authorizer is configured."
    )
    return DeleteAclsResponse(filter_results=[refused] * len(request.filters))
