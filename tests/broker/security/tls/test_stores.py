"""Key stores and trust stores in each type, and what is wrong with those that cannot be read."""

import builtins
import contextlib
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odradek.broker.config.config_def import ConfigError
from odradek.broker.security.tls.certificate import read_certificate
from odradek.broker.security.tls.pem import Block
from odradek.broker.security.tls.pem import written as written_pem
from odradek.broker.security.tls.settings import StoreSettings
from odradek.broker.security.tls.stores import MOST_BYTES, read_identity, read_trusted

from .certificates import AUTHORITY, SERVER
from .java_stores import (
    KEY_PASSWORD,
    KEY_STORE,
    STORE_PASSWORD,
    TRUST_PASSWORD,
    TRUST_STORE,
    TRUST_STORE_PKCS12,
)
from .test_effort import MANY, octets, pbkdf2, sequence


def key_store(kind: str, path: object, password: str | None = None, key_password: str | None = None) -> StoreSettings:
    return StoreSettings("ssl.keystore", kind, str(path), password, None, None, key_password)


def trust_store(kind: str, path: object, password: str | None = None) -> StoreSettings:
    return StoreSettings("ssl.truststore", kind, str(path), password, None)


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_key_store_may_be_inline_or_a_file_of_pem(tmp_path: Path) -> None:
    inline = StoreSettings("ssl.keystore", "PEM", None, None, SERVER.chain.replace("\n", " "), SERVER.key)
    of_file = read_identity(key_store("PEM", SERVER.write(tmp_path / "s.pem")))
    assert read_identity(inline) == of_file
    assert len(of_file.chain) == 1


@pytest.mark.parametrize("kind", ["PKCS12", "JKS"])
def test_a_store_of_pkcs12_is_read_by_either_name(tmp_path: Path, kind: str) -> None:
    identity = read_identity(key_store(kind, SERVER.write_pkcs12(tmp_path / "s.p12", "secret"), "secret"))
    assert identity.chain == read_identity(key_store("PEM", SERVER.write(tmp_path / "s.pem"))).chain


@pytest.mark.parametrize("kind", ["PKCS12", "JKS"])
def test_a_store_of_java_is_read_by_either_name(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path / "k.jks", KEY_STORE)
    (own,) = read_identity(key_store(kind, path, STORE_PASSWORD, KEY_PASSWORD)).chain
    assert read_certificate(own).subject == "jks.example"


def test_trust_stores_have_certificates_in_every_type(tmp_path: Path) -> None:
    jks, p12 = written(tmp_path / "t.jks", TRUST_STORE), written(tmp_path / "t.p12", TRUST_STORE_PKCS12)
    assert read_trusted(trust_store("JKS", jks)) == read_trusted(trust_store("PKCS12", p12, TRUST_PASSWORD))
    inline = StoreSettings("ssl.truststore", "PEM", None, None, AUTHORITY.pem)
    assert read_trusted(inline) == read_trusted(trust_store("PEM", AUTHORITY.write(tmp_path / "ca.pem")))


def test_a_trust_store_that_is_not_encrypted_is_read_without_its_password(tmp_path: Path) -> None:
    AUTHORITY.write(tmp_path / "ca.pem")
    asked = ["-export", "-nokeys", "-in", "ca.pem", "-certpbe", "NONE", "-passout", "pass:changeit", "-out", "t.p12"]
    subprocess.run(["openssl", "pkcs12", *asked], cwd=tmp_path, check=True, capture_output=True)
    trusted = read_trusted(trust_store("PEM", tmp_path / "ca.pem"))
    assert read_trusted(trust_store("PKCS12", tmp_path / "t.p12")) == trusted
    assert read_trusted(trust_store("PKCS12", tmp_path / "t.p12", "changeit")) == trusted
    with pytest.raises(ConfigError, match="password is not that of"):
        read_trusted(trust_store("PKCS12", tmp_path / "t.p12", "wrong"))


@pytest.mark.parametrize(
    ("store", "why"),
    [
        (key_store("PEM", "nowhere.pem"), "ssl.keystore.location=nowhere.pem cannot be read: No such file"),
        (key_store("PEM", "."), "cannot be read: Is a directory"),
        (key_store("PEM", "a\0b"), "cannot be read"),
        (key_store("BCFKS", "k.jks"), "'BCFKS' is not served; there are: PEM, PKCS12, JKS"),
        (key_store("PEM", "k.jks"), "it is JKS, and ssl.keystore.type is PEM"),
        (key_store("PEM", "s.p12"), "it is PKCS12, and ssl.keystore.type is PEM"),
        (key_store("JKS", "s.pem", "x"), "it is PEM, and ssl.keystore.type is JKS"),
        (key_store("PEM", "s.pem", None, "x"), "ssl.key.password is set, and the key is not encrypted"),
        (key_store("PEM", "ca.pem"), "the private key cannot be read: there is no BEGIN PRIVATE KEY"),
        (key_store("PEM", "binary"), "its bytes are no text"),
        (key_store("JKS", "jceks", "x"), "of the type JCEKS is not served"),
        (key_store("JKS", "binary", "x"), "begins neither as PKCS12 nor as JKS"),
        (key_store("JKS", "large", "x"), f"more than {MOST_BYTES} bytes"),
        (key_store("JKS", "k.jks", "wrong"), "ssl.keystore.password is not that of"),
        (key_store("JKS", "k.jks", STORE_PASSWORD), "ssl.key.password: the password of the key 'own' is another"),
        (key_store("JKS", "t.jks", TRUST_PASSWORD), "there is no private key in it"),
        (key_store("PKCS12", "s.p12", "wrong"), "ssl.keystore.password is not that of"),
        (key_store("PKCS12", "t.p12", TRUST_PASSWORD), "no private key with its certificate"),
        (key_store("PKCS12", "der", "x"), "it is no store that can be read|is not that of"),
        (trust_store("PEM", "empty.pem"), "there is no BEGIN CERTIFICATE in it"),
        (trust_store("PKCS12", "t.p12"), "ssl.truststore.password is needed to read t.p12: it is encrypted"),
        (trust_store("PKCS12", "der"), "ssl.truststore.password is needed to read der: .*or it was damaged"),
        (trust_store("JKS", "t.jks", "wrong"), "ssl.truststore.password is not that of"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_wrong_with_a_store_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: StoreSettings, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    SERVER.write(tmp_path / "s.pem")
    SERVER.write_pkcs12(tmp_path / "s.p12", "secret")
    AUTHORITY.write(tmp_path / "ca.pem")
    for name, data in {
        "k.jks": KEY_STORE,
        "t.jks": TRUST_STORE,
        "t.p12": TRUST_STORE_PKCS12,
        "binary": b"\xff\xfe",
        "jceks": b"\xce" * 40,
        "der": b"\x30\x03\x02\x01\x03",
        "large": bytes(MOST_BYTES + 1),
        "empty.pem": b"",
    }.items():
        written(tmp_path / name, data)
    with pytest.raises(ConfigError, match=why) as refused:
        (read_identity if store.prefix == "ssl.keystore" else read_trusted)(store)
    assert "\n" not in str(refused.value)
    for secret in (STORE_PASSWORD, KEY_PASSWORD, TRUST_PASSWORD):
        assert secret not in str(refused.value)


def test_without_cryptography_a_store_of_pkcs12_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imports = builtins.__import__

    def without(name: str, *rest: object, **named: object) -> object:
        if name.startswith("cryptography"):
            raise ModuleNotFoundError(name=name)
        return imports(name, *rest, **named)  # type: ignore[arg-type]

    path = SERVER.write_pkcs12(tmp_path / "s.p12", "secret")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match=r"needs cryptography: pip install 'odradek\[security\]'"):
        read_identity(key_store("PKCS12", path, "secret"))


def test_a_key_whose_password_would_be_hashed_for_minutes_is_refused_at_once() -> None:
    sealed = written_pem([Block("ENCRYPTED PRIVATE KEY", sequence(pbkdf2(MANY), octets(b"")))])
    store = StoreSettings("ssl.keystore", "PEM", None, None, SERVER.chain, sealed, "hush")
    with pytest.raises(ConfigError, match=r"ssl\.keystore\.key: .* hashed 2147483647 times"):
        read_identity(store)


def test_nothing_secret_is_printed_with_an_identity(tmp_path: Path) -> None:
    store = StoreSettings("ssl.keystore", "PEM", None, None, SERVER.chain, SERVER.sealed_key("hush"), "hush")
    for shown in (repr(read_identity(store)), repr(store)):
        assert "hush" not in shown
        assert "PRIVATE" not in shown


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(at=st.integers(0, 900), damage=st.binary(min_size=1, max_size=8), is_short=st.booleans())
def test_a_damaged_store_is_a_line_and_never_a_traceback(
    tmp_path: Path, at: int, damage: bytes, is_short: bool
) -> None:
    path = tmp_path / "s.p12"
    if not path.exists():
        SERVER.write_pkcs12(path, "secret")
    data = path.read_bytes()
    damaged = written(tmp_path / "d.p12", data[:at] + damage + (b"" if is_short else data[at + len(damage) :]))
    with contextlib.suppress(ConfigError):
        read_identity(key_store("PKCS12", damaged, "secret"))
