"""The certificates of `--tls auto`: made once, good for this machine, and nobody else's overwritten."""

import builtins
import os
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from odradek.broker.config.config_def import ConfigError
from odradek.broker.security.tls.context import build_context
from odradek.broker.security.tls.settings import StoreSettings, tls_settings
from odradek.broker.security.tls.stores import read_trusted
from odradek.broker.security.tls.throw_away import (
    CA,
    CERTIFICATE,
    KEY,
    LIFETIME,
    TRUST_STORE,
    TRUST_STORE_PASSWORD,
    host_names,
    throw_away,
)

from .certificates import SERVER
from .test_stream import Client, shake_hands, stream

NOW = datetime.now(UTC)
EVERY_FILE = (CA, CERTIFICATE, KEY, TRUST_STORE)


def contents(directory: Path) -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_a_client_that_trusts_the_authority_takes_the_certificate(tmp_path: Path) -> None:
    made = throw_away(tmp_path / "tls", ["broker.example"], NOW, None)
    for host in ("localhost", "127.0.0.1", "::1", "broker.example"):
        broker, client = stream(made.settings()), Client(ssl.create_default_context(cafile=made.directory / CA))
        client.tls = ssl.create_default_context(cafile=made.directory / CA).wrap_bio(
            client.incoming, client.outgoing, server_hostname=host
        )
        shake_hands(broker, client)
        assert broker.is_open
    assert made.until - NOW > LIFETIME - timedelta(minutes=1)


def test_the_trust_store_has_the_authority(tmp_path: Path) -> None:
    made = throw_away(tmp_path / "tls", [], NOW, None)
    path = str(made.directory / TRUST_STORE)
    (trusted,) = read_trusted(StoreSettings("ssl.truststore", "PKCS12", path, TRUST_STORE_PASSWORD, None))
    assert trusted == ssl.PEM_cert_to_DER_cert((made.directory / CA).read_text())


def test_the_key_is_nobody_elses_to_read(tmp_path: Path) -> None:
    made = throw_away(tmp_path / "a" / "tls", [], NOW, None)
    assert os.stat(made.directory).st_mode & 0o777 == 0o700
    assert os.stat(made.directory / KEY).st_mode & 0o777 == 0o600
    assert sorted(contents(made.directory)) == sorted(EVERY_FILE)


@pytest.mark.parametrize("is_made", [False, True])
def test_a_directory_that_is_there_and_has_nothing_else_in_it_becomes_its_owners_alone(
    tmp_path: Path, is_made: bool
) -> None:
    directory = tmp_path / "tls"
    if is_made:
        throw_away(directory, [], NOW, None)
    directory.mkdir(exist_ok=True)
    directory.chmod(0o755)
    throw_away(directory, [], NOW, None)
    assert os.stat(directory).st_mode & 0o777 == 0o700


def test_a_directory_that_has_more_in_it_keeps_its_mode_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.txt").touch()
    tmp_path.chmod(0o755)
    throw_away(tmp_path, [], NOW, None)
    assert os.stat(tmp_path).st_mode & 0o777 == 0o755
    assert "others may look into the directory of --tls-dir" in capsys.readouterr().err


def test_what_is_there_and_good_is_used_again(tmp_path: Path) -> None:
    made = throw_away(tmp_path, ["broker.example"], NOW, None)
    before = contents(tmp_path)
    for hosts in ([], ["broker.example"], ["", "0.0.0.0", "::"]):
        again = throw_away(tmp_path, hosts, NOW + timedelta(days=800), None)
        assert (again.is_new, again.until, contents(tmp_path)) == (False, made.until, before)


@pytest.mark.parametrize(("later", "hosts"), [(LIFETIME, []), (timedelta(0), ["other.example"])])
def test_what_ends_or_is_not_for_every_host_is_made_again(tmp_path: Path, later: timedelta, hosts: list[str]) -> None:
    throw_away(tmp_path, [], NOW, None)
    before = contents(tmp_path)
    assert throw_away(tmp_path, hosts, NOW + later, None).is_new
    assert all(contents(tmp_path)[name] != before[name] for name in EVERY_FILE)


@pytest.mark.parametrize("lost", [KEY, TRUST_STORE])
def test_where_one_is_lost_all_are_made_again(tmp_path: Path, lost: str) -> None:
    throw_away(tmp_path, [], NOW, None)
    (tmp_path / lost).unlink()
    made = throw_away(tmp_path, [], NOW, None)
    build_context(tls_settings(made.settings().get), int(NOW.timestamp() * 1000))
    assert made.is_new


@pytest.mark.parametrize("name", EVERY_FILE)
def test_what_somebody_else_has_there_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(SERVER.text)
    with pytest.raises(ConfigError, match=f"{name} is there and was not made by it; .* with --tls-dir"):
        throw_away(tmp_path, [], NOW, None)
    assert contents(tmp_path) == {name: SERVER.text.encode()}


def test_the_data_directory_is_no_place_for_them(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for directory in (data, data / "tls", tmp_path / "data" / ".." / "data"):
        with pytest.raises(ConfigError, match="lies in the data directory"):
            throw_away(directory, [], NOW, data)
    assert throw_away(tmp_path / "data-tls", [], NOW, data).is_new


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"--tls auto: .*file.*: Not a directory"):
        throw_away(tmp_path / "file" / "tls", [], NOW, None)


def test_without_cryptography_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imports = builtins.__import__

    def without(name: str, *rest: object, **named: object) -> object:
        if name.startswith("cryptography"):
            raise ModuleNotFoundError(name=name)
        return imports(name, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match=r"pip install 'odradek\[security\]'"):
        throw_away(tmp_path / "tls", [], NOW, None)


def test_this_machine_has_a_name() -> None:
    assert all(host_names())
