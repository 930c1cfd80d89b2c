"""Who signs bearer tokens: keys, the set of them that a broker reads, and tokens."""

import json
from functools import cache

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

ISSUER, AUDIENCE = "https://issuer.example", "kafka"


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def key_set(*names: str) -> bytes:
    """The public keys: those whose name begins with `ec` on a curve."""
    keys: list[dict[str, object]] = []
    for name in names:
        if name.startswith("ec"):
            one = json.loads(ECAlgorithm.to_jwk(ec_key(name).public_key()))
        else:
            one = json.loads(RSAAlgorithm.to_jwk(rsa_key(name).public_key()))
        keys.append({**one, "kid": name, "use": "sig"})
    return json.dumps({"keys": keys}).encode()


def signed(claims: dict[str, object], name: str = "one", *, key_id: str | None = None, algorithm: str = "") -> str:
    """A token signed with the key of that name, under that id."""
    key = ec_key(name) if name.startswith("ec") else rsa_key(name)
    algorithm = algorithm or ("ES256" if name.startswith("ec") else "RS256")
    return jwt.encode(claims, key, algorithm, headers={"kid": key_id or name})


def good(now_s: float, **more: object) -> dict[str, object]:
    return {"sub": "al", "iss": ISSUER, "aud": AUDIENCE, "iat": now_s, "exp": now_s + 3600, **more}
