"""The TLS of listeners, and what becomes of it while the broker runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.config_def import ConfigError
from odradek.broker.metadata.delta import MetadataDelta
from odradek.broker.metadata.image import MetadataImage
from odradek.broker.runtime import SystemClock
from odradek.broker.security.tls.listeners import TlsListeners
from odradek.protocol.metadata_records import ConfigResourceType

from .certificates import AUTHORITY, CLIENT, HOSTS, SERVER

LISTENERS = {
    "listeners": "IN://127.0.0.1:1,OUT://127.0.0.1:2",
    "listener.security.protocol.map": "IN:PLAINTEXT,OUT:SSL",
}


def config_of(path: Path, **given: str) -> BrokerConfig:
    store = {"listener.name.out.ssl.keystore.type": "PEM", "listener.name.out.ssl.keystore.location": str(path)}
    return BrokerConfig.from_settings(
        {**LISTENERS, **store, **{name.replace("_", "."): value for name, value in given.items()}}
    )


def changed(config: BrokerConfig) -> MetadataDelta:
    delta = MetadataDelta()
    delta.changed_configs.add((ConfigResourceType.BROKER, str(config.node_id)))
    return delta


def test_a_listener_has_its_own_settings_in_front_of_those_of_all(tmp_path: Path) -> None:
    SERVER.write(tmp_path / "s.pem")
    config = config_of(tmp_path / "s.pem", ssl_client_auth="required", **{"listener.name.out.ssl.client.auth": "none"})
    listeners = TlsListeners(config, SystemClock())
    assert listeners.of("OUT").settings.client_auth == "none"
    with pytest.raises(KeyError):
        listeners.of("IN")


def test_where_clients_log_in_certificates_are_asked_for_by_the_listeners_own_setting_alone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    SERVER.write(tmp_path / "s.pem")
    with_login = {"listener.security.protocol.map": "IN:PLAINTEXT,OUT:SASL_SSL", "ssl.client.auth": "required"}
    config = config_of(tmp_path / "s.pem", **with_login)
    assert TlsListeners(config, SystemClock()).of("OUT").settings.client_auth == "none"
    assert "listener.name.out.ssl.client.auth" in capfd.readouterr().err
    own = {"listener.name.out.ssl.client.auth": "requested"}
    config = config_of(tmp_path / "s.pem", **with_login, **own)
    assert TlsListeners(config, SystemClock()).of("OUT").settings.client_auth == "requested"


def test_the_listener_is_named_where_its_certificate_is_at_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"listener OUT \(SSL\): ssl.keystore.location=.* cannot be read: No such"):
        TlsListeners(config_of(tmp_path / "s.pem"), SystemClock())


def test_a_file_that_has_changed_is_read_again_when_settings_of_the_broker_are_set(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    SERVER.write(tmp_path / "s.pem")
    config = config_of(tmp_path / "s.pem", ssl_allow_dn_changes="true")
    listeners = TlsListeners(config, SystemClock())
    before = listeners.of("OUT")
    AUTHORITY.issue(*HOSTS, user="new").write(tmp_path / "s.pem")
    listeners.on_delta(MetadataDelta(), MetadataImage())
    assert listeners.of("OUT") is before
    listeners.on_delta(changed(config), MetadataImage())
    assert listeners.of("OUT").certificate.subject == "new"
    listeners.on_delta(changed(config), MetadataImage())
    assert capfd.readouterr().err.count("TLS has changed") == 1


def test_what_cannot_be_read_by_then_leaves_all_as_it_was(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    SERVER.write(tmp_path / "s.pem")
    config = config_of(tmp_path / "s.pem")
    listeners = TlsListeners(config, SystemClock())
    before = listeners.of("OUT")
    (tmp_path / "s.pem").unlink()
    listeners.on_delta(changed(config), MetadataImage())
    assert listeners.of("OUT") is before
    assert "TLS stays as it was" in capfd.readouterr().err


def test_what_clients_want_to_set_is_tried_first_and_changes_nothing(tmp_path: Path) -> None:
    SERVER.write(tmp_path / "s.pem")
    config = config_of(tmp_path / "s.pem")
    listeners = TlsListeners(config, SystemClock())
    before = listeners.of("OUT")
    location = "listener.name.out.ssl.keystore.location"
    listeners.check({location: SERVER.write(tmp_path / "other.pem")})
    with pytest.raises(ConfigError, match="nowhere cannot be read"):
        listeners.check({location: "nowhere"})
    assert (listeners.of("OUT"), config.dynamic) == (before, {})


def test_who_the_broker_is_changes_only_where_that_was_allowed_at_the_start(tmp_path: Path) -> None:
    SERVER.write(tmp_path / "s.pem")
    location = "listener.name.out.ssl.keystore.location"
    other = {location: CLIENT.write(tmp_path / "other.pem")}
    for allowed, why in (
        ({}, "Keystore DistinguishedName does not match: existing={DN=OU=.*new={DN=CN=alice"),
        ({"ssl.allow.dn.changes": "true"}, "Keystore SubjectAltNames do not match"),
    ):
        listeners = TlsListeners(config_of(tmp_path / "s.pem", **allowed), SystemClock())
        with pytest.raises(ConfigError, match=why):
            listeners.check(other)
    both = {"ssl.allow.dn.changes": "true", "ssl.allow.san.changes": "true"}
    TlsListeners(config_of(tmp_path / "s.pem", **both), SystemClock()).check(other)


def test_what_is_not_a_store_is_as_it_was_at_the_start(tmp_path: Path) -> None:
    SERVER.write(tmp_path / "s.pem")
    config = config_of(tmp_path / "s.pem")
    listeners = TlsListeners(config, SystemClock())
    config.set_dynamic({"listener.name.out.ssl.client.auth": "required"}, {})
    listeners.on_delta(changed(config), MetadataImage())
    assert listeners.of("OUT").settings.client_auth == "none"


def test_a_trust_store_is_not_added_to_a_listener_that_had_none(tmp_path: Path) -> None:
    SERVER.write(tmp_path / "s.pem")
    listeners = TlsListeners(config_of(tmp_path / "s.pem"), SystemClock())
    trust = {
        "listener.name.out.ssl.truststore.type": "PEM",
        "listener.name.out.ssl.truststore.certificates": AUTHORITY.pem,
    }
    with pytest.raises(ConfigError, match="Cannot add SSL truststore to an existing listener"):
        listeners.check(trust)


def test_without_such_a_listener_nothing_is_read() -> None:
    listeners = TlsListeners(BrokerConfig(), SystemClock())
    listeners.check({"listener.name.out.ssl.keystore.location": "nowhere"})


def test_a_broker_without_tls_loads_nothing_of_it() -> None:
    code = "import sys, odradek.broker.broker; print(sorted(name for name in sys.modules if '.security.tls.' in name))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['odradek.broker.security.tls.listeners']\n"
