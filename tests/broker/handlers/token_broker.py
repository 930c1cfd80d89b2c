"""A broker with delegation tokens, asked by users who have logged in."""

from collections.abc import Sequence

from odradek.broker.session import Session
from odradek.protocol.messages.create_delegation_token import (
    CreatableRenewers,
    CreateDelegationTokenRequest,
    CreateDelegationTokenResponse,
)

from .broker_harness import AskedBroker


class TokenBroker(AskedBroker):
    """Its requests are those of the user al, until `be` says otherwise."""

    def __init__(self, key: str = "key") -> None:
        super().__init__({"delegation.token.secret.key": key} if key else {})
        self.be("al")

    def be(self, user: str) -> None:
        self.session = Session("/127.0.0.1", "127.0.0.1", 9092, user=user)

    def make(
        self, version: int = 3, max_lifetime_ms: int = -1, renewers: Sequence[str] = ()
    ) -> CreateDelegationTokenResponse:
        named = [CreatableRenewers(principal_type="User", principal_name=one) for one in renewers]
        request = CreateDelegationTokenRequest(max_lifetime_ms=max_lifetime_ms, renewers=named)
        return self.ask(request, version, CreateDelegationTokenResponse).answer
