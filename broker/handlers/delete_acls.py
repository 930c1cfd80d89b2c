"""DeleteAcls 1-3: takes back the access rules that filters mean, and says which they were."""

from collections.abc import Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.delete_acls import (
    DeleteAclsFilter,
    DeleteAclsFilterResult,
    DeleteAclsMatchingAcl,
    DeleteAclsRequest,
    DeleteAclsResponse,
)
from ..acl_filters import check_known
from ..context import CONTROLLER_TIMEOUT_MS, Context
from ..deferred import Deferred
from ..security.authorization.acl import Acl, AclFilter, Operation, PatternType, Permission, ResourceType
from ..session import Session
from ..slices import Steps


def handle_delete_acls(
    request: DeleteAclsRequest, version: int, session: Session, context: Context
) -> Steps[DeleteAclsResponse | Deferred[DeleteAclsResponse]]:
    """Each filter has its own result. SECURITY_DISABLED where there is no authorizer."""
    for one in request.filters:
        check_known(one.resource_type_filter, one.pattern_type_filter, one.operation, one.permission_type)
        yield
    if context.acls is None:
        refusal = KafkaError(ErrorCode.SECURITY_DISABLED, "No Authorizer is configured.")
        return _answer([refusal] * len(request.filters))
    deferred: Deferred[DeleteAclsResponse] = Deferred()
    filters = [_filter_of(one) for one in request.filters]
    late = [KafkaError(ErrorCode.REQUEST_TIMED_OUT)] * len(filters)
    in_time = context.answer_in_time(deferred, CONTROLLER_TIMEOUT_MS, lambda: _answer(late))
    context.acls.delete(filters, lambda deletions: in_time(_answer(deletions)))
    return deferred


def _filter_of(wanted: DeleteAclsFilter) -> AclFilter:
    return AclFilter(
        ResourceType(wanted.resource_type_filter),
        wanted.resource_name_filter,
        PatternType(wanted.pattern_type_filter),
        wanted.principal_filter,
        wanted.host_filter,
        Operation(wanted.operation),
        Permission(wanted.permission_type),
    )


def _answer(deletions: Sequence[Sequence[Acl] | KafkaError]) -> DeleteAclsResponse:
    return DeleteAclsResponse(filter_results=[_result(one) for one in deletions])


def _result(deleted: Sequence[Acl] | KafkaError) -> DeleteAclsFilterResult:
    if isinstance(deleted, KafkaError):
        return DeleteAclsFilterResult(error_code=deleted.code, error_message=deleted.message)
    return DeleteAclsFilterResult(
        error_code=ErrorCode.NONE,
        error_message=None,
        matching_acls=[
            DeleteAclsMatchingAcl(
                error_code=ErrorCode.NONE,
                error_message=None,
                resource_type=acl.resource_type,
                resource_name=acl.name,
                pattern_type=acl.pattern_type,
                principal=acl.principal,
                host=acl.host,
                operation=acl.operation,
                permission_type=acl.permission,
            )
            for acl in deleted
        ],
    )
