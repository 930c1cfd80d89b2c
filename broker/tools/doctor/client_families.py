"""The stock clients: which versions each speaks, and which addresses of a name each tries.

Sources: Java's message schemas; librdkafka's `rd_kafka_broker_ApiVersion_supported` calls; the request classes of
kafka-python and aiokafka; KafkaJS's protocol/requests. For old Java clients the schemas of their releases.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ....protocol.api_keys import ApiKey
from .facts import Attempt, Reached

PRODUCE, FETCH, LIST_OFFSETS, METADATA = ApiKey.PRODUCE, ApiKey.FETCH, ApiKey.LIST_OFFSETS, ApiKey.METADATA
OFFSET_COMMIT, OFFSET_FETCH = ApiKey.OFFSET_COMMIT, ApiKey.OFFSET_FETCH
FIND_COORDINATOR, JOIN_GROUP, HEARTBEAT, SYNC_GROUP = (
    ApiKey.FIND_COORDINATOR,
    ApiKey.JOIN_GROUP,
    ApiKey.HEARTBEAT,
    ApiKey.SYNC_GROUP,
)

Versions = Mapping[int, tuple[int, int]]


class Client(NamedTuple):
    """A release and the versions it has of what every producer and consumer needs. Old ones may be kept out."""

    name: str
    versions: Versions
    is_current: bool


CLIENTS: Sequence[Client] = (
    Client(
        "Java 4.3",
        {
            PRODUCE: (3, 13),
            FETCH: (4, 18),
            LIST_OFFSETS: (1, 11),
            METADATA: (0, 13),
            OFFSET_COMMIT: (2, 10),
            OFFSET_FETCH: (1, 10),
            FIND_COORDINATOR: (0, 6),
            JOIN_GROUP: (0, 9),
            HEARTBEAT: (0, 4),
            SYNC_GROUP: (0, 5),
        },
        True,
    ),
    Client(
        "librdkafka 2 (confluent-kafka, kcat)",
        {
            PRODUCE: (0, 10),
            FETCH: (0, 16),
            LIST_OFFSETS: (0, 7),
            METADATA: (0, 13),
            OFFSET_COMMIT: (0, 9),
            OFFSET_FETCH: (0, 9),
            FIND_COORDINATOR: (0, 2),
            JOIN_GROUP: (0, 5),
            HEARTBEAT: (0, 3),
            SYNC_GROUP: (0, 3),
        },
        True,
    ),
    Client(
        "kafka-python 3.0",
        {
            PRODUCE: (0, 13),
            FETCH: (0, 18),
            LIST_OFFSETS: (0, 11),
            METADATA: (0, 13),
            OFFSET_COMMIT: (0, 10),
            OFFSET_FETCH: (0, 10),
            FIND_COORDINATOR: (0, 6),
            JOIN_GROUP: (0, 9),
            HEARTBEAT: (0, 4),
            SYNC_GROUP: (0, 5),
        },
        True,
    ),
    Client(
        "aiokafka 0.14",
        {
            PRODUCE: (0, 8),
            FETCH: (0, 11),
            LIST_OFFSETS: (0, 5),
            METADATA: (0, 5),
            OFFSET_COMMIT: (0, 3),
            OFFSET_FETCH: (0, 3),
            FIND_COORDINATOR: (0, 1),
            JOIN_GROUP: (0, 5),
            HEARTBEAT: (0, 1),
            SYNC_GROUP: (0, 3),
        },
        True,
    ),
    # KIP-896: Kafka 4.0 removed what these need.
    Client("Java 0.10", {PRODUCE: (0, 2), FETCH: (0, 3), LIST_OFFSETS: (0, 1), METADATA: (0, 2)}, False),
    Client("Java 0.11", {PRODUCE: (0, 3), FETCH: (0, 5), LIST_OFFSETS: (0, 2), METADATA: (0, 4)}, False),
    Client("Java 2.1", {PRODUCE: (0, 7), FETCH: (0, 10), LIST_OFFSETS: (0, 4), METADATA: (0, 7)}, False),
)


def missing_for(client: Client, served: Versions) -> Sequence[ApiKey]:
    """The APIs of which broker and client have no version in common."""
    return [ApiKey(key) for key, (low, high) in client.versions.items() if not _overlap(served.get(key), low, high)]


def _overlap(served: tuple[int, int] | None, low: int, high: int) -> bool:
    return served is not None and max(served[0], low) <= min(served[1], high)


class AddressRule(NamedTuple):
    """Which of a name's addresses a client tries, and in which order."""

    clients: str
    tries_all: bool
    ipv4_first: bool = False


ADDRESS_RULES: Sequence[AddressRule] = (
    AddressRule("Java", tries_all=True, ipv4_first=True),  # client.dns.lookup=use_all_dns_ips (KIP-602)
    AddressRule("librdkafka", tries_all=True),  # broker.address.family=any; the next at each attempt
    AddressRule("kafka-python", tries_all=True),
    AddressRule("aiokafka", tries_all=True),
    AddressRule("Go", tries_all=True),  # RFC 8305
    AddressRule("Node.js 20", tries_all=True),  # autoSelectFamily
    AddressRule("Node.js 17 to 19", tries_all=False),
    AddressRule("Java before 2.6", tries_all=False, ipv4_first=True),
)


def kept_out(attempts: Sequence[Attempt]) -> Sequence[str]:
    """The clients that try none of the addresses that take connections."""
    return [rule.clients for rule in ADDRESS_RULES if not _gets_through(rule, attempts)]


def _gets_through(rule: AddressRule, attempts: Sequence[Attempt]) -> bool:
    tried = list(attempts)
    if rule.ipv4_first:
        tried.sort(key=lambda one: ipaddress.ip_address(one.ip.partition("%")[0]).version)
    if not rule.tries_all:
        tried = tried[:1]
    return any(one.reached is Reached.CONNECTED for one in tried)
