"""Delegation tokens (KIP-48): who may make, prolong, end and see them, and what each decides to record.

Pure but for the image it is given: time and chance are arguments. A token's secret is the HMAC of its id under
`delegation.token.secret.key`, so that the metadata log holds none; who logs in with it does so by SCRAM.
"""

import base64
import hmac
from collections.abc import Callable, Iterator

from ....protocol.errors import ErrorCode, KafkaError
from ....protocol.metadata_records import DelegationTokenRecord
from ...config.broker_config import BrokerConfig
from ...metadata.image import MetadataImage
from ..sasl.scram import TokenLogin
from ..sasl.scram_credentials import MIN_ITERATIONS, ScramCredential, ScramMechanism, make_credential

USER_TYPE = "User"
SALT_BYTES = 20
_SLACK = 100  # tokens that are gone, and still known by their secrets


def principal_of(user: str) -> str:
    """As records and answers have it."""
    return f"{USER_TYPE}:{user}"


class DelegationTokens:
    """The tokens of the image, and what may become of them."""

    def __init__(
        self, config: BrokerConfig, image: Callable[[], MetadataImage], new_salt: Callable[[int], bytes]
    ) -> None:
        self._config = config
        self._image = image
        self._new_salt = new_salt
        self._ids: dict[bytes, str] = {}  # by the tokens' secrets
        self._credentials: dict[tuple[str, ScramMechanism], ScramCredential] = {}

    @property
    def is_enabled(self) -> bool:
        """Whether there is a key to make secrets with."""
        return bool(self._config.delegation_token_secret_key)

    def secret_of(self, token_id: str) -> bytes:
        """What whoever has the token has."""
        key = (self._config.delegation_token_secret_key or "").encode()
        return hmac.digest(key, token_id.encode(), "sha512")

    def all(self) -> Iterator[DelegationTokenRecord]:
        """Every token there is."""
        return iter(self._image().credentials.tokens.values())

    def create(
        self, token_id: str, owner: str, requester: str, renewers: list[str], max_lifetime_ms: int, now_ms: int
    ) -> DelegationTokenRecord:
        """A new token; principals are as `principal_of` has them. KafkaError."""
        self.check_enabled()
        longest_ms = self._config.delegation_token_max_lifetime_ms
        lifetime_ms = min(longest_ms, max_lifetime_ms) if max_lifetime_ms > 0 else longest_ms
        max_timestamp = now_ms + lifetime_ms
        return DelegationTokenRecord(
            owner=owner,
            requester=requester,
            renewers=renewers,
            issue_timestamp=now_ms,
            max_timestamp=max_timestamp,
            expiration_timestamp=min(max_timestamp, now_ms + self._config.delegation_token_expiry_time_ms),
            token_id=token_id,
        )

    def renew(self, secret: bytes, principal: str, period_ms: int, now_ms: int) -> DelegationTokenRecord:
        """The token as it is after it was prolonged. KafkaError."""
        token = self._find(secret)
        _check_is_alive(token, now_ms)
        _check_may_change(token, principal)
        longest_ms = self._config.delegation_token_expiry_time_ms
        return _until(token, now_ms + (min(longest_ms, period_ms) if period_ms > 0 else longest_ms))

    def expire(self, secret: bytes, principal: str, period_ms: int, now_ms: int) -> DelegationTokenRecord | str:
        """The token as it is after its end was set, or its id if it ends now. KafkaError."""
        token = self._find(secret)
        _check_may_change(token, principal)
        if period_ms < 0:
            return token.token_id
        _check_is_alive(token, now_ms)
        return _until(token, now_ms + period_ms)

    def expired(self, now_ms: int) -> list[str]:
        """The ids of tokens whose time is over."""
        return [
            token.token_id
            for token in self.all()
            if token.max_timestamp < now_ms or token.expiration_timestamp < now_ms
        ]

    def find_login(self, mechanism: ScramMechanism, token_id: str) -> TokenLogin | None:
        """What a login with a token needs; None if there is no such token."""
        token = self._image().credentials.tokens.get(token_id)
        if token is None or not self.is_enabled:
            return None
        salt = self._new_salt(SALT_BYTES)
        return TokenLogin(
            token.owner.partition(":")[2],
            token.expiration_timestamp,
            lambda: self._credential(token_id, mechanism, salt),
        )

    def _credential(self, token_id: str, mechanism: ScramMechanism, salt: bytes) -> ScramCredential:
        """Made on a thread the first time; the token's secret in base64 is the password."""
        known = self._credentials.get((token_id, mechanism))
        if known is None:
            password = base64.b64encode(self.secret_of(token_id)).decode()
            known = make_credential(mechanism, password, salt, MIN_ITERATIONS)
            if len(self._credentials) > 2 * len(self._image().credentials.tokens) + _SLACK:
                self._credentials.clear()
            self._credentials[token_id, mechanism] = known
        return known

    def check_enabled(self) -> None:
        """DELEGATION_TOKEN_AUTH_DISABLED."""
        if not self.is_enabled:
            raise KafkaError(ErrorCode.DELEGATION_TOKEN_AUTH_DISABLED)

    def _find(self, secret: bytes) -> DelegationTokenRecord:
        self.check_enabled()
        tokens = self._image().credentials.tokens
        if secret not in self._ids:
            if len(self._ids) > len(tokens) + _SLACK:
                self._ids.clear()
            for token_id in tokens.keys() - set(self._ids.values()):
                self._ids[self.secret_of(token_id)] = token_id
        token = tokens.get(self._ids.get(secret, ""))
        if token is None:
            raise KafkaError(ErrorCode.DELEGATION_TOKEN_NOT_FOUND)
        return token


def is_of(token: DelegationTokenRecord, principal: str) -> bool:
    """Whether it is the principal's own, was made by it, or may be renewed by it."""
    return principal in (token.owner, token.requester, *token.renewers)


def _check_may_change(token: DelegationTokenRecord, principal: str) -> None:
    """Who made it for somebody else sees it, and no more."""
    if principal not in (token.owner, *token.renewers):
        raise KafkaError(ErrorCode.DELEGATION_TOKEN_OWNER_MISMATCH)


def _check_is_alive(token: DelegationTokenRecord, now_ms: int) -> None:
    if token.max_timestamp < now_ms or token.expiration_timestamp < now_ms:
        raise KafkaError(ErrorCode.DELEGATION_TOKEN_EXPIRED)


def _until(token: DelegationTokenRecord, expiration_timestamp: int) -> DelegationTokenRecord:
    return DelegationTokenRecord(
        owner=token.owner,
        requester=token.requester,
        renewers=token.renewers,
        issue_timestamp=token.issue_timestamp,
        max_timestamp=token.max_timestamp,
        expiration_timestamp=min(token.max_timestamp, expiration_timestamp),
        token_id=token.token_id,
    )
