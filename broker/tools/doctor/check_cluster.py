"""The cluster as its Metadata gives it: one cluster, a controller, an address of its own for each broker."""

from collections import Counter
from collections.abc import Sequence

from .facts import Cluster, CoordinatorSeen, Kafka, Visit
from .findings import Finding, Step, cannot_tell, ok, wrong

FACTORS = {
    "groups": "offsets.topic.replication.factor",
    "transactions": "transaction.state.log.replication.factor",
}
MIN_ISR = "transaction.state.log.min.isr"
TOPICS = {"groups": "__consumer_offsets", "transactions": "__transaction_state"}
SHOWN = 5


def check_identity(kafka: Kafka, visits: Sequence[Visit]) -> Step:
    """`visits` are those of all bootstrap addresses: they must lead to one cluster."""
    count = len(kafka.brokers)
    here = f", this is node {kafka.node_id}" if kafka.node_id is not None else ""
    controller = f"the controller is node {kafka.controller_id}" if kafka.controller_id >= 0 else "no controller"
    text = f"{kafka.cluster_id or 'without an id'}, {count} broker{'' if count == 1 else 's'}{here}, {controller}"
    findings = [*_other_clusters(kafka, visits), *_same_addresses(kafka)]
    if not kafka.brokers:
        findings.append(
            Finding(
                "no-brokers",
                "Metadata lists no broker: none is registered, or all are fenced.",
                ("Look into the log of the broker and of the controller; a start takes some seconds.",),
            )
        )
    return wrong("cluster", text, *findings) if findings else ok("cluster", text)


def _other_clusters(kafka: Kafka, visits: Sequence[Visit]) -> Sequence[Finding]:
    found = {
        str(visit.endpoint): visit.kafka.cluster_id
        for visit in visits
        if visit.kafka is not None and visit.kafka.cluster_id is not None
    }
    if kafka.cluster_id is None or set(found.values()) <= {kafka.cluster_id}:
        return ()
    places = ", ".join(f"{where} to {cluster_id}" for where, cluster_id in found.items())
    return (
        Finding(
            "several-clusters",
            f"The bootstrap addresses lead to different clusters: {places}.",
            ("Keep the addresses of one cluster in bootstrap.servers: a client uses whichever answers first.",),
        ),
    )


def _same_addresses(kafka: Kafka) -> Sequence[Finding]:
    times = Counter(str(one.endpoint) for one in kafka.brokers)
    findings: list[Finding] = []
    for where, count in times.items():
        if count > 1:
            nodes = " and ".join(str(one.node_id) for one in kafka.brokers if str(one.endpoint) == where)
            findings.append(
                Finding(
                    "same-address",
                    f"Nodes {nodes} advertise the same address, {where}: clients reach only one of them.",
                    ("Give each node a host or a port of its own in advertised.listeners, and publish each port.",),
                )
            )
    return findings


def check_coordinators(seen: Cluster, kafka: Kafka) -> Step:
    """What groups and transactions need: a coordinator, or a topic for it that can be created."""
    if seen.fault:
        return cannot_tell("coordinators", seen.fault)
    findings = [*_factors(seen, kafka)]
    parts: list[str] = []
    unknown = False
    for name, one in seen.coordinators.items():
        parts.append(f"of {name}: {_in_words(name, one)}")
        unknown |= not one.is_asked
        if one.error:
            findings.append(
                Finding(
                    "no-coordinator",
                    f"The coordinator of {name} does not answer: {one.error}.",
                    (
                        f"See that {TOPICS[name]} has a leader, and that {FACTORS[name]} is not above the number of "
                        "brokers; after a start it takes some seconds.",
                    ),
                )
            )
    text = "; ".join(parts)
    if findings:
        return wrong("coordinators", text, *findings)
    return cannot_tell("coordinators", text) if unknown else ok("coordinators", text)


def _in_words(name: str, seen: CoordinatorSeen) -> str:
    if not seen.is_asked:
        return f"{TOPICS[name]} is not there yet, its first client creates it"
    return seen.error or f"node {seen.node_id}"


def _factors(seen: Cluster, kafka: Kafka) -> Sequence[Finding]:
    """A topic that is to come with more replicas than there are brokers never comes: COORDINATOR_NOT_AVAILABLE."""
    findings: list[Finding] = []
    for name, setting in FACTORS.items():
        factor = _number(kafka.settings.get(setting))
        if seen.coordinators[name].is_asked or factor is None or factor <= len(kafka.brokers):
            continue
        also = f" and {MIN_ISR}=1" if name == "transactions" else ""
        findings.append(
            Finding(
                "replication-factor",
                f"{setting} is {factor}, and there {'is' if len(kafka.brokers) == 1 else 'are'} {len(kafka.brokers)} "
                f"broker{'' if len(kafka.brokers) == 1 else 's'}: {TOPICS[name]} cannot be created, and every client "
                f"that uses {name} waits for COORDINATOR_NOT_AVAILABLE.",
                (
                    f"Set {setting}={len(kafka.brokers)}{also if len(kafka.brokers) == 1 else ''} at the broker, in a "
                    f"container KAFKA_{setting.upper().replace('.', '_')}; Odradek takes such a file with "
                    "--lower-replication-factors.",
                    "Or start the other brokers.",
                ),
            )
        )
    return findings


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None


def check_topics(seen: Cluster) -> Step:
    """Whether a client sees topics, and a leader for each partition."""
    if seen.fault:
        return cannot_tell("topics", seen.fault)
    text = f"{seen.topics} to be seen"
    if not seen.without_leader:
        return ok("topics", text)
    shown = ", ".join(seen.without_leader[:SHOWN]) + (", …" if len(seen.without_leader) > SHOWN else "")
    nodes = ", ".join(map(str, seen.missing_replicas))
    remedy = f"Start the nodes that have their replicas: {nodes}." if nodes else "Look into the brokers' logs."
    problem = f"Partitions without a leader can be neither written nor read: {shown}."
    return wrong("topics", f"{text}, some without a leader", Finding("no-leader", problem, (remedy,)))
