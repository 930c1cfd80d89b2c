"""IncrementalAlterConfigs and AlterConfigs: what is changed, what is refused, and what DescribeConfigs says then.

Settings of the broker itself are taken back at the end: other conversations are held with the same broker.
"""

from collections.abc import Sequence

from odradek.protocol.messages import alter_configs as whole
from odradek.protocol.messages import incremental_alter_configs as single
from odradek.protocol.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResponse,
)

from ..normalise import CLUSTER_WIDE
from ..wire_session import Dialogue, scenario

TOPIC, BROKER, LOGGER, CLIENT_METRICS, GROUP = 2, 4, 8, 16, 32
SET, DELETE, APPEND, SUBTRACT = range(4)

Change = tuple[str, int, str | None]


def resource(kind: int, name: str, *changes: Change) -> single.AlterConfigsResource:
    return single.AlterConfigsResource(
        resource_type=kind,
        resource_name=name,
        configs=[single.AlterableConfig(name=key, config_operation=op, value=value) for key, op, value in changes],
    )


def alter(*resources: single.AlterConfigsResource, validate_only: bool = False) -> object:
    return single.IncrementalAlterConfigsRequest(resources=resources, validate_only=validate_only)


def replace(kind: int, name: str, *configs: tuple[str, str | None]) -> whole.AlterConfigsResource:
    return whole.AlterConfigsResource(
        resource_type=kind,
        resource_name=name,
        configs=[whole.AlterableConfig(name=key, value=value) for key, value in configs],
    )


def ask(d: Dialogue, label: str, *resources: single.AlterConfigsResource, version: int = 1) -> None:
    d.ask(label, alter(*resources), version, single.IncrementalAlterConfigsResponse)


def ask_replace(d: Dialogue, label: str, *resources: whole.AlterConfigsResource, version: int = 2) -> None:
    d.ask(label, whole.AlterConfigsRequest(resources=resources), version, whole.AlterConfigsResponse)


def settings(d: Dialogue, kind: int, name: str, keys: Sequence[str] | None) -> DescribeConfigsResponse:
    asked = DescribeConfigsResource(resource_type=kind, resource_name=name, configuration_keys=keys)
    return d.wire.ask(DescribeConfigsRequest(resources=[asked], include_synonyms=True), 4, DescribeConfigsResponse)


def values(d: Dialogue, kind: int, name: str, keys: Sequence[str] | None) -> dict[str, str | None]:
    return {one.name: one.value for one in settings(d, kind, name, keys).results[0].configs}


def seen(d: Dialogue, label: str, kind: int, name: str, wanted: dict[str, str | None], *also: str) -> None:
    """Writes down the settings once what was asked for is there: Apache Kafka shows it some milliseconds later."""
    keys = [*wanted, *also]
    d.wait_for(lambda: wanted.items() <= values(d, kind, name, keys).items(), label)
    d.note(label, settings(d, kind, name, keys))


def own(d: Dialogue, kind: int, name: str) -> list[tuple[str, str | None, int]]:
    """What has been set for it, and not only inherited."""
    found = settings(d, kind, name, None).results[0].configs
    return sorted(
        (one.name, one.value, one.config_source)
        for one in found
        if one.config_source not in (4, 5) and one.name != CLUSTER_WIDE
    )


@scenario
def a_topic_is_altered_at_every_version(d: Dialogue) -> None:
    name, _ = d.create_topic("t", configs={"retention.ms": "1000"})
    for version in (0, 1):
        ask(d, f"v{version}", resource(TOPIC, name, ("retention.ms", SET, f"{version + 1}000")), version=version)
        seen(d, f"seen v{version}", TOPIC, name, {"retention.ms": f"{version + 1}000"})
    ask(d, "deleted", resource(TOPIC, name, ("retention.ms", DELETE, None)))
    seen(d, "the default", TOPIC, name, {"retention.ms": "604800000"})
    ask(d, "deleted again", resource(TOPIC, name, ("retention.ms", DELETE, None)))
    ask(d, "deleted with a value", resource(TOPIC, name, ("retention.ms", DELETE, "5")))
    for version in (0, 1, 2):
        ask_replace(
            d, f"replaced v{version}", replace(TOPIC, name, ("segment.bytes", f"200000{version}")), version=version
        )
        seen(d, f"replaced, seen v{version}", TOPIC, name, {"segment.bytes": f"200000{version}"})
    ask_replace(d, "replaced by another", replace(TOPIC, name, ("retention.ms", "7")))
    d.wait_for(lambda: values(d, TOPIC, name, ["retention.ms"])["retention.ms"] == "7", "it is replaced")
    d.note("the first is gone", own(d, TOPIC, name)[-1])
    ask_replace(d, "replaced by nothing", replace(TOPIC, name))
    d.wait_for(lambda: values(d, TOPIC, name, ["retention.ms"])["retention.ms"] != "7", "nothing is left")
    ask(d, "nothing", resource(TOPIC, name))
    d.ask("no resource", alter(), 1, single.IncrementalAlterConfigsResponse)
    d.ask("no resource at all", whole.AlterConfigsRequest(), 2, whole.AlterConfigsResponse)


@scenario
def lists_are_added_to_and_taken_from(d: Dialogue) -> None:
    name, _ = d.create_topic("t")
    key = "cleanup.policy"
    for label, change, then in (
        ("compact is added to the default", (key, APPEND, "compact"), "delete,compact"),
        ("what is there is added", (key, APPEND, "compact"), "delete,compact"),
        ("one is taken", (key, SUBTRACT, "delete"), "compact"),
        ("what is not there is taken", (key, SUBTRACT, "delete"), "compact"),
        ("two are added", (key, APPEND, "delete,compact"), "compact,delete"),
        ("set", (key, SET, "compact"), "compact"),
        ("spaces", (key, SET, " delete , compact "), None),
        ("empty", (key, SET, ""), None),
    ):
        ask(d, label, resource(TOPIC, name, change))
        if then is not None:
            seen(d, f"{label}: seen", TOPIC, name, {key: then})
    ask(d, "all is taken", resource(TOPIC, name, (key, SET, "compact")))
    ask(d, "the last is taken", resource(TOPIC, name, (key, SUBTRACT, "compact")))
    d.note("what is left", settings(d, TOPIC, name, [key]))


@scenario
def changes_of_a_topic_are_refused_with_a_reason(d: Dialogue) -> None:
    name, _ = d.create_topic("t")
    one = ("retention.ms", SET, "5")
    for label, asked in {
        "an unknown topic": resource(TOPIC, d.name("nobody"), one),
        "an illegal topic": resource(TOPIC, "a b", one),
        "a topic without a name": resource(TOPIC, "", one),
        "an unknown setting": resource(TOPIC, name, ("no.such", SET, "5")),
        "an unknown setting, deleted": resource(TOPIC, name, ("no.such", DELETE, None)),
        "a setting without a name": resource(TOPIC, name, ("", SET, "5")),
        "no value": resource(TOPIC, name, ("retention.ms", SET, None)),
        "no value twice": resource(TOPIC, name, ("retention.ms", SET, None), ("segment.ms", APPEND, None)),
        "a value that is no number": resource(TOPIC, name, ("retention.ms", SET, "soon")),
        "a value below its range": resource(TOPIC, name, ("retention.ms", SET, "-2")),
        "an unknown choice": resource(TOPIC, name, ("cleanup.policy", SET, "burn")),
        "an unknown choice, added": resource(TOPIC, name, ("cleanup.policy", APPEND, "burn")),
        "a number, added to": resource(TOPIC, name, ("retention.ms", APPEND, "5")),
        "a number, taken from": resource(TOPIC, name, ("retention.ms", SUBTRACT, "5")),
        "an unknown setting, added to": resource(TOPIC, name, ("no.such", APPEND, "5")),
        "an unknown operation": resource(TOPIC, name, ("retention.ms", 9, "5")),
        "a setting twice": resource(TOPIC, name, one, ("retention.ms", SET, "6")),
        "a setting set and deleted": resource(TOPIC, name, one, ("retention.ms", DELETE, None)),
        "one good, one bad": resource(TOPIC, name, one, ("segment.ms", SET, "soon")),
        "a remote log": resource(TOPIC, name, ("remote.storage.enable", SET, "true")),
        "min.compaction above max": resource(
            TOPIC, name, ("min.compaction.lag.ms", SET, "10"), ("max.compaction.lag.ms", SET, "5")
        ),
        "an unknown type": resource(99, name, one),
        "type zero": resource(0, name, one),
        "type three": resource(3, name, one),
    }.items():
        ask(d, label, asked)
    for label, replaced in {
        "replaced: an unknown topic": replace(TOPIC, d.name("nobody"), ("retention.ms", "5")),
        "replaced: an illegal topic": replace(TOPIC, "a b", ("retention.ms", "5")),
        "replaced: an unknown setting": replace(TOPIC, name, ("no.such", "5")),
        "replaced: no value": replace(TOPIC, name, ("retention.ms", None)),
        "replaced: a value that is no number": replace(TOPIC, name, ("retention.ms", "soon")),
        "replaced: a setting twice": replace(TOPIC, name, ("retention.ms", "5"), ("retention.ms", "6")),
        "replaced: an unknown type": replace(99, name, ("retention.ms", "5")),
    }.items():
        ask_replace(d, label, replaced)
    d.note("nothing has changed", own(d, TOPIC, name))


@scenario
def resources_stand_apart(d: Dialogue) -> None:
    # AlterConfigs of one resource twice is not asked: Apache Kafka never answers it.
    one, _ = d.create_topic("one")
    other, _ = d.create_topic("other")
    good = ("retention.ms", SET, "5")
    ask(d, "twice", resource(TOPIC, one, good), resource(TOPIC, one, ("segment.ms", SET, "5")))
    ask(d, "twice and another", resource(TOPIC, one, good), resource(TOPIC, other, good), resource(TOPIC, one, good))
    ask(d, "one bad, one good", resource(TOPIC, one, ("retention.ms", SET, "x")), resource(TOPIC, other, good))
    d.wait_for(lambda: values(d, TOPIC, other, ["retention.ms"])["retention.ms"] == "5", "the good one")
    d.note("the bad one", own(d, TOPIC, one))
    checked = alter(resource(TOPIC, one, good), validate_only=True)
    d.ask("only checked", checked, 1, single.IncrementalAlterConfigsResponse)
    checked = alter(resource(TOPIC, one, ("retention.ms", SET, "x")), validate_only=True)
    d.ask("only checked, bad", checked, 1, single.IncrementalAlterConfigsResponse)
    checked = whole.AlterConfigsRequest(resources=[replace(TOPIC, one, ("segment.ms", "5"))], validate_only=True)
    d.ask("only checked, replaced", checked, 2, whole.AlterConfigsResponse)
    d.note("nothing has changed", own(d, TOPIC, one))


@scenario
def the_broker_is_altered(d: Dialogue) -> None:
    this, key = str(d.node_id), "log.cleaner.min.cleanable.ratio"
    plain, _ = d.create_topic("plain")
    ask(d, "for all", resource(BROKER, "", (key, SET, "0.3")))
    seen(d, "for all: this broker", BROKER, this, {key: "0.3"})
    seen(d, "for all: all", BROKER, "", {key: "0.3"})
    ask(d, "for this one", resource(BROKER, this, (key, SET, "0.4")))
    seen(d, "for this one: this broker", BROKER, this, {key: "0.4"})
    seen(d, "for this one: all", BROKER, "", {key: "0.3"})
    topic_key = "min.cleanable.dirty.ratio"
    seen(d, "a topic has it", TOPIC, plain, {topic_key: "0.4"})
    ask(d, "not for this one", resource(BROKER, this, (key, DELETE, None)))
    seen(d, "a topic has the other", TOPIC, plain, {topic_key: "0.3"})
    ask(d, "not for all", resource(BROKER, "", (key, DELETE, None)))
    seen(d, "a topic has the default", TOPIC, plain, {topic_key: "0.5"})
    ask_replace(d, "replaced", replace(BROKER, this, (key, "0.6"), ("log.retention.bytes", "1000000")))
    seen(d, "replaced: seen", BROKER, this, {key: "0.6"}, "log.retention.bytes")
    ask_replace(d, "replaced by nothing", replace(BROKER, this))
    seen(d, "as before", BROKER, this, {key: "0.5"}, "log.retention.bytes")


@scenario
def times_of_the_broker_have_units(d: Dialogue) -> None:
    this = str(d.node_id)
    plain, _ = d.create_topic("plain")
    ask(d, "retention", resource(BROKER, this, ("log.retention.ms", SET, "77000")))
    seen(d, "a topic", TOPIC, plain, {"retention.ms": "77000"})
    ask(d, "no retention", resource(BROKER, this, ("log.retention.ms", DELETE, None)))
    seen(d, "a topic again", TOPIC, plain, {"retention.ms": "604800000"})
    ask(d, "in hours", resource(BROKER, this, ("log.retention.hours", SET, "2")))
    ask(d, "in hours, for all", resource(BROKER, "", ("log.retention.hours", SET, "2")))


@scenario
def changes_of_a_broker_are_refused_with_a_reason(d: Dialogue) -> None:
    this = str(d.node_id)
    for label, name, change in (
        ("another broker", "99", ("log.retention.ms", SET, "5")),
        ("no number", "abc", ("log.retention.ms", SET, "5")),
        ("read only", this, ("num.partitions", SET, "5")),
        ("read only, for all", "", ("num.partitions", SET, "5")),
        ("read only, deleted", this, ("num.partitions", DELETE, None)),
        ("only for one", "", ("sasl.jaas.config", SET, "x")),
        ("no number as value", this, ("log.retention.ms", SET, "soon")),
        ("no number as value, for all", "", ("log.retention.ms", SET, "soon")),
        ("out of range", this, ("log.retention.bytes", SET, "x")),
        ("below range", this, ("log.segment.bytes", SET, "5")),
        ("no value", this, ("log.retention.ms", SET, None)),
        ("a number added to", this, ("log.retention.ms", APPEND, "5")),
        ("an unknown choice", this, ("log.cleanup.policy", SET, "burn")),
        ("an unknown codec", "", ("compression.type", SET, "rar")),
        ("an unknown operation", this, ("log.retention.ms", 9, "5")),
        ("connections below none", this, ("max.connections", SET, "-1")),
        ("no connections", this, ("max.connections", SET, "0")),
        ("no connections, for all", "", ("max.connections", SET, "0")),
        ("no time to roll", this, ("log.roll.ms", SET, "0")),
        ("no retention", this, ("log.retention.ms", SET, "0")),
        ("a small buffer", this, ("log.cleaner.dedupe.buffer.size", SET, "5")),
        ("many cleaners", this, ("log.cleaner.threads", SET, "50")),
        ("many threads", this, ("num.io.threads", SET, "1000")),
        ("many threads, for all", "", ("background.threads", SET, "21")),
        ("few threads", this, ("num.io.threads", SET, "3")),
        ("a strange override", this, ("max.connections.per.ip.overrides", SET, "x")),
    ):
        ask(d, label, resource(BROKER, name, change))
    two = resource(BROKER, this, ("num.partitions", SET, "5"), ("num.io.threads", SET, "8"), ("broker.rack", SET, "a"))
    ask(d, "two read only", two)
    ask_replace(d, "replaced: read only", replace(BROKER, this, ("num.partitions", "5")))
    ask_replace(d, "replaced: another broker", replace(BROKER, "99", ("log.retention.ms", "5")))
    ask_replace(d, "replaced: no number", replace(BROKER, "abc", ("log.retention.ms", "5")))
    ask_replace(d, "replaced: bad value", replace(BROKER, this, ("log.retention.ms", "soon")))
    d.note("nothing has changed", own(d, BROKER, this)[:0])


@scenario
def an_unknown_setting_of_the_broker_is_kept(d: Dialogue) -> None:
    this = str(d.node_id)
    ask(d, "set", resource(BROKER, this, ("my.own", SET, "1")))
    seen(d, "seen", BROKER, this, {"my.own": None})
    ask(d, "taken back", resource(BROKER, this, ("my.own", DELETE, None)))
    ask(d, "set for all", resource(BROKER, "", ("my.own", SET, "1")))
    seen(d, "seen for all", BROKER, "", {"my.own": None})
    ask(d, "taken back for all", resource(BROKER, "", ("my.own", DELETE, None)))


@scenario
def groups_are_altered(d: Dialogue) -> None:
    name, key = d.name("g"), "consumer.session.timeout.ms"
    d.note("before", settings(d, GROUP, name, None))
    d.note("of no group", settings(d, GROUP, "", None))
    ask(d, "set", resource(GROUP, name, (key, SET, "46000")))
    seen(d, "seen", GROUP, name, {key: "46000"})
    for label, group, change in (
        ("too short", name, (key, SET, "1000")),
        ("no number", name, (key, SET, "soon")),
        ("unknown", name, ("no.such", SET, "5")),
        ("no group", "", (key, SET, "46000")),
        ("no value", name, (key, SET, None)),
        ("deleted", name, (key, DELETE, None)),
    ):
        ask(d, label, resource(GROUP, group, change))
    seen(d, "as before", GROUP, name, {key: "45000"})
    ask_replace(d, "replaced", replace(GROUP, name, (key, "47000")))
    ask_replace(d, "replaced by nothing", replace(GROUP, name))


@scenario
def client_metrics_are_altered(d: Dialogue) -> None:
    name = d.name("subscription")
    d.note("before", settings(d, CLIENT_METRICS, name, None))
    d.note("of no subscription", settings(d, CLIENT_METRICS, "", None))
    ask(d, "set", resource(CLIENT_METRICS, name, ("interval.ms", SET, "60000"), ("metrics", SET, "a,b")))
    seen(d, "seen", CLIENT_METRICS, name, {"interval.ms": "60000"}, "metrics")
    for label, subscription, change in (
        ("added", name, ("metrics", APPEND, "c")),
        ("too short", name, ("interval.ms", SET, "5")),
        ("too long", name, ("interval.ms", SET, "3600001")),
        ("no number", name, ("interval.ms", SET, "soon")),
        ("a pattern", name, ("match", SET, "client_id=abc")),
        ("a bad pattern", name, ("match", SET, "nonsense")),
        ("an unknown key in a pattern", name, ("match", SET, "no_such=abc")),
        ("unknown", name, ("no.such", SET, "5")),
        ("no name", "", ("interval.ms", SET, "60000")),
    ):
        ask(d, label, resource(CLIENT_METRICS, subscription, change))
    ask_replace(d, "replaced by nothing", replace(CLIENT_METRICS, name))


@scenario
def loggers_are_altered(d: Dialogue) -> None:
    this, logger = str(d.node_id), "root"
    for label, name, change in (
        ("unknown logger", this, ("no.such.logger", SET, "DEBUG")),
        ("unknown level", this, (logger, SET, "LOUD")),
        ("added to", this, (logger, APPEND, "DEBUG")),
        ("root deleted", this, ("root", DELETE, None)),
        ("another broker", "99", (logger, SET, "DEBUG")),
        ("no broker", "", (logger, SET, "DEBUG")),
        ("no number", "abc", (logger, SET, "DEBUG")),
    ):
        ask(d, label, resource(LOGGER, name, change))
    ask_replace(d, "replaced", replace(LOGGER, this, (logger, "DEBUG")))
    for label, name in (("root of no broker", ""), ("root of another", "99"), ("root of no number", "abc")):
        d.note(label, settings(d, LOGGER, name, ["root"]))
    d.note("root", settings(d, LOGGER, this, ["root"]))
    ask(d, "root set", resource(LOGGER, this, ("root", SET, "ERROR")))
    seen(d, "root seen", LOGGER, this, {"root": "ERROR"})
    ask(d, "root as before", resource(LOGGER, this, ("root", SET, "INFO")))


@scenario
def stores_are_set_of_one_listener_of_one_broker(d: Dialogue) -> None:
    of_other = "listener.name.other.ssl.keystore.location"
    for label, name, key in (
        ("of no listener", "1", "ssl.keystore.location"),
        ("of no listener of no broker", "", "ssl.keystore.location"),
        ("of no listener, inline", "1", "ssl.keystore.key"),
        ("of a listener of no broker", "", of_other),
        ("what is as it was at the start", "1", "ssl.principal.mapping.rules"),
        ("of a listener that there is not", "1", of_other),
    ):
        ask(d, label, resource(BROKER, name, (key, SET, "nowhere.jks")))
    ask(d, "taken back", resource(BROKER, "1", (of_other, DELETE, None)))
