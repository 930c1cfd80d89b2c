"""DescribeCluster: the one broker, and where it can be reached."""

import pytest

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.describe_cluster import (
    DescribeClusterBroker,
    DescribeClusterRequest,
    DescribeClusterResponse,
)

from ..conftest import IDENTITY
from ..nodes.three_brokers import ThreeBrokers, port_of
from .broker_harness import AskedBroker, served


def ask(broker: AskedBroker, request: DescribeClusterRequest, version: int = 2) -> DescribeClusterResponse:
    return broker.ask(request, version, DescribeClusterResponse).answer


@pytest.mark.parametrize("version", served(ApiKey.DESCRIBE_CLUSTER))
def test_every_version_describes_this_broker(version: int) -> None:
    answer = ask(AskedBroker({"broker.rack": "r1"}), DescribeClusterRequest(), version)
    assert (answer.error_code, answer.cluster_id, answer.controller_id) == (0, IDENTITY.cluster_id, 1)
    assert answer.brokers == [DescribeClusterBroker(broker_id=1, host="127.0.0.1", port=9092, rack="r1")]
    assert answer.cluster_authorized_operations == -2147483648


def test_authorized_operations_are_told_when_asked_for() -> None:
    answer = ask(AskedBroker(), DescribeClusterRequest(include_cluster_authorized_operations=True))
    assert answer.cluster_authorized_operations == 8096


@pytest.mark.parametrize(
    ("endpoint_type", "code"),
    [(2, ErrorCode.MISMATCHED_ENDPOINT_TYPE), (0, ErrorCode.UNSUPPORTED_ENDPOINT_TYPE)],
)
def test_controllers_are_not_to_be_found_here(endpoint_type: int, code: ErrorCode) -> None:
    answer = ask(AskedBroker(), DescribeClusterRequest(endpoint_type=endpoint_type), 1)
    assert (answer.error_code, answer.brokers, answer.cluster_id) == (code, [], "")
    assert answer.error_message


def test_brokers_that_are_fenced_are_told_to_who_asks_for_them() -> None:
    brokers = ThreeBrokers()
    brokers.kill(1)
    found = brokers[2].ask(DescribeClusterRequest(), 2, DescribeClusterResponse).answer
    assert [one.broker_id for one in found.brokers] == [2, 3]
    asked = DescribeClusterRequest(include_fenced_brokers=True)
    found = brokers[2].ask(asked, 2, DescribeClusterResponse).answer
    assert [(one.broker_id, one.port, one.rack, one.is_fenced) for one in found.brokers] == [
        (1, port_of(1), "a", True),
        (2, port_of(2), "b", False),
        (3, port_of(3), "c", False),
    ]
