"""What a listener is given, checked before anybody connects."""

import contextlib
import os
import ssl
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from hypothesis import given as generated
from hypothesis import settings
from hypothesis import strategies as st

from odradek.broker.config.config_def import ConfigError
from odradek.broker.security.tls.context import _as_file, build_context
from odradek.broker.security.tls.settings import tls_settings

from .certificates import AUTHORITY, CLIENT, EXPIRED, SERVER
from .java_stores import KEY_PASSWORD, KEY_STORE, STORE_PASSWORD

NOW_MS = int(datetime.now(UTC).timestamp() * 1000)
LATER_MS = NOW_MS + 3_600_000  # when what a test has made counts
SEALED = SERVER.sealed_key("hush")
INLINE = {
    "ssl.keystore.type": "PEM",
    "ssl.keystore.certificate.chain": SERVER.chain,
    "ssl.keystore.key": SERVER.key,
    "ssl.truststore.type": "PEM",
    "ssl.truststore.certificates": AUTHORITY.pem,
}


def built(given: Mapping[str, str], now_ms: int = NOW_MS) -> ssl.SSLContext:
    return build_context(tls_settings({**INLINE, **given}.get), now_ms)[0]


@pytest.mark.parametrize(
    ("client_auth", "mode"),
    [("none", ssl.CERT_NONE), ("requested", ssl.CERT_OPTIONAL), ("required", ssl.CERT_REQUIRED)],
)
def test_clients_are_asked_for_certificates_as_the_setting_says(client_auth: str, mode: ssl.VerifyMode) -> None:
    context = built({"ssl.client.auth": client_auth})
    assert context.verify_mode == mode
    assert len(context.get_ca_certs()) == 1


def test_without_a_trust_store_the_machines_own_authorities_are_trusted_where_any_are_needed() -> None:
    given = {name: value for name, value in INLINE.items() if "truststore" not in name}
    needed = build_context(tls_settings({**given, "ssl.client.auth": "required"}.get), NOW_MS)[0]
    machines = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    machines.load_default_certs(ssl.Purpose.CLIENT_AUTH)
    assert needed.cert_store_stats() == machines.cert_store_stats()
    assert build_context(tls_settings(given.get), NOW_MS)[0].cert_store_stats()["x509"] == 0


@pytest.mark.parametrize(
    ("given", "least", "most"),
    [
        ({}, "TLSv1_2", "TLSv1_3"),
        ({"ssl.enabled.protocols": "TLSv1.2"}, "TLSv1_2", "TLSv1_2"),
        ({"ssl.enabled.protocols": "TLSv1.3"}, "TLSv1_3", "TLSv1_3"),
        ({"ssl.cipher.suites": "TLS_AES_128_GCM_SHA256"}, "TLSv1_3", "TLSv1_3"),
        ({"ssl.cipher.suites": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"}, "TLSv1_2", "TLSv1_2"),
    ],
)
def test_versions_are_those_of_the_protocols_and_of_the_suites(given: Mapping[str, str], least: str, most: str) -> None:
    context = built(given)
    assert (context.minimum_version.name, context.maximum_version.name) == (least, most)


def test_suites_are_those_that_are_named() -> None:
    names = {one["name"] for one in built({"ssl.cipher.suites": "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"}).get_ciphers()}
    assert {name for name in names if not name.startswith("TLS_")} == {"ECDHE-RSA-AES256-GCM-SHA384"}


def test_an_encrypted_key_is_opened_with_its_password() -> None:
    built({"ssl.keystore.key": SERVER.sealed_key("hush"), "ssl.key.password": "hush"})


def key_and_certificate(kind: str, directory: Path) -> tuple[str, str]:
    """As OpenSSL makes them: unencrypted, in PKCS #8."""
    key, certificate = directory / "k.pem", directory / "c.pem"
    asked = ["req", "-x509", "-newkey", *kind.split(), "-nodes", "-subj", "/CN=localhost", "-days", "2"]
    subprocess.run(["openssl", *asked, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return key.read_text(), certificate.read_text()


@pytest.mark.parametrize("kind", ["rsa:2048", "rsa:4096", "ec -pkeyopt ec_paramgen_curve:P-256", "ed25519"])
def test_a_key_is_taken_in_every_form_that_openssl_gives_it(kind: str, tmp_path: Path) -> None:
    key, chain = key_and_certificate(kind, tmp_path)
    private = load_pem_private_key(key.encode(), None)
    secret = BestAvailableEncryption(b"hush")
    forms = [(PrivateFormat.PKCS8, NoEncryption()), (PrivateFormat.PKCS8, secret)]
    if kind != "ed25519":  # which has no other
        forms += [(PrivateFormat.TraditionalOpenSSL, NoEncryption()), (PrivateFormat.TraditionalOpenSSL, secret)]
    store = tmp_path / "store.pem"
    for form, sealing in forms:
        written = private.private_bytes(Encoding.PEM, form, sealing).decode()
        password = {"ssl.key.password": "hush"} if sealing is secret else {}
        built({"ssl.keystore.key": written, "ssl.keystore.certificate.chain": chain, **password}, LATER_MS)
        store.write_text(written + chain)
        of_file = {"ssl.keystore.type": "PEM", "ssl.keystore.location": str(store), **password}
        build_context(tls_settings(of_file.get), LATER_MS)


def test_a_store_of_java_is_as_good(tmp_path: Path) -> None:
    path = tmp_path / "k.jks"
    path.write_bytes(KEY_STORE)
    given = {
        "ssl.keystore.location": str(path),
        "ssl.keystore.password": STORE_PASSWORD,
        "ssl.key.password": KEY_PASSWORD,
    }
    _, certificate = build_context(tls_settings(given.get), NOW_MS)
    assert certificate.subject == "jks.example"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"ssl.keystore.key": CLIENT.key}, "chain: the certificate does not belong to the key"),
        ({"ssl.keystore.key": SERVER.sealed_key("hush")}, "the key is encrypted, and ssl.key.password is missing"),
        (
            {"ssl.keystore.key": SERVER.sealed_key("hush"), "ssl.key.password": "hash"},
            "ssl.key.password is wrong",
        ),
        (
            {"ssl.keystore.key": EXPIRED.key, "ssl.keystore.certificate.chain": EXPIRED.chain},
            "the certificate of .* expired at 2001-02-03 04:05:06 UTC",
        ),
        (
            {"ssl.keystore.certificate.chain": "-----BEGIN CERTIFICATE-----AAAA-----END CERTIFICATE-----"},
            "its first certificate cannot be read",
        ),
        (
            {"ssl.truststore.certificates": "-----BEGIN CERTIFICATE-----AAAA-----END CERTIFICATE-----"},
            "a certificate in it cannot be read",
        ),
        (
            {"ssl.keystore.key": "-----BEGIN PRIVATE KEY-----AAAA-----END PRIVATE KEY-----"},
            "OpenSSL does not take it",
        ),
        (
            {"ssl.cipher.suites": "TLS_AES_128_GCM_SHA256", "ssl.enabled.protocols": "TLSv1.2"},
            "none of them is of a version",
        ),
    ],
)
def test_what_is_wrong_is_named_in_one_line(given: Mapping[str, str], why: str) -> None:
    with pytest.raises(ConfigError, match=why) as refused:
        built(given)
    assert "\n" not in str(refused.value)
    assert "hash" not in str(refused.value)


def test_a_certificate_that_is_not_valid_yet_is_refused() -> None:
    with pytest.raises(ConfigError, match="is not valid before 2000-01-01"):
        built({}, now_ms=0)


def test_without_a_certificate_nothing_is_served() -> None:
    with pytest.raises(ConfigError, match=r"there is no certificate: .*--tls auto"):
        build_context(tls_settings(lambda name: None), NOW_MS)


def test_where_files_cannot_be_in_memory_the_key_is_nobody_elses_to_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with _as_file(b"secret") as path:
        assert Path(path).read_bytes() == b"secret"
        assert os.stat(path).st_mode & 0o777 == 0o600
        assert Path(path).is_relative_to(tmp_path)
    assert list(tmp_path.iterdir()) == []


@settings(deadline=None)
@generated(at=st.integers(0, 400), damage=st.text("AB+/=- \n\\", min_size=1, max_size=8), is_key=st.booleans())
def test_a_damaged_key_or_certificate_is_a_line_and_never_a_traceback(at: int, damage: str, is_key: bool) -> None:
    text = SEALED if is_key else SERVER.chain
    name = "ssl.keystore.key" if is_key else "ssl.keystore.certificate.chain"
    given = {name: text[:at] + damage + text[at + len(damage) :]}
    with contextlib.suppress(ConfigError):
        built({"ssl.keystore.key": SEALED, "ssl.key.password": "hush", **given})
