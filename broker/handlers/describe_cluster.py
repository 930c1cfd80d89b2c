"""DescribeCluster 0-2: the cluster's id and its brokers, on request those that are fenced, too (KIP-1073)."""

from ...protocol.errors import ErrorCode
from ...protocol.messages.describe_cluster import (
    DescribeClusterBroker,
    DescribeClusterRequest,
    DescribeClusterResponse,
)
from ..authorized_operations import CLUSTER_OPERATIONS, NOT_ASKED
from ..context import Context
from ..session import Session

BROKERS = 1
CONTROLLERS = 2


def handle_describe_cluster(
    request: DescribeClusterRequest, version: int, session: Session, context: Context
) -> DescribeClusterResponse:
    """Describe the brokers; the controllers are not reachable through a client listener (KIP-919)."""
    if request.endpoint_type != BROKERS:
        return _refused(request.endpoint_type)
    nodes = context.nodes.all(session) if request.include_fenced_brokers else context.nodes.alive(session)
    return DescribeClusterResponse(
        error_code=ErrorCode.NONE,
        endpoint_type=BROKERS,
        cluster_id=context.cluster_id,
        controller_id=context.nodes.controller_id,
        brokers=[
            DescribeClusterBroker(
                broker_id=node.node_id, host=node.host, port=node.port, rack=node.rack, is_fenced=node.is_fenced
            )
            for node in nodes
        ],
        cluster_authorized_operations=(
            CLUSTER_OPERATIONS if request.include_cluster_authorized_operations else NOT_ASKED
        ),
    )


def _refused(endpoint_type: int) -> DescribeClusterResponse:
    if endpoint_type == CONTROLLERS:
        code = ErrorCode.MISMATCHED_ENDPOINT_TYPE
        why = "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER"
    else:
        code = ErrorCode.UNSUPPORTED_ENDPOINT_TYPE
        why = f"Unsupported endpoint type {endpoint_type}"
    return DescribeClusterResponse(error_code=code, error_message=why, endpoint_type=BROKERS, cluster_id="")
