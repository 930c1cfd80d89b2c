"""Rules of delegation tokens (KIP-48): whose they are may use them, others need to be allowed."""

from ...protocol.errors import ErrorCode
from ...protocol.messages.create_delegation_token import CreateDelegationTokenRequest, CreateDelegationTokenResponse
from ...protocol.messages.describe_delegation_token import DescribedDelegationToken, DescribeDelegationTokenResponse
from ..network.pipeline import Answer, Proceed, ReceivedRequest, observe
from ..security.authorization.acl import Operation, ResourceType
from ..session import ANONYMOUS
from .access import Access

USER = "User"


def create_delegation_token(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer:
    """CREATE_TOKENS on the user for whom it is, if that is somebody else; who is nobody gets none in any case."""
    body = received.body
    assert isinstance(body, CreateDelegationTokenRequest)
    kind, name = body.owner_principal_type or "", body.owner_principal_name or ""
    is_own = not name or f"{kind}:{name}" == access.principal
    if is_own or access.user == ANONYMOUS:
        return proceed(received)
    if not access.lacks(Operation.CREATE_TOKENS, ResourceType.USER, f"{kind}:{name}"):
        return proceed(received)
    return CreateDelegationTokenResponse(
        error_code=ErrorCode.DELEGATION_TOKEN_AUTHORIZATION_FAILED,
        principal_type=kind,
        principal_name=name,
        token_requester_principal_type=USER,
        token_requester_principal_name=access.user,
    )


def describe_delegation_token(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer:
    """DESCRIBE on the token or DESCRIBE_TOKENS on its owner shows those of others."""

    def show(given: object) -> None:
        assert isinstance(given, DescribeDelegationTokenResponse)
        given.tokens = [token for token in given.tokens if _may_see(token, access)]

    return observe(proceed(received), show)


def _may_see(token: DescribedDelegationToken, access: Access) -> bool:
    owner = f"{token.principal_type}:{token.principal_name}"
    requester = f"{token.token_requester_principal_type}:{token.token_requester_principal_name}"
    renewers = [f"{one.principal_type}:{one.principal_name}" for one in token.renewers]
    return (
        access.principal in (owner, requester, *renewers)
        or access.may(Operation.DESCRIBE, ResourceType.DELEGATION_TOKEN, token.token_id)
        or access.may(Operation.DESCRIBE_TOKENS, ResourceType.USER, owner)
    )
