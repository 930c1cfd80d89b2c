"""Bearer tokens that are signed, checked against a set of keys (RFC 7519, RFC 7517). Pure but for the keys it is given.

Signatures are PyJWT's trade, and cryptography's: the extra `security`. What else Kafka's BrokerJwtValidator asks is
asked here, by a clock that is an argument.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from ...config.config_def import ConfigError
from .claims import Claims, decode_part, expiry_ms, scopes, text_claim, time_claim
from .oauthbearer import BadToken, BearerToken

if TYPE_CHECKING:
    from jwt import PyJWK
    from jwt.types import Options

# Of keys whose other half the broker has not: what signs with a secret, or not at all, is no proof to it.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_KEY_TYPES = {"R": "RSA", "P": "RSA", "E": "EC"}
MOST_BYTES = 64 * 1024
MOST_TRIED = 10  # keys for a token that names none; each takes a tenth of a millisecond
_SIGNATURE_ALONE: "Options" = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}

KeysOf = Callable[[str | None], Sequence["PyJWK"]]
"""The keys with this id, or all where a token names none."""


@dataclass(frozen=True, slots=True)
class JwtRules:
    """What a token must say beside its signature."""

    subject_claim: str = "sub"
    scope_claim: str = "scope"
    issuer: str | None = None
    audiences: Sequence[str] = ()
    skew_ms: int = 30_000


def check_library() -> None:
    """ConfigError names what is to be installed."""
    try:
        for library in ("cryptography", "jwt"):
            import_module(library)
    except ModuleNotFoundError as error:
        raise ConfigError(f"signed bearer tokens need {error.name}: pip install 'odradek[security]'") from None


class SignedValidator:
    """Takes tokens that one of the keys has signed, and that say what the rules want."""

    def __init__(self, rules: JwtRules, keys_of: KeysOf) -> None:
        """ConfigError where the library is not there."""
        check_library()
        self._rules = rules
        self._keys_of = keys_of

    def validate(self, token: str, now_ms: int) -> BearerToken:
        """BadToken."""
        if len(token) > MOST_BYTES:
            raise BadToken("it is too long")
        claims = self._verified(token)
        rules = self._rules
        expires_ms = expiry_ms(claims, now_ms, rules.skew_ms)
        if time_claim(claims, "iat") is None:
            raise BadToken("no time of issue")
        begins = time_claim(claims, "nbf")
        if begins is not None and now_ms + rules.skew_ms < begins * 1000:
            raise BadToken("it does not hold yet")
        if rules.issuer is not None and claims.get("iss") != rules.issuer:
            raise BadToken("it is of another issuer")
        if rules.audiences and not set(_audiences(claims)) & set(rules.audiences):
            raise BadToken("it is for others")
        _check_scopes(scopes(claims, rules.scope_claim))
        return BearerToken(text_claim(claims, rules.subject_claim), expires_ms)

    def _verified(self, token: str) -> Claims:
        """The claims of a token that one of the keys has signed."""
        import jwt

        parts = token.split(".")
        if len(parts) != 3:
            raise BadToken("a signed token has three parts")
        header = decode_part(parts[0])
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm not in ALGORITHMS:
            raise BadToken("an algorithm that is not allowed")
        if key_id is not None and not isinstance(key_id, str):
            raise BadToken("a key id that is no text")
        for key in [key for key in self._keys_of(key_id) if _fits(key, str(algorithm))][:MOST_TRIED]:
            try:
                jwt.decode_complete(
                    token,
                    key.key,
                    algorithms=[str(algorithm)],
                    options=_SIGNATURE_ALONE,
                )
            except (jwt.exceptions.PyJWTError, ValueError, TypeError):
                continue
            return decode_part(parts[1])
        raise BadToken("none of the keys has signed it")


def _fits(key: "PyJWK", algorithm: str) -> bool:
    """Whether a key is of the algorithm's kind, and for signatures: else a verifier would stumble."""
    if key.public_key_use not in (None, "sig"):
        return False
    wanted = "OKP" if algorithm == "EdDSA" else _KEY_TYPES[algorithm[0]]
    return key.key_type == wanted


def _audiences(claims: Claims) -> list[str]:
    value = claims.get("aud")
    if isinstance(value, list):
        return [one for one in value if isinstance(one, str)]  # pyright: ignore[reportUnknownVariableType]
    return [value] if isinstance(value, str) else []


def _check_scopes(given: Sequence[str]) -> None:
    if any(not scope for scope in given) or len(set(given)) < len(given):
        raise BadToken("scopes that are empty, or named twice")
