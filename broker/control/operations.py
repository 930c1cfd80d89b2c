"""The table of all operations, in the order of the page."""

from collections.abc import Mapping, Sequence
from typing import Any

from . import (
    broker_operations,
    clock_operations,
    cluster_operations,
    fault_operations,
    group_operations,
    journal_operations,
    replica_operations,
    snapshot_operations,
    topic_operations,
)
from .openapi import document
from .operation import Asked, Operation

_OF_CLUSTERS: Sequence[tuple[str, Sequence[Operation]]] = (
    ("Faults", fault_operations.OPERATIONS),
    ("Time", clock_operations.OPERATIONS),
    ("Clusters", cluster_operations.OPERATIONS),
    ("State", snapshot_operations.OPERATIONS),
    ("Brokers", broker_operations.OPERATIONS),
    ("Topics", topic_operations.OPERATIONS),
    ("Replicas", replica_operations.OPERATIONS),
    ("Groups", group_operations.OPERATIONS),
    ("The journal", journal_operations.OPERATIONS),
)


async def describe(asked: Asked) -> Mapping[str, Any]:
    return document(ROOMS)


ROOMS: Sequence[tuple[str, Sequence[Operation]]] = (
    *_OF_CLUSTERS,
    (
        "The description",
        (Operation("GET", "/v1/openapi.json", "getDescription", "All of this, as an OpenAPI 3.1 document.", describe),),
    ),
)
OPERATIONS: Sequence[Operation] = tuple(operation for _, operations in ROOMS for operation in operations)
