"""Where a broker sends its clients: does that lead from here to this very broker?"""

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from . import remedies
from .check_bootstrap import not_reached
from .check_protocol import in_place_of_a_broker, judge_spoken
from .facts import AdvertisedBroker, Endpoint, Kafka, Reached, Security, Visit
from .findings import Finding, Status, Step, ok, wrong
from .words import attempts_in_words, every_attempt, is_every_interface, is_loopback, partly_reached


class CameIn(NamedTuple):
    """The way that led to a broker: what was typed, and both ends of the connection."""

    endpoint: Endpoint
    ip: str
    from_ip: str


def check_advertised(
    broker: AdvertisedBroker, visit: Visit, came: CameIn, cluster: Kafka, security: Security, now: datetime
) -> Step:
    """One broker of `cluster`, and what was found at the address that it advertises."""
    name = f"node {broker.node_id} at {broker.endpoint}"
    if is_every_interface(broker.endpoint.host) or broker.endpoint.port <= 0:
        return wrong(name, "is no address that a client can connect to", _no_address(broker, came))
    if visit.resolve_error:
        text = f"{broker.endpoint.host} does not resolve here ({visit.resolve_error})"
        return wrong(name, text, _quoting(_unknown_name(broker, came, visit.resolve_error), broker, cluster))
    is_elsewhere = _is_elsewhere(visit, came)
    if not visit.connected:
        finding = _localhost(broker, came) if is_elsewhere else _not_reached(broker, visit, came)
        return wrong(name, attempts_in_words(visit), _quoting(finding, broker, cluster))
    if other := _other_broker(broker, visit, came, cluster):
        finding = _localhost(broker, came) if is_elsewhere else other
        return wrong(name, finding.problem.rstrip("."), finding)
    best = visit.best
    assert best is not None
    assert best.spoken is not None
    text, findings = judge_spoken(visit, best.spoken, security, now)
    if instead := in_place_of_a_broker(best.spoken):
        finding = _localhost(broker, came) if is_elsewhere else _no_broker(broker, instead, findings[-1], came)
        return wrong(name, text, _quoting(finding, broker, cluster))
    notes = [*findings, *partly_reached(visit)]
    if is_elsewhere:
        notes.append(_only_from_here(broker, came))
    if any(not one.is_note for one in notes):
        return Step(name, Status.WRONG, text, notes)
    return ok(name, f"{_who(broker, best.spoken.kafka)}; {text}", notes)


def _quoting(finding: Finding, broker: AdvertisedBroker, cluster: Kafka) -> Finding:
    """With the setting as that broker has it, where it was the one to be asked."""
    told = cluster.settings.get("advertised.listeners") if broker.node_id == cluster.node_id else None
    return replace(finding, problem=f"{finding.problem} It has advertised.listeners={told}.") if told else finding


def _who(broker: AdvertisedBroker, kafka: Kafka | None) -> str:
    if kafka is not None and kafka.node_id == broker.node_id:
        return "leads to this broker"
    return "leads to a broker of this cluster; which one, it does not say"


def _is_elsewhere(visit: Visit, came: CameIn) -> bool:
    """Whether it advertises the loopback to someone who came in by another address."""
    return bool(visit.attempts) and all(is_loopback(one.ip) for one in visit.attempts) and not is_loopback(came.ip)


def _no_address(broker: AdvertisedBroker, came: CameIn) -> Finding:
    return Finding(
        "every-interface",
        f"Node {broker.node_id} sends its clients to {broker.endpoint}: that is an address to listen on, not one to "
        "connect to.",
        tuple(remedies.advertise(came.endpoint)),
    )


def _unknown_name(broker: AdvertisedBroker, came: CameIn, error: str) -> Finding:
    host = broker.endpoint.host
    why = (
        "Names of containers and compose services resolve in their network only."
        if remedies.is_container_name(host)
        else f"DNS here does not know it ({error})."
    )
    return Finding(
        "advertised-name-unknown",
        f"Node {broker.node_id} sends its clients to {broker.endpoint}, and {host} does not resolve here. {why} "
        "Clients connect, and then find no broker.",
        (*remedies.two_listeners(broker.endpoint, came.endpoint), f"Or add {host} to DNS or to the hosts file here."),
    )


def _localhost(broker: AdvertisedBroker, came: CameIn) -> Finding:
    return Finding(
        "advertised-localhost",
        f"Node {broker.node_id} sends its clients to {broker.endpoint}, which is the client's own machine; the broker "
        f"is at {came.endpoint}.",
        tuple(remedies.advertise(came.endpoint)),
    )


def _only_from_here(broker: AdvertisedBroker, came: CameIn) -> Finding:
    return Finding(
        "advertised-localhost",
        f"Node {broker.node_id} sends clients that come in at {came.endpoint} to {broker.endpoint}: that works on this "
        "machine only.",
        tuple(remedies.advertise(came.endpoint)),
        is_note=True,
    )


def _not_reached(broker: AdvertisedBroker, visit: Visit, came: CameIn) -> Finding:
    if visit.elsewhere is not None:
        return not_reached(visit)
    ways = {one.reached for one in visit.attempts}
    problem = f"Node {broker.node_id} sends its clients to {broker.endpoint}, and {every_attempt(visit)}."
    if ways == {Reached.REFUSED}:
        if broker.endpoint.port != came.endpoint.port:
            problem += f" It answers at {came.endpoint}: is port {broker.endpoint.port} the one inside a container?"
        return Finding("advertised-refused", problem, tuple(remedies.advertise(came.endpoint)))
    return Finding(
        "advertised-unreachable",
        f"{problem} It may be the address of a listener for another network.",
        (*remedies.advertise(came.endpoint), remedies.LET_THROUGH),
    )


def _no_broker(broker: AdvertisedBroker, instead: str, found: Finding, came: CameIn) -> Finding:
    """What was found at that port, as a fault of the address and not of the port."""
    return replace(
        found,
        problem=f"Node {broker.node_id} sends its clients to {broker.endpoint}, and {instead}.",
        remedies=(
            *remedies.advertise(came.endpoint),
            *(one for one in found.remedies if one != remedies.CORRECT_PORT),
        ),
    )


def _other_broker(broker: AdvertisedBroker, visit: Visit, came: CameIn, cluster: Kafka) -> Finding | None:
    """Another cluster's broker, or another of this cluster, on any of the addresses."""
    for attempt in visit.connected:
        found = None if attempt.spoken is None else attempt.spoken.kafka
        if found is None or found.cluster_id is None:
            continue
        if cluster.cluster_id is not None and found.cluster_id != cluster.cluster_id:
            return Finding(
                "other-cluster",
                f"Node {broker.node_id} of cluster {cluster.cluster_id} sends its clients to {broker.endpoint}, but at "
                f"{attempt.ip} a broker of cluster {found.cluster_id} answers.",
                tuple(remedies.advertise(came.endpoint)),
            )
        if found.node_id is not None and found.node_id != broker.node_id:
            return Finding(
                "other-node",
                f"{broker.endpoint} is advertised as node {broker.node_id}, but node {found.node_id} answers there.",
                ("Each node needs an address of its own in advertised.listeners; look for a copied setting.",),
            )
    return None
