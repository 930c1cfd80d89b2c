"""The whole examination, in its order: addresses, protocol, versions, where brokers send clients, cluster, clock."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from ....protocol.api_keys import ApiKey
from .addresses import Typed
from .check_advertised import CameIn, check_advertised
from .check_bootstrap import check_bootstrap
from .check_clock import check_clock
from .check_cluster import check_coordinators, check_identity, check_topics
from .check_protocol import check_protocol
from .check_versions import check_features, check_versions
from .cluster_questions import Time, ask_cluster
from .connecting import Network
from .facts import Cluster, Endpoint, Kafka, Security, Visit
from .findings import Step, cannot_tell
from .visit import Visitor

MOST_BROKERS = 1000  # that are visited


class Examination:
    """One client's way to one cluster; `on_step` gets every step as it is done."""

    def __init__(self, network: Network, security: Security, time: Time, on_step: Callable[[Step], None]) -> None:
        self._network = network
        self._security = security
        self._time = time
        self._on_step = on_step
        self._visitor = Visitor(network, with_tls=security.has_tls)

    def run(self, typed: Sequence[Typed]) -> None:
        """All of it, from what was typed on."""
        visits = self._go_to_bootstrap(typed)
        for visit in visits:
            if visit.kafka is not None and ApiKey.METADATA in visit.kafka.versions:
                self._examine_cluster(visit, visit.kafka, visits)
                return
        self._on_step(cannot_tell("cluster", "there is no broker to ask"))

    def _go_to_bootstrap(self, typed: Sequence[Typed]) -> Sequence[Visit]:
        endpoints = [one.endpoint for one in typed if one.endpoint is not None]
        visits = dict(zip(endpoints, self._visitor.visit_all(endpoints), strict=True))
        told: set[Endpoint] = set()
        for one in {one.text: one for one in typed}.values():
            visit = None if one.endpoint is None else visits[one.endpoint]
            self._on_step(check_bootstrap(one, visit))
            step = None if visit is None else check_protocol(visit, self._security, self._today())
            if visit is not None and step is not None and visit.endpoint not in told:
                told.add(visit.endpoint)
                self._on_step(step)
        return list(visits.values())

    def _examine_cluster(self, visit: Visit, kafka: Kafka, visits: Sequence[Visit]) -> None:
        self._on_step(check_versions(kafka))
        self._on_step(check_features(kafka))
        if kafka.sasl_mechanisms is not None:
            self._on_step(cannot_tell("cluster", "it answers only to who logs in"))
            return
        if kafka.fault:
            self._on_step(cannot_tell("cluster", kafka.fault))
            return
        self._on_step(check_identity(kafka, visits))
        self._follow_advertised(visit, kafka)
        cluster = self._ask_cluster(visit, kafka)
        self._on_step(check_topics(cluster))
        self._on_step(check_coordinators(cluster, kafka))
        self._on_step(check_clock(cluster))

    def _follow_advertised(self, visit: Visit, kafka: Kafka) -> None:
        best = visit.best
        came = CameIn(visit.endpoint, best.ip if best else "", best.from_ip if best else "")
        brokers = kafka.brokers[:MOST_BROKERS]
        visits = self._visitor.visit_all([one.endpoint for one in brokers])
        for broker, seen in zip(brokers, visits, strict=True):
            self._on_step(check_advertised(broker, seen, came, kafka, self._security, self._today()))

    def _ask_cluster(self, visit: Visit, kafka: Kafka) -> Cluster:
        try:
            with self._visitor.open(visit) as wire:
                return ask_cluster(wire, kafka, self._time, self._network.timeout_s)
        except OSError as error:
            return Cluster(fault=str(error), clock_fault=str(error))

    def _today(self) -> datetime:
        return datetime.fromtimestamp(self._time.now_ms() / 1000, UTC)
