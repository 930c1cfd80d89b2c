"""The keys of those who sign tokens: read before anybody logs in, and again as time goes by and as keys are missed."""

import http.server
import json
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.config.config_def import ConfigError
from odradek.broker.security.sasl.jwks import (
    MISSING_AGAIN_S,
    MISSING_OTHER_S,
    MOST_BYTES,
    BadKeys,
    Jwks,
    parse_keys,
    read_url,
)
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.manual_runtime import manual_runtime
from odradek.broker.testing.threads import ManualThreads
from odradek.protocol.errors import KafkaError

from .signing import key_set

URL = "https://issuer.example/keys"
REFRESH_MS, BACKOFF_MS, MAX_BACKOFF_MS = 60_000, 100, 1000


class Issuer:
    """What stands at the URL, and how often it was read."""

    def __init__(self, url: str = URL) -> None:
        self.content: bytes | Exception = key_set("one")
        self.reads = 0
        self.clock = ManualClock()
        self.threads = ManualThreads()
        runtime = manual_runtime(self.clock, self.threads)
        self.jwks = Jwks(url, runtime, REFRESH_MS, BACKOFF_MS, MAX_BACKOFF_MS, self.read)
        self.outcome: list[KafkaError | None] = []

    def read(self, url: str) -> bytes:
        self.reads += 1
        if isinstance(self.content, Exception):
            raise self.content
        return self.content

    def load(self) -> None:
        self.jwks.load(self.outcome.append)

    @property
    def key_ids(self) -> list[str | None]:
        return [key.key_id for key in self.jwks.keys_of(None)]


def test_keys_are_read_before_the_first_login() -> None:
    issuer = Issuer()
    issuer.load()
    assert (issuer.outcome, issuer.key_ids) == ([None], ["one"])
    assert [key.key_id for key in issuer.jwks.keys_of("one")] == ["one"]


def test_keys_that_cannot_be_read_keep_the_broker_from_starting() -> None:
    issuer = Issuer()
    issuer.content = OSError("refused")
    issuer.load()
    (error,) = issuer.outcome
    assert error is not None
    assert f"the keys of {URL} cannot be read: refused" in error.message


def test_keys_are_read_anew_as_the_settings_say() -> None:
    issuer = Issuer()
    issuer.load()
    issuer.content = key_set("ec-two")
    issuer.clock.advance(59.9)
    assert issuer.key_ids == ["one"]
    issuer.clock.advance(0.1)
    assert issuer.key_ids == ["ec-two"]
    issuer.clock.advance(60)
    assert issuer.reads == 3


def test_what_cannot_be_read_again_leaves_the_keys_and_is_tried_again_sooner() -> None:
    issuer = Issuer()
    issuer.load()
    issuer.content = b"no keys"
    issuer.clock.advance(60)
    assert (issuer.reads, issuer.key_ids) == (2, ["one"])
    for wait_s in (0.1, 0.2, 0.4, 0.8, 1.0, 1.0):
        before = issuer.reads
        issuer.clock.advance(wait_s - 0.01)
        assert issuer.reads == before
        issuer.clock.advance(0.01)
        assert issuer.reads == before + 1
    issuer.content = key_set("ec-two")
    issuer.clock.advance(1)
    assert issuer.key_ids == ["ec-two"]


def test_a_key_that_is_missed_is_looked_for_at_once_and_not_often() -> None:
    issuer = Issuer()
    issuer.load()
    assert issuer.jwks.keys_of("ec-two") == []
    assert issuer.reads == 2
    issuer.content = key_set("one", "ec-two")
    assert issuer.jwks.keys_of("ec-two") == []
    assert issuer.reads == 2
    issuer.clock.advance(MISSING_AGAIN_S - 1)
    assert issuer.jwks.keys_of("x" * 1001) == []
    assert issuer.reads == 2


def test_many_keys_that_do_not_exist_do_not_have_the_url_read_for_each() -> None:
    issuer = Issuer()
    issuer.load()
    for number in range(1000):
        issuer.jwks.keys_of(f"made up {number}")
    assert issuer.reads == 2
    issuer.clock.advance(MISSING_OTHER_S)
    for number in range(1000):
        issuer.jwks.keys_of(f"made up {number}")
    assert issuer.reads == 3


def test_made_up_keys_do_not_keep_one_that_has_come_from_being_found() -> None:
    issuer = Issuer()
    issuer.load()
    issuer.jwks.keys_of("made up")
    issuer.content = key_set("one", "ec-two")
    assert issuer.jwks.keys_of("ec-two") == []
    issuer.clock.advance(MISSING_OTHER_S)
    issuer.jwks.keys_of("ec-two")
    assert [key.key_id for key in issuer.jwks.keys_of("ec-two")] == ["ec-two"]


def test_one_reading_is_under_way_at_a_time() -> None:
    issuer = Issuer()
    issuer.load()
    issuer.threads.holds = True
    issuer.jwks.keys_of("a")
    issuer.jwks.keys_of("b")
    assert issuer.threads.held == 1


def test_a_file_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(key_set("one"))
    assert read_url(path.as_uri()) == path.read_bytes()
    issuer = Issuer(path.as_uri())
    issuer.load()
    issuer.jwks.keys_of("other")
    issuer.clock.advance(3600)
    assert issuer.reads == 1


class Answer(http.server.BaseHTTPRequestHandler):
    """The keys, or an error."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/keys" else 404)
        self.end_headers()
        self.wfile.write(key_set("one"))

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_url_is_read_and_one_that_answers_with_an_error_is_not() -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            where = f"http://127.0.0.1:{server.server_port}"
            assert read_url(f"{where}/keys") == key_set("one")
            with pytest.raises(OSError, match="404") as refused:
                read_url(f"{where}/others")
            refused.value.close()  # type: ignore[attr-defined]
        finally:
            server.shutdown()
            serving.join()


def test_what_is_far_too_long_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(b" " * (MOST_BYTES + 1))
    with pytest.raises(BadKeys, match="more than"):
        read_url(path.as_uri())


@pytest.mark.parametrize("url", ["", "keys.json", "ftp://x/y", "gopher://x"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"jwks\.endpoint\.url"):
        Issuer(url)


def test_keys_that_nothing_can_use_are_left_out() -> None:
    listed = json.loads(key_set("one"))["keys"]
    keys = parse_keys(json.dumps({"keys": [{"kty": "unknown"}, 5, *listed, {"kty": "RSA"}]}).encode())
    assert [key.key_id for key in keys] == ["one"]


SECRET = {"kty": "oct", "kid": "shared", "alg": "HS256", "k": "c2VjcmV0"}
FOR_ENCRYPTION = {**json.loads(key_set("one"))["keys"][0], "use": "enc"}


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b'{"keys": []}', b'{"keys": 5}', b"\xff", b'{"keys": [{"kty": "x"}]}',
     json.dumps({"keys": [SECRET, FOR_ENCRYPTION]}).encode()],
)  # fmt: skip
def test_what_is_no_set_of_keys(data: bytes) -> None:
    with pytest.raises(BadKeys):
        parse_keys(data)


@given(st.binary())
def test_any_bytes_are_no_set_of_keys(data: bytes) -> None:
    with pytest.raises(BadKeys):
        parse_keys(data)
