"""CreateAcls 1-3: access rules; without an authorizer nobody would obey them, and none is taken."""

from collections.abc import Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.create_acls import AclCreation, AclCreationResult, CreateAclsRequest, CreateAclsResponse
from ..acl_filters import check_known
from ..context import CONTROLLER_TIMEOUT_MS, Context
from ..deferred import Deferred
from ..security.authorization.acl import Acl, Operation, PatternType, Permission, ResourceType
from ..session import Session
from ..slices import Steps


def handle_create_acls(
    request: CreateAclsRequest, version: int, session: Session, context: Context
) -> Steps[CreateAclsResponse | Deferred[CreateAclsResponse]]:
    """Record each rule or say why not. SECURITY_DISABLED where there is no authorizer."""
    for one in request.creations:
        check_known(one.resource_type, one.resource_pattern_type, one.operation, one.permission_type)
        yield
    count = len(request.creations)
    if context.acls is None:
        return _answer([KafkaError(ErrorCode.SECURITY_DISABLED, "No Authorizer is configured.")] * count)
    acls = [_acl_of(one) for one in request.creations]
    if any(_is_of_filters(acl) for acl in acls):  # which Kafka's own types do not take
        unnamed = AclCreationResult(error_code=ErrorCode.UNKNOWN_SERVER_ERROR, error_message=None)
        return CreateAclsResponse(results=[unnamed] * count)
    deferred: Deferred[CreateAclsResponse] = Deferred()
    late = [KafkaError(ErrorCode.REQUEST_TIMED_OUT)] * count
    in_time = context.answer_in_time(deferred, CONTROLLER_TIMEOUT_MS, lambda: _answer(late))
    context.acls.create(acls, lambda refusals: in_time(_answer(refusals)))
    return deferred


def _acl_of(creation: AclCreation) -> Acl:
    return Acl(
        ResourceType(creation.resource_type),
        creation.resource_name,
        PatternType(creation.resource_pattern_type),
        creation.principal,
        creation.host,
        Operation(creation.operation),
        Permission(creation.permission_type),
    )


def _is_of_filters(acl: Acl) -> bool:
    return (
        acl.resource_type == ResourceType.ANY
        or acl.pattern_type in (PatternType.ANY, PatternType.MATCH)
        or acl.operation == Operation.ANY
        or acl.permission == Permission.ANY
    )


def _answer(refusals: Sequence[KafkaError | None]) -> CreateAclsResponse:
    return CreateAclsResponse(
        results=[
            AclCreationResult(error_code=ErrorCode.NONE, error_message="")  # not null: so does Kafka
            if refusal is None
            else AclCreationResult(error_code=refusal.code, error_message=refusal.message)
            for refusal in refusals
        ]
    )
