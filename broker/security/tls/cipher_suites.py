"""`ssl.cipher.suites`: Java's names for cipher suites, which are the registry's, and OpenSSL's for the same.

OpenSSL lets those of TLS 1.3 be chosen by other means than this Python has: with one of them named all three are
spoken, with none TLS 1.3 is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ...config.config_def import ConfigError, nearest

TLS_1_3 = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
_EXCHANGES = {"ECDHE_RSA": "ECDHE-RSA-", "ECDHE_ECDSA": "ECDHE-ECDSA-", "DHE_RSA": "DHE-RSA-", "RSA": ""}
_CIPHERS = {
    "AES_128_GCM_SHA256": "AES128-GCM-SHA256",
    "AES_256_GCM_SHA384": "AES256-GCM-SHA384",
    "CHACHA20_POLY1305_SHA256": "CHACHA20-POLY1305",
    "AES_128_CBC_SHA256": "AES128-SHA256",
    "AES_256_CBC_SHA384": "AES256-SHA384",
    "AES_256_CBC_SHA256": "AES256-SHA256",
    "AES_128_CBC_SHA": "AES128-SHA",
    "AES_256_CBC_SHA": "AES256-SHA",
}
# CBC with the longer digests came with TLS 1.2, and with elliptic curves only one of each.
_ONLY_CURVES = ("AES_256_CBC_SHA384",)
_NEVER_CURVES = ("AES_256_CBC_SHA256",)


def _known() -> dict[str, str]:
    names: dict[str, str] = {}
    for exchange, begin in _EXCHANGES.items():
        has_curves = exchange.startswith("ECDHE")
        for cipher, end in _CIPHERS.items():
            if cipher in (_NEVER_CURVES if has_curves else _ONLY_CURVES):
                continue
            if exchange == "RSA" and cipher.startswith("CHACHA20"):
                continue
            names[f"TLS_{exchange}_WITH_{cipher}"] = begin + end
    return names


OPENSSL_NAMES = _known()


@dataclass(frozen=True, slots=True)
class CipherSuites:
    """What may be spoken: suites of TLS 1.2 by OpenSSL's names, and whether TLS 1.3 is among it."""

    older: tuple[str, ...]
    has_tls_1_3: bool


def cipher_suites_of(names: Sequence[str]) -> CipherSuites | None:
    """None where none is named: then OpenSSL's own choice counts. ConfigError names the nearest known one."""
    if not names:
        return None
    older: list[str] = []
    for name in names:
        if name in OPENSSL_NAMES:
            older.append(OPENSSL_NAMES[name])
        elif name not in TLS_1_3:
            raise ConfigError(
                f"ssl.cipher.suites: Unsupported CipherSuite: {name}{nearest(name, [*OPENSSL_NAMES, *TLS_1_3])}"
            )
    return CipherSuites(tuple(older), any(name in TLS_1_3 for name in names))
