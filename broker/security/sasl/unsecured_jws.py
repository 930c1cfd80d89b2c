"""Bearer tokens that nobody signed: Kafka's own validator where no other is named, for tests alone. Pure.

Its options stand in the JAAS line: unsecuredValidatorPrincipalClaimName and the like.
"""

from collections.abc import Mapping

from ...config.config_def import ConfigError
from .claims import decode_part, expiry_ms, scopes, text_claim, time_claim
from .oauthbearer import BadToken, BearerToken

_PREFIX = "unsecuredValidator"


class UnsecuredValidator:
    """Takes every token that is whole, has a name, and has not expired."""

    def __init__(self, options: Mapping[str, str], setting: str = "sasl.jaas.config") -> None:
        """`setting` is where the options are from. ConfigError for one that is none."""
        self._principal_claim = options.get(f"{_PREFIX}PrincipalClaimName", "sub")
        self._scope_claim = options.get(f"{_PREFIX}ScopeClaimName", "scope")
        self._required = options.get(f"{_PREFIX}RequiredScope", "")
        skew = options.get(f"{_PREFIX}AllowableClockSkewMs", "0")
        if not skew.isascii() or not skew.isdigit():
            raise ConfigError(f"{setting}: {_PREFIX}AllowableClockSkewMs is no number of milliseconds")
        self._skew_ms = int(skew)

    def validate(self, token: str, now_ms: int) -> BearerToken:
        """BadToken."""
        parts = token.split(".")
        if len(parts) != 3 or ".." in token:
            raise BadToken("an unsecured token has three parts")
        header, claims = decode_part(parts[0]), decode_part(parts[1])
        if header.get("alg") != "none":
            raise BadToken("an unsecured token has 'none' for an algorithm")
        if parts[2]:
            raise BadToken("an unsecured token has no signature")
        user = text_claim(claims, self._principal_claim)
        issued = time_claim(claims, "iat")
        if issued is not None and issued * 1000 > now_ms + self._skew_ms:
            raise BadToken("it was issued later than now")
        expires_ms = expiry_ms(claims, now_ms, self._skew_ms)
        if issued is not None and expires_ms <= issued * 1000:
            raise BadToken("it expires before it was issued")
        given = scopes(claims, self._scope_claim)
        for scope in self._required.split():
            if scope not in given:
                raise BadToken(f"it lacks the scope {scope}", scope=self._required)
        return BearerToken(user, expires_ms)
