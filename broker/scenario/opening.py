"""A scenario carried out: clusters made, topics created, records appended, offsets committed.

The one rule: what is there already stays as it is, so that a broker on disk starts with the same scenario every day.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ...protocol.errors import KafkaError
from ..config.config_def import ConfigError
from ..control.operation import Refused
from ..control.plane import SERVED, ControlPlane
from ..faults.rule import FaultError
from ..log_output import get_logger
from ..security.sasl.users import User
from ..testing.broker_commands import cut_link, slow_link
from ..testing.brokers_seen import addresses_of
from ..testing.cluster_import import commit_offset, coordinator_of
from ..testing.exchange_lines import ImportRefused, RecordLine
from ..testing.inspection import (
    GivenRecord,
    append_records,
    committed_offsets,
    create_topic,
    offsets_of,
    topic_named,
)
from ..testing.reins import Reins
from ..testing.running_cluster import BrokerError, Brokers, NotInMemory, RunningCluster
from ..testing.snapshots import take_snapshot
from .loading import refused
from .scenario import ClusterPart, LinkPart, Scenario, TopicPart
from .yaml_nodes import ScenarioError

SNAPSHOT = "scenario"  # what a cluster in memory began as
TRIAL = "scenario-trial"

logger = get_logger("scenario")


class ScenarioOpening:
    """What a broker begins with."""

    def __init__(self, scenario: Scenario, path: Path) -> None:
        self._scenario = scenario
        self._path = path

    @property
    def settings(self) -> Mapping[str, str]:
        """Kafka's settings of the cluster that is served."""
        return self._scenario.served.settings

    @property
    def brokers(self) -> Brokers:
        """How many brokers are served, and where they stand."""
        return self._scenario.served.brokers

    @property
    def users(self) -> Sequence[User]:
        """Who may log in to the cluster that is served."""
        return self._scenario.users

    def prepare(self, reins: Reins) -> None:
        """The clock and the faults of the cluster that is served."""
        prepare(reins, self._scenario.served)

    async def carry_out(self, plane: ControlPlane) -> None:
        """StartError names file and line."""
        try:
            await self._carry_out(plane)
        except ScenarioError as error:
            raise refused(self._path, error) from error

    async def _carry_out(self, plane: ControlPlane) -> None:
        served = plane.find(SERVED)
        if not _is_in_memory(served):
            await self._try(plane, Brokers(len(addresses_of(served))))
        parts = {part.name: part for part in (self._scenario.served, *self._scenario.clusters)}
        for part in self._scenario.clusters:
            await _fill(await _create(plane, part, part.name), part)
        await _fill(served, self._scenario.served)
        for name in plane.names():
            running = plane.find(name)
            if _is_in_memory(running):
                await take_snapshot(running, SNAPSHOT)
            await _set_links(running, parts[name].links)
            if name != SERVED:
                logger.info("a cluster of the scenario is ready", name=name, listening=running.cluster.bootstrap)

    async def _try(self, plane: ControlPlane, brokers: Brokers) -> None:
        """In memory first: what fails is to leave nothing on the disk."""
        part = self._scenario.served
        settings = {name: value for name, value in part.settings.items() if name != "listeners"}
        trial = ClusterPart(part.line, TRIAL, None, settings, part.topics, part.groups, brokers=brokers)
        await _fill(await _create(plane, trial, TRIAL), trial)
        await plane.drop(TRIAL)


def prepare(reins: Reins, part: ClusterPart) -> None:
    """Have the clock and the faults as the scenario has them, before the first request."""
    if part.clock.start_ms is not None:
        reins.clock.begin_at(part.clock.start_ms)
    if part.clock.rate is not None:
        reins.clock.run(part.clock.rate)
    for rule in part.faults:
        reins.faults.add(rule, reins.clock.now())


async def _create(plane: ControlPlane, part: ClusterPart, name: str) -> RunningCluster:
    try:
        return await plane.create(
            name, part.settings, part.seed, prepare=lambda reins: prepare(reins, part), brokers=part.brokers
        )
    except (Refused, ConfigError, FaultError) as error:
        raise ScenarioError(part.line, f"the cluster {name!r}: {error}") from error


async def _set_links(running: RunningCluster, links: Sequence[LinkPart]) -> None:
    for link in links:
        ends = link.source, link.target
        try:
            if link.delay_s is not None:
                await slow_link(running, *ends, link.delay_s, both_ways=link.both_ways)
            if link.is_cut:
                await cut_link(running, *ends, both_ways=link.both_ways)
        except BrokerError as error:
            raise ScenarioError(link.line, str(error)) from error


async def _fill(running: RunningCluster, part: ClusterPart) -> None:
    contexts = running.contexts
    for topic in part.topics:
        try:
            if topic.name not in contexts.image.topics:
                await create_topic(contexts, topic.name, topic.partitions, topic.config, topic.replication_factor)
        except KafkaError as error:
            raise ScenarioError(topic.line, str(error)) from error
        await _seed(running, topic)
    for line in part.groups:
        await coordinator_of(contexts, line.group)
        if (line.topic, line.partition) not in committed_offsets(contexts, line.group):
            try:
                await commit_offset(contexts, line)
            except ImportRefused as error:
                raise ScenarioError(line.line, error.why) from error


async def _seed(running: RunningCluster, topic: TopicPart) -> None:
    contexts = running.contexts
    count = len(topic_named(contexts, topic.name).partitions)
    if not topic.records:
        return
    if any(offsets_of(contexts, topic.name, index).high_watermark for index in range(count)):
        logger.info("a topic keeps the records that it has", topic=topic.name)
        return
    dealt = 0
    for record in topic.records:
        partition = dealt % count if record.partition is None else record.partition
        dealt += record.partition is None
        try:
            await append_records(contexts, topic.name, [_given(record)], partition)
        except KafkaError as error:
            raise ScenarioError(record.line, str(error)) from error


def _given(record: RecordLine) -> GivenRecord:
    return GivenRecord(record.value, record.key, record.headers, record.timestamp)


def _is_in_memory(running: RunningCluster) -> bool:
    try:
        _ = running.memory
    except NotInMemory:
        return False
    return True
