"""Java's names of cipher suites, and OpenSSL's."""

import ssl

import pytest

from odradek.broker.config.config_def import ConfigError
from odradek.broker.security.tls.cipher_suites import OPENSSL_NAMES, CipherSuites, cipher_suites_of


def test_openssl_knows_every_name() -> None:
    known = {cipher["name"] for cipher in _all_of_openssl()}
    assert set(OPENSSL_NAMES.values()) <= known


def _all_of_openssl() -> list[dict[str, str]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context.get_ciphers()  # type: ignore[return-value]


def test_names_of_both_versions_are_kept_apart() -> None:
    names = ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_RSA_WITH_AES_256_CBC_SHA"]
    assert cipher_suites_of(names) == CipherSuites(("ECDHE-RSA-AES128-GCM-SHA256", "AES256-SHA"), has_tls_1_3=True)
    assert cipher_suites_of(names[:1]) == CipherSuites(("ECDHE-RSA-AES128-GCM-SHA256",), has_tls_1_3=False)


def test_without_names_openssl_chooses() -> None:
    assert cipher_suites_of([]) is None


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'TLS_AES_128_GCM_SHA256'"):
        cipher_suites_of(["TLS_AES_128_GCM_SHA265"])
