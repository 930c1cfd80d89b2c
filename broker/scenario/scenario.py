"""A scenario as it is carried out: each thing of it checked by whoever knows it, and with its line."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from ...protocol.errors import KafkaError
from ..config.broker_config import BrokerConfig
from ..config.config_def import ConfigError, check_broker_config, nearest
from ..config.listeners import PLAINTEXT, SASL_PLAINTEXT, parse_address
from ..config.sources import listeners_of
from ..config.start_topics import check_name as check_topic_name
from ..config.start_topics import check_setting
from ..config.topic_config import checked_configs
from ..control.operation import Refused
from ..control.plane import SERVED, check_name
from ..faults.rule import FaultError, FaultRule, parse_rule
from ..security.sasl.users import MECHANISMS, User
from ..testing.broker_commands import End
from ..testing.cluster_clock import ClockError, check_rate, check_shown
from ..testing.exchange_lines import ImportRefused, OffsetLine, RecordLine, read_line
from ..testing.running_cluster import ONE_BROKER, Brokers
from ..topic_names import TopicNames
from .checking import check_scenario, time_ms
from .yaml_nodes import Node, ScenarioError


@dataclass(frozen=True, slots=True)
class TopicPart:
    """A topic; `records_file` is still to be read."""

    line: int
    name: str
    partitions: int | None
    config: Mapping[str, str]
    records: Sequence[RecordLine]
    records_file: str | None = None
    count: int = 0  # of partitions, as the cluster's settings have it
    replication_factor: int | None = None


@dataclass(frozen=True, slots=True)
class ClockPart:
    """A clock; None leaves it as it is."""

    start_ms: int | None = None
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class LinkPart:
    """What is between two brokers, or a broker and its controller or clients."""

    line: int
    source: End
    target: End
    is_cut: bool
    delay_s: float | None
    both_ways: bool


@dataclass(frozen=True, slots=True)
class ClusterPart:
    """What one cluster begins with."""

    line: int = 1
    name: str = SERVED
    seed: int | None = None
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    topics: Sequence[TopicPart] = ()
    groups: Sequence[OffsetLine] = ()
    faults: Sequence[FaultRule] = ()
    brokers: Brokers = ONE_BROKER
    links: Sequence[LinkPart] = ()
    clock: ClockPart = field(default_factory=ClockPart)


@dataclass(frozen=True, slots=True)
class Scenario:
    """The cluster that is served, and those beside it."""

    served: ClusterPart
    clusters: Sequence[ClusterPart]
    users: Sequence[User] = ()  # of the one that is served

    def with_topics(self, change: Callable[[TopicPart], TopicPart]) -> "Scenario":
        """The same with each topic changed."""

        def changed(part: ClusterPart) -> ClusterPart:
            return replace(part, topics=[change(topic) for topic in part.topics])

        return Scenario(changed(self.served), [changed(one) for one in self.clusters], self.users)


def build_scenario(node: Node) -> Scenario:
    """ScenarioError for the first thing that is wrong."""
    check_scenario(node)
    clusters: list[ClusterPart] = []
    names = {SERVED}
    for one in node.fields["clusters"].items if "clusters" in node.fields else ():
        name = one.fields["name"]
        try:
            check_name(_text(name), "a cluster")
        except Refused as refused:
            raise ScenarioError(name.line, str(refused)) from None
        if _text(name) in names:
            raise ScenarioError(name.line, f"there is a cluster {_text(name)!r} already")
        names.add(_text(name))
        clusters.append(_cluster(one, _text(name)))
    users = [*_users(node.fields["users"])] if "users" in node.fields else []
    return Scenario(_cluster(node, SERVED, SASL_PLAINTEXT if users else PLAINTEXT), clusters, users)


def _users(node: Node) -> Iterator[User]:
    seen = set[tuple[str, str]]()
    for one in node.items:
        fields = one.fields
        name, mechanism = _text(fields["name"]), fields.get("mechanism")
        mechanisms = MECHANISMS if mechanism is None else (_text(mechanism).upper(),)
        if not name or not _text(fields["password"]):
            raise ScenarioError(one.line, "a user has a name and a password, and neither is empty")
        if mechanism is not None and mechanisms[0] not in MECHANISMS:
            hint = nearest(mechanisms[0], MECHANISMS) or f"; there are: {', '.join(MECHANISMS)}"
            raise ScenarioError(mechanism.line, f"there is no mechanism {_text(mechanism)!r}{hint}")
        given = {(name, way) for way in mechanisms}
        if given & seen:
            raise ScenarioError(
                one.line, f"the user {name!r} is given twice for {', '.join(sorted(w for _, w in given & seen))}"
            )
        seen |= given
        yield User(name, _text(fields["password"]), mechanisms)


def _cluster(node: Node, name: str, protocol: str = PLAINTEXT) -> ClusterPart:
    fields = node.fields
    brokers = _brokers(fields)
    settings, config = _settings(fields, protocol, brokers)
    topics = [*_topics(fields.get("topics"), config)]
    seed = fields["seed"].plain() if "seed" in fields else None
    return ClusterPart(
        line=node.line,
        name=name,
        seed=seed,
        settings=settings,
        topics=topics,
        groups=[*_groups(fields.get("groups"), topics)],
        faults=[_fault(one) for one in fields["faults"].items] if "faults" in fields else [],
        brokers=brokers,
        links=[*_links(fields["links"])] if "links" in fields else [],
        clock=_clock(fields["clock"].fields) if "clock" in fields else ClockPart(),
    )


def _text(node: Node) -> str:
    return str(node.value)


def _brokers(fields: Mapping[str, Node]) -> Brokers:
    count = fields["brokers"].plain() if "brokers" in fields else 1
    racks = [_text(one) for one in fields["racks"].items] if "racks" in fields else []
    for name in ("brokers", "racks"):  # the first of them is wrong by itself, or the second together with it
        try:
            found = Brokers(count, racks if name == "racks" else ())
        except ValueError as error:
            raise ScenarioError(fields[name].line, str(error)) from None
    return found


def _links(node: Node) -> Iterator[LinkPart]:
    for one in node.items:
        given = one.plain()
        if "cut" not in given and "delay_ms" not in given:
            raise ScenarioError(one.line, "a link is cut, or has a delay_ms: say one of them")
        delay_s = given["delay_ms"] / 1000 if "delay_ms" in given else None
        yield LinkPart(
            one.line, given["from"], given["to"], given.get("cut", False), delay_s, given.get("both_ways", True)
        )


def _settings(fields: Mapping[str, Node], protocol: str, brokers: Brokers) -> tuple[Mapping[str, str], BrokerConfig]:
    settings: dict[str, str] = {}
    line = 1
    if "listen" in fields:
        line = fields["listen"].line
        with _at(line):
            parse_address(fields["listen"].text, "listen")
        settings |= listeners_of([fields["listen"].text], protocol)
    if "settings" in fields:
        line = fields["settings"].line
        for name, one in fields["settings"].fields.items():
            if name in settings:
                raise ScenarioError(one.line, f"there is listen in line {fields['listen'].line}, so no {name}")
            with _at(one.line):
                check_broker_config(name, one.text)
            settings[name] = one.text
    with _at(line):
        return settings, BrokerConfig.from_settings(settings, brokers=brokers.count)


def _topics(node: Node | None, config: BrokerConfig) -> Iterator[TopicPart]:
    names, beside = set[str](), TopicNames()
    for one in node.items if node else ():
        fields, at = one.fields, one.fields["name"]
        name = _text(at)
        with _at(at.line):
            check_topic_name(name)
        if name in names:
            raise ScenarioError(at.line, f"there is a topic {name!r} already")
        names.add(name)
        try:
            beside.check_no_collision(name)
        except KafkaError as error:
            raise ScenarioError(at.line, error.message) from None
        beside.add(name)
        partitions = fields["partitions"].plain() if "partitions" in fields else None
        count = config.num_partitions if partitions is None else partitions
        factor = fields["replication_factor"].plain() if "replication_factor" in fields else None
        topic = TopicPart(at.line, name, partitions, _config(fields.get("config")), (), None, count, factor)
        records = [_record(record, topic) for record in fields["records"].items] if "records" in fields else []
        path = _text(fields["records_file"]) if "records_file" in fields else None
        yield replace(topic, records=records, records_file=path)


def _config(node: Node | None) -> Mapping[str, str]:
    if node is None:
        return {}
    for name, one in node.fields.items():
        with _at(one.line):
            check_setting(name)
            checked_configs({name: one.text})
    config = {name: one.text for name, one in node.fields.items()}
    with _at(node.line):
        checked_configs(config)
    return config


def _record(node: Node, topic: TopicPart) -> RecordLine:
    return record_of(node.line, node.plain(), topic)


def record_of(line: int, given: Mapping[str, object], topic: TopicPart) -> RecordLine:
    """A record of a topic. ScenarioError."""
    try:
        found = read_line(line, {**given, "topic": topic.name})
    except ImportRefused as refused:
        raise ScenarioError(line, refused.why) from None
    if not isinstance(found, RecordLine):
        raise ScenarioError(line, "'value' is missing")
    _check_partition(line, found.partition, topic)
    return found


def _check_partition(line: int, partition: int | None, topic: TopicPart) -> None:
    if partition is not None and partition >= topic.count:
        raise ScenarioError(line, f"{topic.name!r} has the partitions 0 to {topic.count - 1}, not {partition}")


def _groups(node: Node | None, topics: Sequence[TopicPart]) -> Iterator[OffsetLine]:
    by_name = {topic.name: topic for topic in topics}
    for one in node.items if node else ():
        given = one.plain()
        topic = by_name.get(given["topic"])
        if topic is None:
            line, hint = one.fields["topic"].line, nearest(given["topic"], by_name)
            raise ScenarioError(line, f"there is no topic {given['topic']!r} in this cluster{hint}")
        _check_partition(one.fields["partition"].line, given["partition"], topic)
        if not given["group"]:
            raise ScenarioError(one.fields["group"].line, "a group has a name")
        found = read_line(one.line, given)
        assert isinstance(found, OffsetLine)
        yield found


def _fault(node: Node) -> FaultRule:
    if not isinstance(node.value, dict):
        raise ScenarioError(node.line, "a fault is an object with api, action, error and more")
    try:
        return parse_rule(node.plain())
    except FaultError as error:
        raise ScenarioError(_line_of(node, str(error)), str(error)) from None


def _line_of(node: Node, why: str) -> int:
    """The line of the field that is wrong, as far as the text says which it is."""
    for name, one in node.fields.items():
        if repr(one.plain()) in why or repr(name) in why or why.startswith(f"{name} of a fault"):
            return one.line
    return node.line


def _clock(fields: Mapping[str, Node]) -> ClockPart:
    is_frozen = "frozen" in fields and fields["frozen"].value is True
    if is_frozen and "rate" in fields:
        raise ScenarioError(fields["rate"].line, "a clock that is frozen has no rate")
    start_ms = time_ms(fields["start"]) if "start" in fields else None
    rate = 0.0 if is_frozen else float(fields["rate"].plain()) if "rate" in fields else None
    for name, value, check in (("start", start_ms, check_shown), ("rate", rate, check_rate)):
        try:
            if value is not None:
                check(value)
        except ClockError as error:
            raise ScenarioError(fields[name].line, str(error)) from None
    return ClockPart(start_ms, rate)


@contextmanager
def _at(line: int) -> Generator[None]:
    """What is wrong with a setting, an address or a name is wrong in this line."""
    try:
        yield
    except ConfigError as error:
        raise ScenarioError(line, str(error)) from None
