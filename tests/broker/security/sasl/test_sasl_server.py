"""Logins over a connection: what is answered, when, and what becomes of the connection."""

import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.config.config_def import ConfigError
from odradek.broker.metadata.image import MetadataImage
from odradek.broker.security.sasl.jaas import OAUTHBEARER_MODULE, PLAIN_MODULE, SCRAM_MODULE
from odradek.broker.security.sasl.sasl_server import SaslServer
from odradek.broker.security.sasl.users import User
from odradek.broker.session import ANONYMOUS, Session
from odradek.broker.testing.manual_runtime import manual_runtime
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from odradek.protocol.messages.describe_cluster import DescribeClusterRequest, DescribeClusterResponse
from odradek.protocol.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)
from odradek.protocol.messages.metadata import MetadataRequest, MetadataResponse
from odradek.protocol.messages.sasl_authenticate import SaslAuthenticateRequest, SaslAuthenticateResponse
from odradek.protocol.messages.sasl_handshake import SaslHandshakeRequest, SaslHandshakeResponse

from .listener import LISTENER, MOST_BYTES, PLAIN_TOKEN, SETTINGS, SaslClient, config_of
from .scram_client import ScramClient
from .test_unsecured_jws import token as bearer_token

JAAS = "listener.name.clients.plain.sasl.jaas.config"
REAUTH = {"connections.max.reauth.ms": "60000"}
TWO = f"{LISTENER}:SASL_PLAINTEXT,OTHER:PLAINTEXT"
NAMES = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


FUZZED = SaslClient().broker
# What frames of a login begin with: a header, and a handshake.
BEGINNINGS = [
    b"\0\x11\0\0\0\0\0\1\0\4wire\0\5PLAIN",
    b"\0\x11\0\1\0\0\0\1\0\4wire\0\x0dSCRAM-SHA-256",
    b"\0\x24\0\0\0\0\0\1\0\4wire\0\0\0",
    b"\0\x24\0\2\0\0\0\1\0\4wire\0",
    b"\0\x12\0\0\0\0\0\1\0\4wire",
    b"n,,n=al,r=",
    b"\0al\0",
]


def is_served(client: SaslClient) -> bool:
    return bool(client.ask(MetadataRequest(topics=[]), 12, MetadataResponse).brokers)


@pytest.mark.parametrize("version", [0, 1, 2])
def test_a_client_that_logs_in_is_served_as_its_user(version: int) -> None:
    client = SaslClient()
    client.ask(ApiVersionsRequest(), 0, ApiVersionsResponse)
    assert client.session.user == ANONYMOUS
    assert list(client.shake_hands().mechanisms) == NAMES
    answer = client.authenticate(PLAIN_TOKEN, version)
    assert (answer.error_code, answer.error_message, answer.auth_bytes) == (0, "", b"")
    assert client.session.user == "al"
    assert is_served(client)


def test_frames_are_short_until_a_login_is_done_and_again_for_one_anew() -> None:
    client = SaslClient({**REAUTH, "sasl.server.max.receive.size": "100"})
    limits: list[int] = []
    client.session.limit_frames = limits.append
    client.log_in()
    client.log_in()
    assert limits == [100, client.broker.context.config.socket_request_max_bytes] * 2


def test_tokens_without_a_header_log_in_after_a_handshake_of_version_0() -> None:
    client = SaslClient()
    client.shake_hands(version=0)
    client.send(PLAIN_TOKEN)
    assert client.take() == b""
    assert client.session.user == "al"
    assert is_served(client)


def test_a_token_without_a_header_that_is_refused_ends_the_connection_without_a_word() -> None:
    client = SaslClient()
    client.shake_hands(version=0)
    client.send(b"\0al\0wrong")
    assert not client.transport.is_closed
    client.wait()
    assert (client.transport.sent, client.transport.is_closed) == ([], True)


def test_scram_takes_two_tokens() -> None:
    client, scram = SaslClient(), ScramClient("cy", "secret")
    client.add_scram("cy", "secret")
    client.shake_hands("SCRAM-SHA-256")
    challenge = client.authenticate(scram.first()).auth_bytes
    assert scram.is_server(client.authenticate(scram.final(challenge)).auth_bytes)
    assert client.session.user == "cy"


@pytest.mark.parametrize("user", ["cy", "nobody"])
def test_a_refusal_does_not_tell_whether_the_user_exists(user: str) -> None:
    client, scram = SaslClient(), ScramClient(user, "wrong")
    client.add_scram("cy", "secret")
    client.shake_hands("SCRAM-SHA-256")
    token = scram.first()
    if user == "cy":
        token = scram.final(client.authenticate(token).auth_bytes)
    answer = client.refused(token)
    assert answer.error_code == ErrorCode.SASL_AUTHENTICATION_FAILED
    assert answer.error_message == (
        "Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-256"
    )
    assert client.session.user == ANONYMOUS


def test_nothing_is_taken_while_a_refusal_is_due() -> None:
    client = SaslClient()
    client.shake_hands()
    wrong, right = (client.frame_of(SaslAuthenticateRequest(auth_bytes=t), 2) for t in (b"\0al\0wrong", PLAIN_TOKEN))
    client.send(wrong)
    client.send(right)
    client.wait()
    assert client.transport.is_closed
    assert b"Authentication failed: Invalid username or password" in client.take()
    assert client.session.user == ANONYMOUS


def test_a_mechanism_that_is_not_offered_is_answered_with_those_that_are() -> None:
    client = SaslClient()
    client.send(client.frame_of(SaslHandshakeRequest(mechanism="GSSAPI"), 1))
    assert not client.transport.sent
    client.wait()
    answer = client.decode_answer(client.take(), SaslHandshakeRequest, 1, SaslHandshakeResponse)
    assert (answer.error_code, list(answer.mechanisms)) == (ErrorCode.UNSUPPORTED_SASL_MECHANISM, NAMES)
    assert client.transport.is_closed


def test_another_request_instead_of_a_token_is_answered_with_its_error_and_the_end() -> None:
    client = SaslClient()
    client.shake_hands()
    client.send(client.frame_of(DescribeClusterRequest(), 1))
    client.wait()
    answer = client.decode_answer(client.take(), DescribeClusterRequest, 1, DescribeClusterResponse)
    assert answer.error_code == ErrorCode.ILLEGAL_SASL_STATE
    assert client.transport.is_closed


@pytest.mark.parametrize(
    "frame",
    [
        struct.pack(">hhih", ApiKey.API_VERSIONS, 99, 1, 0) + b"\0",
        struct.pack(">hhihi", ApiKey.METADATA, 1, 1, 0, 100_000) + b"\0\1t" * 100_000,
        struct.pack(">hhihi", ApiKey.METADATA, 1, 1, 0, 5) + b"\0\1t",
    ],
    ids=["a version that is not served", "far too much", "cut off"],
)
def test_another_request_that_cannot_be_answered_ends_it_without_a_word(frame: bytes) -> None:
    client = SaslClient()
    client.shake_hands()
    client.send(frame)
    assert (client.transport.sent, client.transport.is_closed) == ([], True)


def test_a_request_before_the_handshake_ends_the_connection() -> None:
    client = SaslClient()
    client.send(client.frame_of(MetadataRequest(topics=[]), 12))
    assert (client.transport.sent, client.transport.is_closed) == ([], True)


def test_frames_are_short_until_the_client_is_known() -> None:
    client = SaslClient({"sasl.server.max.receive.size": "100"})
    client.shake_hands()
    client.send(b"\0" * 101)
    assert client.transport.is_closed
    client = SaslClient({"sasl.server.max.receive.size": "100"})
    client.log_in()
    client.connection.data_received((MOST_BYTES - 1).to_bytes(4))
    assert not client.transport.is_closed


def test_a_login_that_dawdles_is_overdue_however_much_trickles_in() -> None:
    client = SaslClient()
    for _ in range(3):
        client.wait(4)
        client.connection.data_received(b"\0")
    assert client.connection.is_overdue(client.broker.clock.now(), 10)
    client = SaslClient()
    client.log_in()
    client.wait(12)
    client.connection.data_received(b"\0")
    assert not client.connection.is_overdue(client.broker.clock.now(), 10)


def test_after_the_login_a_handshake_is_refused_and_the_client_goes_on() -> None:
    client = SaslClient()
    client.log_in()
    answer = client.shake_hands()
    assert (answer.error_code, list(answer.mechanisms)) == (ErrorCode.ILLEGAL_SASL_STATE, [])
    again = client.authenticate(PLAIN_TOKEN)
    assert again == SaslAuthenticateResponse(
        error_code=ErrorCode.ILLEGAL_SASL_STATE,
        error_message="SaslAuthenticate request received after successful authentication",
    )
    assert is_served(client)


def test_a_login_is_renewed_on_the_same_connection() -> None:
    client = SaslClient(REAUTH)
    assert client.log_in().session_lifetime_ms == 60_000
    client.wait(50)
    assert client.log_in().session_lifetime_ms == 60_000
    client.wait(50)
    assert is_served(client)
    client.wait(10.001)
    client.send(client.frame_of(MetadataRequest(topics=[]), 12))
    assert (client.transport.sent, client.transport.is_closed) == ([], True)


def test_a_login_is_not_renewed_as_another_user() -> None:
    client = SaslClient(REAUTH)
    client.log_in()
    client.shake_hands()
    answer = client.refused(b"\0bo\0other")
    assert answer.error_message == "Cannot change principals during re-authentication from User.al: User.bo"
    assert client.session.user == "al"


def test_passwords_that_are_set_while_the_broker_runs_count_for_the_next_login() -> None:
    client = SaslClient()
    client.broker.parts.config.set_dynamic({JAAS: SETTINGS[JAAS].replace("secret", "changed")}, {})
    assert client.log_in(b"\0al\0changed").error_code == 0


def server_of(settings: dict[str, str], users: Sequence[User] = ()) -> SaslServer:
    return SaslServer(config_of(settings), manual_runtime(), MetadataImage, lambda mechanism, token_id: None, users)


def test_users_of_the_command_line_need_a_listener_to_log_in_at() -> None:
    with pytest.raises(ConfigError, match="--user: none of the listeners has SASL"):
        server_of({"listener.security.protocol.map": f"{LISTENER}:PLAINTEXT"}, [User("al", "x")])


def test_that_passwords_can_be_read_on_the_network_is_said_once(capfd: pytest.CaptureFixture[str]) -> None:
    server_of({}, [User("al", "x")])
    assert "passwords" not in capfd.readouterr().err
    server_of({"listeners": f"{LISTENER}://0.0.0.0:0,OTHER://0.0.0.0:1", "listener.security.protocol.map": TWO})
    said = capfd.readouterr().err
    assert said.count("PLAIN without TLS: passwords can be read on the network") == 1
    assert f"listeners={LISTENER}" in said


def test_users_of_the_command_line_are_users_of_plain() -> None:
    with pytest.raises(ConfigError, match="PLAIN has no users"):
        server_of({"sasl.enabled.mechanisms": "PLAIN", JAAS: f"{PLAIN_MODULE} required;"})
    server = server_of({"sasl.enabled.mechanisms": "PLAIN", JAAS: f"{PLAIN_MODULE} required;"}, [User("cy", "x")])
    session = Session("/127.0.0.1", "127.0.0.1", 9092, LISTENER)
    server.expect_login(session)
    server.shake_hands(session, "PLAIN", 1)
    server.authenticate(session, b"\0cy\0x")
    assert session.user == "cy"


def test_a_listener_without_sasl_expects_no_login() -> None:
    session = Session("/127.0.0.1", "127.0.0.1", 9092, "OTHER")
    server_of({}).expect_login(session)
    assert session.authentication is None


@pytest.mark.parametrize("is_acknowledged", [True, False])
def test_the_log_says_once_why_a_token_was_refused_and_nothing_of_it(
    is_acknowledged: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    client = SaslClient({"listener.name.clients.oauthbearer.sasl.jaas.config": f"{OAUTHBEARER_MODULE} required;"})
    client.shake_hands("OAUTHBEARER")
    shown = bearer_token({"sub": "secretive", "exp": 1})
    client.authenticate(f"n,,\x01auth=Bearer {shown}\x01\x01".encode())
    if is_acknowledged:
        client.refused(b"\x01")
    logged = capsys.readouterr().err
    assert logged.count("why=it has expired") + logged.count('why="it has expired"') == 1
    assert "secretive" not in logged
    assert shown.split(".")[1] not in logged


def test_a_listener_of_which_no_login_could_be_made_is_refused() -> None:
    with pytest.raises(ConfigError, match="GSSAPI"):
        server_of({"sasl.enabled.mechanisms": "GSSAPI"})


@pytest.mark.parametrize(
    "altered",
    [
        {"sasl.enabled.mechanisms": "GSSAPI"},
        {"listener.name.clients.sasl.enabled.mechanisms": ""},
        {JAAS: "nonsense"},
        {JAAS: f"{SCRAM_MODULE} required;"},
    ],
)
def test_settings_that_are_altered_to_what_cannot_be_let_nobody_in(altered: dict[str, str]) -> None:
    broker = SaslClient().broker
    broker.parts.config.set_dynamic(altered, {})
    client = SaslClient(broker=broker)
    client.send(client.frame_of(SaslHandshakeRequest(mechanism="PLAIN"), 1))
    client.wait()
    assert client.transport.is_closed
    client = SaslClient(broker=broker)
    client.send(client.frame_of(MetadataRequest(topics=[]), 12))
    assert (client.transport.sent, client.transport.is_closed) == ([], True)


@given(
    st.lists(
        st.binary(max_size=64) | st.sampled_from(BEGINNINGS).flatmap(lambda b: st.binary(max_size=64).map(b.__add__))
    )
)
def test_no_frames_but_those_of_a_login_let_anybody_in(frames: list[bytes]) -> None:
    client = SaslClient(broker=FUZZED)
    for frame in frames:
        if not client.transport.is_closed:
            client.send(frame)
            client.wait()
    assert client.session.user == ANONYMOUS
    assert client.session.authentication is not None
    assert not client.session.authentication.is_complete


def test_what_clients_alter_must_leave_a_way_to_log_in() -> None:
    client = SaslClient()
    client.log_in()
    for name, value, code in (
        ("listener.name.clients.plain.sasl.jaas.config", "nonsense", ErrorCode.INVALID_REQUEST),
        ("sasl.enabled.mechanisms", "GSSAPI", ErrorCode.INVALID_REQUEST),
        ("sasl.enabled.mechanisms", "SCRAM-SHA-256", ErrorCode.NONE),
    ):
        config = AlterableConfig(name=name, config_operation=0, value=value)
        request = IncrementalAlterConfigsRequest(
            resources=[AlterConfigsResource(resource_type=4, resource_name="1", configs=[config])]
        )
        (answer,) = client.ask(request, 1, IncrementalAlterConfigsResponse).responses
        assert answer.error_code == code, name
    assert list(SaslClient(broker=client.broker).shake_hands("SCRAM-SHA-256").mechanisms) == ["SCRAM-SHA-256"]
