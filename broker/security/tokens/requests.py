"""What the four APIs of delegation tokens have in common: who asks, and whether the connection may."""

from ....protocol.errors import ErrorCode, KafkaError
from ...session import ANONYMOUS, Session
from .delegation_tokens import principal_of


def requester_of(session: Session) -> str:
    """The principal that asks. DELEGATION_TOKEN_REQUEST_NOT_ALLOWED.

    Nobody in particular may have one, and who came by a token may make no other (KIP-48).
    """
    authentication = session.authentication
    is_known = session.user != ANONYMOUS if authentication is None else authentication.is_complete
    if not is_known or (authentication is not None and authentication.is_by_delegation_token):
        raise KafkaError(ErrorCode.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED)
    return principal_of(session.user)


def split_principal(principal: str) -> tuple[str, str]:
    """Type and name."""
    kind, _, name = principal.partition(":")
    return kind, name


def joined_principal(kind: str, name: str) -> str:
    """As records have it."""
    return f"{kind}:{name}"
