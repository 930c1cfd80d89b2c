"""Whatever comes over HTTP is answered with JSON, and what is wrong changes nothing."""

import json
import socket
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odradek.broker.control.app import MOST_BODY_BYTES
from odradek.broker.control.operation import Operation
from odradek.broker.control.operations import OPERATIONS

from .served import Served


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"nope", "the body is no JSON: Expecting value"),
        (b"[]", "the body is no JSON object"),
        (b"\xff", "the body is no JSON: 'utf-8' codec"),
        (b"[" * 60_000, "the body is no JSON: "),
        (b'{"ms": NaN}', "the body is no JSON: JSON has no NaN"),
        (b'{"ms": ' + b"9" * 5000 + b"}", "the body is no JSON: "),
        (b'{"ms": ' + b"9" * 100 + b"}", "ms of POST /v1/clock/advance cannot be a number so large"),
        (b'{"ms": 1e999}', "ms of POST /v1/clock/advance cannot be inf"),
        (b'{"ms": "\\ud800"}', "the body is no JSON: 'utf-8' codec"),
        (b'{"ms": "' + b"x" * 500 + b'"}', "ms of POST /v1/clock/advance cannot be 'xxx"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(cluster: Served, body: bytes, why: str) -> None:
    status, answer = cluster.send("POST", f"/v1/clock/advance?cluster={cluster.cluster}", body)
    assert status == 400
    assert answer["error"].startswith(why)
    assert len(answer["error"]) < 300


def test_a_body_has_a_bound(served: Served) -> None:
    least = b'{"ms": 0}'
    assert served.send("POST", "/v1/clock/advance", least.ljust(MOST_BODY_BYTES))[0] == 200
    status, answer = served.send("POST", "/v1/clock/advance", least.ljust(MOST_BODY_BYTES + 1))
    assert (status, answer) == (413, {"error": "a body has 65536 bytes at most"})


def test_a_path_or_method_that_is_not_there_is_said_with_the_nearest(served: Served) -> None:
    assert served.send("GET", "/v1/fault") == (404, {"error": "there is no '/v1/fault'; did you mean '/v1/faults'?"})
    assert served.send("GET", "/v1/faults/")[0] == 404
    assert served.send("GET", "/") == (404, {"error": "there is no '/'; see /v1/openapi.json"})
    assert served.send("PUT", "/v1/faults") == (405, {"error": "/v1/faults has DELETE, GET, POST, not PUT"})
    assert served.send("GET", "/v1/clock/freeze") == (405, {"error": "/v1/clock/freeze has POST, not GET"})


@pytest.mark.parametrize("header", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "same-origin"}])
def test_pages_of_the_web_are_turned_away(served: Served, header: dict[str, str]) -> None:
    status, answer = served.send("POST", "/v1/clock/freeze", b"", header)
    assert (status, answer) == (403, {"error": "the control plane does not answer pages of the web"})
    assert served.call("GET", "/v1/clock")["rate"] == 1


def test_a_call_that_came_by_a_name_of_somebody_else_is_turned_away(served: Served) -> None:
    status, answer = served.send("POST", "/v1/clock/freeze", b"", {"Host": "evil.example:80"})
    assert (status, answer["error"][:44]) == (403, "the control plane is not at 'evil.example:80")
    assert served.call("GET", "/v1/clock")["rate"] == 1
    assert served.send("GET", "/v1/clock", None, {"Host": "localhost:80"})[0] == 200


@pytest.mark.parametrize("body", [b'{"ms": 1, "ms": 2}', b'{"days": 1, "x": {"ms": 1, "ms": 1}}'])
def test_a_body_that_says_something_twice_is_refused(served: Served, body: bytes) -> None:
    status, answer = served.send("POST", "/v1/clock/advance", body)
    assert (status, answer) == (400, {"error": "the body is no JSON: 'ms' is there twice in one object"})


def test_bytes_that_are_no_http_end_their_connection_and_no_other(served: Served) -> None:
    host, _, port = served.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as odd:
        odd.sendall(b"\0\0\0\x12" + b"\xff" * 100_000)
        answer = b"".join(iter(lambda: odd.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert served.call("GET", "/v1/health")["status"] == "ready"


def test_every_operation_takes_the_cluster_that_is_meant(served: Served) -> None:
    known = json.dumps(served.call("GET", "/v1/openapi.json?cluster=default"))
    assert known.count('"in": "query"') > 10
    why = "there is no cluster 'x'; there are: default"
    assert served.refused("GET", "/v1/openapi.json?cluster=x") == (404, why)


TEXTS = st.sampled_from(["t", "g", "fault-1", "", "a/b", "é", "5", "true", "base64", "Produce", "delay"]) | st.text(
    max_size=9
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def calls(draw: st.DrawFn) -> tuple[Operation, str, dict[str, str], dict[str, Any]]:
    """An operation with values that its fields may or may not take; no wait, for it would be waited for."""
    operation = draw(st.sampled_from(OPERATIONS))
    path = "/".join(quote(draw(TEXTS), safe="") if part[:1] == "{" else part for part in operation.path.split("/"))
    query = {
        one.name: draw(TEXTS) for one in operation.query if one.name not in ("hits", "cluster") and draw(st.booleans())
    }
    body: dict[str, Any] = {one.name: draw(ANYTHING) for one in operation.body if draw(st.booleans())}
    if draw(st.integers(0, 4)) == 0:
        body |= draw(st.dictionaries(TEXTS, ANYTHING, max_size=2))
    return operation, path, query, body


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls())
def test_whatever_is_asked_for_is_done_or_refused_and_never_fails(
    cluster: Served, call: tuple[Operation, str, dict[str, str], dict[str, Any]]
) -> None:
    operation, path, query, body = call
    text = json.dumps(body).encode()
    of_it = {} if operation.path.startswith("/v1/clusters") else {"cluster": cluster.cluster or ""}
    status, answer = cluster.send(operation.method, f"{path}?{urlencode({**query, **of_it})}", text)
    assert status < 500, answer
    assert status < 400 or list(answer) == ["error"]
