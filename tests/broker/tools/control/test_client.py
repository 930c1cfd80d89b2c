"""Calls over HTTP that are refused, or that nobody answers, end in one line."""

import socket

import pytest

from odradek.broker.tools.control.client import ControlClient, Failed

from ...control.served import Served


def test_what_is_answered_is_returned(served: Served) -> None:
    client = ControlClient(served.url + "/")
    assert client.call("GET", "health") == {"status": "ready", "clusters": 1}
    assert client.call("POST", "topics", body={"name": "t", "partitions": 1})["name"] == "t"
    page = client.call("GET", "topics", "t", "records", query={"limit": 1, "partition": None})
    assert page["records"] == []
    assert client.call("GET", "faults", query={"never_hit": True}) == {"faults": []}


def test_a_file_is_sent_and_fetched(served: Served) -> None:
    client = ControlClient(served.url)
    data = b'{"topic": "of-a-file"}\n'
    assert client.call("POST", "import", data=data) == {"bytes": len(data)}
    assert b'"of-a-file"' in client.fetch("export")


def test_an_address_needs_no_scheme(served: Served) -> None:
    assert ControlClient(served.url.removeprefix("http://")).call("GET", "health")["status"] == "ready"


def test_every_call_is_about_the_cluster(served: Served) -> None:
    with pytest.raises(Failed, match="there is no cluster 'x'; there are: default"):
        ControlClient(served.url, "x").call("GET", "topics")


def test_a_refusal_is_what_the_other_side_says(served: Served) -> None:
    with pytest.raises(Failed, match=r"there is no group 'a/b\?'; there are: none"):
        ControlClient(served.url).call("GET", "groups", "a/b?", "committed")


def test_nobody_there_is_said(served: Served) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    with pytest.raises(Failed, match=rf"no control plane answers at http://127.0.0.1:{port}: .*refused"):
        ControlClient(f"127.0.0.1:{port}").call("GET", "health")


def test_another_server_is_said_to_be_none(served: Served) -> None:
    with pytest.raises(Failed, match="no control plane answers at"):
        ControlClient(f"http://{served.bootstrap}").call("GET", "health")


def test_an_answer_that_is_no_json_is_said_to_be_none(served: Served) -> None:
    with pytest.raises(Failed, match="no control plane answers at"):
        ControlClient(served.url).call("GET", "export")
