"""The settings of one listener, refused in Kafka's words where they contradict each other."""

from collections.abc import Mapping

import pytest

from odradek.broker.config.config_def import ConfigError
from odradek.broker.security.tls.settings import StoreSettings, tls_settings


def settings_of(given: Mapping[str, str]) -> object:
    dotted = {name.replace("_", "."): value for name, value in given.items()}
    return tls_settings(dotted.get)


def test_by_default_both_versions_are_spoken_and_no_certificate_is_asked_for() -> None:
    settings = tls_settings(lambda name: None)
    assert (settings.versions, settings.client_auth, settings.suites) == (("TLSv1.2", "TLSv1.3"), "none", None)
    assert (settings.keystore.type, settings.keystore.is_given) == ("JKS", False)


def test_what_is_given_is_taken() -> None:
    given = {
        "ssl.enabled.protocols": "TLSv1.1,TLSv1.3",
        "ssl.client.auth": "required",
        "ssl.keystore.location": "a.jks",
        "ssl.keystore.password": "x",
        "ssl.truststore.type": "pem",
        "ssl.truststore.certificates": "text",
    }
    settings = tls_settings(given.get)
    assert (settings.versions, settings.client_auth) == (("TLSv1.3",), "required")
    assert settings.keystore == StoreSettings("ssl.keystore", "JKS", "a.jks", "x", None)
    assert settings.truststore.named == "ssl.truststore.certificates"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"ssl_keystore_key": "k", "ssl_keystore_certificate_chain": "c"}, "only for PEM, but key store type is JKS"),
        ({"ssl_keystore_type": "PEM", "ssl_keystore_key": "k"}, "certificate chain is not specified"),
        ({"ssl_keystore_type": "PEM", "ssl_keystore_certificate_chain": "c"}, "private key is not specified"),
        (
            {"ssl_keystore_type": "PEM", "ssl_keystore_location": "a", "ssl_keystore_password": "p"},
            "only key password may be specified",
        ),
        ({"ssl_keystore_password": "p"}, "key store is not specified, but key store password is"),
        ({"ssl_keystore_location": "a"}, "key store password is not specified"),
        ({"ssl_truststore_certificates": "c"}, "only for PEM, but trust store type is JKS"),
        (
            {"ssl_truststore_type": "PEM", "ssl_truststore_certificates": "c", "ssl_truststore_location": "a"},
            "Both SSL trust store location and separate trust certificates",
        ),
        ({"ssl_truststore_type": "PEM", "ssl_truststore_password": "p"}, "cannot be specified for PEM"),
        ({"ssl_truststore_password": "p"}, "trust store is not specified"),
        ({"ssl_protocol": "TLSv4"}, "ssl.protocol: 'TLSv4' is none"),
        ({"ssl_client_auth": "maybe"}, "ssl.client.auth: 'maybe' is none of: none, requested, required"),
        ({"ssl_enabled_protocols": "TLSv1.1"}, "too old; spoken are: TLSv1.2, TLSv1.3"),
        ({"ssl_enabled_protocols": "TLSv2"}, "'TLSv2' is none"),
        ({"ssl_cipher_suites": "RC4"}, "Unsupported CipherSuite: RC4"),
        ({"ssl_engine_factory_class": "org.example.Mine"}, "org.example.Mine is a class of Java"),
        ({"ssl_principal_mapping_rules": "RULE:"}, "Invalid rule"),
    ],
)
def test_what_cannot_be_is_refused(given: Mapping[str, str], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        settings_of(given)
