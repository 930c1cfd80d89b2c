"""Which setting mends it, in the words of Apache Kafka, of compose files and of Odradek."""

from collections.abc import Sequence

from .facts import Endpoint, Security


def advertise(told: Endpoint) -> Sequence[str]:
    """For a broker that must give clients this address."""
    return (
        f"Apache Kafka: advertised.listeners=PLAINTEXT://{told} (in a container "
        f"KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://{told}); several listeners keep their names.",
        "Odradek: without advertised.listeners each client is told the address at which it came in; for a mapped port "
        f"--advertise CIDR={told}, where CIDR is the network that clients seem to come from (172.16.0.0/12 for "
        "Docker's).",
    )


def two_listeners(inside: Endpoint, outside: Endpoint) -> Sequence[str]:
    """For a broker in a container network that is also used from outside."""
    inner_port = inside.port if inside.port != outside.port else inside.port + 10000
    if inner_port > 65535:
        inner_port = 19092
    return (
        "Two listeners, one for each side; in a compose file: "
        f"KAFKA_LISTENERS: HOST://0.0.0.0:{outside.port},CONTAINERS://0.0.0.0:{inner_port} and "
        f"KAFKA_ADVERTISED_LISTENERS: HOST://{outside},CONTAINERS://{Endpoint(inside.host, inner_port)} and "
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: HOST:PLAINTEXT,CONTAINERS:PLAINTEXT and, for Apache Kafka, "
        "KAFKA_INTER_BROKER_LISTENER_NAME: CONTAINERS (its controller's listener stays in all three as it is).",
        f"Odradek: --listen 0.0.0.0:{outside.port} and --advertise 172.16.0.0/12={outside}, or the same two listeners.",
    )


def start_or_publish(endpoint: Endpoint, *, is_here: bool) -> Sequence[str]:
    """For a port at which nothing listens, on this machine or on another."""
    start = f" (`odradek serve --listen {endpoint}`)" if is_here else ""
    return (
        f"Start the broker{start}, or correct the port in bootstrap.servers.",
        f'A broker in a container: publish the port (ports: ["{endpoint.port}:{endpoint.port}"]), and have it listen '
        f"on every interface inside (listeners=PLAINTEXT://0.0.0.0:{endpoint.port}).",
    )


CORRECT_PORT = "Correct the port: Kafka's is 9092 unless it was given another one."
TURNED_AWAY = (
    "A broker that turns clients away closes their connections so: look at its max.connections, "
    "max.connections.per.ip and max.connections.per.ip.overrides, at a quota connection_creation_rate for this address "
    "or for all, and into its log."
)
KEPT_WAITING = "The process may be stopped or overloaded, or something between here and there keeps the bytes."
NO_ROOM = (
    "Apache Kafka lets connections above max.connections wait for a place, and those above "
    "max.connection.creation.rate for their turn: close idle clients, or raise it."
)
LET_THROUGH = "Look for a firewall, a security group or a VPN between here and there, and for a wrong address."
ROUTE = "The address belongs to a network that this machine is not in: use one of the broker's that is routed to here."


def resolve_it(host: str) -> Sequence[str]:
    """For a bootstrap name that has no address here."""
    remedies = ["Correct the name in bootstrap.servers, or add it to DNS or to the hosts file."]
    if is_container_name(host):
        remedies.insert(
            0,
            "Names of containers and compose services resolve in their network only: from outside use localhost and "
            "the published port.",
        )
    return tuple(remedies)


def is_container_name(host: str) -> bool:
    """Whether it looks like the name of a container: one label, which no DNS outside knows."""
    return "." not in host.rstrip(".") and ":" not in host and host.lower() != "localhost"


def client_setting(security: Security) -> str:
    """What the client is to be set to."""
    return f"Set security.protocol={security.value} in the client."


OTHER_PORT = "Or use the port of a listener of the protocol that the client is set to (`listeners` of the broker)."
