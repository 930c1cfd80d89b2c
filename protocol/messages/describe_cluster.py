"""DescribeCluster (60): the brokers or controllers of the cluster."""

from collections.abc import Sequence

from ..schema import boolean, field, i8, i16, i32, message, nested


@message(api_key=60, versions="0-2", flexible="0+")
class DescribeClusterRequest:
    """Which kind of endpoints to list."""

    include_cluster_authorized_operations: boolean = False
    endpoint_type: i8 = field(default=1, versions="1+")
    include_fenced_brokers: boolean = field(default=False, versions="2+")


@nested
class DescribeClusterBroker:
    broker_id: i32
    host: str
    port: i32
    rack: str | None = None
    is_fenced: boolean = field(default=False, versions="2+")


@message(api_key=60, versions="0-2", flexible="0+")
class DescribeClusterResponse:
    """The cluster's id, its controller and its nodes."""

    throttle_time_ms: i32 = 0
    error_code: i16 = 0
    error_message: str | None = None
    endpoint_type: i8 = field(default=1, versions="1+")
    cluster_id: str = ""
    controller_id: i32 = -1
    brokers: Sequence[DescribeClusterBroker] = ()
    cluster_authorized_operations: i32 = -2147483648
