"""The cluster as its Metadata gives it: one cluster, a controller, an address of its own for each broker."""

from collections import Counter
from collections.abc import Mapping, Sequence

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
    brokers = f"{count or 'no'} broker{'s' if count > 1 else ''}"
    text = f"{kafka.cluster_id or 'without an id'}, {brokers}{here}, {controller}"
    findings = [*_other_clusters(kafka, visits), *_same_addresses(kafka)]
    for problem in (one.problem.partition(": ")[0] for one in findings):
        text += f"; {problem[0].lower()}{problem[1:]}"
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
        f"{visit.endpoint} at {attempt.ip}": attempt.spoken.kafka.cluster_id
        for visit in visits
        for attempt in visit.connected
        if attempt.spoken is not None and attempt.spoken.kafka is not None and attempt.spoken.kafka.cluster_id
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
    impossible = _impossible(seen, kafka)
    findings = [_replication_factor(name, factor, len(kafka.brokers)) for name, factor in impossible.items()]
    parts: list[str] = []
    for name, one in seen.coordinators.items():
        parts.append(f"of {name}: {_in_words(name, one, can_be_created=name not in impossible)}")
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
    is_known = all(one.is_asked for one in seen.coordinators.values())
    return ok("coordinators", text) if is_known else cannot_tell("coordinators", text)


def _in_words(name: str, seen: CoordinatorSeen, *, can_be_created: bool) -> str:
    if not seen.is_asked:
        why = (
            "is not there yet, its first client creates it" if can_be_created else "is not there and cannot be created"
        )
        return f"{TOPICS[name]} {why}"
    return seen.error or f"node {seen.node_id}"


def _impossible(seen: Cluster, kafka: Kafka) -> Mapping[str, int]:
    """Whose topic is to come with more replicas than there are brokers, and with how many: it never comes."""
    factors = {name: _number(kafka.settings.get(setting)) for name, setting in FACTORS.items()}
    return {
        name: factor
        for name, factor in factors.items()
        if factor is not None and factor > len(kafka.brokers) and not seen.coordinators[name].is_asked
    }


def _replication_factor(name: str, factor: int, brokers: int) -> Finding:
    setting = FACTORS[name]
    count = "is 1 broker" if brokers == 1 else f"are {brokers} brokers"
    also = f" and {MIN_ISR}=1" if name == "transactions" and brokers == 1 else ""
    return Finding(
        "replication-factor",
        f"{setting} is {factor}, and there {count}: {TOPICS[name]} cannot be created, and every client that uses "
        f"{name} waits for COORDINATOR_NOT_AVAILABLE.",
        (
            f"Set {setting}={brokers}{also} at the broker, in a container "
            f"KAFKA_{setting.upper().replace('.', '_')}={brokers}; Odradek takes such a file with "
            "--lower-replication-factors.",
            "Or start the other brokers.",
        ),
    )


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
