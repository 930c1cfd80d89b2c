"""What a client is told besides the address of its broker."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from odradek.broker.security.sasl.jaas import PLAIN_MODULE
from odradek.broker.testing.embedded import running_broker
from odradek.broker.tools.client_settings import connect, parse_client_settings, without_login
from odradek.broker.tools.health import health
from odradek.broker.tools.shell.topics import topics
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse

from ..security.tls.certificates import AUTHORITY, CLIENT, SERVER


@pytest.fixture(scope="module")
def strict_broker() -> Iterator[str]:
    """The address of a broker that asks for certificates."""
    settings = {
        "listeners": "SSL://127.0.0.1:0",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.certificate.chain": SERVER.chain,
        "ssl.keystore.key": SERVER.key,
        "ssl.truststore.type": "PEM",
        "ssl.truststore.certificates": AUTHORITY.pem,
        "ssl.client.auth": "required",
    }
    with running_broker(settings) as broker:
        yield broker.bootstrap


def own_settings(directory: Path) -> dict[str, str]:
    own = CLIENT.write(directory / "client.pem")
    return {
        "security.protocol": "SSL",
        "ssl.ca.location": AUTHORITY.write(directory / "ca.pem"),
        "ssl.certificate.location": own,
        "ssl.key.location": own,
    }


def options(settings: dict[str, str]) -> list[str]:
    return [word for name, value in settings.items() for word in ("-X", f"{name}={value}")]


def test_a_connection_has_the_certificates_that_were_named(strict_broker: str, tmp_path: Path) -> None:
    with connect(strict_broker, own_settings(tmp_path), client_id="c", timeout_s=10) as wire:
        request = ApiVersionsRequest(client_software_name="test", client_software_version="1")
        assert wire.ask(request, 3, ApiVersionsResponse).error_code == 0


def test_a_login_goes_over_tls_too(tmp_path: Path) -> None:
    settings = {
        "listeners": "CLIENTS://127.0.0.1:0",
        "listener.security.protocol.map": "CLIENTS:SASL_SSL",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.certificate.chain": SERVER.chain,
        "ssl.keystore.key": SERVER.key,
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.clients.plain.sasl.jaas.config": f'{PLAIN_MODULE} required user_al="secret";',
    }
    login = {
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": AUTHORITY.write(tmp_path / "ca.pem"),
        "sasl.mechanism": "PLAIN",
        "sasl.username": "al",
        "sasl.password": "secret",
    }
    with running_broker(settings) as broker:
        run, given = CliRunner().invoke, ["--bootstrap", broker.bootstrap]
        assert run(health, [*given, *options(login)]).exit_code == 0
        assert run(topics, ["list", *given, *options(login)]).exit_code == 0
        assert run(health, [*given, *options(without_login(login))]).exit_code == 0  # it offers logins
        refused = run(health, [*given, *options({**login, "sasl.password": "wrong"})])
    assert refused.exit_code == 1
    assert refused.stderr.endswith("the login of al was refused: Authentication failed: Invalid username or password\n")


def test_what_is_left_without_a_login() -> None:
    login = {"sasl.username": "al", "ssl.ca.location": "ca"}
    assert without_login({"security.protocol": "SASL_SSL", **login}) == {
        "security.protocol": "SSL",
        "ssl.ca.location": "ca",
    }
    assert without_login({"security.protocol": "sasl_plaintext"}) == {"security.protocol": "PLAINTEXT"}


def test_health_and_the_verbs_of_the_shell_take_them(strict_broker: str, tmp_path: Path) -> None:
    run, given = CliRunner().invoke, ["--bootstrap", strict_broker, *options(own_settings(tmp_path))]
    assert run(health, given).stdout == f"{strict_broker} is ready\n"
    assert run(topics, ["create", "over-tls", *given]).exit_code == 0
    assert "over-tls" in run(topics, ["list", *given]).stdout
    assert run(health, ["--bootstrap", strict_broker]).exit_code == 1


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"security.protocl": "SSL"}, "did you mean 'security.protocol'"),
        ({"security.protocol": "SASL"}, "security.protocol=SASL: there are PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"),
        ({"security.protocol": "SSL", "ssl.ca.location": "nowhere"}, "ssl.ca.location=nowhere cannot be read: No such"),
        (
            {"security.protocol": "SSL", "ssl.certificate.location": "nowhere"},
            "ssl.certificate.location=nowhere cannot be read: No such",
        ),
    ],
)
def test_what_cannot_be_is_named(settings: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        connect("127.0.0.1:1", settings, client_id="c", timeout_s=1)


def test_settings_are_assignments_and_what_is_none_is_not_told_in_full() -> None:
    assert parse_client_settings(["a=b=c", "d="]) == {"a": "b=c", "d": ""}
    with pytest.raises(click.UsageError, match="-X '' is not NAME=VALUE") as refused:
        parse_client_settings(["=hush"])
    assert "hush" not in str(refused.value)
