"""The claims of a bearer token (RFC 7519): taken apart, and held against the time. Pure."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import cast

from .oauthbearer import BadToken

Claims = Mapping[str, object]


def decode_part(text: str) -> Claims:
    """One part of a token: JSON in base64. BadToken."""
    try:
        value: object = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise BadToken("a part that is no JSON in base64") from None
    if not isinstance(value, dict):
        raise BadToken("a part that is no JSON object")
    return cast(Claims, value)


def text_claim(claims: Claims, name: str) -> str:
    """A claim that must be there, and be text that says something. BadToken."""
    value = claims.get(name)
    if not isinstance(value, str) or not value.strip():
        raise BadToken(f"no text in the claim {name!r}")
    return value


def time_claim(claims: Claims, name: str) -> float | None:
    """A claim that is a number of seconds since 1970; None if it is not there. BadToken."""
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < 1e15:
        raise BadToken(f"no time in the claim {name!r}")
    return value


def scopes(claims: Claims, name: str) -> list[str]:
    """What the token is for: words in one text, or a list of them. BadToken."""
    value = claims.get(name)
    if value is None:
        return []
    if isinstance(value, str):
        return value.split()
    if isinstance(value, list):
        listed = cast("list[object]", value)
        if all(isinstance(one, str) for one in listed):
            return [str(one).strip() for one in listed]
    raise BadToken(f"no scopes in the claim {name!r}")


def expiry_ms(claims: Claims, now_ms: int, skew_ms: int) -> int:
    """When the token ends, which it must say, and which must not be over. BadToken."""
    expires = time_claim(claims, "exp")
    if expires is None:
        raise BadToken("no time of expiry")
    expires_ms = round(expires * 1000)
    if now_ms - skew_ms >= expires_ms:
        raise BadToken("it has expired")
    return expires_ms
