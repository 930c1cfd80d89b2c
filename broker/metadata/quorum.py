"""What the requests that would change the voters of the metadata quorum have in common: they are refused (KIP-853).

The quorum is this one node, as in a cluster whose `kraft.version` is 0 and whose voters are configured.
"""

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.schema import ZERO_UUID

CONTROLLER_LISTENER = "CONTROLLER"  # the name in Kafka's own configurations


def check_quorum_cluster(wanted: str | None, cluster_id: str) -> None:
    """INCONSISTENT_CLUSTER_ID where a request is meant for another cluster; null is for any."""
    if wanted is not None and wanted != cluster_id:
        raise KafkaError(
            ErrorCode.INCONSISTENT_CLUSTER_ID, f'The given id "{wanted}" doesn\'t match the cluster id "{cluster_id}"'
        )


def check_voter(voter_id: int, directory_id: bytes, request: str) -> None:
    """INVALID_REQUEST where no controller can be of that id and directory; `request` is "Add voter" or the like."""
    if voter_id < 0 or directory_id == ZERO_UUID:
        raise KafkaError(ErrorCode.INVALID_REQUEST, f"{request} request didn't include a valid voter")


def refusal(change: str) -> KafkaError:
    """The voters stay as they are; `change` is "adding" or "removing"."""
    return KafkaError(
        ErrorCode.UNSUPPORTED_VERSION,
        f"Cluster doesn't support {change} voter because the kraft.version feature is 0",
    )
