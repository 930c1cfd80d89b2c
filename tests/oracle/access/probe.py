"""What a probe is: one request of an API, and the resources that its rule may ask about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from odradek.broker.apis import TABLE
from odradek.broker.security.authorization.acl import ResourceType
from odradek.protocol.api_keys import ApiKey

TOPIC, GROUP, CLUSTER = ResourceType.TOPIC, ResourceType.GROUP, ResourceType.CLUSTER
TXN = ResourceType.TRANSACTIONAL_ID
OF_CLUSTER = (CLUSTER, "kafka-cluster")
Resource = tuple[ResourceType, str]
UNKNOWN_ID = b"\x07" * 16


@dataclass(frozen=True)
class Probe:
    """One request; `resources` are what its rule may ask about."""

    label: str
    key: ApiKey
    version: int
    body: object
    resources: Sequence[Resource]

    @property
    def response(self) -> type[object]:
        return TABLE[self.key].load().response


@dataclass(frozen=True)
class Names:
    """What the requests name: a topic and an id that are there, one that is not, a group, a transactional id."""

    topic: str
    topic_id: bytes
    missing: str
    group: str
    txn: str
    suffix: str

    def new(self, base: str) -> str:
        """A name that no other run has."""
        return base + self.suffix


def asked(key: ApiKey, /, **fields: Any) -> object:
    make: Any = TABLE[key].load().request
    return make(**fields)


def part(key: ApiKey, struct: str, /, **fields: Any) -> Any:
    """A struct of a request, by its name."""
    request: Any = TABLE[key].load().request
    module: Any = __import__(request.__module__, fromlist=[struct])
    return getattr(module, struct)(**fields)


def probe(key: ApiKey, version: int, touched: Sequence[Resource], label: str = "", /, **fields: Any) -> Probe:
    return Probe(f"{key.name} {version}{' ' if label else ''}{label}", key, version, asked(key, **fields), touched)
