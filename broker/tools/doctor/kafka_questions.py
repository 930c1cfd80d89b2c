"""What one broker is asked over one connection: its versions, its cluster, who it is, and how it is set.

Only questions that change nothing: no topic is created for them, in Odradek or in Apache Kafka.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from ....protocol.api_keys import ApiKey
from ....protocol.errors import ErrorCode
from ....protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from ....protocol.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResponse,
)
from ....protocol.messages.metadata import MetadataRequest, MetadataResponse
from ...wire import LENGTH, Wire
from ..login import offered_mechanisms
from ..newest_versions import NewestVersions, NotServed
from .facts import AdvertisedBroker, Endpoint, Kafka

KEY = "odradek-doctor"
SOFTWARE_VERSION = "1"
NEWEST_API_VERSIONS = 4
MOST_ANSWER_BYTES = 1 << 20  # of ApiVersions, the first answer, before it is known to be Kafka's
FIRST_BYTES = 256  # of another program, enough to know it by
MOST_NODES = 100  # that are asked for by their id
BROKER = 4  # a resource type of DescribeConfigs

SETTINGS: Sequence[str] = (
    "advertised.listeners",
    "listeners",
    "offsets.topic.replication.factor",
    "transaction.state.log.min.isr",
    "transaction.state.log.replication.factor",
)

Answer = TypeVar("Answer")


class NotKafka(Exception):
    """The first answer was none of Kafka's: what came instead, and whether the connection was closed."""

    def __init__(self, said: bytes, *, has_closed: bool) -> None:
        super().__init__(said)
        self.said = said
        self.has_closed = has_closed


def ask_broker(wire: Wire, open_another: Callable[[], Wire]) -> Kafka:
    """Everything about one broker. NotKafka, OSError; what fails after the first answer is in `Kafka.fault`."""
    answer, fell_back = ask_api_versions(wire)
    versions = {one.api_key: (one.min_version, one.max_version) for one in answer.api_keys}
    features = {one.name: one.max_version_level for one in answer.finalized_features}
    seen = Kafka(versions=versions, features=features, fell_back=fell_back)
    if ApiKey.METADATA not in versions:
        return seen
    newest = NewestVersions(wire, answer.api_keys)
    try:
        metadata = newest.ask(MetadataRequest(topics=[], allow_auto_topic_creation=False), MetadataResponse)
    except (OSError, ValueError, NotServed) as error:
        mechanisms = _sasl_mechanisms(open_another) if isinstance(error, ConnectionError) else None
        return Kafka(versions, features, fell_back, mechanisms, fault=f"Metadata: {_in_words(error)}")
    brokers = [AdvertisedBroker(one.node_id, Endpoint(one.host, one.port)) for one in metadata.brokers]
    node_id, settings = _identity(newest, [one.node_id for one in brokers])
    return Kafka(
        versions=versions,
        features=features,
        fell_back=fell_back,
        cluster_id=metadata.cluster_id,
        controller_id=metadata.controller_id,
        brokers=brokers,
        node_id=node_id,
        settings=settings,
    )


def ask_api_versions(wire: Wire) -> tuple[ApiVersionsResponse, bool]:
    """The answer, and whether it had to be asked for again, at the version that the refusal names (KIP-511)."""
    answer = _first_answer(wire, NEWEST_API_VERSIONS)
    if answer.error_code != ErrorCode.UNSUPPORTED_VERSION:
        return answer, False
    version = max([one.max_version for one in answer.api_keys if one.api_key == ApiKey.API_VERSIONS], default=0)
    return wire.ask(_api_versions_request(), min(version, NEWEST_API_VERSIONS - 1), ApiVersionsResponse), True


def _api_versions_request() -> ApiVersionsRequest:
    return ApiVersionsRequest(client_software_name=KEY, client_software_version=SOFTWARE_VERSION)


def _first_answer(wire: Wire, version: int) -> ApiVersionsResponse:
    said = b""
    try:
        wire.send(_api_versions_request(), version)
        while len(said) < LENGTH.size and (piece := wire.receive_some(LENGTH.size - len(said))):
            said += piece
        if len(said) == LENGTH.size and 0 < LENGTH.unpack(said)[0] <= MOST_ANSWER_BYTES:
            frame = wire.receive_exactly(LENGTH.unpack(said)[0])
            said += frame[:FIRST_BYTES]
            return _decoded(wire, frame, version)
        if said:
            said += wire.receive_some(FIRST_BYTES)
    except TimeoutError:
        raise NotKafka(said, has_closed=False) from None
    except ValueError:  # a frame, and nothing of Kafka's in it
        raise NotKafka(said, has_closed=False) from None
    except ConnectionError:  # closed, or a frame with another number
        raise NotKafka(said, has_closed=True) from None
    raise NotKafka(said, has_closed=True)


def _decoded(wire: Wire, frame: bytes, version: int) -> ApiVersionsResponse:
    """A broker that lacks the version answers in version 0's shape (KIP-511): its error stands first in both."""
    is_refusal = frame[4:6] == ErrorCode.UNSUPPORTED_VERSION.to_bytes(2)
    return wire.decode_answer(frame, ApiVersionsRequest, 0 if is_refusal else version, ApiVersionsResponse)


def _sasl_mechanisms(open_another: Callable[[], Wire]) -> Sequence[str] | None:
    """What the listener offers, where it was SASL that it wanted."""
    try:
        with open_another() as wire:
            return offered_mechanisms(wire)
    except (OSError, ValueError):
        return None


def _identity(newest: NewestVersions, node_ids: Sequence[int]) -> tuple[int | None, dict[str, str]]:
    """Which of these nodes has answered: a broker describes its own settings and refuses those of another."""
    resources = [
        DescribeConfigsResource(
            resource_type=BROKER, resource_name=str(node_id), configuration_keys=[*SETTINGS, "node.id", "broker.id"]
        )
        for node_id in node_ids[:MOST_NODES]
    ]
    try:
        answer = newest.ask(DescribeConfigsRequest(resources=resources), DescribeConfigsResponse)
    except (OSError, ValueError, NotServed):
        return None, {}
    described = [one for one in answer.results if one.error_code == ErrorCode.NONE and one.configs]
    if len(described) != 1:
        return None, {}
    settings = {one.name: one.value for one in described[0].configs if one.value is not None}
    return int(described[0].resource_name), settings


def _in_words(error: Exception) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else str(error)
