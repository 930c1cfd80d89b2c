"""What was seen of a Kafka, without judgement: plain values, between those who ask and those who judge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from ...config.listeners import address_of
from ...security.tls.certificate import Certificate


class Security(Enum):
    """`security.protocol` of a client."""

    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"

    @property
    def has_tls(self) -> bool:
        return self in (Security.SSL, Security.SASL_SSL)

    @property
    def has_sasl(self) -> bool:
        return self in (Security.SASL_PLAINTEXT, Security.SASL_SSL)


class Reached(Enum):
    """How a connection to one address ended."""

    CONNECTED = "connected"
    REFUSED = "refused"
    TIMED_OUT = "timed out"
    UNREACHABLE = "no route"
    FAILED = "failed"


class Speech(Enum):
    """What a port speaks."""

    KAFKA = "kafka"
    OTHER = "other"  # something with a name
    UNKNOWN = "unknown"  # it answers, but with what no program here knows
    CLOSES = "closes"  # takes the connection and ends it without a word
    SILENT = "silent"


@dataclass(frozen=True)
class Endpoint:
    """A host, by name or by address, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return address_of(self.host, self.port)


@dataclass(frozen=True)
class AdvertisedBroker:
    """One broker as Metadata lists it."""

    node_id: int
    endpoint: Endpoint


@dataclass(frozen=True)
class Tls:
    """A TLS connection. The certificate is None where it could not be read."""

    version: str
    certificate: Certificate | None
    wants_client_certificate: bool = False


@dataclass(frozen=True)
class Kafka:
    """What one broker says of itself and of its cluster. `fault` is what it did not answer, and how."""

    versions: Mapping[int, tuple[int, int]] = field(default_factory=dict[int, tuple[int, int]])
    features: Mapping[str, int] = field(default_factory=dict[str, int])
    fell_back: bool = False  # ApiVersions had to be asked again, at a lower version
    sasl_mechanisms: Sequence[str] | None = None  # None: it asks for no SASL
    cluster_id: str | None = None
    controller_id: int = -1
    brokers: Sequence[AdvertisedBroker] = ()
    node_id: int | None = None  # which of them has answered; None where that cannot be told
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    fault: str = ""


@dataclass(frozen=True)
class Spoken:
    """What a port speaks; `name` is the other program's."""

    speech: Speech
    name: str = ""
    tls: Tls | None = None
    kafka: Kafka | None = None


@dataclass(frozen=True)
class Attempt:
    """One connection, to one address of a name. `from_ip` is this machine's end of it."""

    ip: str
    reached: Reached
    detail: str = ""
    from_ip: str = ""
    spoken: Spoken | None = None


@dataclass(frozen=True)
class Visit:
    """Everything about one HOST:PORT: what its name resolves to, and what each address did.

    `elsewhere` is the loopback address of the other family, tried where a loopback name led to nothing.
    """

    endpoint: Endpoint
    resolve_error: str = ""
    attempts: Sequence[Attempt] = ()
    elsewhere: Attempt | None = None

    @property
    def connected(self) -> Sequence[Attempt]:
        return [one for one in self.attempts if one.reached is Reached.CONNECTED]

    @property
    def best(self) -> Attempt | None:
        """The first that speaks Kafka, else the first that is connected, else none."""
        connected = self.connected
        speaking = [one for one in connected if one.spoken is not None and one.spoken.kafka is not None]
        return next(iter([*speaking, *connected]), None)

    @property
    def kafka(self) -> Kafka | None:
        best = self.best
        return None if best is None or best.spoken is None else best.spoken.kafka


@dataclass(frozen=True)
class CoordinatorSeen:
    """What FindCoordinator answered; `error` names what was wrong. Not asked where its topic is not there yet."""

    is_asked: bool
    error: str = ""
    node_id: int = -1


@dataclass(frozen=True)
class ClockSeen:
    """The clock of a broker less the clock here, in ms: it lies between the two bounds. `whose` names the clock."""

    whose: str
    least_ms: int
    most_ms: int


@dataclass(frozen=True)
class Cluster:
    """What one broker says of topics, coordinators and its clock."""

    topics: int = 0
    without_leader: Sequence[str] = ()  # partitions, as TOPIC-NUMBER
    missing_replicas: Sequence[int] = ()  # node ids that have replicas and are no brokers now
    coordinators: Mapping[str, CoordinatorSeen] = field(default_factory=dict[str, CoordinatorSeen])
    clock: ClockSeen | None = None
    clock_fault: str = ""
    fault: str = ""
