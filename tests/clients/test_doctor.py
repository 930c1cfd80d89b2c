"""`odradek doctor` on a broker in a process of its own: Odradek, or with --oracle Apache Kafka."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from odradek.broker.cli import main
from odradek.broker.tools.newest_versions import NewestVersions
from odradek.broker.wire import Wire
from odradek.protocol.messages.metadata import MetadataRequest, MetadataResponse

from ..brokers import free_port
from ..conftest import FreshBroker


def doctor(address: str) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(main, ["doctor", "--bootstrap", address, "--json"])
    return result.exit_code, json.loads(result.stdout)


def topics(address: str) -> list[str]:
    with Wire(address) as wire:
        newest = NewestVersions(wire)
        newest.learn()
        answer = newest.ask(MetadataRequest(topics=None, allow_auto_topic_creation=False), MetadataResponse)
    return sorted(topic.name or "" for topic in answer.topics)


def test_of_a_healthy_broker_everything_but_what_is_not_there_yet_is_ok(bootstrap: str) -> None:
    code, said = doctor(bootstrap)
    status = {step["name"].split()[0]: step["status"] for step in said["steps"]}
    assert (code, said["findings"]) == (0, [])
    assert status.pop("coordinators") in ("ok", "cannot tell")
    assert set(status.values()) == {"ok"}
    assert list(status) == ["bootstrap", "protocol", "versions", "features", "cluster", "node", "topics", "clock"]


def test_nothing_is_created_by_it(fresh_broker: FreshBroker) -> None:
    address = fresh_broker({}).address
    before = topics(address)
    assert doctor(address)[0] == 0
    assert topics(address) == before
    assert "__transaction_state" not in before


@pytest.mark.parametrize(
    ("host", "kind"), [("no-such-container", "advertised-name-unknown"), ("127.0.0.1", "advertised-refused")]
)
def test_a_wrong_advertised_listener_is_found_and_quoted(fresh_broker: FreshBroker, host: str, kind: str) -> None:
    told = f"PLAINTEXT://{host}:{free_port()}"
    code, said = doctor(fresh_broker({"advertised.listeners": told}).address)
    assert (code, [one["kind"] for one in said["findings"]]) == (1, [kind])
    assert f"advertised.listeners={told}" in said["findings"][0]["problem"]


def test_another_clusters_broker_at_the_advertised_address_is_found(fresh_broker: FreshBroker, odradek: Any) -> None:
    code, said = doctor(fresh_broker({"advertised.listeners": f"PLAINTEXT://{odradek.address}"}).address)
    assert (code, [one["kind"] for one in said["findings"]]) == (1, ["other-cluster"])
