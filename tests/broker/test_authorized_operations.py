"""The bitfields of operations: each bit is a code of Kafka's AclOperation."""

import pytest

from odradek.broker.authorized_operations import CLUSTER_OPERATIONS, GROUP_OPERATIONS, NOT_ASKED, TOPIC_OPERATIONS

# org.apache.kafka.common.acl.AclOperation
CODES = {
    "READ": 3,
    "WRITE": 4,
    "CREATE": 5,
    "DELETE": 6,
    "ALTER": 7,
    "DESCRIBE": 8,
    "CLUSTER_ACTION": 9,
    "DESCRIBE_CONFIGS": 10,
    "ALTER_CONFIGS": 11,
    "IDEMPOTENT_WRITE": 12,
}


@pytest.mark.parametrize(
    ("field", "operations"),
    [
        (
            CLUSTER_OPERATIONS,
            "CREATE ALTER DESCRIBE CLUSTER_ACTION DESCRIBE_CONFIGS ALTER_CONFIGS IDEMPOTENT_WRITE",
        ),
        (TOPIC_OPERATIONS, "READ WRITE CREATE DELETE ALTER DESCRIBE DESCRIBE_CONFIGS ALTER_CONFIGS"),
        (GROUP_OPERATIONS, "READ DELETE DESCRIBE DESCRIBE_CONFIGS ALTER_CONFIGS"),
    ],
)
def test_a_resource_shows_every_operation_that_it_has_and_no_other(field: int, operations: str) -> None:
    assert {name for name, code in CODES.items() if field >> code & 1} == set(operations.split())
    assert field == sum(1 << CODES[name] for name in operations.split())


def test_what_was_not_asked_is_the_smallest_number_of_the_wire() -> None:
    assert NOT_ASKED == -(2**31)
