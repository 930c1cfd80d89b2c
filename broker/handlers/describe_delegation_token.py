"""DescribeDelegationToken 1-3: the tokens that the one who asks may see, secrets included (KIP-48)."""

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.describe_delegation_token import (
    DescribedDelegationToken,
    DescribedDelegationTokenRenewer,
    DescribeDelegationTokenRequest,
    DescribeDelegationTokenResponse,
)
from ...protocol.metadata_records import DelegationTokenRecord
from ..context import Context
from ..security.tokens.delegation_tokens import is_of
from ..security.tokens.requests import joined_principal, requester_of, split_principal
from ..session import Session
from ..slices import Steps


def handle_describe_delegation_token(
    request: DescribeDelegationTokenRequest, version: int, session: Session, context: Context
) -> Steps[DescribeDelegationTokenResponse]:
    """The tokens that these owners have, have made or may renew; null means all, an empty list none."""
    try:
        requester_of(session)
        context.tokens.check_enabled()
    except KafkaError as error:
        return DescribeDelegationTokenResponse(error_code=error.code)
    owners = None
    if request.owners is not None:
        owners = {joined_principal(one.principal_type, one.principal_name) for one in request.owners}
    tokens: list[DescribedDelegationToken] = []
    for token in list(context.tokens.all()):
        if owners is None or any(is_of(token, one) for one in owners):
            tokens.append(_described(token, context.tokens.secret_of(token.token_id)))
        yield
    return DescribeDelegationTokenResponse(error_code=ErrorCode.NONE, tokens=tokens)


def _described(token: DelegationTokenRecord, secret: bytes) -> DescribedDelegationToken:
    owner_type, owner_name = split_principal(token.owner)
    requester_type, requester_name = split_principal(token.requester)
    return DescribedDelegationToken(
        principal_type=owner_type,
        principal_name=owner_name,
        token_requester_principal_type=requester_type,
        token_requester_principal_name=requester_name,
        issue_timestamp=token.issue_timestamp,
        expiry_timestamp=token.expiration_timestamp,
        max_timestamp=token.max_timestamp,
        token_id=token.token_id,
        hmac=secret,
        renewers=[
            DescribedDelegationTokenRenewer(principal_type=kind, principal_name=name)
            for kind, name in map(split_principal, token.renewers)
        ],
    )
